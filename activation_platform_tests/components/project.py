"""A Dagster project of the tests: YAML in a folder of its own, loaded as Dagster's tools load it, run in this process."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from activation_platform.components.instants import INSTANT, MAX_AGE

QUIET = {"console": {"config": {"log_level": "CRITICAL"}}}

SHOP = """\
type: activation_platform.SourceComponent
attributes:
  name: shop
  kind: duckdb
  settings:
    path: env:SHOP_FILE
---
type: activation_platform.ModelComponent
attributes:
  name: people
  source: shop
  table: people
  kind: users
  primary_key: id
  columns:
    id: integer
    email: text
    first_name: text
    orders: integer
---
type: activation_platform.SegmentComponent
attributes:
  name: loyal
  model: people
  where:
    all:
      - {field: orders, at_least: 3}
---
type: activation_platform.DestinationComponent
attributes:
  name: mail
  platform: batch
  settings:
    base_url: env:BATCH_BASE_URL
    rest_api_key: env:BATCH_REST_API_KEY
    project_key: env:BATCH_PROJECT_KEY
    live_api_keys: [env:BATCH_LIVE_API_KEY]
---
type: activation_platform.DestinationComponent
attributes:
  name: crm
  platform: attio
  settings:
    base_url: env:ATTIO_BASE_URL
    access_token: env:ATTIO_ACCESS_TOKEN
---
type: activation_platform.ActivationComponent
attributes:
  name: letters
  segment: loyal
  destination: mail
  service: profiles
  mode: mirror
  allow_irreversible_deletes: true
  mapping:
    custom_id: id
    $email_address: email
    first_name: first_name
  schedule: {cron: "0 6 * * 1", start: 2024-01-01}
---
type: activation_platform.ActivationComponent
attributes:
  name: leads
  segment: loyal
  destination: crm
  service: people
  mode: upsert
  mapping:
    email_addresses: email
    name.first_name: first_name
  schedule: {cron: "0 6 * * 1", start: 2024-01-01}
"""
"""A workspace in which all is well."""

FIRST, SECOND, THIRD = "2024-01-01-06:00", "2024-01-08-06:00", "2024-01-15-06:00"
"""The first partitions of its activations."""

LETTERS, LEADS = "activations/mail/letters", "activations/crm/leads"


@dataclass
class Project:
    """A project on disk. Loading it anew gives it a package of its own, so that nothing of an earlier load is left."""

    root: Path
    documents: dict[str, str] = field(default_factory=lambda: {"defs.yaml": SHOP})

    def replaced(self, old: str, new: str) -> "Project":
        """The same project with one piece of its YAML replaced."""
        assert self.documents["defs.yaml"].count(old) == 1, old
        self.documents["defs.yaml"] = self.documents["defs.yaml"].replace(old, new)
        return self

    def also(self, document: str) -> "Project":
        """The same project with one document more."""
        self.documents["defs.yaml"] += "---\n" + document
        return self

    def line(self, words: str) -> int:
        """The number of the one line that holds the words."""
        (found,) = self.lines(words)
        return found

    def lines(self, words: str) -> list[int]:
        """The numbers of all lines that hold the words."""
        lines = self.documents["defs.yaml"].splitlines()
        return [number for number, line in enumerate(lines, 1) if words in line]

    def write(self) -> Path:
        """Put the project on disk; returns its root, of which there is one a call."""
        package = f"project_{uuid.uuid4().hex[:12]}"
        folder = self.root / package
        shop = folder / package / "defs" / "shop"
        shop.mkdir(parents=True)
        (folder / "dg.toml").write_text(
            f'directory_type = "project"\n[project]\nroot_module = "{package}"\n'
            'registry_modules = ["activation_platform"]\n'
        )
        for made in (folder / package, shop.parent):
            (made / "__init__.py").touch()
        for name, text in self.documents.items():
            (shop / name).write_text(text)
        return folder

    def load(self) -> dg.Definitions:
        """Load it; raises what Dagster raises."""
        folder = self.write()
        with added_to_path(folder):
            workspace = dg.ComponentTree.for_project(folder).build_defs()
        return dg.Definitions.merge(workspace, dg.Definitions(executor=dg.in_process_executor))

    def refusal(self) -> str:
        """What loading it is refused with: the words of the innermost error."""
        try:
            self.load()
        except Exception as error:  # noqa: BLE001 -- whatever Dagster wraps it in
            while error.__cause__ is not None:
                error = error.__cause__
            return str(error)
        raise AssertionError("the project was loaded")


def added_to_path(folder: Path) -> Any:
    """A context in which the folder's packages can be imported."""
    patch = pytest.MonkeyPatch()
    patch.syspath_prepend(folder)
    return _Undone(patch)


