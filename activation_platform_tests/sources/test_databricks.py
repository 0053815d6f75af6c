"""Databricks is waited for, read in chunks, cancelled when nobody waits; nothing is half read, no secret shown."""

import logging
from contextlib import nullcontext

import polars as pl
import pytest

from activation_platform.contracts.errors import (
    ActivationError,
    Cancelled,
    ConnectionFailed,
    CredentialsRefused,
    DeclarationError,
    NotFound,
    RateLimited,
    TimedOut,
)
from activation_platform.sources import databricks_api
from activation_platform.sources.databricks import Databricks
from activation_platform_tests.sources.databricks_workspace import (
    PRINCIPAL,
    PRINCIPAL_SECRET,
    STATEMENTS,
    TOKEN,
    WAREHOUSE,
    Answer,
    serving,
)


@pytest.fixture(scope="module")
def served():
    with serving() as workspace:
        workspace.database.execute(
            "create table customers as select i as id, 'c' || i as name from range(3) t(i)"
        )
        yield workspace


@pytest.fixture
def workspace(served):
    kept = dict(vars(served))
    yield served
    vars(served).update(kept)
    for grown in (served.answers, served.seen, served.headers, served.cancelled, served.statements):
        grown.clear()
    served.tokens.clear()
    served.tokens.add(TOKEN)


@pytest.fixture
def waits(monkeypatch):
    """The seconds that were waited, in a moment."""
    found = []
    monkeypatch.setattr(databricks_api, "sleep", found.append)
    monkeypatch.setattr(databricks_api, "monotonic", lambda: sum(found))
    return found


@pytest.fixture
def source(workspace, waits):
    return Databricks(host=workspace.address, warehouse_id=WAREHOUSE, token=TOKEN)


def changed(source, **settings):
    return Databricks(**{"host": source.host, "warehouse_id": source.warehouse_id, "token": TOKEN} | settings)


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


def test_a_large_result_arrives_in_several_frames_of_one_schema(source):
    query = "select range as i, 'x' as t, cast(1.5 as decimal(10, 2)) as n from range(2500)"

    frames = list(source.read(query))

    assert [len(frame) for frame in frames] == [1000, 1000, 500]
    assert pl.concat(frames)["i"].to_list() == list(range(2500))
    assert {tuple(frame.schema.items()) for frame in frames} == {tuple(source.columns(query).items())}


def test_an_empty_result_is_one_empty_frame(source):
    (empty,) = source.read("select id, name from customers where false")

    assert empty.schema == {"id": pl.Int64(), "name": pl.String()}
    assert empty.is_empty()


def test_a_service_principal_gets_tokens_of_its_own(source, workspace):
    principal = changed(source, token="", client_id=PRINCIPAL, client_secret=PRINCIPAL_SECRET)
    workspace.tokens.clear()

    assert rows(principal, "select count(*) as n from customers") == [(3,)]
    assert workspace.seen.count(("POST", "/oidc/v1/token")) == 1


def test_a_service_principal_whose_token_ends_in_the_middle_gets_another(source, workspace):
    principal = changed(source, token="", client_id=PRINCIPAL, client_secret=PRINCIPAL_SECRET)
    workspace.answers[("GET", STATEMENTS)] = [Answer(401, {"error_code": "401", "message": "expired"})]

    assert rows(principal, "select count(*) as n from customers") == [(3,)]
    assert workspace.seen.count(("POST", "/oidc/v1/token")) == 2


def test_the_store_never_sees_the_token(source, workspace):
    rows(source, "select 1 as x")

    asked = [
        headers
        for (_, path), headers in zip(workspace.seen, workspace.headers, strict=True)
        if "storage" in path
    ]
    assert asked
    assert not any("authorization" in headers for headers in asked)


def test_a_link_that_is_about_to_run_out_is_asked_for_anew(source, workspace):
    workspace.link_seconds = 5

    assert len(rows(source, "select * from range(1500)")) == 1500
    assert [path.rpartition("/")[2] for _, path in workspace.seen if "/result/chunks/" in path] == [
        "0",
        "1",
        "1",
    ]


def test_a_link_that_the_store_refuses_is_asked_for_anew(source, workspace, waits):
    workspace.answers[("GET", "/storage/part-1")] = [Answer(403, b"Request has expired")] * 2

    assert len(rows(source, "select * from range(1500)")) == 1500
    assert workspace.seen.count(("GET", "/storage/part-1")) == 3


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_workspace_is_given_the_time_it_asks_for(source, workspace, waits, status):
    workspace.answers[("POST", STATEMENTS)] = [Answer(status, {}, {"Retry-After": "17"})] * 2

    assert rows(source, "select 1 as x") == [(1,)]
    assert waits[:2] == [17.0, 17.0]


