"""PostgreSQL is read in batches, in a transaction that cannot write, with errors that name the way out and no secret."""

import re
import socket
import threading
import time
from datetime import date

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
from activation_platform.sources.postgres import Postgres

SECRET = "s3cret:/@ %#?&é'\""
READER = "reader o'\"neil"


@pytest.fixture(scope="module")
def shop(postgres_server):
    """A database with a table that its reader may read and one that it may not."""
    name, role = "Shop & Söhne", '"' + READER.replace('"', '""') + '"'
    password = "'" + SECRET.replace("'", "''") + "'"
    postgres_server.run(
        f'create database "{name}" strategy file_copy', f"create role {role} login password {password}"
    )
    postgres_server.run(
        "create table customers as select i as id, 'c' || i as name from generate_series(0, 2) i",
        "create table salaries (id int)",
        "create schema crm",
        "create schema hidden",
        f"grant select, insert on customers to {role}",
        f"grant usage on schema crm to {role}",
        database=name,
    )
    yield name
    postgres_server.run(f'drop database "{name}" with (force)', f"drop role {role}")


@pytest.fixture
def source(postgres_server, shop):
    return Postgres(
        host=postgres_server.host, port=postgres_server.port, database=shop, user=READER, password=SECRET
    )


def changed(source, **settings):
    return Postgres(
        **{
            "host": source.host,
            "port": source.port,
            "database": source.database,
            "user": source.user,
            "password": source.password,
        }
        | settings
    )


def rows(source, query):
    return pl.concat(source.read(query)).rows()


def test_rows_arrive_in_the_order_of_the_query(source):
    assert rows(source, "select id, name from customers order by id desc") == [
        (2, "c2"),
        (1, "c1"),
        (0, "c0"),
    ]


def test_rows_with_arrays_arrive_in_the_order_of_the_query_too(source):
    assert rows(source, "select array[id] as x from customers order by id desc") == [([2],), ([1],), ([0],)]


def test_a_large_result_arrives_in_several_frames_of_one_schema(source):
    query = "select i, repeat('x', 150) || i as t, 1.5::numeric(10, 2) as n from generate_series(1, 200000) i"

    frames = list(source.read(query))

    assert len(frames) >= 3
    assert sum(map(len, frames)) == 200_000
    assert {tuple(frame.schema.items()) for frame in frames} == {tuple(source.columns(query).items())}


def test_an_empty_result_is_one_empty_frame(source):
    (empty,) = source.read("select id, name, array[id] as ids from customers where false")

    assert empty.schema == {"id": pl.Int32(), "name": pl.String(), "ids": pl.List(pl.Int32())}
    assert empty.is_empty()


def test_columns_runs_nothing(source):
    assert source.columns("select 1 / id as x, pg_sleep(60)::text as y from customers") == {
        "x": pl.Int32(),
        "y": pl.String(),
    }


@pytest.mark.parametrize(
    "query",
    ["select 1 as x;", "select 1 as x -- one", "table customers", "values (1)", "(select 1) union select 2"],
)
def test_any_form_of_select_is_run_as_written(source, query):
    assert rows(source, query)
    assert source.columns(query)


def test_percent_signs_and_odd_names_are_nothing_special(source):
    query = """select '100%s' as "a.*$", array[gen_random_uuid()] as "**", 1.5::numeric as "{x}" """

    frame = pl.concat(source.read(query))

    assert frame.schema == {"a.*$": pl.String(), "**": pl.List(pl.String()), "{x}": pl.String()}
    assert frame["a.*$"].to_list() == ["100%s"]
    assert len(frame["**"][0][0]) == 36
    assert rows(source, "select name from customers where name like '%2'") == [("c2",)]


@pytest.mark.parametrize(
    "query",
    [
        "insert into customers values (9, 'x')",
        "with x as (insert into customers values (9, 'x') returning id) select * from x",
        "select set_config('transaction_read_only', 'off', true), 1 from customers",
        "create table t as select 1",
        "select 1; insert into customers values (9, 'x')",
        "commit",
    ],
)
def test_nothing_can_be_written(source, query):
    with pytest.raises(DeclarationError):
        list(source.read(query))
    assert len(rows(source, "select * from customers")) == 3


