"""A real Spark in this process that plays a Databricks warehouse, as far as its tables go.

Without Delta its tables cannot be replaced, merged, updated or deleted from: such a statement is parsed by Spark, and what it
means is done in two steps.
"""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import polars as pl

from activation_platform.contracts.warehouse import Bench
from activation_platform.sources.databricks import Databricks
from activation_platform.sources.statement import without_rows
from activation_platform.sources.stepwise import StepwiseBench

__all__ = ["Spark", "session"]

MERGE = re.compile(r"MERGE INTO (.*?) AS `t` USING (\(.*\)) AS `s` ON .*", re.DOTALL)
UPDATE = re.compile(r"UPDATE (.*?) SET `raw` = NULL WHERE (.*)", re.DOTALL)


@contextmanager
def session(folder: Path) -> Iterator[Any]:
    """Spark, alone on the loopback, as strict as a warehouse is."""
    from pyspark.sql import SparkSession

    settings = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        "spark.sql.sources.default": "parquet",
        "spark.sql.legacy.createHiveTableByDefault": "false",
        "spark.sql.warehouse.dir": str(folder / "tables"),
    }
    builder = SparkSession.builder.master("local[1]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    Spark.session = spark
    try:
        yield spark
    finally:
        spark.stop()


class Spark(Databricks):
    """The source."""

    session: ClassVar[Any]

    def read(self, query: str) -> Iterator[pl.DataFrame]:
        """One frame, by way of Parquet."""
        with tempfile.TemporaryDirectory() as folder:
            self.session.sql(query).write.parquet(f"{folder}/rows")
            yield pl.read_parquet(f"{folder}/rows/*.parquet")

    def columns(self, query: str) -> pl.Schema:
        """Of the result without a row."""
        return next(self.read(without_rows(query, self.dialect))).schema

    @contextmanager
    def bench(self) -> Iterator[Bench]:
        """Statements one by one."""
        yield _Bench(self)


class _Bench(StepwiseBench):
    dialect: ClassVar[str] = Spark.dialect

    def read(self, query: str) -> Iterator[pl.DataFrame]:
        return self._source.read(query)

    def schemas(self, query: str) -> list[str]:
        return [row[0] for row in Spark.session.sql("SHOW SCHEMAS").collect()]

    def tables(self) -> list[str]:
        return [row["tableName"] for row in Spark.session.sql("SHOW TABLES IN activation_delta").collect()]

    def run(self, statement: str) -> None:
        spark = Spark.session
        spark._jsparkSession.sessionState().sqlParser().parsePlan(statement)
        if merge := MERGE.fullmatch(statement):
            table, source = merge.groups()
            kept = f"SELECT * FROM {table} WHERE NOT key IN (SELECT key FROM {source})"
            self._overwrite(table, f"{kept} UNION ALL SELECT key, raw, ignored FROM {source} WHERE held")
        elif update := UPDATE.fullmatch(statement):
            table, where = update.groups()
            raw = f"CASE WHEN NOT {where} THEN raw END"
            self._overwrite(table, f"SELECT key, {raw} AS raw, ignored FROM {table}")
        elif statement.startswith("DELETE FROM"):
            spark.sql(f"TRUNCATE TABLE {statement.removeprefix('DELETE FROM').partition(' WHERE')[0]}")
        elif statement.startswith("CREATE OR REPLACE TABLE"):
            table = statement.split()[4]
            spark.sql(f"DROP TABLE IF EXISTS {table}")
            spark.sql(statement.replace(" OR REPLACE", "", 1))
        else:
            spark.sql(statement)

    def _overwrite(self, table: str, query: str) -> None:
        rows = next(self._source.read(query))
        with tempfile.TemporaryDirectory() as folder:
            rows.write_parquet(f"{folder}/rows.parquet")
            Spark.session.sql(f"INSERT OVERWRITE {table} SELECT * FROM parquet.`{folder}/rows.parquet`")
