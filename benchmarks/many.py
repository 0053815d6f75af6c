"""A workspace of 500 activations: how long its definitions take to load, and to say of each whether it is healthy."""

import os
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.cell import call, interleaved, middle
from benchmarks.registry import Result, figure

__all__ = ["load", "status"]

ACTIVATIONS = 500
_DG = """\
directory_type = "project"
[project]
root_module = "{name}"
registry_modules = ["activation_platform"]
"""
_SHARED = """\
type: activation_platform.SourceComponent
attributes: {name: shop, kind: duckdb, settings: {path: shop.duckdb}}
---
type: activation_platform.DestinationComponent
attributes: {name: copies, platform: database, settings: {url: "duckdb:///copies.duckdb"}}
"""
_MODEL = """\
type: activation_platform.ModelComponent
attributes:
  name: model_{number}
  source: shop
  table: people
  kind: users
  primary_key: id
  columns: {{id: integer, email: text, first_name: text, country: text, orders: integer, spent: "decimal(12,2)"}}
"""
_ACTIVATION = """\
type: activation_platform.SegmentComponent
attributes:
  name: segment_{number}
  model: model_{model}
  where:
    all:
      - {{field: orders, at_least: {number}}}
      - {{field: country, in: [FR, BE]}}
---
type: activation_platform.ActivationComponent
attributes:
  name: activation_{number}
  segment: segment_{number}
  destination: copies
  service: table
  mode: mirror
  options: {{table: copy_{number}, key: id}}
  mapping: {{id: id, email: email, name: first_name, country: country, orders: orders, spent: spent}}
  schedule: {{at: "06:00"}}
"""


def _project(name: str = "many", activations: int = ACTIVATIONS) -> Path:
    """A workspace on disk: a model for ten activations, a segment for each."""
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    shop = folder / name / "defs" / "shop"
    shop.mkdir(parents=True)
    (folder / "dg.toml").write_text(_DG.format(name=name))
    for made in (folder / name, shop.parent):
        (made / "__init__.py").touch()
    models = [_MODEL.format(number=number) for number in range(activations // 10)]
    written = [_ACTIVATION.format(number=n, model=n // 10) for n in range(activations)]
    (shop / "defs.yaml").write_text("---\n".join([_SHARED, *models, *written]))
    return folder


def _loaded(folder: Path) -> None:
    from activation_platform.cli.project import Project

    Project.here(folder).definitions.get_repository_def()


def _import() -> None:
    """Import whatever loading imports: a small workspace does."""
    _loaded(_project("few", 10))


def load() -> tuple[float, float]:
    """Seconds, and those of CPU, to load the definitions, once all is imported."""
    _import()
    folder = _project()
    started, before = time.perf_counter(), time.process_time()
    _loaded(folder)
    return time.perf_counter() - started, time.process_time() - before


def status() -> tuple[float, float, float]:
    """Seconds, and those of CPU, in which `activation status` finds its answer, once all is imported; and seconds until it has
    read the workspace."""
    from activation_platform.cli import collect_rarely
    from activation_platform.cli.instance import instance_here
    from activation_platform.cli.project import Project
    from activation_platform.cli.status import states_of

    collect_rarely()
    _import()
    folder = _project()
    (folder / "home").mkdir()
    os.environ |= {"DAGSTER_HOME": str(folder / "home"), "ACTIVATION_STORAGE": str(folder / "storage")}
    with instance_here() as instance:  # it makes its tables once
        for number in range(ACTIVATIONS):
            _tell(instance, number)
            _ran(number)
    started, before = time.perf_counter(), time.process_time()
    workspace = Project.here(folder).check()
    read = time.perf_counter() - started
    found = states_of(workspace, workspace.names("activation"))
    wall, cpu = time.perf_counter() - started, time.process_time() - before
    assert [state.word for state in found].count("paused") == ACTIVATIONS // 10
    assert all(state.newest for state in found)
    return wall, cpu, read


def _tell(instance: Any, number: int) -> None:
    """Every activation has been checked; what reads every tenth model is paused."""
    import dagster as dg

    evaluation = partial(dg.AssetCheckEvaluation, metadata={}, description="as it should be")
    instance.report_runless_asset_event(
        evaluation(dg.AssetKey(["segments", f"segment_{number}"]), "made", passed=bool(number % 10))
    )


def _ran(number: int) -> None:
    """Every activation has run."""
    from activation_platform.components.storage import storage_root
    from activation_platform.sync.history import Figures, Run, Status, write_run

    name = f"activation_{number}"
    run = Run(
        1, name, "copies", "2026-01-01-06:00", str(number), Status.SUCCEEDED, Figures(), time.time(), 1.0
    )
    write_run(storage_root() / "ledgers" / name, run)


@figure("load_500_s", "status_500_s")
def many() -> list[Result]:
    """Both in turns."""
    cells = interleaved({"load": call(load), "status": call(status)}, times=3)
    (load_wall, load_cpu), (wall, cpu, read) = (middle(some).value for some in cells.values())
    what = f"{ACTIVATIONS} activations, each of a segment of its own, of {ACTIVATIONS // 10} models"
    return [
        Result(
            "load_500_s",
            round(load_wall, 1),
            "s",
            f"loading the definitions of {what}, once all is imported: CPU {load_cpu:.1f} s",
        ),
        Result(
            "status_500_s",
            round(wall, 2),
            "s",
            f"until `activation status` has its answer to {what}, all of which have run, once all is imported: CPU {cpu:.2f} s; "
            f"reading and checking the workspace takes {read:.2f} s of it",
        ),
    ]
