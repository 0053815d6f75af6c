"""What is counted of relations where they stay: the values of a column, the keys that several have in common; and their keys."""

from collections.abc import Iterator, Sequence
from functools import reduce

import polars as pl
from sqlglot import exp

from activation_platform.contracts.source import Source
from activation_platform.sources.dialect import dialect_of
from activation_platform.sources.relation import Relation, column

__all__ = ["combinations", "keys_there", "values_there"]


def values_there(source: Source, relation: Relation, name: str) -> pl.DataFrame:
    """How many rows (`rows`) have each `value` of a column, null among them."""
    kept = relation.select(column(name).as_("value")).subquery("kept")
    query = exp.select("value", "COUNT(*) AS total").from_(kept).group_by("value")
    return _read(source, query, ["value", "rows"])


def combinations(
    source: Source, relations: Sequence[Relation], key: Sequence[str], flags: Sequence[str]
) -> pl.DataFrame:
    """How many keys (`keys`) are in the same of several relations; the columns `flags` are 1 for those, and 0 for others."""

    def marked(number: int, relation: Relation) -> exp.Query:
        marks = (exp.Literal.number(int(one == number)).as_(name) for one, name in enumerate(flags))
        return relation.select(relation.key(key).as_("key"), *marks)

    every: exp.Query = reduce(
        lambda one, other: exp.union(one, other, distinct=False),
        [marked(number, relation) for number, relation in enumerate(relations)],
    )
    once = exp.select("key", *(exp.Max(this=exp.column(name)).as_(name) for name in flags))
    once = once.from_(every.subquery("every_key")).where("NOT key IS NULL").group_by("key")
    query = exp.select(*flags, "COUNT(*) AS total").from_(once.subquery("once")).group_by(*flags)
    return _read(source, query, [*flags, "keys"])


def keys_there(source: Source, relation: Relation, key: Sequence[str]) -> Iterator[pl.DataFrame]:
    """The primary keys of a relation as text (column `key`), streamed; rows without one are left out."""
    query = relation.select(relation.key(key).as_("key"))
    for frame in source.read(dialect_of(relation.dialect).written(query)):
        yield frame.select(frame.to_series().cast(pl.String).alias("key")).drop_nulls()


def _read(source: Source, query: exp.Select, names: Sequence[str]) -> pl.DataFrame:
    """The answer to a query, under our own names: a warehouse may write them in capitals."""
    answer = pl.concat(source.read(dialect_of(source.dialect).written(query)))
    return answer.rename(dict(zip(answer.columns, names, strict=True)))
