"""Redshift is read row by row or through UNLOAD: the same rows and types, and errors that name the way out and no secret."""

import gc
import sys
from datetime import UTC, date, datetime, time
from decimal import Decimal

import polars as pl
import pytest

from activation_platform.contracts.errors import (
    ActivationError,
    Cancelled,
    ConnectionFailed,
    CredentialsRefused,
    DeclarationError,
    NotFound,
    TimedOut,
)
from activation_platform.sources.redshift import Redshift
from activation_platform.sources.redshift_columns import Column, arrow_schema
from activation_platform.sources.redshift_json import UNREAD
from activation_platform_tests.destinations.files.stores import ObjectStore
from activation_platform_tests.sources.redshift_cluster import serving

READER, SECRET = "rs_reader", "s3cret-Passw0rd"


@pytest.fixture(scope="module")
def store(store_server):
    return ObjectStore(store_server)


@pytest.fixture(scope="module")
def running(postgres_server, store):
    name = "redshift_shop"
    postgres_server.run(
        f'create database "{name}" strategy file_copy', f"create role {READER} login password '{SECRET}'"
    )
    postgres_server.run(
        "create table customers as select i as id, 'c' || i as name from generate_series(0, 2) i",
        "create table salaries (id int)",
        "create function from_varbyte(bytea, text) returns text language sql as 'select encode($1, $2)'",
        """
        create function unread(text) returns int language plpgsql as
        'begin raise exception ''Invalid digit, Value Ann'' using detail = ''context: '' || $1; end'
        """,
        f"grant select on customers to {READER}",
        database=name,
    )
    with serving(postgres_server, store.client) as cluster:
        cluster.database = name
        yield cluster
    postgres_server.run(f'drop database "{name}" with (force)', f"drop role {READER}")


@pytest.fixture
def cluster(running, monkeypatch, store):
    for name, value in store.environment.items():
        monkeypatch.setenv(name, value)
    yield running
    assert running.broken == []
    running.refuses, running.loses = "", 0
    running.seen.clear()


@pytest.fixture
def source(cluster):
    return made(cluster)


def made(cluster, **settings):
    return Redshift(
        **{
            "host": cluster.host,
            "port": cluster.port,
            "database": cluster.database,
            "user": READER,
            "password": SECRET,
            "sslmode": "disable",
        }
        | settings
    )


def unloading(cluster, store, **settings):
    return made(cluster, unload_to=f"s3://{store.bucket}/tmp", unload_above_rows=-1, **settings)


def rows(source, query):
    return pl.concat(source.read(query)).rows()


def refusal(source, query="select 1 as x"):
    with pytest.raises(ActivationError) as caught:
        list(source.read(query))
    return caught.value


def test_rows_arrive_in_the_order_of_the_query(source):
    assert rows(source, "select id, name from customers order by id desc") == [
        (2, "c2"),
        (1, "c1"),
        (0, "c0"),
    ]


@pytest.fixture
def both(cluster, store):
    """The source row by row, and through UNLOAD."""
    return made(cluster), unloading(cluster, store)


def test_an_unloaded_result_is_the_same(both, cluster, store):
    query = "select i as id, 'it''s \\\\ ' || i as name from generate_series(1, 2500) i order by i"

    slow, fast = (list(source.read(query)) for source in both)

    assert [len(frame) for frame in slow] == [1000, 1000, 500]
    assert pl.concat(slow).equals(pl.concat(fast).sort("id"))
    assert any(sql.startswith("UNLOAD") for sql in cluster.seen)
    assert store.keys() == []  # nothing stays behind


TYPES = [
    ("true", pl.Boolean(), True),
    ("7::smallint", pl.Int16(), 7),
    ("7::int", pl.Int32(), 7),
    ("9223372036854775807::bigint", pl.Int64(), 2**63 - 1),
    ("1.5::real", pl.Float32(), 1.5),
    ("0.1::double precision", pl.Float64(), 0.1),
    ("12.30::numeric(12, 2)", pl.Decimal(12, 2), Decimal("12.30")),
    (
        "12345678901234567890123456789.123456789::numeric(38, 9)",
        pl.Decimal(38, 9),
        Decimal("12345678901234567890123456789.123456789"),
    ),
    ("'é😀'::varchar", pl.String(), "é😀"),
    ("''::varchar", pl.String(), ""),
    ("date '0001-01-01'", pl.Date(), date(1, 1, 1)),
    ("date '1492-10-12'", pl.Date(), date(1492, 10, 12)),
    ("date '9999-12-31'", pl.Date(), date(9999, 12, 31)),
    ("time '12:34:56.789012'", pl.Time(), time(12, 34, 56, 789012)),
    (
        "timestamp '2024-02-29 12:34:56.123456'",
        pl.Datetime("us"),
        datetime(2024, 2, 29, 12, 34, 56, 123456),  # noqa: DTZ001
    ),
    (
        "timestamptz '2024-02-29 12:00:00.5+05:30'",
        pl.Datetime("us", "UTC"),
        datetime(2024, 2, 29, 6, 30, 0, 500000, tzinfo=UTC),
    ),
    ("decode('deadbeef00', 'hex')", pl.Binary(), bytes.fromhex("deadbeef00")),
]


