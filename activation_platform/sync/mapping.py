"""The mapping: which column (or constant) feeds which field, and the two forms a row takes: raw, and as sent.

Raw values are only fingerprinted, for all rows. What is new, changed or owed is *cleaned*: normalised and validated by the
fields' types, column by column; a row that breaks a rule gets a reason and is set aside (SEMANTICS B2, B3, B6).
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl

from activation_platform.contracts.batch import IDENTIFIER, OMITTED, MappedField
from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.fields import Field, nearest
from activation_platform.contracts.service import Service
from activation_platform.contracts.values import ValueType
from activation_platform.sync.fingerprint import fingerprint, text_hash
from activation_platform.sync.fitting import (
    doubt_about_column,
    fault_of_column,
    fault_of_constant,
    fault_of_field,
    type_at,
)

__all__ = ["BoundMapping", "FieldMapping", "MappingProblem", "bind", "mapping_doubts", "mapping_problems"]

NORMALISERS = 1
"""Version of everything behind `contracts/values.py` that decides what is sent; raise it when a normaliser changes."""

REASON = "_reason"


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """One line of a mapping. Exactly one of `column` and `constant` feeds the field. `shown`: declared to be not personal."""

    field: str
    column: str | None = None
    constant: str | int | float | bool | None = None
    on_null: str = "clear"
    on_invalid: str = "set_aside"
    shown: bool = False


@dataclass(frozen=True, slots=True)
class MappingProblem:
    """What is wrong with a mapping, and at which field (empty: with the mapping as a whole)."""

    field: str
    message: str


Columns = Mapping[str, pl.DataType | None]
"""Columns of a frame, with their types where these are known."""


def mapping_problems(
    lines: Sequence[FieldMapping],
    service: Service,
    columns: Columns | None,
    account: Sequence[Field] | None = None,
) -> Iterator[MappingProblem]:
    """Everything that makes the mapping impossible.

    `columns` of the frame, where they are known; `account`: the fields that the vendor says the account has, where it was
    asked. Without it, custom fields are judged by the rule of their names only.
    """
    known = _known(service, account)
    for line in lines:
        words = fault_of_field(line.field, known, service, account)
        words = words or _value_problem(line, known, service, columns or {})
        if words:
            yield MappingProblem(line.field, words)
        if line.column is not None and columns is not None and line.column not in columns:
            close = nearest(line.column, columns)
            yield MappingProblem(line.field, f'there is no column "{line.column}".{close}')
        field = known.get(line.field)
        vital = line.field == service.identifying_field or (field is not None and field.required)
        if line.on_invalid == "omit_field" and vital:
            yield MappingProblem(
                line.field, f'"{line.field}" is required, so it cannot have on_invalid: omit_field'
            )
        declared = field or service.custom_fields
        stays = declared is not None and not declared.clearable
        if stays and not vital and line.on_null == "clear" and line.column is not None:
            yield MappingProblem(
                line.field,
                f'"{line.field}" cannot be cleared there: map it with on_null: keep, so that null keeps the value',
            )
    mapped = {line.field for line in lines}
    required = {
        service.identifying_field,
        *(field.name for field in service.declared_fields() if field.required),
    }
    for name in sorted(required - mapped):
        yield MappingProblem("", f'the required field "{name}" is not mapped')
    limit, identifying = service.max_fields, service.identifying_field
    beside = len(mapped - {identifying})
    if limit is not None and beside > limit:
        yield MappingProblem(
            "", f"{beside} fields are mapped beside {identifying}, the service takes at most {limit}"
        )


def mapping_doubts(
    lines: Sequence[FieldMapping], service: Service, columns: Columns, account: Sequence[Field] | None = None
) -> Iterator[MappingProblem]:
    """Columns of which some values may never be sent, because of their type: text for a number."""
    known = _known(service, account)
    for line in lines:
        dtype = columns.get(line.column or "")
        if line.column is not None and dtype is not None:
            words = doubt_about_column(line.column, dtype, type_at(line.field, known, service, dtype))
            if words:
                yield MappingProblem(line.field, words)


def _known(service: Service, account: Sequence[Field] | None) -> dict[str, Field]:
    return {field.name: field for field in (*service.declared_fields(), *(account or ()))}


def _value_problem(line: FieldMapping, known: Mapping[str, Field], service: Service, columns: Columns) -> str:
    """Why nothing that the line maps can be sent to its field, which exists."""
    if line.column is None and line.constant is not None:
        try:
            held = pl.Series([line.constant])
        except OverflowError:
            return "the constant is too large"
        except UnicodeEncodeError:  # which is told of any text in the workspace
            return ""
        return fault_of_constant(held, type_at(line.field, known, service, held.dtype))
    dtype = columns.get(line.column or "")
    if line.column is None or dtype is None:
        return ""
    return fault_of_column(line.column, dtype, type_at(line.field, known, service, dtype))


@dataclass(frozen=True, slots=True)
class BoundField:
    """A mapped field, tied to a frame: where its value comes from and what type it has at the destination."""

    name: str
    type: ValueType
    column: str | None
    constant: Any
    required: bool
    keeps_null: bool
    may_omit: bool

    @property
    def raw(self) -> str:
        """The column that holds the raw value in frames of this mapping."""
        return f"raw:{self.name}"


@dataclass(frozen=True)
class BoundMapping:
    """A mapping tied to a frame's schema and, where the vendor was asked, to the account's own fields."""

    fields: tuple[BoundField, ...]
    identifying: str
    schema: pl.Schema

    @property
    def version(self) -> str:
        """Changes whenever a row that is the same could be sent differently."""
        described = [
            (f.name, repr(f.type), f.constant, f.keeps_null, f.may_omit, f.required) for f in self.fields
        ]
        text = json.dumps([NORMALISERS, self.identifying, described], default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def mapped_fields(self) -> tuple[MappedField, ...]:
        """The fields as a batch knows them: without the identifying one where it only identifies."""
        return tuple(MappedField(f.name, f.keeps_null, f.may_omit) for f in self.fields)

    @property
    def sent_schema(self) -> pl.Schema:
        """The fields, with the types of their values as sent."""
        columns = {field.raw: self.schema[field.column] for field in self.fields if field.column is not None}
        sent = self.clean(pl.DataFrame(schema=columns), at=0).schema
        return pl.Schema({field.name: sent[field.name] for field in self.fields})

    def raw_values(self) -> list[pl.Expr]:
        """The raw value of each mapped column, named `raw:<field>`."""
        return [pl.col(f.column).alias(f.raw) for f in self.fields if f.column is not None]

    def raw_fingerprint(self, key: pl.Expr, columns: Sequence[str] = ()) -> pl.Expr:
        """UInt64 over a row's key and raw values and the mapping's version. `columns` make up the key: it says their values."""
        mapped = [f.column for f in self.fields if f.column is not None and f.column not in columns]
        return fingerprint(key, *map(pl.col, mapped), seed=self.version)

    def clean(self, frame: pl.DataFrame, at: int) -> pl.DataFrame:
        """Add the values as sent, per field; `_reason` (null = can be sent); `_identifier`, `_sent`, `_identifier64`.

        `frame` holds the `raw:` columns, which are dropped. A reason names every field that is wrong, never a value.
        `at`: Unix microseconds of the run, for what may be sent only for a time.
        """
        now = datetime.fromtimestamp(at / 1e6, UTC)
        columns: dict[str, pl.Series] = {}
        reasons: list[pl.Series] = []
        for field in self.fields:
            raw = (
                frame[field.raw]
                if field.column is not None
                else pl.repeat(field.constant, frame.height, eager=True)
            )
            cleaned = field.type.at(now).clean(raw)
            wrong = cleaned.reasons.is_not_null()
            columns[field.name] = cleaned.values
            if field.may_omit:
                columns[OMITTED + field.name] = wrong
                continue
            said = cleaned.reasons
            if field.required and (missing := cleaned.values.is_null() & ~wrong).any():
                said = pl.select(pl.when(missing).then(pl.lit("is missing")).otherwise(said)).to_series()
            if said.null_count() < len(said):
                reasons.append(field.name + " " + said)
        kept = [name for name in frame.columns if not name.startswith("raw:")]
        cleaned_frame = frame.select(kept).with_columns(
            *(series.alias(name) for name, series in columns.items()),
            _joined(reasons, frame.height),
            columns[self.identifying].cast(pl.String).alias(IDENTIFIER),
        )
        return cleaned_frame.with_columns(
            _sent=self.sent_fingerprint(), _identifier64=text_hash(pl.col(IDENTIFIER))
        )

    def sent_fingerprint(self) -> pl.Expr:
        """UInt64 over the values as sent, with the fields' names: not mapped, null and left out are three things.

        Only rows that leave a value out are marked, so that allowing it does not touch the others.
        """
        names = ",".join(f.name for f in self.fields)
        sent = fingerprint(*(pl.col(f.name) for f in self.fields), seed=f"{NORMALISERS}:{names}")
        out = [
            pl.when(pl.col(OMITTED + f.name) if f.may_omit else pl.lit(value=False))
            .then(pl.lit(f"{f.name},"))
            .when(pl.col(f.name).is_null() & f.keeps_null)
            .then(pl.lit(f"{f.name},"))
            .otherwise(pl.lit(""))
            for f in self.fields
            if f.may_omit or f.keeps_null
        ]
        if not out:
            return sent
        left_out = pl.concat_str(out)
        return pl.when(left_out == "").then(sent).otherwise(fingerprint(sent, left_out))


def _joined(reasons: Sequence[pl.Series], height: int) -> pl.Series:
    """All reasons of each row in one, null where there is none."""
    if not reasons:
        return pl.repeat(None, height, dtype=pl.String, eager=True).alias(REASON)
    columns = {str(n): reason for n, reason in enumerate(reasons)}
    joined = pl.concat_str(*columns, separator="; ", ignore_nulls=True)
    return pl.DataFrame(columns).select(joined.replace("", None).alias(REASON)).to_series()


def bind(
    lines: Sequence[FieldMapping], service: Service, schema: pl.Schema, account: Sequence[Field] | None = None
) -> BoundMapping:
    """Tie a mapping to a frame; raises DeclarationError with every problem at once."""
    problems = [
        f"{problem.field}: {problem.message}" if problem.field else problem.message
        for problem in mapping_problems(lines, service, schema, account)
    ]
    known, fields = _known(service, account), list[BoundField]()
    for line in sorted(lines, key=lambda line: line.field):
        constant = pl.Series([line.constant]).dtype
        type_ = type_at(
            line.field, known, service, schema.get(line.column, pl.Null()) if line.column else constant
        )
        if type_ is None:
            continue  # a problem, told above
        field = known.get(line.field)
        fields.append(
            BoundField(
                name=line.field,
                type=type_,
                column=line.column,
                constant=line.constant,
                required=(field is not None and field.required) or line.field == service.identifying_field,
                keeps_null=line.on_null == "keep",
                may_omit=line.on_invalid == "omit_field",
            )
        )
    if problems:
        raise DeclarationError("; ".join(dict.fromkeys(problems)), remedy="Correct the activation's mapping.")
    return BoundMapping(tuple(fields), service.identifying_field, schema)
