"""A DuckDB file is read in batches, never written, and never an open door to other files."""

import hashlib
import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest

from activation_platform.contracts.errors import (
    ActivationError,
    ConnectionFailed,
    CredentialsRefused,
    DeclarationError,
    NotFound,
)
from activation_platform.sources.duckdb import DuckDB
from activation_platform_tests.other_user import another_user, open_folder


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(path) as made:
        made.execute("create table customers as select i as id, 'c' || i as name from range(3) t(i)")
        made.execute("create schema crm")
        made.execute("create view crm.people as select * from customers")
    return path


@pytest.fixture
def source(file):
    return DuckDB(path=str(file))


def rows(source, query):
    return pl.concat(source.read(query)).rows()


def test_rows_arrive_in_the_order_of_the_query(source):
    assert rows(source, "select id, name from customers order by id desc") == [
        (2, "c2"),
        (1, "c1"),
        (0, "c0"),
    ]


def test_a_large_result_arrives_in_several_frames_of_one_schema(source):
    frames = list(source.read("select i, 'x' || i as t from range(200000) r(i)"))

    assert len(frames) >= 4
    assert sum(map(len, frames)) == 200_000
    assert {tuple(frame.schema.items()) for frame in frames} == {(("i", pl.Int64()), ("t", pl.String()))}


def test_an_empty_result_is_one_empty_frame_of_the_right_schema(source):
    frames = list(source.read("select id, name, [id] as ids from customers where false"))

    assert len(frames) == 1
    assert frames[0].is_empty()
    assert frames[0].schema == source.columns("select id, name, [id] as ids from customers")


def test_columns_reads_no_row(source):
    assert source.columns("select id, error('a row was read') as x from customers")["id"] == pl.Int64()


def test_a_pivot_is_one_select(source):
    assert rows(source, "pivot customers on id % 2 using count(*)")
    assert source.columns("pivot (select id from customers) on id % 2 using count(*)").names() == ["0", "1"]


@pytest.mark.parametrize(
    "query",
    [
        "insert into customers values (9, 'x')",
        "with x as (insert into customers values (9, 'x') returning id) select * from x",
        "delete from customers",
        "create table t as select 1",
        "copy customers to 'x.csv'",
        "attach 'other.duckdb'",
        "set threads = 1",
        "select 1; delete from customers",
    ],
)
def test_nothing_can_be_written(source, file, query):
    before = hashlib.sha256(file.read_bytes()).digest()

    with pytest.raises(DeclarationError):
        list(source.read(query))

    assert hashlib.sha256(file.read_bytes()).digest() == before
    assert [entry.name for entry in file.parent.iterdir()] == [file.name]


def test_the_session_itself_is_read_only_even_if_a_statement_slips_through(source):
    with (
        pytest.raises(DeclarationError, match="read-only"),
        source._session() as session,
    ):
        session.execute("insert into customers values (9, 'x')")


@pytest.mark.parametrize("call", ["read_csv", "read_text", "read_parquet", "read_json"])
@pytest.mark.parametrize("place", ["{other}", "http://127.0.0.1:1/x"])
def test_no_other_file_and_no_address_can_be_read(source, tmp_path, call, place):
    other = tmp_path / "other.csv"
    other.write_text("a\n1\n")

    with pytest.raises(DeclarationError, match="disabled by configuration"):
        list(source.read(f"select * from {call}('{place.format(other=other)}')"))


@pytest.mark.parametrize(
    "door", ["autoinstall_known_extensions", "autoload_known_extensions", "allow_community_extensions"]
)
def test_no_extension_is_installed_or_loaded(source, door):
    assert rows(source, f"select current_setting('{door}') as x") == [(False,)]
    with pytest.raises(DeclarationError, match="sqlite_scan"):
        list(source.read("select * from sqlite_scan('a', 'b')"))


def test_the_file_can_be_written_between_two_reads(source, file):
    assert len(rows(source, "from customers")) == 3
    with duckdb.connect(file) as writer:
        writer.execute("insert into customers values (3, 'c3')")
    assert len(rows(source, "from customers")) == 4


def test_an_abandoned_read_lets_go_of_the_file(source, file):
    frames = source.read("select * from range(10000000)")
    next(frames)
    frames.close()

    with duckdb.connect(file) as writer:
        writer.execute("drop view crm.people")


