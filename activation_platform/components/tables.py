"""The technical tables in the workspace: brought up to date once a day, under the storage root and in warehouses."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import dagster as dg
from pydantic import BaseModel, Field

from activation_platform.components.launchers import require_shared_storage
from activation_platform.components.names import Name
from activation_platform.components.recurrence import TimeOfDay
from activation_platform.components.schedules import daily
from activation_platform.components.shown import markdown_table, told_plainly
from activation_platform.components.storage import storage_root
from activation_platform.components.technical.schema import Keys
from activation_platform.components.technical.telling import told
from activation_platform.components.technical.writing import Written, written
from activation_platform.components.workspace import Declared, Fault, Workspace

__all__ = ["TablesComponent", "TablesSpec"]


class TablesSpec(dg.Model):
    """Runs, operations, issues and memberships as tables for tools of others (docs/tables.md)."""

    name: Name = Field(description="The name of the asset: tables/<name>.")
    keys: Keys = Field(
        default=Keys.HASHED,
        description="Keys and identifiers, which are personal values, as SHA-256 (hashed) or as they are (clear).",
    )
    at: TimeOfDay = Field(default="02:30", description="When they are brought up to date every day (UTC).")
    warehouses: list[str] = Field(
        default_factory=list,
        description="Sources in whose schema activation_stats they stand, too; of models with engine: warehouse.",
    )


class TablesComponent(Declared[TablesSpec]):
    """The technical tables, as one asset with a job and a schedule of its own; nothing is downstream of it."""

    word: ClassVar[str] = "tables"
    spec_class: ClassVar[type[BaseModel]] = TablesSpec

    @property
    def asset_key(self) -> dg.AssetKey:
        """`tables/<name>`."""
        return dg.AssetKey([self.word, self.name])

    def faults(self, workspace: Workspace) -> Iterator[Fault]:
        """A second one, an unknown warehouse, or one that nothing stays in, so that it is never written."""
        first, *_ = workspace.names(self.word)
        if self.name != first:
            words = f'there are tables already, "{first}", and they hold all that there is'
            yield Fault(("name",), words)
        named = Counter(self.spec.warehouses)
        for number, name in enumerate(self.spec.warehouses):
            path = ("warehouses", number)
            source = workspace.find("source", name)
            if source is None:
                yield from workspace.unknown("source", name, path)
            elif not source.has_staying_models(workspace):
                yield Fault(
                    path,
                    f'no model stays in "{name}" (engine: warehouse), so that it is never written; leave it out: the '
                    "tables stand as Parquet under the storage root",
                )
            elif named[name] > 1:
                yield Fault(path, f'"{name}" is named twice')

    def get_asset_spec(self) -> dg.AssetSpec:
        """All tables as one asset."""
        return dg.AssetSpec(
            key=self.asset_key,
            group_name="tables",
            kinds={"parquet"},
            description="Runs, operations, issues and memberships, for tools of others.",
        )

    def execute(self, resources: Any, sources: Sequence[tuple[str, str]]) -> dg.MaterializeResult[Any]:
        """Bring the tables up to date. `sources`: the warehouses, by name and key of the resource."""
        root, keys = storage_root(), self.spec.keys
        found = {"storage root": written(root, root, keys)}
        for name, resource_key in sources:
            found[name] = told(root, getattr(resources, resource_key), keys)
        return dg.MaterializeResult(metadata={"tables": _shown(found)})

    def build(self, workspace: Workspace) -> dg.Definitions:
        """The asset, its job and its schedule."""
        sources = [(name, workspace.find("source", name).resource_key) for name in self.spec.warehouses]

        @dg.multi_asset(
            name=f"tables__{self.name}",
            specs=[self.get_asset_spec()],
            required_resource_keys={key for _, key in sources},
        )
        def materialise(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
            with told_plainly():
                require_shared_storage(context.instance)
                return self.execute(context.resources, sources)

        job = dg.define_asset_job(
            f"write_tables_{self.name}", selection=[self.asset_key], executor_def=dg.in_process_executor
        )
        schedule = daily(job, self.spec.at, "Brings the technical tables up to date once a day.")
        return dg.Definitions(assets=[materialise], jobs=[job], schedules=[schedule])


def _shown(found: dict[str, list[Written]]) -> dg.MetadataValue:
    rows = [
        [where, one.table, one.place, *(f"{number:,}" for number in (one.days, one.made, one.removed))]
        for where, tables in found.items()
        for one in tables
    ]
    return dg.MetadataValue.md(
        markdown_table(["where", "table", "place", "days", "written", "removed"], rows)
    )