@pytest.mark.parametrize(
    ("status", "kind"), [(429, RateLimited), (503, ConnectionFailed), (500, ConnectionFailed)]
)
def test_a_workspace_that_stays_busy_is_not_asked_for_ever(source, workspace, waits, status, kind):
    workspace.answers[("POST", STATEMENTS)] = [Answer(status)] * 100

    assert type(refusal(source)) is kind
    assert sum(waits) <= databricks_api.PATIENT_FOR


def test_looks_at_a_running_statement_become_rarer(source, workspace, waits):
    workspace.looks = 10

    rows(source, "select 1 as x")

    assert len(waits) == 11
    assert waits[0] <= 0.1
    assert 2.5 <= waits[-1] <= 5


def test_a_query_that_takes_too_long_is_cancelled(source, workspace):
    workspace.looks = 10_000

    error = refusal(changed(source, statement_timeout_seconds=60))

    assert isinstance(error, TimedOut)
    assert "in 60 seconds" in str(error)
    assert len(workspace.cancelled) == 1


def test_a_run_that_is_terminated_cancels_its_query(source, workspace, monkeypatch):
    workspace.looks = 10_000
    calls = []

    def terminated(seconds):
        calls.append(seconds)
        if len(calls) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(databricks_api, "sleep", terminated)

    with pytest.raises(KeyboardInterrupt):
        list(source.read("select 1 as x"))
    assert len(workspace.cancelled) == 1


def test_a_reader_that_goes_away_in_the_middle_leaves_no_connection(source, workspace):
    frames = source.read("select * from range(5000)")
    next(frames)
    frames.close()

    assert workspace.cancelled == []  # it had succeeded: there is nothing to cancel


def test_a_result_that_was_cut_off_is_refused(source, workspace):
    workspace.truncates = True

    error = refusal(source)

    assert isinstance(error, DeclarationError)
    assert "100 GiB" in str(error)


def test_a_chunk_with_fewer_rows_than_counted_is_refused(source, workspace):
    workspace.loses = 1

    error = refusal(source, "select * from range(1500)")

    assert isinstance(error, ConnectionFailed)
    assert "part 0 of the result has 999 rows instead of 1000" in str(error)


def test_a_result_with_fewer_chunks_than_counted_is_refused(source, workspace):
    workspace.answers[("GET", f"{STATEMENTS}/")] = []

    def forgetful(name, statement, index):
        told = type(workspace)._result(workspace, name, statement, index)
        for link in told["external_links"]:
            link.pop("next_chunk_index", None)
        return told

    workspace._result = forgetful
    error = refusal(source, "select * from range(1500)")
    del workspace._result

    assert "1000 of the result's 1500 rows came" in str(error)


def test_half_a_chunk_is_refused(source, workspace):
    workspace.answers[("GET", "/storage/part-0")] = [Answer(200, b"\xff\xff\xff\xff\x10\x00\x00\x00half")]

    assert "no whole Arrow stream" in str(refusal(source))


@pytest.mark.parametrize(
    ("sql_state", "code", "message", "kind", "words"),
    [
        ("42501", "BAD_REQUEST", "[INSUFFICIENT_PERMISSIONS] no", CredentialsRefused, "GRANT"),
        ("42704", "BAD_REQUEST", "[SCHEMA_NOT_FOUND] no", NotFound, "catalog.schema.table"),
        ("57014", "BAD_REQUEST", "ended", Cancelled, "run again"),
        ("2D521", "BAD_REQUEST", "[DELTA_CONCURRENT_WRITE] no", ConnectionFailed, "Try again later"),
        ("", "RESOURCE_EXHAUSTED", "too much", RateLimited, "less often"),
        ("", "DEADLINE_EXCEEDED", "too long", TimedOut, "Select less"),
        ("", "IO_ERROR", "a disk", ConnectionFailed, "Try again later"),
        ("", "BAD_REQUEST", "the warehouse is stopped", ConnectionFailed, "may be started by us"),
        ("", "BAD_REQUEST", "the endpoint was deleted", NotFound, "`warehouse_id`"),
        ("", "UNKNOWN", "[NEW_CONDITION] about SQL", DeclarationError, "Correct the model's SQL"),
    ],
)
def test_a_failed_statement_is_told_for_what_it_is(source, workspace, sql_state, code, message, kind, words):
    error = {"error_code": code, "message": message}
    told = {"statement_id": "01ef", "status": {"state": "FAILED", "sql_state": sql_state, "error": error}}
    workspace.answers[("POST", STATEMENTS)] = [Answer(200, told)]

    error = refusal(source)

    assert type(error) is kind
    assert words in str(error)


