"""What clouds tell apart where rows stay in them: what the stand-ins can answer of it, and the rest `live`.

A live account keeps the tables of the ledger `told_apart` in its schema `activation_delta`.
"""

import uuid
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from activation_platform.contracts.source import Source
from activation_platform.contracts.warehouse import Asked, Compared
from activation_platform.sources.delta import DeltaTable
from activation_platform.sources.redshift import Redshift
from activation_platform.sources.relation import Relation
from activation_platform.sources.snowflake import Snowflake
from activation_platform_tests.destinations.files.stores import ObjectStore
from activation_platform_tests.sources.redshift_cluster import FUNCTIONS, serving

SNOWFLAKE = [("parse_json('1')", "parse_json('\"1\"')"), ("'a'", "'a '"), ("to_variant('x')", "null")]
LIVE = {
    "bigquery": [
        ("0.1", "0.10000000000000002"),
        ("cast('nan' as float64)", "cast('inf' as float64)"),
        ("'a'", "'a '"),
        ("numeric '1.000000001'", "numeric '1.000000002'"),
        ("datetime '2024-03-01 12:00:00.000001'", "datetime '2024-03-01 12:00:00.000002'"),
        ("timestamp '2024-03-01 12:00:00+02'", "timestamp '2024-03-01 12:00:00+01'"),
        ("cast(null as timestamp)", "timestamp '1970-01-01'"),
        ("time '12:00:00.000001'", "time '12:00:00.000002'"),
        ("b'\\x00'", "b'\\x00\\x00'"),
        ("['a, b']", "['a', 'b']"),
        ("struct(0.1 as a)", "struct(0.10000000000000002 as a)"),
        ("json '{\"a\": 1}'", 'json \'{"a": "1"}\''),
        ("collate('a', 'und:ci')", "collate('A', 'und:ci')"),
    ],
    "databricks": [
        ("0.1d", "0.10000000000000002d"),
        ("double('NaN')", "double('Infinity')"),
        ("'a'", "'a '"),
        ("1.10", "1.11"),
        ("timestamp_ntz'2024-03-01 12:00:00.000001'", "timestamp_ntz'2024-03-01 12:00:00.000002'"),
        ("timestamp'2024-03-01 12:00:00+02:00'", "timestamp'2024-03-01 12:00:00+01:00'"),
        ("cast(null as timestamp)", "timestamp'1970-01-01'"),
        ("X'00'", "X'0000'"),
        ("array('a, b')", "array('a', 'b')"),
        ("array('a', null)", "array('a', 'null')"),
        ("named_struct('a', 1)", "named_struct('a', 2)"),
        ("collate('a', 'UTF8_LCASE')", "collate('A', 'UTF8_LCASE')"),
    ],
    "snowflake": [
        *SNOWFLAKE,
        ("0.1::float", "0.10000000000000002::float"),
        ("'NaN'::float", "'inf'::float"),
        ("'12:00:00.000000001'::time", "'12:00:00.000000002'::time"),
        ("'2024-03-01 12:00:00.000001'::timestamp_ltz", "'2024-03-01 12:00:00.000002'::timestamp_ltz"),
        ("'2024-03-01 12:00:00 +02:00'::timestamp_tz", "'2024-03-01 12:00:00 +01:00'::timestamp_tz"),
        ("null::timestamp_ntz", "'1970-01-01'::timestamp_ntz"),
        ("array_construct(1, null)", "array_construct(1, 'null')"),
        ("object_construct('a', 1)", "object_construct('a', '1')"),
        ("to_binary('00', 'hex')", "to_binary('0000', 'hex')"),
        ("collate('a', 'en-ci')", "collate('A', 'en-ci')"),
    ],
    "redshift": [
        ("'a'::varchar", "'a '::varchar"),
        ("repeat('a', 60000)", "repeat('a', 60001)"),
        ("0.1::double precision", "0.10000000000000002::double precision"),
        ("1.5::real", "1.5000001::real"),
        ("true", "false"),
        ("null::boolean", "false"),
        ("json_parse('1')", "json_parse('\"1\"')"),
        ("json_parse('[1, null]')", "json_parse('[1]')"),
        ("to_varbyte('00', 'hex')", "to_varbyte('0000', 'hex')"),
        ("timestamp '2024-03-01 12:00:00.000001'", "timestamp '2024-03-01 12:00:00.000002'"),
        ("timestamptz '2024-03-01 12:00:00+02'", "timestamptz '2024-03-01 12:00:00+01'"),
        ("collate('a', 'case_insensitive')", "collate('A', 'case_insensitive')"),
    ],
}
KEYS = {
    "bigquery": "select collate('a', 'und:ci') as `key`, 1 as `value` union all select collate('A', 'und:ci'), 1",
    "databricks": "select collate('a', 'UTF8_LCASE') as `key`, 1 as `value` union all select collate('A', 'UTF8_LCASE'), 1",
    "snowflake": "select collate('a', 'en-ci') as \"key\", 1 as \"value\" union all select collate('A', 'en-ci'), 1",
    "redshift": "select collate('a', 'case_insensitive') as key, 1 as value union all select collate('A', 'case_insensitive'), 1",
}


