"""Computed fields of every kind, made of one another: DuckDB and PostgreSQL give the values that a plain evaluator gives."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from activation_platform.segmentation.compile import compile_source
from activation_platform.segmentation.evaluate import Snapshots, evaluate
from activation_platform.segmentation.fields import Kind, kind_of
from activation_platform.sources.dialect import dialect_of
from activation_platform_tests.segmentation.reference import EPOCH
from activation_platform_tests.segmentation.shops import Dice
from activation_platform_tests.segmentation.test_related_agreement import SETTINGS, folder, frames, world_of  # noqa: F401
from activation_platform_tests.sources.naming import Spoken

FIELDS = 25


def held(cell):
    """A value of Python as the plain evaluator holds it."""
    if isinstance(cell, datetime):
        instant = cell if cell.tzinfo else cell.replace(tzinfo=UTC)
        return (instant - EPOCH) // timedelta(microseconds=1) * 1_000
    return Fraction(cell) if isinstance(cell, int | Decimal) and not isinstance(cell, bool) else cell


def read_back(text, dtype: pl.DataType):
    """A value that PostgreSQL wrote as text."""
    if text is None or dtype == pl.String:
        return text
    match kind_of(dtype):
        case Kind.NUMBER:
            return float(text) if dtype.is_float() else Fraction(text)
        case Kind.BOOLEAN:
            return text == "true"
        case Kind.DATE:
            return date.fromisoformat(text)
    return held(datetime.fromisoformat(text))


def alike(found, wanted) -> bool:
    """The same value; NaN is NaN."""
    if isinstance(found, list | tuple):
        return len(found) == len(wanted) and all(map(alike, found, wanted))
    return found == wanted or (found != found and wanted != wanted)


@settings(max_examples=25, **SETTINGS)
@given(random=st.randoms(use_true_random=True))
def test_duckdb_gives_the_values_that_a_plain_evaluator_gives(folder, random):  # noqa: F811
    dice = Dice(random)
    dice.define(FIELDS)
    shop, files = dice.shop(), {}
    for name, frame in frames(shop).items():
        files[name] = [folder / f"{name}.parquet"]
        frame.write_parquet(files[name][0])

    for model, rows in world_of(shop, dice).rows.items():
        fields = [name for one, name in dice.computed if one == model]
        snapshots = Snapshots(files, dice.scope.seen_from(model))
        frame = evaluate(None, snapshots, now=dice.now, fields=fields).select(fields).collect()

        assert frame.schema == {name: dice.schemas[model][name] for name in fields}
        for name in fields:
            found, wanted = [held(cell) for cell in frame[name]], [row[name] for row in rows]
            assert alike(found, wanted), dice.scope.models[model].computed[name]


@settings(max_examples=12, **SETTINGS)
@given(random=st.randoms(use_true_random=True))
def test_postgres_gives_the_values_that_a_plain_evaluator_gives(postgres_server, postgres_database, random):
    from adbc_driver_postgresql import dbapi

    dice = Dice(random)
    dice.define(FIELDS)
    shop, postgres = dice.shop(), dialect_of("postgres")
    world, naming = world_of(shop, dice), Spoken(postgres)
    with dbapi.connect(postgres_server.uri(postgres_database)) as connection, connection.cursor() as cursor:
        for name, frame in frames(shop).items():
            numbered = frame.with_row_index("place").cast({"place": pl.Int64})
            cursor.adbc_ingest(name, numbered.to_arrow(), mode="replace")
        for model, rows in world.rows.items():
            fields = [name for one, name in dice.computed if one == model]
            scope = dice.scope.seen_from(model)
            source = compile_source(scope, now=dice.now, naming=naming, fields=fields)
            asked = exp.select(*(exp.cast(naming.column(model, name), "TEXT") for name in fields), "place")
            query = asked.from_(source).order_by("place")
            cursor.execute(postgres.written(postgres.conditions(query)))
            answers = cursor.fetchall()

            for number, name in enumerate(fields):
                found = [read_back(answer[number], dice.schemas[model][name]) for answer in answers]
                assert alike(found, [row[name] for row in rows]), dice.scope.models[model].computed[name]
