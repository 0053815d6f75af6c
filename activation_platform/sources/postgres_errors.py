"""What PostgreSQL and its driver say when something is wrong, sorted into our classes and freed of secrets and values."""

import re

from activation_platform.contracts.errors import (
    ActivationError,
    ConnectionFailed,
    CredentialsRefused,
    DeclarationError,
    NotFound,
    TimedOut,
)
from activation_platform.contracts.redaction import HIDDEN, Redactor, mask_text

__all__ = ["translated"]

Kind = tuple[type[ActivationError], str]

LOGIN: Kind = (CredentialsRefused, "Check the source's `user` and `password`.")
GRANT: Kind = (CredentialsRefused, "Let a database owner GRANT it to the source's user.")
HOST: Kind = (ConnectionFailed, "Check the source's `host` and `port`, and that a firewall lets us through.")
SERVER: Kind = (ConnectionFailed, "Try again later; if it stays, ask who runs the database.")
DATABASE: Kind = (NotFound, "Correct the source's `database`.")
RELATION: Kind = (NotFound, "Correct the name in the SQL (with its schema), or create it.")
SLOW: Kind = (TimedOut, "Select less, or raise the source's `statement_timeout_seconds` (or the server's).")
SLOW_CONNECT: Kind = (TimedOut, "Check `host`, `port` and the firewall, or raise `connect_timeout_seconds`.")
SSL: Kind = (ConnectionFailed, "Set the source's `sslmode` to what the server speaks.")
READ_ONLY: Kind = (DeclarationError, "A source is read and never written: select only.")
QUERY: Kind = (DeclarationError, "Correct the model's SQL.")

BY_STATE: tuple[tuple[str, Kind], ...] = (
    ("42501", GRANT),
    ("42P01", RELATION),
    ("3F000", RELATION),
    ("3D000", DATABASE),
    ("28", LOGIN),
    ("57014", SLOW),
    ("55P03", SLOW),
    ("25006", READ_ONLY),
    ("42", QUERY),
    ("22", QUERY),
    ("21", QUERY),
    ("0A", QUERY),
    ("54", QUERY),
    ("P0", QUERY),
)
"""https://www.postgresql.org/docs/current/errcodes-appendix.html: a code or its class, the first that fits."""

BY_WORDS: tuple[tuple[str, Kind], ...] = (
    (r"statement timeout|canceling statement|lock timeout", SLOW),
    (r"timeout expired|timed out", SLOW_CONNECT),
    (r"permission denied for database", GRANT),
    (
        r"authentication failed|no password supplied|no pg_hba|not permitted to log in|role .* does not exist",
        LOGIN,
    ),
    (r"permission denied for", GRANT),
    (r"database .* does not exist", DATABASE),
    (r"\bSSL\b|certificate|root\.crt", SSL),
    (r"translate host name|Connection refused|No such file|No route|unreachable|Is the server running", HOST),
    (r"server closed the connection|terminating connection|connection .*lost|could not receive", SERVER),
    (r"too many (clients|connections)|remaining connection slots|starting up|shutting down", SERVER),
    (r"read-only transaction|read-write mode", READ_ONLY),
    (r"Failed to connect", HOST),
    (r"Execution error|Array value|ReadRecord", QUERY),
)
"""Where the driver passes no code on: at login, and once rows are streaming."""


def translated(error: Exception, redact: Redactor) -> ActivationError:
    """Our error for the driver's. Its message keeps the server's sentence, without the query, row values or secrets."""
    said = str(error)
    state = getattr(error, "sqlstate", None) or ""
    found = [kind for code, kind in BY_STATE if state and state.startswith(code)]
    if not found and not state:
        found = [kind for words, kind in BY_WORDS if re.search(words, said)]
    kind, remedy = found[0] if found else SERVER
    quotes_a_row = kind is DeclarationError and state[:2] in ("", "22")
    return kind(f"PostgreSQL: {_sentence(said, redact, quotes_a_row=quotes_a_row)}", remedy=remedy)


def _sentence(said: str, redact: Redactor, *, quotes_a_row: bool) -> str:
    line = re.search(r"\nLINE (\d+):", said)
    spoken = re.split(r"(?:ERROR|FATAL|PANIC):\s+|Failed to connect: |ReadRecord failed at row \d+: ", said)[
        -1
    ]
    sentence = spoken.strip().partition("\n")[0]
    if quotes_a_row:
        sentence = mask_text(re.sub(r'"[^"]*"', HIDDEN, sentence))
    return redact(sentence) + (f" (line {line[1]})" if line else "")
