"""PostgreSQL's own client library by ctypes: the least that an engine can pay for a statement."""

import ctypes
from collections.abc import Sequence
from functools import cache

from activation_platform_tests.postgres_server import binaries

__all__ = ["Connection"]

_TUPLES_OK, _COMMAND_OK = 2, 1
Row = tuple[str | None, ...]


class Connection:
    """A connection, for one thread. Every statement is its own transaction; values are texts, as the protocol sends them."""

    def __init__(self, uri: str) -> None:
        self._library = _library()
        self._connection = ctypes.c_void_p(self._library.PQconnectdb(uri.encode()))
        assert self._library.PQstatus(self._connection) == 0, self._said()

    def prepare(self, name: str, statement: str) -> None:
        """Prepare a statement under a name."""
        result = self._library.PQprepare(self._connection, name.encode(), statement.encode(), 0, None)
        self._rows(result)

    def execute(self, name: str, *values: str | None) -> list[Row]:
        """Run a prepared statement; returns its rows."""
        given = (ctypes.c_char_p * len(values))(*(None if v is None else v.encode() for v in values))
        return self._rows(
            self._library.PQexecPrepared(self._connection, name.encode(), len(values), given, None, None, 0)
        )

    def query(self, statement: str) -> list[Row]:
        """Run a statement; returns its rows."""
        return self._rows(self._library.PQexec(self._connection, statement.encode()))

    def close(self) -> None:
        """End the connection."""
        self._library.PQfinish(self._connection)

    def _rows(self, answer: int) -> list[Row]:
        library, result = self._library, ctypes.c_void_p(answer)
        try:
            assert library.PQresultStatus(result) in (_TUPLES_OK, _COMMAND_OK), self._said()
            columns = range(library.PQnfields(result))
            return [
                tuple(self._value(result, row, column) for column in columns)
                for row in range(library.PQntuples(result))
            ]
        finally:
            library.PQclear(result)

    def _value(self, result: ctypes.c_void_p, row: int, column: int) -> str | None:
        if self._library.PQgetisnull(result, row, column):
            return None
        value: bytes = self._library.PQgetvalue(result, row, column)
        return value.decode()

    def _said(self) -> str:
        message: bytes = self._library.PQerrorMessage(self._connection)
        return message.decode()


@cache
def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(str(binaries().parent / "lib" / "libpq.so.5"))
    pointers: Sequence[str] = ("PQconnectdb", "PQprepare", "PQexecPrepared", "PQexec")
    for name in pointers:
        getattr(library, name).restype = ctypes.c_void_p
    for name in ("PQgetvalue", "PQerrorMessage"):
        getattr(library, name).restype = ctypes.c_char_p
    return library
