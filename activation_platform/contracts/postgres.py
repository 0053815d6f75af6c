"""PostgreSQL as its readers and its writers both know it: the driver, and what server and driver say when something is wrong."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from activation_platform.contracts.errors import (
    ActivationError,
    Cancelled,
    ConnectionFailed,
    CredentialsRefused,
    DeclarationError,
    NotFound,
    TimedOut,
)
from activation_platform.contracts.redaction import HIDDEN, Redactor, mask_text

__all__ = ["Trouble", "driver", "sentence", "sqlstate", "translated", "trouble"]


class Trouble(StrEnum):
    """What can be wrong, told apart by what somebody has to do about it."""

    LOGIN = "login"
    GRANT = "grant"
    HOST = "host"
    SERVER = "server"
    DATABASE = "database"
    RELATION = "relation"
    SLOW = "slow"
    CANCELLED = "cancelled"
    SLOW_CONNECT = "slow_connect"
    SSL = "ssl"
    READ_ONLY = "read_only"
    QUERY = "query"


CLASSES: Mapping[Trouble, type[ActivationError]] = {
    Trouble.LOGIN: CredentialsRefused,
    Trouble.GRANT: CredentialsRefused,
    Trouble.HOST: ConnectionFailed,
    Trouble.SERVER: ConnectionFailed,
    Trouble.DATABASE: NotFound,
    Trouble.RELATION: NotFound,
    Trouble.SLOW: TimedOut,
    Trouble.CANCELLED: Cancelled,
    Trouble.SLOW_CONNECT: TimedOut,
    Trouble.SSL: ConnectionFailed,
    Trouble.READ_ONLY: DeclarationError,
    Trouble.QUERY: DeclarationError,
}

BY_STATE: tuple[tuple[str, Trouble], ...] = (
    ("42501", Trouble.GRANT),
    ("42P01", Trouble.RELATION),
    ("3F000", Trouble.RELATION),
    ("3D000", Trouble.DATABASE),
    ("28", Trouble.LOGIN),
    ("57014", Trouble.SLOW),
    ("55P03", Trouble.SLOW),
    ("25006", Trouble.READ_ONLY),
    ("42", Trouble.QUERY),
    ("22", Trouble.QUERY),
    ("21", Trouble.QUERY),
    ("0A", Trouble.QUERY),
    ("54", Trouble.QUERY),
    ("P0", Trouble.QUERY),
)
"""https://www.postgresql.org/docs/current/errcodes-appendix.html: a code or its class, the first that fits."""

BY_WORDS: tuple[tuple[str, Trouble], ...] = (
    (r"statement timeout|canceling statement|lock timeout", Trouble.SLOW),
    (r"timeout expired|timed out", Trouble.SLOW_CONNECT),
    (r"permission denied for database", Trouble.GRANT),
    (
        r"authentication failed|no password supplied|no pg_hba|not permitted to log in|role .* does not exist",
        Trouble.LOGIN,
    ),
    (r"permission denied for", Trouble.GRANT),
    (r"database .* does not exist", Trouble.DATABASE),
    (r"\bSSL\b|certificate|root\.crt", Trouble.SSL),
    (
        r"translate host name|Connection refused|No such file|No route|unreachable|Is the server running",
        Trouble.HOST,
    ),
    (
        r"server closed the connection|terminating connection|connection .*lost|could not receive",
        Trouble.SERVER,
    ),
    (
        r"too many (clients|connections)|remaining connection slots|starting up|shutting down",
        Trouble.SERVER,
    ),
    (r"read-only transaction|read-write mode", Trouble.READ_ONLY),
    (r"Failed to connect", Trouble.HOST),
    (r"Execution error|Array value|ReadRecord", Trouble.QUERY),
)
"""Where the driver passes no code on: at login, and once rows are streaming."""
BY_SOMEBODY = re.compile(r"user(?:'s)? request")
"""What a server adds that stopped a statement for somebody and not for its length: PostgreSQL, Redshift."""


def driver(whose: str) -> tuple[Any, type[Exception]]:
    """The driver's module, imported when the first connection is made, and what Arrow raises; `whose`: "A … source"."""
    try:
        import pyarrow as pa
        from adbc_driver_postgresql import dbapi
    except ImportError as missing:
        raise DeclarationError(
            f"{whose} needs {missing.name}, which is not installed",
            remedy="pip install 'activation_platform[postgres]'",
        ) from None
    return dbapi, pa.ArrowException


def sqlstate(error: Exception) -> str:
    """The server's code for what went wrong; empty where the driver passes none on."""
    return getattr(error, "sqlstate", None) or ""


def trouble(error: Exception) -> Trouble:
    """What kind of trouble it is."""
    state, said = sqlstate(error), str(error)
    if state:
        found = [kind for code, kind in BY_STATE if state.startswith(code)]
    else:
        found = [kind for words, kind in BY_WORDS if re.search(words, said)]
    kind = found[0] if found else Trouble.SERVER
    return Trouble.CANCELLED if kind is Trouble.SLOW and BY_SOMEBODY.search(said) else kind


def translated(
    error: Exception, redact: Redactor, remedies: Mapping[Trouble, str], whose: str = "PostgreSQL"
) -> ActivationError:
    """Our error for the driver's. Its message keeps the server's sentence, without the query, row values or secrets."""
    kind = trouble(error)
    quotes_a_row = CLASSES[kind] is DeclarationError and sqlstate(error)[:2] in ("", "22")
    return CLASSES[kind](
        f"{whose}: {sentence(error, redact, quotes_a_row=quotes_a_row)}", remedy=remedies[kind]
    )


def sentence(error: Exception, redact: Redactor, *, quotes_a_row: bool) -> str:
    """The server's own sentence, one line; where it `quotes_a_row`, without what it quotes."""
    said = str(error)
    line = re.search(r"\nLINE (\d+):", said)
    spoken = re.split(r"(?:ERROR|FATAL|PANIC):\s+|Failed to connect: |ReadRecord failed at row \d+: ", said)
    words = spoken[-1].strip()
    if (
        quotes_a_row
    ):  # a value may hold quotes and line breaks of its own: all from the first quote to the last
        words = re.split(r"\n(?:DETAIL|HINT|LINE \d+|QUERY|CONTEXT|WHERE):", words)[0]
        words = mask_text(re.sub(r'"(?:.*"|.*$)', HIDDEN, words, flags=re.DOTALL))
    return redact(words.partition("\n")[0]) + (f" (line {line[1]})" if line else "")
