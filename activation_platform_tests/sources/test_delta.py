"""The tables of `activation_delta` in a PostgreSQL that others work in, too."""

import threading
import time
from typing import Any

import pytest

from activation_platform.contracts.errors import ConnectionFailed, TimedOut
from activation_platform.contracts.warehouse import Asked
from activation_platform.sources.delta import DeltaTable
from activation_platform.sources.postgres import Postgres
from activation_platform.sources.relation import Relation


@pytest.fixture
def source(postgres_server, postgres_database):
    """A database with one table of one row."""
    postgres_server.run("create table things as select 1 as key, 'x' as name", database=postgres_database)
    return Postgres(
        host=postgres_server.host,
        port=postgres_server.port,
        database=postgres_database,
        user=postgres_server.user,
        password=postgres_server.password,
    )


def table(source, ledger="things", query="select * from things"):
    return DeltaTable(source, Relation.of(source, query, None), ledger)


def asked(folder, run=1, **changes: Any) -> Asked:
    given = {
        "token": "token",
        "run": run,
        "newest": run - 1,
        "key": ("key",),
        "columns": ("key", "name"),
        "compared": ("name",),
        "seed": "",
        "ignored_before": 0,
        "everything": False,
        "touched": lambda clock: iter(()),
        "into": folder,
    }
    return Asked(**{**given, **changes})


def test_two_activations_that_look_for_the_first_time_at_once_both_find_what_they_need(
    source, postgres_server, postgres_database, tmp_path
):
    found: list[int] = []
    second = threading.Thread(target=lambda: found.append(table(source).compare(asked(tmp_path)).rows))
    with source.bench() as first:
        first.run("create schema activation_delta")
        second.start()
        waiting = "select count(*) from pg_locks where not granted"
        deadline = time.monotonic() + 10
        while not postgres_server.value(waiting, postgres_database) and time.monotonic() < deadline:
            pass
    second.join(10)

    assert found == [1]


def test_a_ledger_that_is_older_than_its_table_begins_anew(source, tmp_path):
    for run in (1, 2):
        assert table(source).compare(asked(tmp_path, run)).whole is (run == 1)
        table(source).merge("token", run, run, [])

    assert (
        table(source).compare(asked(tmp_path, 2)).whole
    )  # a backup of the ledger after run 1 was brought back


def test_another_ledger_of_the_same_name_has_a_table_of_its_own_content(source, tmp_path):
    table(source).compare(asked(tmp_path))
    table(source).compare(asked(tmp_path, token="another"))

    table(source).merge("token", 1, 1, [])  # whoever was overtaken changes nothing

    assert table(source).compare(asked(tmp_path, 2, token="another")).whole is not False


def test_a_look_that_takes_too_long_leaves_everything_as_it_was(
    source, postgres_server, postgres_database, tmp_path
):
    table(source).compare(asked(tmp_path))
    table(source).merge("token", 1, 1, [])
    (mark,) = postgres_server.rows(
        "select table_name from information_schema.tables where table_name like 'things%_mark'",
        postgres_database,
    )[0]
    marked = f"select * from activation_delta.{mark}"
    before = postgres_server.rows(marked, postgres_database)

    impatient = source.model_copy(update={"statement_timeout_seconds": 0.2})
    slow = "select key, name from things, lateral (select pg_sleep(key * 2)) as late"
    with pytest.raises(TimedOut):
        table(impatient, query=slow).compare(asked(tmp_path, 2))

    assert postgres_server.rows(marked, postgres_database) == before
    assert not table(source).compare(asked(tmp_path, 2)).whole


def test_a_connection_that_is_cut_in_the_middle_of_a_merge_leaves_it_to_the_next_run(
    source, postgres_server, postgres_database, tmp_path
):
    table(source).compare(asked(tmp_path))

    def cut():
        postgres_server.run(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            f"where datname = '{postgres_database}' and pid <> pg_backend_pid()"
        )
        yield from ()

    with pytest.raises(ConnectionFailed):
        table(source).merge("token", 1, 1, cut())

    assert table(source).compare(asked(tmp_path, 2)).whole
    table(source).merge("token", 2, 2, [])
    assert not table(source).compare(asked(tmp_path, 3)).whole
