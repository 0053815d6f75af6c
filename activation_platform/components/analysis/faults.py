"""Everything impossible that the analysis of a segment can say: fields that nobody can count, segments that cannot overlap."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from activation_platform.components.analysis.breakdown import COUNTED, can_be_counted
from activation_platform.components.types import type_words
from activation_platform.components.workspace import Fault, Workspace
from activation_platform.contracts.fields import nearest

if TYPE_CHECKING:
    from activation_platform.components.model import ModelComponent
    from activation_platform.components.segment import SegmentComponent

__all__ = ["analysis_faults"]


def analysis_faults(segment: "SegmentComponent", workspace: Workspace) -> Iterator[Fault]:
    """Everything impossible about the analysis of a segment."""
    spec, model = segment.spec.analysis, workspace.find("model", segment.spec.model)
    if spec is None:
        return
    if not (spec.breakdowns or spec.overlap_with or spec.history):
        yield Fault(("analysis",), "asks for nothing: there is breakdowns, overlap_with and history: true")
    for word, names in (("breakdowns", spec.breakdowns or []), ("overlap_with", spec.overlap_with or [])):
        yield from _twice(word, names)
    if model is not None:
        for number, name in enumerate(spec.breakdowns or []):
            yield from (Fault(("analysis", "breakdowns", number), words) for words in _uncounted(model, name))
    for number, name in enumerate(spec.overlap_with or []):
        yield from _apart(segment, workspace, name, ("analysis", "overlap_with", number))


def _twice(word: str, names: Sequence[str]) -> Iterator[Fault]:
    for number, name in enumerate(names):
        if name in names[:number]:
            yield Fault(("analysis", word, number), f'"{name}" stands here twice')


def _uncounted(model: "ModelComponent", name: str) -> Iterator[str]:
    """Why a field of a model has no breakdown."""
    known, exposed = model.columns(), model.spec.exposed
    declared = f"{name}: {{type: text, categorical: true}}"
    if known is not None and name not in known:
        yield f'there is no column "{name}".{nearest(name, known)}'
    elif exposed is None:
        yield (
            f'"{name}" is not categorical: list the columns of {model.name} under columns:, and among them {declared}'
        )
    elif not exposed[name].categorical:
        yield f'"{name}" is not categorical: if it has few values and none is personal, write {declared} in {model.name}'
    elif (dtype := (known or {}).get(name)) is not None and not can_be_counted(dtype):
        yield f'"{name}" is {type_words(dtype)}; a breakdown counts the values of {COUNTED}'


def _apart(
    segment: "SegmentComponent", workspace: Workspace, name: str, path: tuple[str | int, ...]
) -> Iterator[Fault]:
    """Why a segment has no overlap with another."""
    yield from workspace.unknown("segment", name, path)
    other: SegmentComponent | None = workspace.find("segment", name)
    if other is segment:
        yield Fault(path, "is the segment itself: name others")
    elif other is not None and other.spec.model != segment.spec.model:
        words = f'"{name}" is a segment of {other.spec.model}, not of {segment.spec.model}: their keys name other things'
        yield Fault(path, words)
