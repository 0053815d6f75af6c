"""The engine's SQL for Databricks, carried out by a real Spark: keys and values are told apart there as they are here."""

import shutil
from collections.abc import Iterator

import polars as pl
import pytest

from activation_platform_tests.sources import spark as sparks
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


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    pytest.importorskip("pyspark", reason="pip install pyspark, to run the SQL for Databricks")
    if shutil.which("java") is None:
        pytest.skip("there is no Java, which Spark runs on")
    with sparks.session(tmp_path_factory.mktemp("spark")) as sparks.Spark.session:
        yield


@pytest.fixture
def staying(spark: None, tmp_path) -> Staying:
    session = sparks.Spark.session
    for schema in ("activation_delta", "activation_segments", "activation_stats"):
        session.sql(f"drop schema if exists {schema} cascade")

    def put(frame: pl.DataFrame) -> None:
        file = tmp_path / "things.parquet"
        frame.write_parquet(file)
        session.read.parquet(str(file)).createOrReplaceTempView("things")

    def ask(query: str) -> list[tuple]:
        return [tuple(row) for row in session.sql(query).collect()]

    return Staying(sparks.Spark(host="spark", warehouse_id="none"), put, ask, session.sql)