def test_the_session_itself_is_read_only_even_if_a_statement_slips_through(source):
    """The reader holds the INSERT grant: it is the transaction that refuses."""
    with pytest.raises(DeclarationError, match="read-only transaction"), source._session() as cursor:
        cursor.execute("insert into customers values (9, 'x')")


def test_the_server_gets_its_own_time_zone_back_in_utc(source):
    assert rows(source, "select current_setting('TimeZone') as zone") == [("UTC",)]


def test_an_abandoned_read_ends_at_the_server_too(source, postgres_server):
    frames = source.read("select i, repeat('x', 1000) as abandoned from generate_series(1, 200000) i")
    next(frames)
    frames.close()

    waiting = (
        "select count(*) from pg_stat_activity where query like '%as abandoned%' and pid <> pg_backend_pid()"
    )
    deadline = time.monotonic() + 10
    while postgres_server.value(waiting) and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    assert postgres_server.value(waiting) == 0


def test_two_reads_at_once_do_not_disturb_each_other(source):
    one, two = source.read("select id from customers"), source.read("select name from customers")

    assert next(one).columns == ["id"]
    assert next(two).columns == ["name"]
    assert list(one) == list(two) == []


@pytest.mark.parametrize(
    ("query", "kind", "words"),
    [
        ("select * from nope", NotFound, 'relation "nope" does not exist'),
        ("select * from nope.customers", NotFound, "nope.customers"),
        ("select *\nfrom salaries", CredentialsRefused, "permission denied for table salaries.*GRANT"),
        ("select * from hidden.t", CredentialsRefused, "permission denied for schema hidden"),
        ("select nope from customers", DeclarationError, 'column "nope" does not exist'),
        ("select nope(1)", DeclarationError, "nope"),
        ("select id,\n from customers", DeclarationError, r"syntax error .* \(line 2\)"),
        ("select $1", DeclarationError, r"\$1"),
        ("select 1 as a, 2 as a", DeclarationError, "several columns named 'a'"),
        ("""select 1 as "*", 2 as "^a.*$\"""", DeclarationError, r"names are patterns: '\*', '\^a\.\*\$'"),
        ("select from customers", DeclarationError, "no columns"),
        ("select 1 / (id - 2) as x from customers", DeclarationError, "division by zero"),
    ],
)
def test_a_wrong_query_is_told_apart_by_what_to_do(source, query, kind, words):
    with pytest.raises(ActivationError, match=f"(?s){words}") as said:
        list(source.read(query))
    assert said.type is kind


@pytest.mark.parametrize("first", [1, 190_000])
def test_an_error_that_quotes_a_value_does_not_show_it(source, first):
    query = (
        f"select case when i = {first} then 'Bobby' else '1' end::int as x from generate_series(1, 200000) i"
    )
    with pytest.raises(DeclarationError, match="invalid input syntax") as said:
        list(source.read(query))
    assert "Bobby" not in str(said.value)


def test_a_query_that_takes_too_long_is_timed_out(source):
    with pytest.raises(TimedOut, match="statement_timeout_seconds"):
        list(changed(source, statement_timeout_seconds=0.05).read("select pg_sleep(60)::text as x"))


def test_a_query_that_somebody_cancels_is_told_from_one_that_takes_too_long(source):
    with pytest.raises(Cancelled, match="Somebody cancelled the query"):
        list(source.read("select pg_cancel_backend(pg_backend_pid())::text as x, pg_sleep(10)::text as y"))


def test_a_wrong_password_is_refused_and_not_repeated(source):
    with pytest.raises(CredentialsRefused, match="password authentication failed") as said:
        list(changed(source, password="hunter2-wrong").read("select 1"))
    assert "hunter2" not in str(said.value) + repr(said.value)


