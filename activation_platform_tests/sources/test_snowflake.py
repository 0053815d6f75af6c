"""Snowflake is read in its own types, in a session that commits nothing, with errors that name the way out and no secret."""

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
from activation_platform.sources.snowflake import Snowflake
from activation_platform_tests.sources.snowflake_account import OAUTH_TOKEN, PASSWORD


@pytest.fixture(scope="module")
def account(snowflake_account):
    snowflake_account.run(
        "create or replace table customers (id integer, name varchar)",
        "insert into customers values (0, 'c0'), (1, 'c1'), (2, 'c2')",
    )
    return snowflake_account


@pytest.fixture
def source(account):
    return Snowflake(**account.settings)


def changed(account, **settings):
    return Snowflake(**{**account.settings, **settings})


def rows(source, query):
    return pl.concat(source.read(query)).rows()


def test_rows_arrive_in_the_order_of_the_query(source):
    assert rows(source, "select id, name from customers order by id desc") == [
        (2, "c2"),
        (1, "c1"),
        (0, "c0"),
    ]


def test_a_large_result_arrives_in_several_frames_of_one_schema(source):
    query = "select seq8() as i, 'x' as t from table(generator(rowcount => 120000))"

    frames = list(source.read(query))

    assert sum(frame.height for frame in frames) == 120_000
    assert max(frame.height for frame in frames) <= 50_000
    assert {tuple(frame.schema.items()) for frame in frames} == {tuple(source.columns(query).items())}


def test_an_empty_result_is_one_empty_frame(source):
    (empty,) = source.read("select id, name from customers where false")

    assert empty.schema == {"ID": pl.Int64(), "NAME": pl.String()}
    assert empty.is_empty()


def test_a_read_with_fewer_rows_than_the_server_counted_is_an_error(account, source):
    account.loses(1)

    with pytest.raises(ConnectionFailed, match="counted 4 rows, and 3 arrived"):
        rows(source, "select id from customers")


def test_a_session_commits_nothing_carries_a_tag_and_a_limit_and_is_closed(account):
    account.told(forget=True)

    rows(changed(account, statement_timeout_seconds=90.5), "select id from customers")

    seen = account.told()
    (login,) = seen["logins"]
    assert seen["statements"] == ["select id from customers", "ROLLBACK", "COMMIT"]
    assert login["AUTOCOMMIT"] is False
    assert login["QUERY_TAG"] == "activation_platform"
    assert login["STATEMENT_TIMEOUT_IN_SECONDS"] == 91
    assert login["ABORT_DETACHED_QUERY"] is True
    assert login["TIMEZONE"] == "UTC"
    assert seen["closed"] == 1


def test_an_abandoned_read_closes_its_session_which_aborts_the_query(account, source):
    account.told(forget=True)
    frames = source.read("select seq8() as i from table(generator(rowcount => 120000))")
    next(frames)

    frames.close()

    assert account.told()["closed"] == 1


@pytest.mark.parametrize(
    "query", ["insert into customers values (9, 'x')", "create table t as select 1", "select 1; commit"]
)
def test_nothing_can_be_written(source, query):
    with pytest.raises(DeclarationError):
        list(source.read(query))


@pytest.mark.parametrize(
    ("query", "kind", "words"),
    [
        ("select * from nope", NotFound, "NOPE.*GRANT SELECT"),
        ("select 1 as a, 2 as a", DeclarationError, "several columns named 'A'"),
        ("select id,\n from customers from", DeclarationError, "Correct the model's SQL"),
    ],
)
def test_a_wrong_query_is_told_apart_by_what_to_do(source, query, kind, words):
    with pytest.raises(kind, match=f"(?s){words}"):
        list(source.read(query))


