"""What a condition may refer to: the fields of its model, the models related to it, and the segments over them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import polars as pl
from sqlglot import exp

from activation_platform.segmentation.computed import Computed
from activation_platform.segmentation.conditions import Condition
from activation_platform.segmentation.fields import Schema
from activation_platform.segmentation.splits import Split

__all__ = ["QUOTED", "Link", "Model", "Naming", "Scope", "Segment", "alone", "in_duckdb"]


@dataclass(frozen=True, slots=True)
class Link:
    """Which rows of another model belong to a row: those whose columns equal. `match`: pairs of column here, column there."""

    model: str
    match: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Model:
    """A model as conditions see it. `schema` is None where only its source knows its fields.

    `computed`: the fields that its rows get beside those that were read; `definitions.typed` puts them into the schema.
    """

    schema: Schema | None
    key: tuple[str, ...] = ()
    event_time: str | None = None
    relations: Mapping[str, Link] = field(default_factory=dict)
    computed: Mapping[str, Computed] = field(default_factory=dict)
    astray: frozenset[str] = frozenset()
    """Relations that are declared, and lead to no model."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment as others refer to it."""

    model: str
    condition: Condition
    taking: Condition | None = None
    """Its condition without the priority list that it stands in; None where it stands in none."""

    @property
    def takes(self) -> Condition:
        """What it takes, whatever stands before it in a priority list."""
        return self.taking or self.condition


@dataclass(frozen=True, slots=True)
class Scope:
    """All models, segments and splits, seen from the model `name`."""

    name: str
    models: Mapping[str, Model]
    segments: Mapping[str, Segment] = field(default_factory=dict)
    splits: Mapping[str, Split] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()
    """Segments that are declared, and whose condition cannot be read."""

    @property
    def model(self) -> Model:
        """The model that conditions are about."""
        return self.models[self.name]

    @property
    def schema(self) -> Schema:
        """Its fields."""
        assert self.model.schema is not None
        return self.model.schema

    def related(self, relation: str) -> "Scope":
        """Seen from the model at the other end of a relation."""
        return self.seen_from(self.model.relations[relation].model)

    def seen_from(self, model: str) -> "Scope":
        """Seen from another model."""
        return replace(self, name=model)


def alone(schema: Schema) -> Scope:
    """A model without relations."""
    return Scope("model", {"model": Model(schema)})


class Naming(Protocol):
    """How an engine names the rows and columns of models."""

    def rows(self, model: str) -> exp.Expr:
        """What to select from."""

    def column(self, model: str, field: str) -> exp.Condition:
        """A field, within what is selected from `rows`."""

    def written(self, model: str, field: str, dtype: pl.DataType) -> exp.Expr:
        """A field of a key as text, as `keys.py` says; decimals may have zeros at their end."""


class _Quoted:
    """Tables and columns that are called like models and fields; what engines say differently, as DuckDB says it."""

    def rows(self, model: str) -> exp.Expr:
        return exp.Table(this=exp.to_identifier(model, quoted=True))

    def column(self, model: str, field: str) -> exp.Condition:
        del model
        return exp.column(field, quoted=True)

    def written(self, model: str, field: str, dtype: pl.DataType) -> exp.Expr:
        return in_duckdb(self.column(model, field), dtype)


def in_duckdb(column: exp.Expr, dtype: pl.DataType) -> exp.Expr:
    """A field of a key as text, as DuckDB says it. https://duckdb.org/docs/stable/sql/functions/dateformat"""
    if not isinstance(dtype, pl.Datetime):
        return exp.cast(column, "TEXT")
    in_utc = exp.AtTimeZone(this=column, zone=exp.Literal.string("UTC")) if dtype.time_zone else column
    return exp.func("strftime", exp.cast(in_utc, "TIMESTAMP"), exp.Literal.string("%Y-%m-%dT%H:%M:%S.%fZ"))


QUOTED: Naming = _Quoted()
