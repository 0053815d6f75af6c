"""BigQuery is read in its own types, in the projects that are said, with errors that name the way out and no secret."""

import base64
import datetime as dt
import json
from decimal import Decimal

import polars as pl
import pytest

from activation_platform.contracts.errors import (
    Cancelled,
    ConnectionFailed,
    CredentialsRefused,
    DeclarationError,
    NotFound,
    RateLimited,
    TimedOut,
)
from activation_platform.contracts.source import TableName
from activation_platform.sources.bigquery import BigQuery
from activation_platform_tests.sources.bigquery_project import EMAIL, LOCATION, PROJECT


@pytest.fixture
def settings(bigquery_project, bigquery_key):
    bigquery_project.run(
        "create or replace table shop.customers as select 0 as id, 'c0' as name union all select 1, 'c1' union all select 2, 'c2'"
    )
    key = bigquery_project.key(bigquery_key["pem"])
    return {"project": PROJECT, "location": LOCATION, "credentials": key, "retry_seconds": 0.2}


@pytest.fixture
def source(settings):
    return BigQuery(**settings)


def rows(source, query):
    return pl.concat(source.read(query)).rows()


def test_rows_arrive_in_the_order_of_the_query(source):
    assert rows(source, "select id, name from shop.customers order by id desc") == [
        (2, "c2"),
        (1, "c1"),
        (0, "c0"),
    ]


def test_a_large_result_arrives_page_by_page_in_one_schema(source):
    query = "select i, 'x' as t from unnest(generate_array(1, 80000)) as i"

    frames = list(source.read(query))

    assert [frame.height for frame in frames] == [50_000, 30_000]
    assert {tuple(frame.schema.items()) for frame in frames} == {tuple(source.columns(query).items())}


def test_an_empty_result_is_one_empty_frame(source):
    (empty,) = source.read("select id, name from shop.customers where false")

    assert empty.schema == {"id": pl.Int64(), "name": pl.String()}
    assert empty.is_empty()


TYPES = [
    ("cast(9007199254740993 as int64)", pl.Int64(), 9007199254740993),
    ("cast(1.5 as float64)", pl.Float64(), 1.5),
    ("true", pl.Boolean(), True),
    ("'Zoë'", pl.String(), "Zoë"),
    ("cast(null as string)", pl.String(), None),
    ("cast('abc' as bytes)", pl.Binary(), b"abc"),
    ("date '1999-12-31'", pl.Date(), dt.date(1999, 12, 31)),
    ("time '23:59:59.000001'", pl.Time(), dt.time(23, 59, 59, 1)),
    ("datetime '2024-03-01 12:00:00.123456'", pl.Datetime("us"), dt.datetime(2024, 3, 1, 12, 0, 0, 123456)),  # noqa: DTZ001
    (
        "timestamp '2024-03-01 12:00:00+02:00'",
        pl.Datetime("us", "UTC"),
        dt.datetime(2024, 3, 1, 10, tzinfo=dt.UTC),
    ),
    ("cast(null as timestamp)", pl.Datetime("us", "UTC"), None),
    ("['a', 'b']", pl.List(pl.String()), ["a", "b"]),
    ("struct(1 as a, 'x' as b)", pl.Struct({"a": pl.Int64(), "b": pl.String()}), {"a": 1, "b": "x"}),
]


@pytest.mark.parametrize(
    ("expression", "dtype", "value"), TYPES, ids=[expression for expression, _, _ in TYPES]
)
def test_a_type_arrives_exactly(source, expression, dtype, value):
    query = f"select {expression} as x"

    frame = pl.concat(source.read(query))

    assert frame.schema == source.columns(query) == {"x": dtype}
    assert frame["x"].to_list() == [value]


def test_a_numeric_keeps_the_digits_that_it_is_declared_with(source):
    frame = pl.concat(source.read("select cast('12345678901234567890.12' as numeric(31, 2)) as x"))

    assert frame.schema == {"x": pl.Decimal(31, 2)}
    assert frame["x"].to_list() == [Decimal("12345678901234567890.12")]


LIVE = [
    ("cast('12345678901234567890.12' as numeric)", pl.Decimal(38, 9), Decimal("12345678901234567890.12")),
    ("numeric '1234567890.123456789'", pl.Decimal(38, 9), Decimal("1234567890.123456789")),
    ("json '{\"a\": 1}'", pl.String(), '{"a":1}'),
    ("st_geogpoint(1, 2)", pl.String(), "POINT(1 2)"),
    (
        "timestamp '9999-12-31 23:59:59.999999+00'",
        pl.Datetime("us", "UTC"),
        dt.datetime.max.replace(tzinfo=dt.UTC),
    ),
]


