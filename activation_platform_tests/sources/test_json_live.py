"""Values within JSON by somebody's own account: those that a plain reader finds. Nothing is written there."""

from collections.abc import Callable, Sequence
from typing import Any

import polars as pl
import pytest
from sqlglot import exp

from activation_platform.contracts.source import Source
from activation_platform.sources.dialect import DIALECTS
from activation_platform_tests.sources.carried_out import (
    Engine,
    test_values_within_json_are_those_that_a_plain_reader_finds,
)
from activation_platform_tests.sources.redshift_words import REFUSED, Cluster

__all__ = ["test_values_within_json_are_those_that_a_plain_reader_finds"]

pytestmark = pytest.mark.live
CLOUDS = [name for name in DIALECTS if name not in ("duckdb", "postgres")]


@pytest.fixture(params=CLOUDS)
def engine(request: pytest.FixtureRequest, live_source: Callable[[str], Source]) -> Engine:
    """Rows go with the question."""
    source, tables = live_source(request.param), {}

    def put(table: str, frame: pl.DataFrame) -> None:
        rows = [_row(row, request.param) for row in frame.iter_rows(named=True)]
        tables[table] = f"{table} AS ({' UNION ALL '.join(rows)})"

    def ask(query: str) -> list[tuple[Any, ...]]:
        frames = source.read(f"WITH {', '.join(tables.values())} {query}")
        return [row for frame in frames for row in frame.rows()]

    judged = _judged if request.param == "redshift" else Engine.judged
    return Engine(request.param, put, ask, judged=judged)


def _judged(documents: Sequence[str | None], asked: Sequence[exp.Expr]) -> list[str | None]:
    """Without those that are an error there, which would end every query."""
    told = zip(documents, Cluster().told(documents, asked), strict=True)
    return [document for document, answers in told if REFUSED not in answers]


def _row(row: dict[str, Any], dialect: str) -> str:
    cells = [exp.cast(exp.convert(value), _type(value)).as_(name, quoted=True) for name, value in row.items()]
    return exp.select(*cells).sql(dialect=dialect)


def _type(value: Any) -> str:
    return "BIGINT" if isinstance(value, int) else "TEXT"