SAID = [
    (606, "57P03", "No active warehouse selected in the current session.", ConnectionFailed, "RESUME"),
    (90073, "22000", "Warehouse 'W' cannot be resumed, its quota is exceeded.", RateLimited, "quota"),
    (604, "57014", "SQL execution canceled", Cancelled, "cancelled"),
    (630, "57014", "Statement reached its timeout of 5 second(s) and was canceled.", TimedOut, "timeout"),
    (604, "57014", "SQL execution was cancelled by the client due to a timeout.", TimedOut, "timeout"),
    (390114, "08001", "Authentication token has expired.", CredentialsRefused, "token"),
    (3001, "42501", "SQL access control error: Insufficient privileges", CredentialsRefused, "GRANT"),
    (904, "42000", "SQL compilation error:\ninvalid identifier 'NOPE'", DeclarationError, "NOPE"),
]


@pytest.mark.parametrize(("number", "state", "said", "kind", "words"), SAID)
def test_what_the_account_says_is_sorted_by_what_to_do(account, source, number, state, said, kind, words):
    account.fails(number, state, said)

    with pytest.raises(kind, match=words) as told:
        list(source.read("select id from customers"))

    assert told.type is kind
    assert "select id" not in str(told.value)


def test_an_error_that_quotes_a_value_does_not_show_it(account, source):
    account.fails(100038, "22018", "Numeric value 'Bobby's' is not recognized")

    with pytest.raises(DeclarationError, match="is not recognized") as told:
        list(source.read("select id from customers"))

    assert "Bobby" not in str(told.value)


def test_a_wrong_password_is_refused_and_not_repeated(account):
    with pytest.raises(CredentialsRefused, match="Incorrect username or password") as told:
        changed(account, password="hunter2-wrong").columns("select 1")

    assert "hunter2" not in str(told.value) + repr(told.value)


def test_an_oauth_token_logs_in_until_it_expires(account):
    source = changed(account, password="", oauth_token=OAUTH_TOKEN)
    assert rows(source, "select 1 as x") == [(1,)]

    with pytest.raises(CredentialsRefused, match=r"expired.*Renew the token"):
        changed(account, password="", oauth_token="an-old-token").columns("select 1")


@pytest.mark.parametrize("written", ["pem", "base64"])
def test_a_key_pair_logs_in(account, snowflake_key, written):
    source = changed(account, password="", private_key=snowflake_key[written])

    assert rows(source, "select 1 as x") == [(1,)]


def test_a_key_that_the_user_does_not_have_is_refused(account, other_key):
    with pytest.raises(CredentialsRefused, match="RSA_PUBLIC_KEY"):
        changed(account, password="", private_key=other_key).columns("select 1")


@pytest.mark.parametrize("settings", [{"password": ""}, {"oauth_token": "x-token"}])
def test_exactly_one_credential_is_given(account, settings):
    with pytest.raises(DeclarationError, match="one of password, private_key and oauth_token"):
        changed(account, **settings).columns("select 1")


def test_a_private_key_that_is_none_is_said_without_it(account):
    with pytest.raises(DeclarationError, match="private_key") as told:
        changed(account, password="", private_key="bm8ga2V5").columns("select 1")

    assert "bm8ga2V5" not in str(told.value)


def test_a_password_does_not_travel_without_tls(account):
    with pytest.raises(DeclarationError, match="without TLS"):
        changed(account, url="http://snowflake.example.org").columns("select 1")


def test_a_closed_port_is_a_failed_connection(account, closed_port):
    source = changed(account, url=f"http://127.0.0.1:{closed_port}", login_timeout_seconds=1)

    with pytest.raises(ConnectionFailed, match="`account`"):
        source.columns("select 1")


def test_the_secret_is_in_no_text_of_the_source(source):
    assert PASSWORD not in repr(source) + str(source)


def test_check_names_each_step_and_the_readable_schemas(source):
    steps = list(source.check())

    assert [(step.name, step.passed) for step in steps] == [
        ("connection", True),
        ("access", True),
        ("schemas", True),
    ]
    assert "PUBLIC" in steps[-1].words


def test_check_stops_at_the_first_step_that_fails(account, closed_port):
    def outcome(**settings):
        return [(step.name, step.passed) for step in changed(account, **settings).check()]

    assert outcome(password="wrong") == [("connection", True), ("access", False)]
    assert outcome(url=f"http://127.0.0.1:{closed_port}", login_timeout_seconds=1) == [("connection", False)]
