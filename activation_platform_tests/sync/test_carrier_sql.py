"""The sql carrier over sessions that fail: what is said again, what is left in doubt, what stops the run."""

import asyncio
import threading
from dataclasses import dataclass, field
from typing import Any

import polars as pl
import pytest
from pydantic import PrivateAttr

from activation_platform.contracts.errors import Cancelled, ConnectionFailed, CredentialsRefused
from activation_platform.contracts.interrupted import Interrupted
from activation_platform.contracts.service import BatchRefused
from activation_platform.contracts.statement import Session, Statement, Transaction
from activation_platform.sync import carrier_sql
from activation_platform.sync.budgets import Budgets
from activation_platform.sync.carrier import Exchange, Unanswered
from activation_platform.sync.carrier_sql import SqlCarrier
from activation_platform.sync.folder import Folder
from activation_platform.sync.patience import Patience
from activation_platform_tests.sync.shop import Shop

LOST = ConnectionFailed("the connection was lost", remedy="Try again.")
INSERT = Statement("insert")


def interrupted():
    return Interrupted(LOST)


class Base(Shop):
    """A shop that is a database."""

    carrier = "sql"
    _server: Any = PrivateAttr()

    def connect(self):
        return self._server.connect()


@dataclass
class Server:
    """Fails the next statements and commits as told; remembers what was committed."""

    executing: list = field(default_factory=list)
    committing: list = field(default_factory=list)
    connecting: list = field(default_factory=list)
    dies: bool = False
    committed: list = field(default_factory=list)
    sessions: list = field(default_factory=list)

    def connect(self):
        if self.connecting and (error := self.connecting.pop(0)) is not None:
            raise error
        self.sessions.append(Connection(self))
        return self.sessions[-1]


class Connection(Session):
    def __init__(self, server):
        self.server, self.under_way, self.closed = server, [], False
        self.waits = threading.Event()

    def execute(self, statement):
        if self.server.executing and (error := self.server.executing.pop(0)) is not None:
            if error == "waits":
                self.waits.wait(10)
                raise interrupted()
            raise error
        self.under_way.append(statement.sql)
        return pl.DataFrame({"n": [len(self.under_way)]})

    def commit(self):
        said, self.under_way = self.under_way, []
        error = self.server.committing.pop(0) if self.server.committing else None
        if error is None or error == "answer lost":
            self.server.committed.append(said)
        if error is not None:
            raise Interrupted(LOST, in_doubt=True) if error == "answer lost" else error

    def rollback(self):
        self.under_way = []
        self.alive = not self.server.dies

    def interrupt(self):
        self.waits.set()

    def close(self):
        self.closed = True


def two(statement=INSERT):
    first = yield statement
    second = yield statement
    return [first["n"][0], second["n"][0]]


TWICE = Transaction(two)
ONCE = Transaction(two, once=True)


@dataclass
class Office:
    """A carrier to a server of the test."""

    tmp_path: object
    server: Server = field(default_factory=Server)
    waits: list = field(default_factory=list)
    cancelled: bool = False
    exchange: Exchange = field(default_factory=lambda: Exchange(repeatable=False))

    def say(self, said):
        shop = Base()
        shop._server = self.server

        async def sleep(seconds):
            self.waits.append(seconds)

        async def once():
            carrier = SqlCarrier(
                shop,
                Budgets(Folder(self.tmp_path), "x"),
                Patience(sleep=sleep, random=lambda: 0.5, attempts=3),
                1,
                None,
                lambda: self.cancelled,
            )
            try:
                return await carrier.say(said, self.exchange)
            finally:
                await carrier.close()

        return asyncio.run(once())


@pytest.fixture
def office(tmp_path):
    return Office(tmp_path)


def test_a_transaction_is_answered_by_what_its_conversation_returns(office):
    assert office.say(TWICE) == [1, 2]
    assert office.server.committed == [["insert", "insert"]]
    assert all(session.closed for session in office.server.sessions)
    assert office.exchange.touched


def test_a_statement_is_answered_by_its_frame(office):
    assert office.say(Statement("select"))["n"].to_list() == [1]
    assert not office.exchange.touched


@pytest.mark.parametrize("place", ["executing", "committing", "connecting"])
def test_what_the_database_undid_is_said_again_from_the_start(office, place):
    getattr(office.server, place).extend([interrupted(), interrupted()])

    assert office.say(TWICE) == [1, 2]
    assert office.server.committed == [["insert", "insert"]]
    assert len(office.waits) == 2


def test_a_session_that_died_is_replaced(office):
    office.server.executing, office.server.dies = [None, interrupted()], True

    assert office.say(TWICE) == [1, 2]
    assert [session.closed for session in office.server.sessions] == [True, True]


def test_what_is_undone_every_time_stops_the_run_and_leaves_nothing_in_doubt(office):
    office.server.executing = [interrupted()] * 3

    with pytest.raises(ConnectionFailed, match="lost"):
        office.say(TWICE)
    assert not office.exchange.touched


def test_d1_a_lost_answer_leaves_a_transaction_in_doubt_that_cannot_recognise_itself(office):
    office.server.committing = ["answer lost"]

    with pytest.raises(Unanswered):
        office.say(TWICE)
    assert office.exchange.touched
    assert office.server.committed == [["insert", "insert"]]


def test_a_lost_answer_is_asked_for_again_where_the_transaction_recognises_itself(office):
    office.server.committing = ["answer lost"]

    assert office.say(ONCE) == [1, 2]
    assert len(office.server.committed) == 2


def test_an_answer_that_stays_lost_is_no_answer(office):
    office.server.committing = ["answer lost"] * 3

    with pytest.raises(Unanswered):
        office.say(ONCE)


def test_doubt_stays_where_the_connection_never_comes_back(office):
    office.server.committing, office.server.dies = ["answer lost"], True
    office.server.connecting = [None, interrupted(), interrupted()]

    with pytest.raises(ConnectionFailed):
        office.say(ONCE)
    assert office.exchange.touched


@pytest.mark.parametrize("error", [BatchRefused("value"), CredentialsRefused("no", remedy="Ask.")])
def test_what_is_refused_is_not_said_again_and_undone_whole(office, error):
    office.server.executing = [None, error]

    with pytest.raises(type(error)):
        office.say(ONCE)
    assert office.server.committed == []
    assert not office.exchange.touched
    assert office.waits == []


def test_d5_a_cancelled_run_waits_30_seconds_for_a_statement_and_then_stops_it(office, monkeypatch):
    monkeypatch.setattr(carrier_sql, "_LOOK_UP", 0.01)
    monkeypatch.setattr(carrier_sql, "GRACE", 0.03)
    office.server.executing, office.cancelled = [None, "waits"], True

    with pytest.raises(Cancelled):
        office.say(ONCE)
    assert office.server.committed == []
    assert not office.exchange.touched


def test_d5_what_ends_within_that_time_is_committed(office):
    office.cancelled = True

    assert office.say(ONCE) == [1, 2]
    assert office.server.committed == [["insert", "insert"]]