@pytest.mark.live
@pytest.mark.parametrize("above", [0, 100_000], ids=["storage_api", "rest"])
@pytest.mark.parametrize(
    ("expression", "dtype", "value"), [*TYPES, *LIVE], ids=[cell[0] for cell in (*TYPES, *LIVE)]
)
def test_a_type_arrives_exactly_from_a_real_project(live_source, expression, dtype, value, above):
    source = live_source("bigquery").model_copy(update={"storage_api_above_rows": above})

    frame = pl.concat(source.read(f"select {expression} as x"))

    assert frame.schema == {"x": dtype}
    assert frame["x"].to_list() == [value]


def test_a_type_without_a_home_is_refused_with_the_cast(source):
    with pytest.raises(DeclarationError, match=r"'x' is INTERVAL: write CAST\(`x` AS STRING\)"):
        source.columns("select interval 1 day as x")


def test_a_read_with_fewer_rows_than_the_server_counted_is_an_error(source, bigquery_project):
    bigquery_project.loses = 1

    with pytest.raises(ConnectionFailed, match="counted 4 rows, and 3 arrived"):
        rows(source, "select id from shop.customers")


@pytest.mark.parametrize(
    ("reason", "words", "kind"),
    [
        ("stopped", "Job execution was cancelled: User requested cancellation", Cancelled),
        ("accessDenied", "Access Denied: the grant was taken away", CredentialsRefused),
        ("backendError", "An internal error occurred", ConnectionFailed),
        ("rateLimitExceeded", "Exceeded rate limits", RateLimited),
    ],
)
def test_a_job_that_ends_in_its_middle_is_told_for_what_it_is_and_the_next_read_is_whole(
    source, bigquery_project, reason, words, kind
):
    bigquery_project.ends("shop.customers", reason, words)

    with pytest.raises(kind, match=words.partition(":")[0]) as told:
        list(source.read("select id from shop.customers"))

    assert told.type is kind
    assert len(rows(source, "select id from shop.customers")) == 3


def test_a_connection_that_breaks_between_two_pages_stops_the_read(source, bigquery_project):
    frames = source.read("select i from unnest(generate_array(1, 80000)) as i")
    next(frames)
    bigquery_project.pages_fail = True

    with pytest.raises(ConnectionFailed, match="next run goes on"):
        list(frames)


def test_queries_run_in_the_technical_project_and_the_region_on_the_data_of_the_other(
    settings, bigquery_project
):
    rows(BigQuery(**settings, technical_project="technical", statement_timeout_seconds=90), "select 1 as x")

    configuration = bigquery_project.configurations[-1]
    assert configuration["project"] == "technical"
    assert configuration["query"]["connectionProperties"] == [{"key": "dataset_project_id", "value": PROJECT}]
    assert configuration["jobTimeoutMs"] == "90000"
    assert configuration["labels"] == {"application": "activation_platform"}


def test_columns_and_a_check_execute_nothing(source, bigquery_project):
    source.columns("select id from shop.customers")
    list(source.check())

    assert bigquery_project.jobs == {}


def test_an_abandoned_read_is_cancelled_in_bigquery(source, bigquery_project):
    frames = source.read("select i from unnest(generate_array(1, 80000)) as i")
    next(frames)

    frames.close()

    assert bigquery_project.cancelled == list(bigquery_project.jobs)


def test_a_read_that_ends_is_not_cancelled(source, bigquery_project):
    rows(source, "select id from shop.customers")

    assert bigquery_project.cancelled == []


@pytest.mark.parametrize(
    "query",
    ["insert into shop.customers values (9, 'x')", "create table t as select 1", "select 1; select 2"],
)
def test_nothing_can_be_written(source, query):
    with pytest.raises(DeclarationError):
        list(source.read(query))


SAID = [
    (403, "accessDenied", "Access Denied: Table shop.salaries", CredentialsRefused, "activation grants"),
    (403, "quotaExceeded", "Quota exceeded: Your project exceeded quota", RateLimited, "quota"),
    (
        400,
        "resourcesExceeded",
        "Resources exceeded during query execution",
        DeclarationError,
        "smaller steps",
    ),
    (400, "stopped", "Job execution was cancelled: User requested cancellation", Cancelled, "cancelled"),
    (400, "invalid", "Job timed out after 5 sec", TimedOut, "statement_timeout_seconds"),
    (400, "invalidQuery", "Bad int64 value: Bobby", DeclarationError, "Bad int64 value: •••"),
    (503, "backendError", "Visibility check was unavailable", ConnectionFailed, "next run goes on"),
]


