"""Conditions in the SQL of Databricks, carried out by a real Spark."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from activation_platform_tests.sources.carried_out import (
    Engine,
    test_every_reviewed_condition_takes_the_rows_that_a_plain_evaluator_takes,
    test_random_conditions_take_the_rows_that_a_plain_evaluator_takes,
    test_values_within_json_are_those_that_a_plain_reader_finds,
)

__all__ = [
    "test_every_reviewed_condition_takes_the_rows_that_a_plain_evaluator_takes",
    "test_random_conditions_take_the_rows_that_a_plain_evaluator_takes",
    "test_values_within_json_are_those_that_a_plain_reader_finds",
]

pytestmark = [pytest.mark.spark, pytest.mark.filterwarnings("ignore::DeprecationWarning:pyspark")]


@pytest.fixture
def engine(spark: Any, tmp_path: Path) -> Engine:
    def put(table: str, frame: pl.DataFrame) -> None:
        file = tmp_path / f"{table}.parquet"
        frame.write_parquet(file)
        spark.read.parquet(str(file)).createOrReplaceTempView(table)

    return Engine("databricks", put, lambda query: [tuple(row) for row in spark.sql(query).collect()])
