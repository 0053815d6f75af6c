"""The door: loads the workspace, nothing else."""

from pathlib import Path

import dagster as dg


@dg.definitions
def defs() -> dg.Definitions:
    """Everything declared below `defs/`."""
    workspace = dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
    # Backfills ignore the executor of a job: the steps of one activation follow one another in one process.
    return dg.Definitions.merge(workspace, dg.Definitions(executor=dg.in_process_executor))
