"""What a test of a segment stands on: the rows that it gives as frames of its models, and the keys that it expects."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from sqlglot import exp

from activation_platform.components.cases import Case
from activation_platform.components.cells import cell, unquoted
from activation_platform.components.rows import Row, rows_of
from activation_platform.components.scopes import models_of, scope_of
from activation_platform.components.workspace import Fault, Workspace
from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.fields import nearest
from activation_platform.segmentation.compile import compile_condition, compile_source
from activation_platform.segmentation.conditions import Condition
from activation_platform.segmentation.definitions import all_problems, typed
from activation_platform.segmentation.problems import InvalidCondition, Problem
from activation_platform.segmentation.scope import Scope
from activation_platform.sync.fingerprint import key_text
from activation_platform.sync.keys import key_of

if TYPE_CHECKING:
    from activation_platform.components.model import ModelComponent
    from activation_platform.components.segment import SegmentComponent

__all__ = ["Fixture", "case_faults", "fixture_of"]

_ANY = datetime(2000, 1, 1, tzinfo=UTC)
_ANY_OTHER = datetime(2001, 7, 18, 13, 30, tzinfo=UTC)
"""Another year, month, day of the month and of the week, and time of day."""


@dataclass(frozen=True, slots=True)
class Fixture:
    """Frames by model, the segment's own among them; `keys` of its rows, in order, and those `expected` to belong, as texts."""

    frames: Mapping[str, pl.DataFrame]
    keys: Sequence[str]
    expected: frozenset[str]
    now: datetime


def case_faults(segment: "SegmentComponent", workspace: Workspace, *, sound: bool) -> Iterator[Fault]:
    """Everything impossible that the tests of a segment say; `sound`: whether its condition has no fault."""
    names = [case.name for case in segment.spec.tests]
    for number, name in enumerate(names):
        if name in names[:number]:
            yield Fault(("tests", number, "name"), f'there are two tests called "{name}"')
        reading = _Reading(segment, workspace, number)
        reading.fixture(sound=sound)
        yield from reading.faults


def fixture_of(segment: "SegmentComponent", workspace: Workspace, case: Case) -> Fixture:
    """What a test of a segment without faults stands on; raises DeclarationError where a file beside it no longer fits."""
    reading = _Reading(segment, workspace, segment.spec.tests.index(case))
    fixture = reading.fixture(sound=True)
    if fixture is None or reading.faults:
        raise DeclarationError(
            f"the test {case.name} of {segment.name} has changed: {reading.faults[0].message}",
            remedy="activation check shows everything that is wrong with it.",
        )
    return fixture


@dataclass(frozen=True, slots=True)
class _Table:
    """The rows of a model that a test gives, and what they hold; what was refused is null."""

    model: "ModelComponent"
    schema: pl.Schema
    rows: list[Row] = field(default_factory=list)
    cells: list[dict[str, Any]] = field(default_factory=list)

    @property
    def frame(self) -> pl.DataFrame:
        return pl.DataFrame(self.cells, schema=self.schema, orient="row")

    def keys(self, cells: Sequence[Mapping[str, Any]]) -> list[str | None]:
        """The primary keys of rows as texts."""
        schema = pl.Schema({name: self.schema[name] for name in self.model.key})
        frame = pl.DataFrame(
            [{name: row.get(name) for name in schema} for row in cells], schema=schema, orient="row"
        )
        return frame.select(key_text(self.model.key, schema)).to_series().to_list()