@pytest.mark.parametrize(("status", "said"), [(500, 1), (502, 1), (429, 2), (503, 2)])
def test_a_statement_that_writes_is_said_again_only_where_it_was_not_heard(source, workspace, status, said):
    workspace.answers[("POST", STATEMENTS)] = [Answer(status)]

    with source.bench() as bench, nullcontext() if said > 1 else pytest.raises(ConnectionFailed):
        bench.run("create or replace table ours as select 1 as id")

    assert workspace.seen.count(("POST", STATEMENTS)) == said


def test_a_query_that_somebody_cancelled_says_so(source, workspace):
    workspace.answers[("GET", STATEMENTS)] = [
        Answer(200, {"statement_id": "01ef", "status": {"state": "CANCELED"}})
    ]

    error = refusal(source)

    assert type(error) is Cancelled
    assert "Somebody cancelled the query in Databricks" in str(error)


@pytest.mark.parametrize(
    ("query", "kind", "words"),
    [
        ("select * from nowhere", NotFound, "TABLE_OR_VIEW_NOT_FOUND"),
        ("select nothing from customers", DeclarationError, "UNRESOLVED_COLUMN"),
        ("selekt 1", DeclarationError, "begins with"),
        ("insert into customers values (9, 'x')", DeclarationError, "begins with"),
        ("select 1 as x; drop table customers", DeclarationError, "several statements"),
        ("select map('a', 1) as m", DeclarationError, "to_json(`m`)"),
        ("select interval '1' day as i", DeclarationError, "CAST(`i` AS STRING)"),
        ("select 1 as x, 2 as x", DeclarationError, "several columns named 'x'"),
    ],
)
def test_what_is_wrong_with_a_query_is_said_with_the_way_out(source, query, kind, words):
    error = refusal(source, query)

    assert type(error) is kind
    assert words in str(error)


def test_an_error_about_data_quotes_no_value(source):
    error = refusal(source, "select cast(name || 'secret@example.com' as int) as x from customers")

    assert type(error) is DeclarationError
    assert "CAST_INVALID_INPUT" in str(error)
    assert "secret" not in str(error)


@pytest.mark.parametrize(
    ("settings", "kind", "words"),
    [
        ({"token": "dapi-wrong"}, CredentialsRefused, "`token`"),
        (
            {"token": "", "client_id": PRINCIPAL, "client_secret": "wrong"},
            CredentialsRefused,
            "`client_secret`",
        ),
        ({"token": ""}, DeclarationError, "either with a token or as a service principal"),
        ({"client_id": PRINCIPAL, "client_secret": "x"}, DeclarationError, "either with a token"),
        ({"warehouse_id": "ffff"}, NotFound, "`warehouse_id`"),
        ({"host": "http://dbc.example.org"}, DeclarationError, "without TLS"),
        ({"host": "dbc.example.org/sql/1.0"}, DeclarationError, "name alone"),
        ({"host": "http://127.0.0.1:1"}, ConnectionFailed, "`host`"),
    ],
)
def test_wrong_settings_are_named(source, settings, kind, words):
    error = refusal(changed(source, **settings))

    assert type(error) is kind
    assert words in str(error)


def test_a_token_that_is_revoked_in_the_middle_is_told_and_the_next_run_reads_all(source, workspace):
    workspace.answers[("GET", f"{STATEMENTS}/")] = [
        Answer(403, {"error_code": "403", "message": "Invalid access token."})
    ]

    error = refusal(source, "select id from customers")

    assert type(error) is CredentialsRefused
    assert len(rows(source, "select id from customers")) == 3


def test_a_login_page_is_no_answer(source, workspace):
    workspace.answers[("POST", STATEMENTS)] = [Answer(302, b"<html>", {"Location": "/login"})]

    error = refusal(source)

    assert type(error) is ConnectionFailed
    assert "not its API" in str(error)


def test_no_secret_is_ever_shown(source, workspace, caplog):
    caplog.set_level(logging.DEBUG)
    workspace.answers[("GET", "/storage/")] = [Answer(403, b"<Error>Signature</Error>")] * 10

    error = refusal(source)

    said = f"{error} {error!r} {error.__cause__} {caplog.text} {source!r}"
    assert TOKEN not in said
    assert "Signature" not in said
    assert workspace.address not in str(error)
    assert not [name for name in workspace.signatures if name in said]


def test_the_check_tells_how_far_it_came(source, workspace):
    assert [(step.name, step.passed) for step in source.check()] == [
        ("connection", True),
        ("access", True),
        ("schemas", True),
    ]
    wrong = [(step.name, step.passed) for step in changed(source, token="dapi-wrong").check()]
    assert wrong == [("connection", True), ("access", False)]
    (gone,) = changed(source, host="http://127.0.0.1:1").check()
    assert (gone.name, gone.passed) == ("connection", False)
