"""A database that fails in the middle: what the run does about connections killed, locks held, files taken."""

import subprocess
import sys
import threading
from contextlib import contextmanager

import duckdb
import pytest
from adbc_driver_postgresql import dbapi

from activation_platform.contracts.errors import ActivationError, ConnectionFailed, TimedOut
from activation_platform.contracts.interrupted import Interrupted
from activation_platform.contracts.outcomes import CREATED, UPDATED
from activation_platform.contracts.statement import Statement
from activation_platform.destinations.database import postgres as sessions
from activation_platform.destinations.database.postgres import PostgresSession
from activation_platform.destinations.database.table import Table, TableOptions
from activation_platform_tests.destinations.database.place import PEOPLE, Desk, batch, duckdb_place

KILLER = (
    "create sequence kills",  # what a sequence has given is not rolled back: only the first try is killed
    "create function kill() returns trigger language plpgsql as "
    "$$begin if nextval('kills') = 1 then perform pg_terminate_backend(pg_backend_pid()); end if; return new; end$$",
)
IN_THE_MIDDLE = "create trigger killer before insert on people for each row execute function kill()"
AT_THE_COMMIT = (
    "create constraint trigger killer after insert on people deferrable initially deferred "
    "for each row execute function kill()"
)
ANN, BOB = {"id": 1, "name": "Ann"}, {"id": 2, "name": "Bob"}


@pytest.fixture
def people(postgres):
    postgres.run(PEOPLE)
    return Table(postgres.destination, TableOptions(table="people", key="id"))


@pytest.fixture
def desk(postgres, tmp_path):
    return Desk(postgres, tmp_path)


@pytest.mark.parametrize("killer", [IN_THE_MIDDLE, AT_THE_COMMIT])
def test_a_connection_that_is_killed_is_opened_again_and_the_batch_said_again(postgres, people, desk, killer):
    postgres.run(*KILLER, killer)

    assert desk.load(people, batch(ANN, BOB)) == [CREATED, CREATED]
    assert [row[0] for row in postgres.people()] == [1, 2]
    assert postgres.acknowledged() == [("insert", 2, "cc")]


def test_a_server_that_kills_every_connection_stops_the_run_with_the_batch_unsent(postgres, people, desk):
    postgres.run(*KILLER, IN_THE_MIDDLE, "alter sequence kills maxvalue 2 cycle increment by 2")

    with pytest.raises(ConnectionFailed, match="ask who runs the database"):
        desk.load(people, batch(ANN))
    assert (desk.told, len(desk.unsent)) == ([], 1)
    assert postgres.people() == []


def test_a_commit_whose_answer_is_lost_is_recognised_when_it_is_said_again(
    postgres, people, desk, monkeypatch
):
    commit, commits = PostgresSession.commit, []

    def lost(self):
        commit(self)
        commits.append(self)
        if (
            len(commits) == 3
        ):  # after what was asked about the table, and its creation of the acknowledgements
            raise Interrupted(ConnectionFailed("lost", remedy="Wait."), in_doubt=True)

    desk.load(people, batch(BOB))
    monkeypatch.setattr(PostgresSession, "commit", lost)

    assert desk.load(people, batch(ANN, BOB)) == [CREATED, UPDATED]
    assert len(postgres.acknowledged()) == 2


@contextmanager
def somebody(postgres, statement):
    """Somebody else, in the middle of a transaction; gives what ends it."""
    destination = postgres.destination
    address = sessions._complete(destination.url, destination.password)
    with dbapi.connect(address) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        yield connection.commit


def test_a_row_that_somebody_holds_is_waited_for(postgres, people, desk, monkeypatch):
    monkeypatch.setattr(sessions, "LOCK_TIMEOUT", "50ms")
    postgres.run("insert into people (id) values (1)")
    with somebody(postgres, "update people set name = 'theirs'") as done:
        desk.resting = done

        assert desk.load(people, batch(ANN)) == [UPDATED]
    assert postgres.people()[0][2] == "Ann"


def test_a_lock_that_is_never_released_stops_the_run_and_says_what_to_look_for(
    postgres, people, desk, monkeypatch
):
    monkeypatch.setattr(sessions, "LOCK_TIMEOUT", "10ms")
    postgres.run("insert into people (id) values (1)")
    with somebody(postgres, "lock table people"), pytest.raises(TimedOut, match="who holds a lock"):
        desk.load(people, batch(ANN))
    assert len(desk.unsent) == 1


