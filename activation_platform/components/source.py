"""A source in the workspace: a warehouse under a name that models refer to."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import dagster as dg
from pydantic import BaseModel, Field

from activation_platform.components.names import Name
from activation_platform.components.settings import resolved, secrets_in_clear, settings_faults
from activation_platform.components.shown import escaped, markdown_table, masked
from activation_platform.components.validation import steps
from activation_platform.components.workspace import Declared, Fault, Workspace
from activation_platform.contracts.fields import nearest
from activation_platform.contracts.modes import Engine
from activation_platform.contracts.source import Source
from activation_platform.sources import SOURCES

__all__ = ["SourceComponent", "SourceSpec"]


class SourceSpec(dg.Model):
    """A warehouse that models read from."""

    name: Name = Field(description="The name that models refer to.")
    kind: str = Field(
        description="The kind of warehouse: bigquery, databricks, duckdb, postgres, redshift, snowflake."
    )
    settings: dict[str, Any] = Field(
        default_factory=dict, description="How to connect; secrets as env:NAME. See docs/sources.md."
    )


class SourceComponent(Declared[SourceSpec]):
    """A warehouse under a name. It is read, and written only where rows stay in it, in schemas of the platform's own."""

    word: ClassVar[str] = "source"
    spec_class: ClassVar[type[BaseModel]] = SourceSpec

    @property
    def resource_key(self) -> str:
        """The key of the Dagster resource that connects."""
        return f"source_{self.name}"

    @property
    def asset_key(self) -> dg.AssetKey:
        """The asset that stands for the warehouse in the graph."""
        return dg.AssetKey(["sources", self.name])

    @property
    def source_class(self) -> type[Source]:
        """The class behind the kind."""
        return SOURCES[self.spec.kind]

    def faults(self, workspace: Workspace) -> Iterator[Fault]:
        """A kind or settings that do not exist."""
        del workspace
        if self.spec.kind not in SOURCES:
            near = nearest(self.spec.kind, SOURCES) or f" There is: {', '.join(sorted(SOURCES))}."
            yield Fault(("kind",), f'there is no kind of source "{self.spec.kind}".{near}')
            return
        yield from settings_faults(self.source_class, self.source_class.secrets, self.spec.settings)

    def secrets_in_clear(self) -> Iterator[str]:
        """Secrets that somebody wrote into the YAML."""
        if self.spec.kind in SOURCES:
            yield from secrets_in_clear(self.source_class.secrets, self.spec.settings)

    def get_asset_spec(self) -> dg.AssetSpec:
        """The warehouse as an external asset; its check tells whether it can be read."""
        return dg.AssetSpec(
            key=self.asset_key,
            group_name="sources",
            kinds={self.spec.kind},
            description=f"The {self.spec.kind} warehouse that models read.",
        )

    def queries(self, workspace: Workspace) -> dict[str, str]:
        """The SQL of every model that reads it, by the model's name."""
        models: list[Any] = list(workspace.by_word.get("model", {}).values())
        dialect = self.source_class.dialect
        return {model.name: model.query(dialect) for model in models if model.spec.source == self.name}

    def has_staying_models(self, workspace: Workspace) -> bool:
        """Whether rows of a model that reads it stay in it, so that it must be written, too."""
        models: list[Any] = list(workspace.by_word.get("model", {}).values())
        return any(
            model.spec.source == self.name and model.spec.engine is Engine.WAREHOUSE for model in models
        )

    def execute(self, source: Source, queries: Mapping[str, str]) -> dg.AssetCheckResult:
        """Validate the source and the models that read it, step by step."""
        found = list(steps(source, queries))
        broken = next((step for step in found if not step.passed), None)
        rows = [
            (step.name, "passed" if step.passed else "**failed**", escaped(masked(step.words)))
            for step in found
        ]
        return dg.AssetCheckResult(
            passed=broken is None,
            description=masked(f"{broken.name}: {broken.words}") if broken else "The source can be read.",
            metadata={"steps": dg.MetadataValue.md(markdown_table(["step", "result", "what"], rows))},
        )

    def build(self, workspace: Workspace) -> dg.Definitions:
        """The resource, the asset, the check."""
        resource = self.source_class(**resolved(self.source_class, self.spec.settings))
        key = self.resource_key

        @dg.asset_check(
            asset=self.asset_key,
            name="connection",
            required_resource_keys={key},
            description="Connection, access, schemas, grants, lineage of every model.",
        )
        def connection(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
            return self.execute(getattr(context.resources, key), self.queries(workspace))

        return dg.Definitions(
            assets=[self.get_asset_spec()], asset_checks=[connection], resources={key: resource}
        )
