"""Rows said within statements arrive as they were, in as few statements as a warehouse takes."""

from collections.abc import Iterator
from typing import ClassVar

import polars as pl
import pytest

from activation_platform.contracts.warehouse import KEPT
from activation_platform.sources.dialect import dialect_of
from activation_platform.sources.redshift import Redshift
from activation_platform.sources.snowflake import Snowflake
from activation_platform.sources.stating import StatingBench
from activation_platform_tests.sources.redshift_cluster import serving

KEYS = ["", "a", "'", "''", "\\", "\\'", "a\nb", "é", "NULL", "(1, 2)", "%s", "a -- b", None]


class Noted(StatingBench):
    """A bench that notes what it is told."""

    dialect: ClassVar[str] = "snowflake"

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def read(self, query: str) -> Iterator[pl.DataFrame]:
        raise NotImplementedError

    def run(self, statement: str) -> None:
        self.said.append(statement)


def rows(keys):
    return pl.DataFrame(
        {"key": keys, "held": True, "settled": None, "ignored": range(len(keys))}, schema=KEPT
    )


@pytest.fixture(params=["redshift", "snowflake"])
def source(request):
    there = request.getfixturevalue
    if request.param == "snowflake":
        account = there("snowflake_account")
        account.run("create schema if not exists activation_delta")
        yield Snowflake(**account.settings)
        return
    server = there("postgres_server")
    with serving(server, None) as cluster:
        yield Redshift(
            host=cluster.host,
            port=cluster.port,
            database=there("postgres_database"),
            user=server.user,
            password=server.password,
            sslmode="disable",
        )


def test_a_row_arrives_as_it_was_whatever_it_holds(source):
    dialect = dialect_of(source.dialect)
    table = dialect.written(dialect.fleeting("activation_given"))
    with source.bench() as bench:
        bench.upload("activation_given", rows(KEYS[:3]))
        bench.upload("activation_given", rows(KEYS[3:]))

        arrived = pl.concat(bench.read(f"select * from {table}"))

    expected = pl.concat([rows(KEYS[:3]), rows(KEYS[3:])])
    assert sorted(arrived.rows(), key=str) == sorted(expected.rows(), key=str)


def test_a_statement_has_no_more_rows_and_bytes_than_a_warehouse_takes():
    bench = Noted()
    bench.upload("given", rows([str(number) for number in range(12_000)]))
    bench.upload("given", rows(["é" * 1_000] * 1_000))
    bench.upload("given", rows([]))

    made, *inserted = bench.said
    assert made.startswith(
        'CREATE TEMPORARY TABLE "ACTIVATION_DELTA"."GIVEN" ("KEY" VARCHAR, "HELD" BOOLEAN,'
    )
    assert [statement.count("), (") + 1 for statement in inserted[:2]] == [10_000, 2_000]
    assert sum(statement.count("é" * 1_000) for statement in inserted[2:]) == 1_000
    assert max(len(statement.encode()) for statement in inserted) < 1_000_000
