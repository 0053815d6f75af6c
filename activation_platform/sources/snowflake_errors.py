"""What Snowflake says when something is wrong, sorted into our classes and freed of row values and secrets."""

import re
from typing import Any

from activation_platform.contracts.errors import (
    ActivationError,
    Cancelled,
    ConnectionFailed,
    CredentialsRefused,
    DeclarationError,
    NotFound,
    RateLimited,
    TimedOut,
)
from activation_platform.contracts.redaction import HIDDEN, Redactor, mask_text

__all__ = ["translated"]

LOGIN = "Check the source's `user` and its password, key or token."
RENEW = "Renew the token (`oauth_token`), or log in with a key pair (`private_key`); the next run goes on."
CANCELLED = 604
"""By somebody, or by the connector itself, which then says `due to a timeout`."""
Told = tuple[type[ActivationError], str]

BY_NUMBER: dict[int, Told] = {
    1003: (DeclarationError, "Correct the model's SQL."),
    2003: (
        NotFound,
        "Correct the name in the SQL, create it, or let its owner GRANT SELECT on it to the source's role.",
    ),
    2043: (
        NotFound,
        "Correct the name in the SQL, create it, or let its owner GRANT USAGE on it to the source's role.",
    ),
    3001: (
        CredentialsRefused,
        "Let its owner GRANT it to the source's role (`activation grants` prints the SQL).",
    ),
    604: (
        Cancelled,
        "Somebody cancelled the query in Snowflake: ask who (its query history tells), then run again.",
    ),
    606: (
        ConnectionFailed,
        "ALTER WAREHOUSE … RESUME, let it AUTO_RESUME, or correct the source's `warehouse`.",
    ),
    630: (TimedOut, "Select less, or raise the source's `statement_timeout_seconds` (or the warehouse's)."),
    90073: (RateLimited, "The resource monitor's quota is used up: raise it, or wait until it begins anew."),
    390100: (CredentialsRefused, LOGIN),
    390101: (CredentialsRefused, "The user is disabled: let an administrator enable it."),
    390102: (
        CredentialsRefused,
        "The user is locked after wrong passwords: wait, or let an administrator unlock it.",
    ),
    390111: (CredentialsRefused, RENEW),
    390112: (CredentialsRefused, RENEW),
    390114: (CredentialsRefused, RENEW),
    390144: (CredentialsRefused, "Give the user this key's public half: ALTER USER … SET RSA_PUBLIC_KEY = …"),
    390189: (CredentialsRefused, "GRANT ROLE … TO USER …, or correct the source's `role`."),
    390201: (
        NotFound,
        "Correct the source's `database`, `default_schema` or `warehouse`, or GRANT USAGE on it.",
    ),
    390303: (CredentialsRefused, RENEW),
    390318: (CredentialsRefused, RENEW),
}
"""By the server's number. Which stand in the documentation, and which only in the connector's and drivers' sources, is not
told apart by Snowflake; no real account was asked."""

BY_STATE: tuple[tuple[str, Told], ...] = (
    ("42501", BY_NUMBER[3001]),
    ("42710", BY_NUMBER[3001]),  # what we make is there, and hidden from the role
    ("42S02", BY_NUMBER[2003]),
    ("02000", BY_NUMBER[2043]),
    ("57014", BY_NUMBER[604]),
    ("57P03", BY_NUMBER[606]),
    ("42", BY_NUMBER[1003]),
    ("22", BY_NUMBER[1003]),
    ("28", BY_NUMBER[390100]),
)
BY_WORDS: tuple[tuple[str, Told], ...] = (
    (r"(?i)incorrect username or password|authentication failed|jwt token is invalid", BY_NUMBER[390100]),
    (r"(?i)token .*(expired|invalid)|invalid .*token", BY_NUMBER[390318]),
    (
        r"(?i)timed? ?out|timeout",
        (TimedOut, "Check the network, or raise the source's `login_timeout_seconds`."),
    ),
)
"""Where the connector passes no number of the server on: it wraps what a login was refused with in 250001."""
UNREACHABLE: Told = (
    ConnectionFailed,
    "Check the source's `account` (organisation-account) and `url`, and that a firewall lets us through.",
)


def translated(error: Any, redact: Redactor) -> ActivationError:
    """Our error for the connector's: its sentence, without the query, row values or secrets, and its query id."""
    said = re.sub(r"^\s*\d{6}(?: \(\w+\))?:\s*", "", str(error.raw_msg or error)).strip()
    kind, remedy = _told(error, said)
    if (error.sqlstate or "").startswith(
        "22"
    ):  # it quotes a value, which may hold quotes and line breaks of its own
        said = mask_text(re.sub(r"""(?<!\w)(['"])(?:.*\1|.*$)""", HIDDEN, said, flags=re.DOTALL))
    words = redact(" ".join(said.split("\n\n")[0].split()))
    query = f" (query {error.sfqid})" if error.sfqid else ""
    return kind(f"Snowflake: {words}{query}", remedy=remedy)


def _told(error: Any, said: str) -> Told:
    if error.errno == CANCELLED and "timeout" in said:
        return BY_NUMBER[630]
    if error.errno in BY_NUMBER:
        return BY_NUMBER[error.errno]
    for begin, told in BY_STATE:
        if (error.sqlstate or "").startswith(begin):
            return told
    return next((told for words, told in BY_WORDS if re.search(words, said)), UNREACHABLE)
