"""A session with PostgreSQL, through ADBC: frames travel by COPY, into temporary tables."""

import re
from contextlib import suppress
from urllib.parse import parse_qsl, quote, urlencode

import polars as pl

from activation_platform.contracts.errors import ConnectionFailed
from activation_platform.contracts.interrupted import Interrupted
from activation_platform.contracts.postgres import Trouble, driver, sentence, sqlstate, translated, trouble
from activation_platform.contracts.redaction import Redactor
from activation_platform.contracts.service import BatchRefused
from activation_platform.contracts.statement import Session, Statement
from activation_platform.destinations.database.writing import named

__all__ = ["PostgresSession"]

SETTINGS = {
    "application_name": "activation_platform",
    "connect_timeout": "10",
    # A peer that is gone is noticed within a minute: https://www.postgresql.org/docs/current/libpq-connect.html
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
}
"""What a connection asks for unless the url says otherwise."""
LOCK_TIMEOUT = "30s"
"""How long a statement waits for somebody else's lock before it is begun again."""
REMEDIES = {
    Trouble.LOGIN: "Check the user in `url`, and `password`.",
    Trouble.GRANT: "Let a database owner GRANT it to the user in `url`; docs/destinations/database.md lists what modes need.",
    Trouble.HOST: "Check host and port in `url`, and that a firewall lets us through.",
    Trouble.SERVER: "The next run sends what was not acknowledged; if it stays, ask who runs the database.",
    Trouble.DATABASE: "Correct the name of the database in `url`.",
    Trouble.RELATION: "Correct the options `table` and `schema`, or create it.",
    Trouble.SLOW: "Find out who holds a lock on the table, or raise the server's statement_timeout for this user.",
    Trouble.CANCELLED: "Somebody cancelled the statement: ask who; the next run sends what was not acknowledged.",
    Trouble.SLOW_CONNECT: "Check host and port in `url`, and the firewall.",
    Trouble.SSL: "Say in `url` what the server speaks: …?sslmode=require.",
    Trouble.READ_ONLY: "Write to the primary server: this one is a replica, or the user's transactions are read-only.",
    Trouble.QUERY: "Compare the mapping with the table's columns; what the database says is above.",
}
PASSING = ("08", "40", "53", "55P03", "57P")
"""Codes after which the transaction may be said again: connection, serialisation and deadlock, resources, locks, shutdown."""
RACE = re.compile(r'unique constraint "pg_\w+_index"')
"""Two sessions made the same table at once: the one that was second finds it when it looks again."""
VALUES = ("22", "23", "P0001")
"""Codes that a value in the batch is to blame for: data, constraints, a trigger's own RAISE EXCEPTION."""


class PostgresSession(Session):
    """A connection in the time zone UTC that waits at most 30 seconds for somebody else's lock."""

    def __init__(self, url: str, password: str) -> None:
        """`url` without the password, as libpq understands it; raises as a session does."""
        self._dbapi, self._arrow_error = driver("A PostgreSQL destination")
        self._redact = Redactor([password])
        try:
            self._connection = self._dbapi.connect(_complete(url, password))
            self._cursor = self._connection.cursor()
            self._cursor.execute("SET TIME ZONE 'UTC'")
            self._cursor.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
            self._connection.commit()
        except (self._dbapi.Error, OSError) as error:
            raise self._judged(error) from None

    def execute(self, statement: Statement) -> pl.DataFrame:
        """Carry out one statement; its frames are temporary tables meanwhile."""
        try:
            for name, frame in statement.frames.items():
                self._cursor.adbc_ingest(name, frame.to_arrow(), mode="create", temporary=True)
            self._cursor.execute(statement.sql, statement.parameters or None)
            answer = pl.from_arrow(self._cursor.fetch_arrow_table())
            for name in statement.frames:
                self._cursor.execute(f"DROP TABLE {named('pg_temp', name).sql(dialect='postgres')}")
        except (self._dbapi.Error, OSError, self._arrow_error) as error:
            raise self._judged(error) from None
        assert isinstance(answer, pl.DataFrame)
        return answer

    def commit(self) -> None:
        """Make it stand. Without an answer from the server nobody knows whether it does."""
        try:
            self._connection.commit()
        except self._dbapi.Error as error:
            raise self._judged(error, committing=True) from None

    def rollback(self) -> None:
        """Undo it; what a lost connection has begun is undone by the server."""
        try:
            self._connection.rollback()
        except self._dbapi.Error:
            self.alive = False

    def interrupt(self) -> None:
        """Ask the server, over a second connection, to stop what runs."""
        with suppress(self._dbapi.Error):
            self._cursor.adbc_cancel()

    def close(self) -> None:
        """Close the connection."""
        with suppress(self._dbapi.Error):
            self._cursor.close()
            self._connection.close()

    def _judged(self, error: Exception, *, committing: bool = False) -> Exception:
        """What the driver's error is to us."""
        state = sqlstate(error) or _state_in(str(error))
        said = translated(error, self._redact, REMEDIES)
        lost = not state and isinstance(said, ConnectionFailed)
        if (
            lost
            or state.startswith(PASSING)
            or RACE.search(str(error))
            or trouble(error) is Trouble.CANCELLED
        ):
            return Interrupted(said, in_doubt=committing and lost)
        if state.startswith(VALUES):
            return BatchRefused(sentence(error, self._redact, quotes_a_row=not state.startswith("23")))
        return said


def _complete(url: str, password: str) -> str:
    """The address with password and settings; what it says itself wins."""
    address, _, query = url.partition("?")
    asked = SETTINGS | dict(parse_qsl(query)) | ({"password": password} if password else {})
    return f"{address}?{urlencode(asked, quote_via=quote)}"


def _state_in(said: str) -> str:
    """The code at the end of the driver's own words, where it comes without one."""
    found = re.search(r"SQLSTATE: (\w{5})\s*$", said)
    return found[1] if found else ""
