"""What an activation reads: its segment or its model, and the models that computed fields are made of."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from activation_platform.components.frames import Frames, Snapshot
from activation_platform.components.scopes import models_of
from activation_platform.components.workspace import Workspace

if TYPE_CHECKING:
    from activation_platform.components.activation import ActivationComponent
    from activation_platform.components.model import ModelComponent
    from activation_platform.components.segment import SegmentComponent

__all__ = ["computed_columns", "inputs", "models_behind", "read_by", "snapshots"]


def computed_columns(activation: "ActivationComponent", workspace: Workspace) -> list[str]:
    """The computed fields that it needs as columns: those that it maps, or by which it settles shared identifiers."""
    model = activation.model(workspace)
    wanted = {activation.spec.first_by, *(line.column for line in activation.spec.lines())}
    return [] if model is None else [name for name in model.spec.computed if name in wanted]


def models_behind(activation: "ActivationComponent", workspace: Workspace) -> "list[ModelComponent]":
    """The models that decide which rows there are and what they hold, its own first."""
    upstream = activation.upstream(workspace)
    if upstream is None:
        return []
    if activation.spec.segment is not None:
        return upstream.models(workspace)
    return models_of(workspace, None, upstream.name, computed_columns(activation, workspace))


def inputs(
    activation: "ActivationComponent", workspace: Workspace
) -> "Sequence[SegmentComponent | ModelComponent]":
    """Whose snapshots it reads: the segment alone, or the model and those that its computed columns are made of."""
    if activation.spec.segment is not None:
        return [workspace.find("segment", activation.spec.segment)]
    return models_behind(activation, workspace)


@contextmanager
def snapshots(
    activation: "ActivationComponent", workspace: Workspace, run_ids: Sequence[str]
) -> Iterator[dict[str, Snapshot]]:
    """What these runs produced, or the newest, the segment's or model's own first; none while a check upstream stands failed."""
    checked = [model.frames for model in models_behind(activation, workspace)]
    with read_by(inputs(activation, workspace), run_ids, made_of=checked) as read:
        yield read


@contextmanager
def read_by(
    read: "Sequence[SegmentComponent | ModelComponent]",
    run_ids: Sequence[str],
    made_of: Sequence[Frames] = (),
) -> Iterator[dict[str, Snapshot]]:
    """By name the snapshots that a run must read (see `Frames.for_run`), which are not pruned while the block runs."""
    with ExitStack() as held:
        yield {one.name: held.enter_context(one.frames.read_by(run_ids, made_of)) for one in read}
