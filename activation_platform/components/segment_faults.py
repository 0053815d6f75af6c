"""Everything impossible that a segment can say: model, template, condition, limit, exclusions, models that lie apart, tests."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from activation_platform.components.fixtures import case_faults
from activation_platform.components.scopes import apart, excluded_from, models_of, scope_of
from activation_platform.components.workspace import Fault, Workspace
from activation_platform.contracts.fields import nearest
from activation_platform.segmentation.definitions import all_problems
from activation_platform.segmentation.faults import faults
from activation_platform.segmentation.problems import Problem
from activation_platform.segmentation.related import InSegment, Taken
from activation_platform.segmentation.validate import problems

if TYPE_CHECKING:
    from activation_platform.components.model import ModelComponent
    from activation_platform.components.segment import SegmentComponent
    from activation_platform.components.template import TemplateComponent

__all__ = ["segment_faults"]


def segment_faults(segment: "SegmentComponent", workspace: Workspace) -> Iterator[Fault]:
    """Everything impossible about a segment; what would only follow from a fault that was told is not told."""
    found = [*_references(segment, workspace), *_condition(segment, workspace), *_limit(segment, workspace)]
    found = found or [*_exclusions(segment, workspace), *_priorities(segment, workspace)]
    yield from found
    sound = not found and _is_whole(segment, workspace)
    if sound:
        yield from _apart(segment, workspace)
    yield from case_faults(segment, workspace, sound=sound)


def _references(segment: "SegmentComponent", workspace: Workspace) -> Iterator[Fault]:
    spec = segment.spec
    yield from workspace.unknown("model", spec.model, ("model",))
    given = [one for one in (spec.where, spec.template) if one is not None]
    if len(given) > 1 or (not given and spec.limit is None):
        yield Fault((), "takes exactly one of where and template")
    elif spec.template is not None:
        yield from workspace.unknown("template", spec.template, ("template",))
        template: TemplateComponent | None = workspace.find("template", spec.template)
        wanted = [] if template is None else template.spec.parameters
        missing = [name for name in wanted if name not in spec.values]
        if missing:
            yield Fault(
                ("template",), f"gives no value for {', '.join(missing)}: write values: {{{missing[0]}: …}}"
            )
        for name in spec.values:
            if template is not None and name not in wanted:
                yield Fault(
                    ("values", name), f'the template has no parameter "{name}".{nearest(name, wanted)}'
                )
    elif spec.values:
        yield Fault(("values",), "goes with a template only")


def _condition(segment: "SegmentComponent", workspace: Workspace) -> Iterator[Fault]:
    tree, model = segment.tree(workspace), segment.spec.model
    if tree is None:
        return
    known = workspace.find("model", model) is not None
    found = faults(tree, scope_of(workspace, model) if known else None, within=(segment.name,))
    for problem in _own(found):
        if segment.spec.template is None:
            yield Fault(("where", *problem.path), problem.message)
        else:
            yield Fault(("template",), f"filled in, the template does not fit: {problem}")


def _limit(segment: "SegmentComponent", workspace: Workspace) -> Iterator[Fault]:
    if segment.spec.limit is None or workspace.find("model", segment.spec.model) is None:
        return
    found = faults({"limit": segment.spec.limit}, scope_of(workspace, segment.spec.model))
    yield from (Fault(problem.path, problem.message) for problem in _own(found))


def _priorities(segment: "SegmentComponent", workspace: Workspace) -> Iterator[Fault]:
    """Segments before this one in its priority list that lead back here."""
    model: ModelComponent = workspace.find("model", segment.spec.model)
    for name in model.spec.before(segment.name):
        if workspace.find("segment", name) is not None:  # else the model tells it
            scope, within = scope_of(workspace, model.name), (segment.name,)
            for problem in _own(problems(Taken(taken_by=name), scope, within=within)):
                yield Fault(_said_in(segment), problem.message)


def _exclusions(segment: "SegmentComponent", workspace: Workspace) -> Iterator[Fault]:
    """Exclusions that cannot be opted out of, or that lead back here."""
    model = segment.spec.model
    lists = workspace.find("model", model).spec.exclude
    for number, name in enumerate(segment.spec.opts_out_of):
        if name not in lists:
            yield Fault(
                ("opts_out_of", number), f'{model} excludes no segment "{name}".{nearest(name, lists)}'
            )
    for name in excluded_from(segment, lists):
        if workspace.find("segment", name) is not None:  # else the model tells it
            scope, within = scope_of(workspace, model), (segment.name,)
            for problem in _own(problems(InSegment(segment=name), scope, within=within)):
                yield Fault(_said_in(segment), problem.message)


def _apart(segment: "SegmentComponent", workspace: Workspace) -> Iterator[Fault]:
    """Models that no one engine can read together."""
    for told in apart(models_of(workspace, segment.condition(workspace), segment.spec.model)):
        yield Fault(_said_in(segment), told)


def _own(found: Iterable[Problem]) -> list[Problem]:
    """The problems that are not told elsewhere."""
    return [problem for problem in found if not problem.follows]


def _is_whole(segment: "SegmentComponent", workspace: Workspace) -> bool:
    """Whether its condition can be evaluated: nothing that it refers to has a fault."""
    scope = scope_of(workspace, segment.spec.model)
    return not all_problems(segment.condition(workspace), scope)


def _said_in(segment: "SegmentComponent") -> tuple[str]:
    """The attribute that says its condition."""
    said = ("where", "template", "limit")
    return (next((one for one in said if getattr(segment.spec, one) is not None), "name"),)
