"""Everything impossible that a model can say: source, SQL, columns, types, relations, computed fields."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import polars as pl

from activation_platform.components.scopes import scope_of
from activation_platform.components.source import SourceComponent
from activation_platform.components.types import read_type, type_words
from activation_platform.components.workspace import Fault, Workspace
from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.fields import is_pattern, nearest
from activation_platform.contracts.modes import ModelKind
from activation_platform.segmentation.computed import read_computed
from activation_platform.segmentation.definitions import computed_problems, doubled
from activation_platform.segmentation.problems import InvalidCondition
from activation_platform.sources import SOURCES

if TYPE_CHECKING:
    from activation_platform.components.model import ModelComponent
    from activation_platform.components.segment import SegmentComponent

__all__ = ["model_faults"]

_LONGEST_NAME = 63
"""Bytes; PostgreSQL cuts longer names off."""


def model_faults(model: "ModelComponent", workspace: Workspace) -> Iterator[Fault]:
    """The faults of one model, given all the other components."""
    spec = model.spec
    yield from workspace.unknown("source", spec.source, ("source",))
    if len(spec.statement) != 1:
        given = " and ".join(spec.statement) or "none"
        yield Fault((), f"takes exactly one of table, sql and sql_file, here {given}")
    elif (fault := _statement_fault(model, workspace)) is not None:
        yield fault
    yield from _column_faults(model)
    yield from _event_faults(model)
    yield from _relation_faults(model, workspace)
    yield from _computed_faults(model, workspace)
    yield from _exclusion_faults(model, workspace)
    yield from _list_faults(model, workspace)


def _statement_fault(model: "ModelComponent", workspace: Workspace) -> Fault | None:
    source: SourceComponent | None = workspace.find("source", model.spec.source)
    if model.spec.sql_file is not None and model.sql_file is not None and not model.sql_file.exists():
        return Fault(("sql_file",), f'there is no file "{model.spec.sql_file}" beside the YAML')
    if source is None or source.spec.kind not in SOURCES:
        return None
    (word,) = model.spec.statement
    try:
        model.query(source.source_class.dialect)
    except DeclarationError as error:
        return Fault((word,), f"{error.what}. {error.remedy}")
    return None


def _column_faults(model: "ModelComponent") -> Iterator[Fault]:
    exposed = model.spec.exposed or {}
    for name, column in exposed.items():
        if is_pattern(name):
            yield Fault(
                ("columns", name), f'"{name}" cannot name a column: it is * or stands between ^ and $'
            )
        if column.type is not None and read_type(column.type) is None:
            yield Fault(
                ("columns", name),
                f'"{column.type}" is no type; there is text, integer, number, decimal(12, 2), date, timestamp, …',
            )
    known = model.columns()
    if known is None:
        return
    for name in model.key:
        if name not in known:
            yield Fault(("primary_key",), f'there is no column "{name}".{nearest(name, known)}')


def _event_faults(model: "ModelComponent") -> Iterator[Fault]:
    name = model.spec.event_time
    if name is None:
        return
    if model.spec.kind is not ModelKind.EVENTS:
        words = (
            f"only events happen: write kind: events, or leave it out of a model of kind {model.spec.kind}"
        )
        yield Fault(("event_time",), words)
    known = model.columns()
    if known is None:
        return
    if name not in known:
        yield Fault(("event_time",), f'there is no column "{name}".{nearest(name, known)}')
    elif (dtype := known[name]) is not None and not isinstance(dtype, pl.Date | pl.Datetime):
        words = f'"{name}" is {type_words(dtype)}, which is no moment: it must be a date or a timestamp'
        yield Fault(("event_time",), words)


def _relation_faults(model: "ModelComponent", workspace: Workspace) -> Iterator[Fault]:
    for relation, spec in model.spec.relations.items():
        path = ("relations", relation)
        yield from workspace.unknown("model", spec.model, (*path, "model"))
        other: ModelComponent | None = workspace.find("model", spec.model)
        there = None if other is None else other.columns()
        here = model.columns()
        for one, two in spec.match.items():
            if here is not None and one not in here:
                yield Fault((*path, "match", one), f'there is no column "{one}".{nearest(one, here)}')
            if there is not None and two not in there:
                words = f'the model "{spec.model}" has no column "{two}".{nearest(two, there)}'
                yield Fault((*path, "match", one), words)


def _computed_faults(model: "ModelComponent", workspace: Workspace) -> Iterator[Fault]:
    """Computed fields with names that cannot be, or that are made of what there is not."""
    scope = scope_of(workspace, model.name)
    for name, told in doubled(model.spec.computed, model.columns() or {}):
        yield Fault(("computed", name), told)
    for name, tree in model.spec.computed.items():
        if is_pattern(name) or len(name.encode()) > _LONGEST_NAME:
            told = f"cannot be the name of a field: it is *, stands between ^ and $, or has more than {_LONGEST_NAME} bytes"
            yield Fault(("computed", name), f'"{name}" {told}')
        try:
            found = computed_problems(name, scope) if name in scope.model.computed else []
            read_computed(tree)
        except InvalidCondition as invalid:
            found = list(invalid.problems)
        yield from (Fault(("computed", name, *one.path), one.message) for one in found if not one.follows)


def _exclusion_faults(model: "ModelComponent", workspace: Workspace) -> Iterator[Fault]:
    for number, name in enumerate(model.spec.exclude):
        yield from _segment_faults(model, workspace, name, ("exclude", number))


def _list_faults(model: "ModelComponent", workspace: Workspace) -> Iterator[Fault]:
    """Priority lists of what is no segment of the model, or of a segment that stands in one already."""
    stands: dict[str, str] = {}
    for priorities, names in model.spec.priority_lists.items():
        for number, name in enumerate(names):
            path = ("priority_lists", priorities, number)
            yield from _segment_faults(model, workspace, name, path)
            if name in stands:
                words = f'the segment "{name}" stands in {stands[name]} already: a segment has one place in one list'
                yield Fault(path, words)
            stands.setdefault(name, priorities)


def _segment_faults(
    model: "ModelComponent", workspace: Workspace, name: str, path: tuple[str | int, ...]
) -> Iterator[Fault]:
    yield from workspace.unknown("segment", name, path)
    segment: SegmentComponent | None = workspace.find("segment", name)
    if segment is not None and segment.spec.model != model.name:
        yield Fault(path, f'the segment "{name}" is one of {segment.spec.model}, not of this model')