@pytest.mark.parametrize(("status", "reason", "said", "kind", "words"), SAID)
def test_what_bigquery_says_is_sorted_by_what_to_do(
    source, bigquery_project, status, reason, said, kind, words
):
    bigquery_project.fault = (status, reason, said)

    with pytest.raises(kind, match=words) as told:
        list(source.read("select id from shop.customers"))

    assert told.type is kind
    assert "select id" not in str(told.value)


@pytest.mark.parametrize(
    ("query", "kind", "words"),
    [
        ("select * from shop.nope", NotFound, "nope.*`location`"),
        ("select nope from shop.customers", DeclarationError, "Unrecognized name"),
        ("select 1 as a, 2 as a", DeclarationError, "several columns named 'a'"),
    ],
)
def test_a_wrong_query_is_told_apart_by_what_to_do(source, query, kind, words):
    with pytest.raises(kind, match=f"(?s){words}") as told:
        list(source.read(query))

    assert "POST" not in str(told.value)


def test_a_token_that_expires_in_the_middle_is_renewed(source, bigquery_project):
    bigquery_project.expires_after_pages = 0

    assert len(rows(source, "select i from unnest(generate_array(1, 80000)) as i")) == 80_000


def test_a_key_that_is_revoked_in_the_middle_stops_the_read(source, bigquery_project):
    frames = source.read("select i from unnest(generate_array(1, 80000)) as i")
    next(frames)
    bigquery_project.expires_after_pages = 0
    bigquery_project.refuses_logins = True

    with pytest.raises(CredentialsRefused, match="revoked"):
        list(frames)


def test_another_key_is_refused_and_not_repeated(settings, bigquery_project, other_key):
    with pytest.raises(CredentialsRefused, match="Invalid JWT Signature") as told:
        BigQuery(**{**settings, "credentials": bigquery_project.key(other_key)}).columns("select 1 as x")

    assert "PRIVATE KEY" not in str(told.value)


def test_a_key_in_base64_and_the_application_default_let_us_in_too(settings, tmp_path, monkeypatch):
    encoded = base64.b64encode(settings["credentials"].encode()).decode()
    assert rows(BigQuery(**{**settings, "credentials": encoded}), "select 1 as x") == [(1,)]

    file = tmp_path / "key.json"
    file.write_text(settings["credentials"])
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    assert rows(BigQuery(**{**settings, "credentials": ""}), "select 1 as x") == [(1,)]


@pytest.mark.parametrize("text", ["{}", "no key", '{"client_email": '])
def test_credentials_that_are_none_are_said_without_them(settings, text):
    with pytest.raises(DeclarationError, match="no service account's key"):
        BigQuery(**{**settings, "credentials": text}).columns("select 1")


def test_a_closed_port_is_a_failed_connection(settings, bigquery_project, closed_port, monkeypatch):
    key = {**json.loads(settings["credentials"]), "token_uri": f"http://127.0.0.1:{closed_port}/token"}

    with pytest.raises(ConnectionFailed, match="network"):
        BigQuery(**{**settings, "credentials": json.dumps(key)}).columns("select 1 as x")


def test_the_secret_is_in_no_text_of_the_source(source):
    assert "PRIVATE KEY" not in repr(source) + str(source)


def test_check_names_each_step_and_the_datasets(source):
    steps = list(source.check())

    assert [(step.name, step.passed) for step in steps] == [
        ("connection", True),
        ("access", True),
        ("schemas", True),
    ]
    assert steps[-1].words == "shop"


def test_the_grants_name_the_service_account_and_the_tables(source):
    lines = source.grants([TableName("", "shop", "customers")]).splitlines()

    assert lines[0].endswith(f"--member='serviceAccount:{EMAIL}' --role=roles/bigquery.jobUser")
    assert lines[2] == (
        f"GRANT `roles/bigquery.dataViewer` ON TABLE `{PROJECT}`.shop.customers"
        f' TO "serviceAccount:{EMAIL}"; -- a view: ON VIEW'
    )


def test_rows_are_uploaded_letter_by_letter_to_the_technical_project(settings, bigquery_project):
    source = BigQuery(**settings | {"technical_project": "example-jobs"})
    bigquery_project.run("create schema if not exists activation_delta")
    keys = ["it's", "a\nb\r", "\\n", '"', None]

    with source.bench() as bench:
        bench.upload("given", pl.DataFrame({"key": keys}))

    said = [each["query"]["query"] for each in bigquery_project.configurations]
    assert len(said) == 2
    assert all("`example-jobs`.`activation_delta`.`given`" in statement for statement in said)
    assert [key for (key,) in rows(source, "select key from activation_delta.given")] == keys
    bigquery_project.run("drop schema activation_delta cascade")
