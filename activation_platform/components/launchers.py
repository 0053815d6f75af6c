"""Where runs are launched, and whether the storage root can be seen from there."""

import os

import dagster as dg
from dagster._core.launcher.sync_in_memory_run_launcher import SyncInMemoryRunLauncher

from activation_platform.components.storage import storage_root
from activation_platform.contracts.errors import DeclarationError
from activation_platform.sync.folder import Folder

__all__ = ["require_shared_storage"]

_HERE = (dg.DefaultRunLauncher, SyncInMemoryRunLauncher)


def require_shared_storage(instance: dg.DagsterInstance) -> None:
    """Raise DeclarationError where runs may be launched elsewhere, but the storage root is a local folder (SEMANTICS A3).

    Dagster's default launcher starts runs on this machine; of any other that cannot be known.
    `ACTIVATION_STORAGE_SHARED=1` says that the folder is a volume which every run mounts.
    """
    root, launcher = storage_root(), instance.run_launcher
    shared = os.environ.get("ACTIVATION_STORAGE_SHARED") == "1"
    if shared or isinstance(launcher, _HERE) or not isinstance(root, Folder):
        return
    raise DeclarationError(
        f"the storage root {root} is a folder, but {type(launcher).__name__} may launch runs on other machines, which do not "
        "see it",
        remedy="Set ACTIVATION_STORAGE to s3://bucket/prefix or gs://bucket/prefix. Or, if the folder is a volume that every run "
        "mounts, set ACTIVATION_STORAGE_SHARED=1.",
    )