@dataclass(slots=True)
class _Reading:
    """One test as it is read, with all that is wrong with it."""

    segment: "SegmentComponent"
    workspace: Workspace
    number: int
    faults: list[Fault] = field(default_factory=list)

    @property
    def case(self) -> Case:
        return self.segment.spec.tests[self.number]

    def fixture(self, *, sound: bool) -> Fixture | None:
        """The fixture; None where something is wrong, or the condition is not `sound`."""
        read = self._models() if sound else []
        tables = {name: self._given(name, given, read) for name, given in self.case.given.items()}
        tables |= {model.name: self._table(model, []) for model in read if model.name not in tables}
        keys, expected = self._keys(tables.get(self.segment.spec.model))
        now = self._instant()
        if self.faults or not sound:
            return None
        found = {name: table for name, table in tables.items() if table is not None}
        now = self._fitting({name: table.schema for name, table in found.items()}, now)
        return Fixture({name: table.frame for name, table in found.items()}, keys, expected, now or _ANY)

    def _models(self) -> "list[ModelComponent]":
        """The models that decide which rows belong."""
        return models_of(self.workspace, self.segment.condition(self.workspace), self.segment.spec.model)

    def _tell(self, message: str, *path: str | int) -> None:
        self.faults.append(Fault(("tests", self.number, *path), message))

    def _given(self, name: str, given: Any, read: "Sequence[ModelComponent]") -> _Table | None:
        path = ("tests", self.number, "given", name)
        unknown = list(self.workspace.unknown("model", name, path))
        self.faults += unknown
        if unknown:
            return None
        model = self.workspace.find("model", name)
        if read and model not in read:
            named = ", ".join(one.name for one in read)
            self._tell(f"the segment does not read {name}, but {named}: leave it out", "given", name)
        return self._table(model, given)

    def _table(self, model: "ModelComponent", given: Any) -> _Table | None:
        columns, path = model.columns(), ("tests", self.number, "given", model.name)
        if columns is None:
            told = f"the columns of {model.name} are known only to its source: declare them with their types, or accept them "
            self.faults.append(Fault(path, f"{told}(activation check --accept {model.name})"))
            return None
        table = _Table(model, pl.Schema({name: dtype or pl.Null() for name, dtype in columns.items()}))
        untyped = {name for name, dtype in columns.items() if dtype is None}
        folder = self.segment.project_path
        for row in rows_of(given, None if folder is None else Path(folder), path):
            if isinstance(row, Fault):
                self.faults.append(row)
            else:
                table.rows.append(row)
                table.cells.append(dict(self._cells(row, table)))
        for name in untyped & {name for row in table.rows for name in row.values}:
            told = (
                f'the type of "{name}" is known only to the source: declare it under columns:, or accept it '
            )
            self.faults.append(Fault(path, f"{told}(activation check --accept {model.name})"))
        return table

    def _cells(self, row: Row, table: _Table) -> Iterator[tuple[str, Any]]:
        """The cells of a row that can be read."""
        for name, value in row.values.items():
            dtype = table.schema.get(name)
            if isinstance(dtype, pl.Null):
                continue
            if dtype is None:
                made = (
                    " It is computed: give what it is made of." if name in table.model.spec.computed else ""
                )
                told = f'{table.model.name} has no column "{name}".{made or nearest(str(name), table.schema)}'
                self.faults.append(row.fault(told, name))
                continue
            try:
                yield name, cell(unquoted(value, dtype) if row.quoted else value, dtype)
            except ValueError as error:
                self.faults.append(row.fault(f"{name}: {error}", name))

    def _keys(self, table: _Table | None) -> tuple[list[str], frozenset[str]]:
        """The keys of the rows of the segment's own model, and those that are expected to belong."""
        own = self.segment.spec.model
        if own not in self.case.given and self.workspace.find("model", own) is not None:
            self._tell(f"gives no rows of {own}, of which the segment chooses some", "given")
        if table is None or any(name not in table.schema for name in table.model.key):
            return [], frozenset()
        try:
            key_of(table.model.key, table.schema)
        except DeclarationError as error:
            self._tell(f"{error.what}. {error.remedy}", "given", own)
            return [], frozenset()
        whole = not self.faults
        keys = self._own_keys(table)
        expected = self._expected_keys(table)
        for key, number in expected.items():
            if whole and key not in keys:
                self._tell(f"no row of {own} has the key {key}", "expect", number)
        return list(keys), frozenset(expected)

    def _own_keys(self, table: _Table) -> dict[str, Row]:
        keys: dict[str, Row] = {}
        for row, held, key in zip(table.rows, table.cells, table.keys(table.cells), strict=True):
            missing = [
                name for name in table.model.key if name not in row.values or held.get(name, "") is None
            ]
            if missing:
                self.faults.append(
                    row.fault(f"has no {', '.join(missing)}, which is in the key of {table.model.name}")
                )
            elif key in keys:
                self.faults.append(row.fault(f"there are two rows with the key {key}", table.model.key[0]))
            elif key is not None:
                keys[key] = row
        return keys

    def _expected_keys(self, table: _Table) -> dict[str, int]:
        """The expected keys, and where each stands among those that are written."""
        keys: dict[str, int] = {}
        for number, written in enumerate(self.case.expect):
            try:
                values = dict(zip(table.model.key, _parts(written, table.model.key), strict=True))
                cells = {name: cell(value, table.schema[name]) for name, value in values.items()}
            except ValueError as error:
                self._tell(str(error), "expect", number)
                continue
            (key,) = table.keys([cells])
            if key is None:
                self._tell("a key has no null in it", "expect", number)
            elif key in keys:
                self._tell(f"{key} is expected twice", "expect", number)
            else:
                keys[key] = number
        return keys

    def _instant(self) -> datetime | None:
        if self.case.now is None:
            return None
        try:
            now = cell(self.case.now, pl.Datetime("us", "UTC"))
        except ValueError as error:
            self._tell(str(error), "now")
            return None
        assert isinstance(now, datetime)
        return now.astimezone(UTC)

    def _fitting(self, schemas: Mapping[str, pl.Schema], now: datetime | None) -> datetime | None:
        """Check what is known only now that every model has its columns: the condition, and whether it counts from `now`."""
        condition = self.segment.condition(self.workspace)
        try:
            scope = typed(scope_of(self.workspace, self.segment.spec.model), schemas)
            found: Sequence[Problem] = all_problems(condition, scope)
        except InvalidCondition as invalid:
            found = invalid.problems
        for problem in found:
            self._tell(f"the condition does not fit the columns of the models: {problem}")
        if not found and now is None and _counts_from_now(condition, scope):
            self._tell("the condition counts from the instant of the run: write now: 2026-01-31T07:00:00Z")
        return now


def _counts_from_now(condition: Condition, scope: Scope) -> bool:
    """Whether at another instant something else would be asked."""
    one, other = (_asked(condition, scope, now) for now in (_ANY, _ANY_OTHER))
    return one != other


def _asked(condition: Condition, scope: Scope, now: datetime) -> tuple[exp.Expr, exp.Expr]:
    where = compile_condition(condition, scope, now=now)
    return where, compile_source(scope, where, now=now)


def _parts(written: Any, key: Sequence[str]) -> Iterable[Any]:
    """The values of a key, in the order of its columns."""
    if isinstance(written, Mapping) and {*written} == {*key}:
        return [written[name] for name in key]
    if len(key) == 1 and not isinstance(written, Mapping):
        return [written]
    if isinstance(written, list) and len(written) == len(key):
        return written
    shown = key[0] if len(key) == 1 else f"[{', '.join(key)}]"
    raise ValueError(f"{written!r} is not a key: write {shown}, or {{{': …, '.join(key)}: …}}")