def test_a_row_that_somebody_adds_first_is_no_error_but_an_update(postgres, people, desk, monkeypatch):
    """Their insert is not visible when ours looks, and committed when ours is made: the halves then find it."""
    with somebody(postgres, "insert into people (id, name) values (1, 'theirs')") as done:
        execute = PostgresSession.execute

        def they_commit_first(self, statement):
            if statement.sql.startswith("INSERT"):
                done()
            return execute(self, statement)

        monkeypatch.setattr(PostgresSession, "execute", they_commit_first)

        outcomes = desk.load(people, batch(ANN, BOB))

    assert outcomes.count(CREATED) == 1
    assert [row[0] for row in postgres.people()] == [1, 2]


def test_two_runs_that_hold_what_the_other_wants_both_come_to_their_end(
    postgres, people, desk, tmp_path, monkeypatch
):
    """A deadlock: the database undoes one of the two, which is said again."""
    postgres.run("insert into people (id) values (1), (2)")
    execute, met = PostgresSession.execute, threading.Barrier(2)

    def meeting(self, statement):
        answer = execute(self, statement)
        if (
            statement.sql.startswith("SELECT")
            and "FOR NO KEY" in statement.sql
            and not self.__dict__.get("met")
        ):
            self.__dict__["met"] = True
            execute(self, Statement("set local deadlock_timeout = '10ms'"))
            met.wait(10)
            other = 3 - answer_of(statement)
            execute(self, Statement(f"update people set visits = visits + 1 where id = {other}"))
        return answer

    def answer_of(statement):
        return int(next(iter(statement.frames.values()))["identifier"][0])

    monkeypatch.setattr(PostgresSession, "execute", meeting)
    other = Desk(postgres, tmp_path)
    ends = []
    thread = threading.Thread(target=lambda: ends.append(other.load(people_of(postgres), batch(BOB))))
    thread.start()
    ends.append(desk.load(people, batch(ANN)))
    thread.join(20)

    assert ends == [[UPDATED], [UPDATED]]
    assert [row[2] for row in postgres.people()] == ["Ann", "Bob"]


def people_of(postgres):
    return Table(postgres.destination, TableOptions(table="people", key="id"))


@pytest.mark.parametrize("released", [True, False])
def test_a_duckdb_file_that_another_process_holds_is_tried_again(tmp_path, released):
    place = duckdb_place(tmp_path / "place.duckdb")
    place.run(PEOPLE)
    desk, people = Desk(place, tmp_path), Table(place.destination, TableOptions(table="people", key="id"))
    holds = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('ready', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holds, str(tmp_path / "place.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout.readline() == b"ready\n"

        def release():
            if released:
                holder.communicate()

        desk.resting = release
        if released:
            assert desk.load(people, batch(ANN)) == [CREATED]
        else:
            with pytest.raises(ActivationError, match="Somebody else may have it open") as said:
                desk.load(people, batch(ANN))
            assert said.type is ConnectionFailed
            holder.communicate()


@pytest.mark.parametrize(
    ("kind", "query"),
    [
        ("postgres", "select pg_sleep(60)"),
        ("duckdb", "select count(*) from range(1000000000000) r where r.range % 7 = 8"),
    ],
)
def test_d5_a_statement_can_be_stopped_from_another_thread_and_the_session_goes_on(
    request, tmp_path, kind, query
):
    place = request.getfixturevalue(kind) if kind == "postgres" else duckdb_place(tmp_path / "place.duckdb")
    session, ends = place.destination.connect(), []

    def run():
        try:
            session.execute(Statement(query))
        except Interrupted as interrupted:
            ends.append(interrupted)

    thread = threading.Thread(target=run)
    thread.start()
    while thread.is_alive():  # a request to stop that comes before the statement has begun is lost
        session.interrupt()
        thread.join(0.05)
    session.rollback()

    assert [interrupted.in_doubt for interrupted in ends] == [False]
    assert session.alive
    assert session.execute(Statement("select 1 as one"))["one"].to_list() == [1]
    session.close()


@pytest.mark.parametrize("begins", [True, False])
def test_d5_a_session_that_is_stopped_while_it_begins_goes_on(tmp_path, begins):
    class Stopped:
        """A connection whose first transaction is stopped, when it has begun or before."""

        def __init__(self, connection):
            self.connection, self.times = connection, 0

        def __getattr__(self, name):
            return getattr(self.connection, name)

        def begin(self):
            self.times += 1
            if self.times > 1 or begins:
                self.connection.begin()
            if self.times == 1:
                raise duckdb.InterruptException("INTERRUPT Error: Interrupted!")

    session = duckdb_place(tmp_path / "place.duckdb").destination.connect()
    session._connection = Stopped(session._connection)
    with pytest.raises(Interrupted):
        session.execute(Statement("select 1"))
    session.rollback()
    assert session.alive
    assert session.execute(Statement("select 1 as one"))["one"].to_list() == [1]
    session.close()
