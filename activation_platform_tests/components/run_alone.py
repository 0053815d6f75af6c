"""A run in a process of its own, as a run worker executes it: started with a project's folder, an asset and a partition."""

import sys
from pathlib import Path

import dagster as dg
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run

from activation_platform_tests.components.project import QUIET


def main(folder: str, asset: str, partition: str) -> None:
    """Materialise one asset in the main thread; says the run's id before it begins."""
    sys.path.insert(0, folder)
    defs = dg.Definitions.merge(
        dg.ComponentTree.for_project(Path(folder)).build_defs(),
        dg.Definitions(executor=dg.in_process_executor),
    )
    chosen = frozenset({dg.AssetKey(asset.split("/"))})
    job = defs.resolve_implicit_global_asset_job_def().get_subset(asset_selection=chosen)
    with dg.DagsterInstance.get() as instance:
        run = instance.create_run_for_job(
            job, tags={"dagster/partition": partition}, asset_selection=chosen, run_config={"loggers": QUIET}
        )
        print(run.run_id, flush=True)
        execute_run(InMemoryJob(job), run, instance)


if __name__ == "__main__":
    main(*sys.argv[1:])