def test_no_password_and_an_unknown_user_are_refused(source, monkeypatch):
    monkeypatch.delenv("PGPASSWORD", raising=False)
    monkeypatch.setenv("PGPASSFILE", "/dev/null")
    for settings in ({"password": ""}, {"user": "nobody at all"}):
        with pytest.raises(CredentialsRefused, match="user` and `password"):
            changed(source, **settings).columns("select 1")


def test_an_unknown_database_is_not_found(source):
    with pytest.raises(NotFound, match='database "nope" does not exist'):
        changed(source, database="nope").columns("select 1")


def test_a_closed_port_is_a_failed_connection(source):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: nobody else can open it meanwhile
        with pytest.raises(ConnectionFailed, match=r"Connection refused.*`host` and `port`"):
            changed(source, port=taken.getsockname()[1]).columns("select 1")


def test_an_unknown_host_is_a_failed_connection(source):
    nobody = "a" * 64 + ".invalid"  # longer than a label may be: it fails before any server is asked
    with pytest.raises(ConnectionFailed, match=r"could not translate host name.*`host`"):
        changed(source, host=nobody).columns("select 1")


def test_a_missing_socket_is_a_failed_connection(source, tmp_path):
    with pytest.raises(ConnectionFailed, match="No such file"):
        changed(source, host=str(tmp_path)).columns("select 1")


def test_a_server_that_never_answers_is_timed_out(source):
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(1)
        with pytest.raises(TimedOut, match="connect_timeout_seconds"):
            changed(source, port=deaf.getsockname()[1], connect_timeout_seconds=1).columns("select 1")


def test_a_server_without_tls_is_refused_where_tls_is_required(source):
    with pytest.raises(ConnectionFailed, match="sslmode"):
        changed(source, sslmode="require").columns("select 1")
    with pytest.raises(DeclarationError, match=r"'TLS'.*verify-full"):
        changed(source, sslmode="TLS").columns("select 1")


def test_the_secret_is_in_no_text_of_the_source(source):
    assert SECRET not in repr(source) + str(source)
    assert source.secrets == ("password", "ssh.password", "ssh.private_key")


def test_check_names_each_step_and_the_readable_schemas(source):
    steps = list(source.check())

    assert [(step.name, step.passed) for step in steps] == [
        ("connection", True),
        ("access", True),
        ("schemas", True),
    ]
    assert steps[-1].words == "crm, public"


def test_check_stops_at_the_first_step_that_fails(source):
    def outcome(**settings):
        steps = list(changed(source, **settings).check())
        assert not re.search(re.escape(SECRET), " ".join(step.words for step in steps))
        return [(step.name, step.passed) for step in steps]

    assert outcome(host="a" * 64 + ".invalid") == [("connection", False)]
    assert outcome(sslmode="TLS") == [("connection", False)]
    assert outcome(password="wrong") == [("connection", True), ("access", False)]
    assert outcome(database="nope") == [("connection", True), ("access", False)]


def test_check_says_when_no_schema_may_be_read(source, postgres_server, postgres_database):
    postgres_server.run("drop schema public", database=postgres_database)

    steps = list(changed(source, database=postgres_database).check())

    assert [step.passed for step in steps] == [True, True, False]
    assert "GRANT USAGE" in steps[-1].words


def test_a_password_that_expires_is_told_with_its_day_and_any_other_is_not(
    source, postgres_server, postgres_database
):
    role = f"leaver_{postgres_database}"
    postgres_server.run(f"create role {role} login password 'leaver-password'", database=postgres_database)
    leaver = changed(source, user=role, password="leaver-password")
    found = [leaver.credential_expires()]
    for until in ("2999-01-31 23:30+00", "infinity"):
        postgres_server.run(f"alter role {role} valid until '{until}'", database=postgres_database)
        found.append(leaver.credential_expires())
    postgres_server.run(f"drop role {role}", database=postgres_database)
    assert found == [None, date(2999, 1, 31), None]
