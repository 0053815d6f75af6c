"""Everything impossible that the analysis of a segment can say: fields that nobody can count, segments that cannot overlap."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from activation_platform.components.analysis.breakdown import COUNTED, can_be_counted
from activation_platform.components.scopes import apart, fields_of, models_of, scope_of
from activation_platform.components.types import type_words
from activation_platform.components.workspace import Fault, Workspace
from activation_platform.contracts.fields import nearest
from activation_platform.segmentation.computed import Label, Picked

if TYPE_CHECKING:
    from activation_platform.components.model import ModelComponent
    from activation_platform.components.segment import SegmentComponent

__all__ = ["analysis_faults"]


def analysis_faults(segment: "SegmentComponent", workspace: Workspace) -> Iterator[Fault]:
    """Everything impossible about the analysis of a segment."""
    spec, model = segment.spec.analysis, workspace.find("model", segment.spec.model)
    for word, names in (("breakdowns", spec.breakdowns), ("overlap_with", spec.overlap_with)):
        yield from _twice(word, names)
    if model is not None:
        for number, name in enumerate(spec.breakdowns):
            told = _uncounted(workspace, model, name)
            yield from (Fault(("analysis", "breakdowns", number), words) for words in told)
    for number, name in enumerate(spec.overlap_with):
        yield from _apart(segment, workspace, name, ("analysis", "overlap_with", number))


def _twice(word: str, names: Sequence[str]) -> Iterator[Fault]:
    for number, name in enumerate(names):
        if name in names[:number]:
            yield Fault(("analysis", word, number), f'"{name}" stands here twice')


def _uncounted(workspace: Workspace, model: "ModelComponent", name: str) -> Iterator[str]:
    """Why a field of a model has no breakdown."""
    known, exposed = fields_of(workspace, model), model.spec.exposed or {}
    declared = f"{name}: {{type: text, categorical: true}}"
    if known is not None and name not in known:
        yield f'there is no field "{name}".{nearest(name, known)}'
    elif name in model.spec.computed and not _is_category(workspace, model, name):
        yield f'"{name}" is computed: labels have a breakdown, and related fields that are categorical in their model'
    elif name in model.spec.computed:
        for told in apart(models_of(workspace, None, model.name, [name])):
            yield f'"{name}" {told}'
    elif model.spec.exposed is None:
        yield f'"{name}" is not categorical: list the columns of {model.name} under columns:, among them {declared}'
    elif name not in exposed or not exposed[name].categorical:
        yield f'"{name}" is not categorical: if it has few values and none is personal, write {declared} in {model.name}'
    if (dtype := (known or {}).get(name)) is not None and not can_be_counted(dtype):
        yield f'"{name}" is {type_words(dtype)}; a breakdown counts the values of {COUNTED}'


def _is_category(workspace: Workspace, model: "ModelComponent", name: str) -> bool:
    """Whether the values of a computed field are those of a category: a label's, or a related row's."""
    scope = scope_of(workspace, model.name)
    match scope.model.computed.get(name):
        case Label():
            return True
        case Picked(related=there, of=relation) if relation in scope.model.relations:
            column = (workspace.find("model", scope.model.relations[relation].model).spec.exposed or {}).get(
                there
            )
            return column is not None and column.categorical
    return False


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