@pytest.mark.parametrize(("sql", "dtype", "value"), TYPES, ids=[sql for sql, _, _ in TYPES])
@pytest.mark.parametrize("way", [0, 1], ids=["rows", "unload"])
def test_a_type_arrives_exactly_and_its_null_is_null(both, cluster, way, sql, dtype, value):
    cluster.server.run(
        "drop table if exists typed",
        f"create table typed as select {sql} as x",
        "insert into typed values (null)",
        f"grant select on typed to {READER}",
        database=cluster.database,
    )
    query = "select x from typed"

    frame = pl.concat(both[way].read(query))

    assert frame.schema == {"x": dtype}
    assert frame["x"].drop_nulls().to_list() == [value]
    assert frame["x"].null_count() == 1
    assert both[way].columns(query) == frame.schema


def test_a_numeric_without_a_precision_keeps_every_digit_as_text(both):
    for source in both:
        frame = pl.concat(
            source.read("select sum(x) as x from (select 1.10::numeric(5, 2) as x union all select 2) t")
        )
        assert frame.schema == {"x": pl.String()}
        assert frame["x"].to_list() == ["3.10"]


@pytest.mark.parametrize(
    "sql", ["date '12345-01-01'", "date '0044-03-15 BC'", "timestamp 'infinity'", "time '24:00:00'"]
)
def test_a_moment_that_no_column_can_hold_is_refused_by_name(source, sql):
    error = refusal(source, f"select {sql} as moment")

    assert type(error) is DeclarationError
    assert "'moment' holds a moment outside the years 1 to 9999" in str(error)


def test_types_without_a_home_are_refused_with_the_cast_to_write(source):
    error = refusal(source, "select interval '1 day' as a, '10:00+01'::timetz as \"b c\"")

    assert type(error) is DeclarationError
    assert '\'a\' is interval: write extract(epoch from "a") (seconds) or "a"::varchar' in str(error)
    assert "'b c' is timetz: write \"b c\"::varchar" in str(error)


def test_json_of_a_super_is_text_and_geometry_is_refused():
    assert str(arrow_schema([Column("x", 4000, -1)]).field("x").type) == "string"
    with pytest.raises(DeclarationError, match=r'st_astext\("x"\)'):
        arrow_schema([Column("x", 3000, -1)])


def test_an_empty_result_is_one_empty_frame_either_way(both):
    for source in both:
        (empty,) = source.read("select id, name from customers where false")
        assert empty.schema == {"id": pl.Int32(), "name": pl.String()}
        assert empty.is_empty()


def test_only_what_the_cluster_expects_to_be_large_is_unloaded(cluster, store):
    source = made(cluster, unload_to=f"s3://{store.bucket}/tmp", unload_above_rows=500)

    assert len(rows(source, "select * from generate_series(1, 10) i")) == 10
    assert not any(sql.startswith("UNLOAD") for sql in cluster.seen)
    assert len(rows(source, "select * from generate_series(1, 1000) i")) == 1000
    assert any(sql.startswith("UNLOAD") for sql in cluster.seen)


def test_fewer_rows_than_the_cluster_unloaded_are_refused_and_removed(cluster, store):
    cluster.loses = 1

    error = refusal(unloading(cluster, store), "select * from generate_series(1, 2500) i")

    assert type(error) is ConnectionFailed
    assert "2497 of 2500 rows came" in str(error)
    assert store.keys() == []


def test_a_file_that_is_gone_is_refused(cluster, store):
    frames = unloading(cluster, store).read("select * from generate_series(1, 2500) i")
    next(frames)
    (last,) = (key for key in store.keys() if "0002_part" in key)  # noqa: SIM118 -- a method, not a mapping's
    store.client.delete_object(Bucket=store.bucket, Key=last)

    with pytest.raises(ConnectionFailed, match="an unloaded file is not there"):
        list(frames)


def test_a_reader_that_goes_away_leaves_nothing_on_s3(cluster, store):
    frames = unloading(cluster, store).read("select * from generate_series(1, 2500) i")
    next(frames)
    assert store.keys() != []
    frames.close()

    assert store.keys() == []


def test_a_role_that_may_not_write_is_told_with_what_it_needs(cluster, store):
    cluster.refuses = "S3ServiceException:Access Denied,Status 403,Error AccessDenied,Rid 1"

    error = refusal(unloading(cluster, store, unload_role="arn:aws:iam::1:role/unloader"))

    assert type(error) is CredentialsRefused
    assert "s3:PutObject" in str(error)
    assert "arn:aws:iam::1:role/unloader" in str(error)


@pytest.mark.parametrize("folder", ["/srv/here", "gs://bucket/x"])
def test_a_folder_that_is_not_on_s3_is_refused(cluster, folder):
    error = refusal(made(cluster, unload_to=folder, unload_above_rows=-1))

    assert type(error) is DeclarationError
    assert "s3://bucket/prefix" in str(error)


