"""Segments of rows that stay in their warehouse: they have the members that a plain evaluator takes."""

from dataclasses import dataclass, replace
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
from activation_platform.segmentation.scope import alone
from activation_platform.sources.relation import Relation, column
from activation_platform_tests.segmentation import test_agreement as agreement
from activation_platform_tests.segmentation.reference import belongs
from activation_platform_tests.sources.redshift_cluster import serving
from activation_platform_tests.sync.warehouses import (
    Staying,
    in_duckdb,
    in_postgres,
    in_redshift,
    in_snowflake,
)

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
"""Types that DuckDB and PostgreSQL have, and give back as they are."""
WITHOUT_LISTS = {name: dtype for name, dtype in SCHEMA.items() if name != "tags"}
WITH_ONE_FLOAT = {name: dtype for name, dtype in WITHOUT_LISTS.items() if name != "single"}


@st.composite
def leaves(draw: st.DrawFn, schema: dict[str, Any]) -> dict[str, Any]:
    field = draw(st.sampled_from(list(schema)))
    operator = str(draw(st.sampled_from(operators_of(kind_of(schema[field])))))
    return {"field": field, operator: draw(agreement.operand(operator, schema[field]))}


def trees(schema: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    words = st.sampled_from(["all", "any", "none"])
    return st.recursive(
        leaves(schema),
        lambda members: st.builds(
            lambda word, group: {word: group}, words, st.lists(members, min_size=1, max_size=3)
        ),
        max_leaves=6,
    )


def cells(dtype: pl.DataType) -> st.SearchStrategy[Any]:
    return agreement.cells(dtype).filter(lambda cell: cell != "nul\0inside")  # which PostgreSQL cannot hold


def members(staying: Staying, columns: list[str], tree: dict[str, Any], now: datetime) -> list[int]:
    plain = ", ".join(f'"{name}"' for name in columns if name != "price")
    relation = Relation.of(
        staying.source, f'select {plain}, cast("price" as numeric(10, 2)) as "price" from things', None
    )
    condition = compile_condition(read(tree), alone(relation.schema), now=now)
    query = replace(relation, where=condition).select(column("row")).sql(dialect=relation.dialect)
    return sorted(pl.concat(staying.source.read(query))["row"])


@dataclass(frozen=True)
class Question:
    """Rows of a schema, and the conditions of which they may be members."""

    schema: dict[str, Any]
    rows: list[dict[str, Any]]
    wanted: list[dict[str, Any]]
    now: datetime


def agree(staying: Staying, asked: Question) -> None:
    frame = agreement.frame_of(asked.rows, asked.schema).with_row_index("row").cast({"row": pl.Int64})
    staying.put(frame)
    held = [agreement.as_held(row, asked.schema) for row in asked.rows]
    for tree in asked.wanted:
        condition = read(tree)
        expected = [
            number for number, row in enumerate(held) if belongs(condition, row, asked.schema, asked.now)
        ]
        assert members(staying, frame.columns, tree, asked.now) == expected, tree


def questions(schema: dict[str, Any]) -> st.SearchStrategy[Question]:
    cell = {name: st.none() | cells(dtype) for name, dtype in schema.items()}
    return st.builds(
        Question,
        st.just(schema),
        st.lists(st.fixed_dictionaries(cell), min_size=3, max_size=8),
        st.lists(trees(schema), min_size=4, max_size=4),
        st.sampled_from(agreement.NOWS),
    )


SHARED = [
    HealthCheck.function_scoped_fixture,
    HealthCheck.too_slow,
    HealthCheck.data_too_large,
    HealthCheck.filter_too_much,
]


@settings(max_examples=8, phases=[Phase.generate], suppress_health_check=SHARED)
@given(asked=questions(SCHEMA))
def test_duckdb_takes_the_members_that_a_plain_evaluator_takes(tmp_path: Path, asked):
    agree(in_duckdb(tmp_path), asked)


@settings(max_examples=8, phases=[Phase.generate], suppress_health_check=SHARED)
@given(asked=questions(SCHEMA))
def test_postgres_takes_the_members_that_a_plain_evaluator_takes(postgres_server, postgres_database, asked):
    agree(in_postgres(postgres_server, postgres_database), asked)


@settings(max_examples=8, phases=[Phase.generate], suppress_health_check=SHARED)
@given(asked=questions(WITHOUT_LISTS))
def test_redshift_takes_the_members_that_a_plain_evaluator_takes(postgres_server, postgres_database, asked):
    with serving(postgres_server, None) as cluster:
        agree(in_redshift(cluster, postgres_database), asked)


@settings(max_examples=4, phases=[Phase.generate], suppress_health_check=SHARED)
@given(asked=questions(WITH_ONE_FLOAT))
def test_snowflake_takes_the_members_that_a_plain_evaluator_takes(snowflake_account, asked):
    agree(in_snowflake(snowflake_account), asked)
