"""Segments of rows that stay in their warehouse: they have the members that a plain evaluator takes."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from activation_platform.segmentation.compile import compile_condition
from activation_platform.segmentation.conditions import read
from activation_platform.segmentation.fields import kind_of
from activation_platform.segmentation.operators import operators_of
from activation_platform.sources.relation import Relation, column
from activation_platform_tests.segmentation import test_agreement as agreement
from activation_platform_tests.segmentation.reference import belongs
from activation_platform_tests.sync.warehouses import Staying, in_duckdb, in_postgres

SCHEMA: dict[str, Any] = {
    "text": pl.String(),
    "big": pl.Int64(),
    "float": pl.Float64(),
    "single": pl.Float32(),
    "price": pl.Decimal(10, 2),
    "flag": pl.Boolean(),
    "day": pl.Date(),
    "naive": pl.Datetime("us"),
    "zoned": pl.Datetime("us", "UTC"),
    "tags": pl.List(pl.String()),
}
"""Types that both warehouses have, and give back as they are."""
PLAIN = ", ".join(f'"{name}"' for name in ("row", *SCHEMA) if name != "price")
QUERY = f'select {PLAIN}, cast("price" as numeric(10, 2)) as "price" from things'


@st.composite
def leaves(draw: st.DrawFn) -> dict[str, Any]:
    field = draw(st.sampled_from(list(SCHEMA)))
    operator = str(draw(st.sampled_from(operators_of(kind_of(SCHEMA[field])))))
    return {"field": field, operator: draw(agreement.operand(operator, SCHEMA[field]))}


def trees() -> st.SearchStrategy[dict[str, Any]]:
    words = st.sampled_from(["all", "any", "none"])
    return st.recursive(
        leaves(),
        lambda members: st.builds(
            lambda word, group: {word: group}, words, st.lists(members, min_size=1, max_size=3)
        ),
        max_leaves=6,
    )


def cells(dtype: pl.DataType) -> st.SearchStrategy[Any]:
    return agreement.cells(dtype).filter(lambda cell: cell != "nul\0inside")  # which PostgreSQL cannot hold


def members(staying: Staying, tree: dict[str, Any], now: datetime) -> list[int]:
    relation = Relation.of(staying.source, QUERY, None)
    condition = compile_condition(read(tree), relation.schema, now=now)
    query = replace(relation, where=condition).select(column("row")).sql(dialect=relation.dialect)
    return sorted(pl.concat(staying.source.read(query))["row"])


def put(staying: Staying, rows: list[dict[str, Any]]) -> None:
    staying.put(agreement.frame_of(rows, SCHEMA).with_row_index("row").cast({"row": pl.Int64}))


def agree(staying: Staying, rows: list[dict[str, Any]], wanted: list[dict[str, Any]], now: datetime) -> None:
    put(staying, rows)
    held = [agreement.as_held(row, SCHEMA) for row in rows]
    for tree in wanted:
        condition = read(tree)
        expected = [number for number, row in enumerate(held) if belongs(condition, row, SCHEMA, now)]
        assert members(staying, tree, now) == expected, tree


GIVEN = given(
    rows=st.lists(
        st.fixed_dictionaries({name: st.none() | cells(dtype) for name, dtype in SCHEMA.items()}),
        min_size=3,
        max_size=8,
    ),
    wanted=st.lists(trees(), min_size=4, max_size=4),
    now=st.sampled_from(agreement.NOWS),
)
SHARED = [
    HealthCheck.function_scoped_fixture,
    HealthCheck.too_slow,
    HealthCheck.data_too_large,
    HealthCheck.filter_too_much,
]


@settings(max_examples=8, phases=[Phase.generate], suppress_health_check=SHARED)
@GIVEN
def test_duckdb_takes_the_members_that_a_plain_evaluator_takes(tmp_path: Path, rows, wanted, now):
    agree(in_duckdb(tmp_path), rows, wanted, now)


@settings(max_examples=8, phases=[Phase.generate], suppress_health_check=SHARED)
@GIVEN
def test_postgres_takes_the_members_that_a_plain_evaluator_takes(
    postgres_server, postgres_database, rows, wanted, now
):
    agree(in_postgres(postgres_server, postgres_database), rows, wanted, now)