@pytest.mark.parametrize(
    "query",
    [
        "insert into customers values (9, 'x')",
        "select set_config('transaction_read_only', 'off', true), (select 1 from customers limit 1) from salaries",
        "create table t as select 1",
        "select 1; insert into customers values (9, 'x')",
    ],
)
def test_nothing_can_be_written(source, query):
    assert isinstance(refusal(source, query), DeclarationError | CredentialsRefused)
    assert len(rows(source, "select * from customers")) == 3


@pytest.mark.parametrize(
    ("query", "kind", "words"),
    [
        ("select * from nowhere", NotFound, '"nowhere" does not exist'),
        ("select nothing from customers", DeclarationError, "Correct the model's SQL"),
        ("select * from salaries", CredentialsRefused, "GRANT"),
        ("select 1 as x, 2 as x", DeclarationError, "several columns named 'x'"),
        (
            "select '100%' as x, name || '?' as y from customers where name = ",
            DeclarationError,
            "syntax error",
        ),
    ],
)
def test_what_is_wrong_with_a_query_is_said_with_the_way_out(source, query, kind, words):
    error = refusal(source, query)

    assert type(error) is kind
    assert words in str(error)


def test_an_error_about_data_quotes_no_value(source):
    error = refusal(source, "select (name || '-secret')::int as x from customers")

    assert type(error) is DeclarationError
    assert "secret" not in str(error)


@pytest.mark.parametrize("query", ["select '{}'::bigint as x", "select unread('{}') as x"])
def test_json_that_a_condition_cannot_judge_is_told_with_the_way_out_and_no_value(source, query):
    error = refusal(source, query.format(UNREAD))

    assert type(error) is DeclarationError
    assert f"A condition came upon {UNREAD}. Make the value a column" in str(error)
    assert "engine: frames" in str(error)
    assert "Ann" not in str(error)


def test_a_query_that_takes_too_long_is_stopped_by_the_cluster(cluster):
    error = refusal(made(cluster, statement_timeout_seconds=0.05), "select pg_sleep(5)::text as x")

    assert type(error) is TimedOut
    assert "`statement_timeout_seconds`" in str(error)


def test_a_query_that_somebody_cancels_is_told_from_one_that_takes_too_long(source):
    error = refusal(source, "select pg_cancel_backend(pg_backend_pid())::text as x, pg_sleep(10)::text as y")

    assert type(error) is Cancelled
    assert "Somebody cancelled the query" in str(error)


# the driver leaves its socket to the garbage collector when a login fails, and makes its context as one no longer should
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore:ssl:DeprecationWarning")
@pytest.mark.parametrize(
    ("settings", "kind", "words"),
    [
        ({"password": "wrong-Passw0rd"}, CredentialsRefused, "`password`"),
        ({"database": "nowhere"}, NotFound, "`database`"),
        ({"port": 1}, ConnectionFailed, "`port`"),
        ({"sslmode": "maybe"}, DeclarationError, "verify-full"),
        ({"sslmode": "verify-full"}, ConnectionFailed, "`sslmode`"),
        ({"iam": True, "sslmode": "verify-full"}, DeclarationError, "`cluster` or `workgroup`"),
    ],
)
def test_wrong_settings_are_named(cluster, settings, kind, words):
    error = refusal(made(cluster, **settings))

    assert type(error) is kind
    assert words in str(error)
    assert SECRET not in str(error)
    assert "wrong-Passw0rd" not in str(error)
    del error
    gc.collect()


def test_a_cluster_that_goes_away_in_the_middle_is_told_and_the_next_run_reads_all(source, cluster):
    frames = source.read("select i from generate_series(1, 50000) i")
    next(frames)
    cluster.server.run(
        f"select pg_terminate_backend(pid) from pg_stat_activity where usename = '{READER}' and pid <> pg_backend_pid()"
    )

    with pytest.raises(ConnectionFailed, match="Try again later"):
        list(frames)
    assert len(rows(source, "select id from customers")) == 3


def test_the_check_tells_how_far_it_came(source, cluster):
    assert [(step.name, step.passed) for step in source.check()] == [
        ("connection", True),
        ("access", True),
        ("schemas", True),
    ]
    (gone,) = made(cluster, port=1).check()
    assert (gone.name, gone.passed) == ("connection", False)


def test_a_missing_driver_says_how_to_install_it(source, monkeypatch):
    monkeypatch.setitem(sys.modules, "redshift_connector", None)

    assert r"pip install 'activation_platform[redshift]'" in str(refusal(source))


LIVE = [
    ("json_parse('{\"a\": [1, null]}')", pl.String(), '{"a":[1,null]}'),
    ("to_varbyte('deadbeef00', 'hex')", pl.Binary(), bytes.fromhex("deadbeef00")),
]


@pytest.mark.live
@pytest.mark.parametrize(("sql", "dtype", "value"), TYPES[:-1] + LIVE)
def test_a_type_arrives_exactly_from_a_real_cluster(live_source, sql, dtype, value):
    frame = pl.concat(live_source("redshift").read(f"select {sql} as x"))

    assert frame.schema == {"x": dtype}
    assert frame["x"].to_list() == [value]