@dataclass
class _Undone:
    patch: Any

    def __enter__(self) -> None:
        """Nothing more to do."""

    def __exit__(self, *_: object) -> None:
        self.patch.undo()


@dataclass
class Runner:
    """Runs assets of a project through Dagster, on one instance."""

    defs: dg.Definitions
    instance: dg.DagsterInstance

    def run(
        self,
        *assets: str,
        upstream: bool = True,
        partition: str | None = FIRST,
        tick: datetime | None = None,
        max_age: float = 3600,
        tags: Mapping[str, str] | None = None,
        **config: Mapping[str, Any],
    ) -> dg.ExecuteInProcessResult:
        """Materialise assets (and all upstream); `tick`: as the schedule does at this instant; `config`: by op name."""
        graph = self.defs.resolve_asset_graph()
        selection = dg.AssetSelection.assets(*(dg.AssetKey(asset.split("/")) for asset in assets))
        chosen = (selection.upstream() if upstream else selection).resolve(
            graph
        ) & graph.materializable_asset_keys
        scheduled = {} if tick is None else {INSTANT: tick.isoformat(), MAX_AGE: str(max_age)}
        return self.defs.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=self.instance,
            partition_key=partition,
            asset_selection=sorted(chosen),
            raise_on_error=False,
            tags={**scheduled, **(tags or {})},
            run_config={"loggers": QUIET, "ops": {op: {"config": value} for op, value in config.items()}},
        )


def succeeded(result: dg.ExecuteInProcessResult) -> dg.ExecuteInProcessResult:
    """The result itself; an error with the reason where the run failed."""
    broken = [
        event.event_specific_data.error.to_string() for event in result.all_events if event.is_step_failure
    ]
    assert result.success, "\n".join(broken)
    return result


def told(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, Any]:
    """The metadata with which a run materialised an asset."""
    (found,) = [
        event.materialization.metadata
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(asset.split("/"))
    ]
    return {name: value.value for name, value in found.items()}


def materialised(result: dg.ExecuteInProcessResult) -> list[str]:
    """What a run materialised, in order."""
    return [event.asset_key.to_user_string() for event in result.get_asset_materialization_events()]


def evaluations(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    """Every check that a run evaluated, by name."""
    return {one.check_name: one for one in result.get_asset_check_evaluations()}


def refusal(result: dg.ExecuteInProcessResult) -> str:
    """The words with which the run's first failed step failed."""
    assert not result.success
    failure = next(event for event in result.all_events if event.is_step_failure)
    data = failure.step_failure_data
    assert data.user_failure_data is not None, data.error
    return str(data.user_failure_data.description)


def fill(file: Path, rows: Iterable[Sequence[Any]], table: str = "people") -> None:
    """Make the warehouse hold exactly these people: id, e-mail address, first name, orders."""
    beside = file.with_suffix(".new")
    beside.unlink(missing_ok=True)
    with duckdb.connect(str(beside)) as connection:
        connection.execute(f"create table {table} (id bigint, email text, first_name text, orders bigint)")
        values = [list(row) for row in rows]
        if values:
            connection.executemany(f"insert into {table} values (?, ?, ?, ?)", values)
    beside.replace(file)


def person(number: int, orders: int = 5, **changes: Any) -> tuple[Any, ...]:
    """A person of the warehouse."""
    values = {
        "id": number,
        "email": f"person{number}@example.com",
        "first_name": f"Name {number}",
        "orders": orders,
    }
    return tuple({**values, **changes}.values())
