"""A run of an activation in this process: the activation and everything upstream, materialised through Dagster."""

import re
import uuid
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError, DagsterInvalidConfigError

from activation_platform.components.instants import INSTANT
from activation_platform.components.progress import listening
from activation_platform.components.schedules import job_name
from activation_platform.components.settings import not_set
from activation_platform.components.storage import storage_root
from activation_platform.contracts.errors import ActivationError, Cancelled, DeclarationError
from activation_platform.contracts.fields import nearest
from activation_platform.sync.history import Run, read_runs
from activation_platform.sync.progress import Face

__all__ = ["QUIET", "run_activation", "without_notices"]

QUIET = {"console": {"config": {"log_level": "CRITICAL"}}}
"""Dagster's loggers in a run that is told of otherwise."""
_UNSET = re.compile(r'environment variable "([^"]+)" which is not set')


def run_activation(
    defs: dg.Definitions,
    activation: str,
    partition: str | None = None,
    *,
    instance: dg.DagsterInstance | None = None,
    full: bool = False,
    allow: Mapping[str, int] | None = None,
    instant: datetime | None = None,
    progress: Face | None = None,
) -> Run:
    """Materialise an activation and everything upstream of it, and return what the history keeps of the run.

    `partition`: a key of the activation's grid, by default the newest. `instance`: by default an ephemeral one.
    `allow`: ceilings of guards, `{"deletes": 1200}`. `instant`: run as the schedule would at this moment.
    `progress` is told how far it is. A run that began and then stopped or failed is
    returned with that status; raises the errors of `contracts.errors` where it did not get that far.
    """
    run_id = str(uuid.uuid4())
    with without_notices(), listening(progress):
        asset = _asset(defs, activation)
        key = _partition(asset, activation, partition)
        options = {"full": full, "allow": dict(allow or {})}
        try:
            defs.resolve_implicit_global_asset_job_def().execute_in_process(
                instance=instance,
                run_id=run_id,
                partition_key=key,
                asset_selection=_moving(defs, activation),
                tags={"activation": activation} | ({INSTANT: instant.isoformat()} if instant else {}),
                run_config={"loggers": QUIET, "ops": {asset.op.name: {"config": options}}},
            )
        except DagsterInvalidConfigError as error:
            raise unset(error) from None  # its text is a stack trace
        except (dg.Failure, DagsterExecutionInterruptedError) as error:
            return _kept(activation, run_id, error)
    return _kept(activation, run_id)


@contextmanager
def without_notices() -> Iterator[None]:
    """Keep quiet what Dagster warns of in its own calls to itself."""
    with warnings.catch_warnings():
        for notice in (dg.BetaWarning, dg.PreviewWarning, dg.SupersessionWarning):
            warnings.simplefilter("ignore", notice)
        warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"dagster")
        yield


def unset(error: DagsterInvalidConfigError) -> DeclarationError:
    """What Dagster says of settings that cannot be resolved, in one line that names the environment variables."""
    names = sorted(set(_UNSET.findall(str(error))))
    if not names:
        return DeclarationError(str(error).splitlines()[0], remedy="Correct the settings in the workspace.")
    return not_set(names)


def _asset(defs: dg.Definitions, activation: str) -> dg.AssetsDefinition:
    """The assets definition that materialises the activation."""
    graph = defs.resolve_asset_graph()
    known = {key.path[-1]: key for key in graph.materializable_asset_keys if key.path[0] == "activations"}
    if activation not in known:
        listed = nearest(activation, known) or f" There is: {', '.join(sorted(known)) or 'none at all'}."
        raise DeclarationError(
            f'there is no activation "{activation}"', remedy=f"Name one of the workspace.{listed}"
        )
    return graph.get(known[activation]).assets_def


def _partition(asset: dg.AssetsDefinition, activation: str, partition: str | None) -> str:
    partitions = asset.partitions_def
    assert partitions is not None  # an activation is partitioned by its schedule
    newest = partitions.get_last_partition_key()
    key = partition or newest
    if key is None or not partitions.has_partition_key(key):
        wanted = f'has no partition "{partition}"' if partition else "has no partition yet"
        remedy = f"The newest is {newest}." if newest else "Its schedule starts later."
        raise DeclarationError(f"{activation} {wanted}", remedy=remedy)
    return key


def _moving(defs: dg.Definitions, activation: str) -> list[dg.AssetKey]:
    """What its job materialises: the activation and everything upstream that is ours."""
    return sorted(defs.resolve_job_def(job_name(activation)).asset_layer.executable_asset_keys)


def _kept(activation: str, run_id: str, error: BaseException | None = None) -> Run:
    """The run as the history keeps it; where it keeps none, why there was none."""
    for run in reversed(read_runs(storage_root(), activation)):
        if run.run_id == run_id:
            return run
    if isinstance(error, dg.Failure):
        cause = error.__cause__
        if isinstance(cause, ActivationError):
            raise cause
        raise DeclarationError(
            error.description or "the run failed",
            remedy="The history keeps no figures of it; run it again once that is mended.",
        ) from error
    raise Cancelled("the run was cancelled before it began", remedy="Nothing was sent.") from error