def test_two_reads_at_once_do_not_disturb_each_other(source):
    one, two = source.read("select id from customers"), source.read("select name from customers")

    assert next(one).columns == ["id"]
    assert next(two).columns == ["name"]
    assert list(one) == list(two) == []


def test_a_missing_file_is_not_found_and_not_made(tmp_path):
    with pytest.raises(NotFound, match="path"):
        DuckDB(path=str(tmp_path / "nope.duckdb")).columns("select 1")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_said_so(tmp_path):
    (tmp_path / "junk.duckdb").write_bytes(b"x" * 5000)
    with pytest.raises(ConnectionFailed, match="not a valid DuckDB"):
        list(DuckDB(path=str(tmp_path / "junk.duckdb")).read("select 1"))


def test_a_file_that_may_not_be_read_is_a_refusal():
    with open_folder() as folder:
        file = folder / "shop.duckdb"
        duckdb.connect(file).close()
        file.chmod(0)

        with another_user(), pytest.raises(CredentialsRefused, match="Let the account"):
            DuckDB(path=str(file)).columns("select 1")
        folder.chmod(0)
        with another_user(), pytest.raises(CredentialsRefused, match="closed to us"):
            DuckDB(path=str(file)).columns("select 1")


def test_a_file_that_another_process_writes_is_a_failed_connection(source, file):
    hold = f"import duckdb; c = duckdb.connect({str(file)!r}); print('open', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        with pytest.raises(ConnectionFailed, match="open for writing"):
            list(source.read("select 1"))
        writer.communicate("\n")


def test_whoever_works_in_a_file_waits_for_other_processes_for_a_time(source, file, monkeypatch):
    hold = f"import duckdb; c = duckdb.connect({str(file)!r}); print('open', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with monkeypatch.context() as patch:
            patch.setattr("activation_platform.sources.duckdb.WAIT", 0)
            with pytest.raises(ConnectionFailed, match="open for writing"), source.bench():
                pass
        monkeypatch.setattr("time.sleep", lambda seconds: other.communicate("\n"))
        with source.bench() as bench:
            bench.run("create table ours as select 1 as id")
    assert pl.concat(source.read("select * from ours")).rows() == [(1,)]


def test_a_file_that_this_process_writes_is_a_failed_connection(source, file):
    with duckdb.connect(file), pytest.raises(ConnectionFailed, match="open for writing"):
        list(source.read("select 1"))


@pytest.mark.parametrize(
    ("query", "kind", "words"),
    [
        ("select * from nope", NotFound, "nope does not exist"),
        ("select * from nope.customers", NotFound, "schema"),
        ("select nope from customers", DeclarationError, "nope"),
        ("select nope(1)", DeclarationError, "nope does not exist"),
        ("selct 1", DeclarationError, "SELCT"),
        ("select from where", DeclarationError, "syntax error"),
        ("select $1", DeclarationError, "parameter"),
        ("select 1 as a, 2 as a", DeclarationError, "several columns named 'a'"),
        ("""select 1 as "*", 2 as "^a.*$\"""", DeclarationError, r"names are patterns: '\*', '\^a\.\*\$'"),
    ],
)
def test_a_wrong_query_is_told_apart_by_what_to_do(source, query, kind, words):
    for act in (source.columns, lambda q: list(source.read(q))):
        with pytest.raises(ActivationError, match=words) as said:
            act(query)
        assert said.type is kind


@pytest.mark.parametrize("first", [0, 150_000])
def test_an_error_that_quotes_a_value_does_not_show_it(source, first):
    query = f"select case when i = {first} then 'Bobby Tables' else '1' end::int as x from range(200000) r(i)"
    with pytest.raises(DeclarationError, match="Could not convert") as said:
        list(source.read(query))
    assert "Bobby" not in str(said.value)


def test_check_names_each_step_and_the_schemas(source):
    steps = list(source.check())

    assert [(step.name, step.passed) for step in steps] == [
        ("connection", True),
        ("access", True),
        ("schemas", True),
    ]
    assert steps[-1].words == "crm, main"


def test_check_stops_at_the_first_step_that_fails(tmp_path):
    steps = list(DuckDB(path=str(tmp_path / "nope.duckdb")).check())
    assert [(step.name, step.passed) for step in steps] == [("connection", False)]

    empty = Path(tmp_path / "empty.duckdb")
    duckdb.connect(empty).close()
    assert [step.passed for step in DuckDB(path=str(empty)).check()] == [True, True, False]