class Looking:
    """Looks of one ledger at whatever a query says, one after the other."""

    def __init__(self, source: Source, folder: Path) -> None:
        self.source, self.folder = source, folder
        self.token, self.run = uuid.uuid4().hex, 0

    def at(self, query: str) -> Compared:
        self.run += 1
        table = DeltaTable(self.source, Relation.of(self.source, query, None), "told_apart")
        columns = ("key", "value")
        found = table.compare(
            Asked(
                self.token,
                self.run,
                self.run - 1,
                ("key",),
                columns,
                ("value",),
                "",
                0,
                False,
                _nothing,
                self.folder,
            )
        )
        table.merge(self.token, self.run, self.run, [])
        return found

    def fetched(self, query: str) -> int:
        return pl.read_parquet(self.at(query).parts).height


def _nothing(_: int) -> Iterator[pl.DataFrame]:
    return iter(())


def told_apart(source: Source, folder: Path, one: str, other: str) -> None:
    looking = Looking(source, folder)
    quote = "`" if source.dialect in ("bigquery", "databricks") else '"'
    first, second = (
        f"select 1 as {quote}key{quote}, {value} as {quote}value{quote}" for value in (one, other)
    )
    assert [looking.fetched(query) for query in (first, first, second, second)] == [1, 0, 1, 0]


@pytest.mark.parametrize(("one", "other"), SNOWFLAKE)
def test_snowflake_tells_two_values_apart(snowflake_account, tmp_path, one, other):
    told_apart(Snowflake(**snowflake_account.settings), tmp_path, one, other)


def test_a_schema_that_somebody_makes_at_the_same_time_is_taken_as_it_is(snowflake_account, tmp_path):
    snowflake_account.run("drop schema if exists activation_delta cascade")
    said = "SQL compilation error:\nObject 'ACTIVATION_DELTA' already exists."
    snowflake_account.fails(2002, "42710", said, at="CREATE SCHEMA")

    looking = Looking(Snowflake(**snowflake_account.settings), tmp_path)

    assert looking.fetched('select 1 as "key", \'x\' as "value"') == 1


@pytest.mark.live
@pytest.mark.parametrize(("kind", "one", "other"), [(kind, *pair) for kind in LIVE for pair in LIVE[kind]])
def test_a_real_account_tells_two_values_apart(live_source, tmp_path, kind, one, other):
    told_apart(live_source(kind), tmp_path, one, other)


@pytest.mark.live
@pytest.mark.parametrize("kind", KEYS)
def test_keys_that_a_collation_takes_for_one_are_two_to_a_real_account(live_source, tmp_path, kind):
    looking = Looking(live_source(kind), tmp_path)

    assert [looking.fetched(KEYS[kind]) for _ in range(2)] == [2, 0]


def test_what_a_redshift_bench_reads_comes_by_way_of_s3_where_it_is_large(
    postgres_server, postgres_database, front, monkeypatch
):
    store = ObjectStore(front)
    for name, value in store.environment.items():
        monkeypatch.setenv(name, value)
    postgres_server.run(
        *FUNCTIONS,
        "create table things as select i from generate_series(1, 10000) i",
        database=postgres_database,
    )
    with serving(postgres_server, store.client) as cluster:
        source = Redshift(
            host=cluster.host,
            port=cluster.port,
            database=postgres_database,
            user=postgres_server.user,
            password=postgres_server.password,
            sslmode="disable",
            unload_to=f"s3://{store.bucket}/tmp",
            unload_above_rows=5_000,
        )
        with source.bench() as bench:
            bench.run("create table mine as select 1 as i")
            assert pl.concat(bench.read("select i from things")).height == 10_000
            assert pl.concat(bench.read("select i from mine")).height == 1

    assert [sql.partition(" ")[0] for sql in cluster.seen].count("UNLOAD") == 1
    assert store.keys() == []
