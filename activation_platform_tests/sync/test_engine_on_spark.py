"""The engine's SQL for Databricks, carried out by a real Spark: keys and values are told apart there as they are here."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from activation_platform_tests.sources.spark import Spark
from activation_platform_tests.sources.test_told_apart import KEYS, LIVE, Looking, told_apart
from activation_platform_tests.sync.test_engine_types import (
    test_a_key_of_every_family_is_found_again,
    test_a_key_of_several_columns_is_found_again,
    test_every_change_of_a_value_is_noticed_and_nothing_else,
)
from activation_platform_tests.sync.warehouses import Staying

__all__ = [
    "test_a_key_of_every_family_is_found_again",
    "test_a_key_of_several_columns_is_found_again",
    "test_every_change_of_a_value_is_noticed_and_nothing_else",
]

pytestmark = [pytest.mark.spark, pytest.mark.filterwarnings("ignore::DeprecationWarning:pyspark")]


@pytest.fixture
def staying(spark: Any, tmp_path: Path) -> Staying:
    for schema in ("activation_delta", "activation_segments", "activation_stats"):
        spark.sql(f"drop schema if exists {schema} cascade")

    def put(frame: pl.DataFrame) -> None:
        file = tmp_path / "things.parquet"
        frame.write_parquet(file)
        spark.read.parquet(str(file)).createOrReplaceTempView("things")

    def ask(query: str) -> list[tuple]:
        return [tuple(row) for row in spark.sql(query).collect()]

    return Staying(Spark(host="spark", warehouse_id="none"), put, ask, spark.sql)


@pytest.mark.parametrize(("one", "other"), LIVE["databricks"])
def test_spark_tells_two_values_apart(staying, tmp_path, one, other):
    told_apart(staying.source, tmp_path, one, other)


def test_keys_that_a_collation_takes_for_one_are_two_to_spark(staying, tmp_path):
    looking = Looking(staying.source, tmp_path)

    assert [looking.fetched(KEYS["databricks"]) for _ in range(2)] == [2, 0]
