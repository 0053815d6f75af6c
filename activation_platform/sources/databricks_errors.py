"""What Databricks says when something is wrong, sorted into our classes, without what it quotes of rows.

Codes: https://docs.databricks.com/aws/en/error-messages/sqlstates, https://docs.databricks.com/api/workspace/statementexecution.
Which HTTP status a stopped or deleted warehouse gets is unconfirmed: its words are looked at, too.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

import httpx

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
from activation_platform.contracts.redaction import mask_text

__all__ = ["failed", "is_passing", "passing", "unanswered", "understood"]

LOGIN = (
    "Check the source's `token`, or `client_id` and `client_secret`: they may have run out, or been revoked."
)
GRANT = "Let its owner GRANT it to the source's user: USE CATALOG, USE SCHEMA and SELECT."
RELATION = "Correct the name in the SQL (catalog.schema.table), or create it."
QUERY = "Correct the model's SQL."
LATER = "Try again later; the next run reads everything anew."
WAREHOUSE = (
    "Check the source's `warehouse_id`, that the warehouse runs or may be started by us, and CAN USE on it."
)
HOST = "Check the source's `host` (the workspace's own, without a path), and that a firewall lets us through."

Kind = tuple[type[ActivationError], str]
BY_STATE: tuple[tuple[str, Kind], ...] = (
    ("42501", (CredentialsRefused, GRANT)),
    ("42P01", (NotFound, RELATION)),
    ("42704", (NotFound, RELATION)),
    ("3", (NotFound, RELATION)),
    ("28", (CredentialsRefused, LOGIN)),
    (
        "57014",
        (Cancelled, "Somebody or a time-out of the warehouse ended the query: ask who, and run again."),
    ),
    ("2D521", (ConnectionFailed, LATER)),  # another statement changed the table meanwhile
    ("53", (ConnectionFailed, LATER)),
    ("XX", (ConnectionFailed, LATER)),
    ("08", (ConnectionFailed, LATER)),
    ("58", (ConnectionFailed, LATER)),
)
BY_CODE: Mapping[str, Kind] = {
    "UNAUTHENTICATED": (CredentialsRefused, LOGIN),
    "PERMISSION_DENIED": (CredentialsRefused, GRANT),
    "NOT_FOUND": (NotFound, RELATION),
    "RESOURCE_EXHAUSTED": (
        RateLimited,
        "The workspace has too much to do: run less often, or at another time.",
    ),
    "DEADLINE_EXCEEDED": (TimedOut, "Select less, or use a larger warehouse."),
    "CANCELLED": (Cancelled, "Somebody cancelled the query in Databricks: ask who, and run again."),
    "BAD_REQUEST": (DeclarationError, QUERY),
}
WAREHOUSES = re.compile(r"\b(warehouse|endpoint)\b", re.IGNORECASE)
STOPPED = re.compile(r"\b(stopped|stopping|starting|cannot be started)\b", re.IGNORECASE)
GONE = re.compile(r"\b(deleted|not found|not exist|not a valid)\b", re.IGNORECASE)
CONDITION = re.compile(r"^\[([A-Z0-9_.]+)\]")


def failed(status: Mapping[str, Any]) -> ActivationError:
    """The error behind a statement that ended in FAILED, CANCELED or CLOSED."""
    error, state = status.get("error") or {}, str(status.get("sql_state") or "")
    code, words = str(error.get("error_code", "")), str(error.get("message", ""))
    if status["state"] == "CANCELED":
        code, words = "CANCELLED", words or "the query was cancelled"
    if about := _about_warehouse(words):
        return about(f"Databricks: {_sentence(words, state)}", remedy=WAREHOUSE)
    by_state = next((kind for start, kind in BY_STATE if state.startswith(start)), None)
    is_sql = bool(state) or CONDITION.match(words) is not None
    kind, remedy = (
        by_state or BY_CODE.get(code) or ((DeclarationError, QUERY) if is_sql else (ConnectionFailed, LATER))
    )
    return kind(f"Databricks: {_sentence(words or status['state'], state)}", remedy=remedy)


def is_passing(response: httpx.Response) -> bool:
    """Whether the same request may be answered otherwise in a while."""
    return response.status_code == httpx.codes.TOO_MANY_REQUESTS or response.is_server_error


def passing(response: httpx.Response) -> ActivationError:
    """The error for an answer that ought to have passed."""
    what = f"Databricks keeps answering {response.status_code}"
    if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
        return RateLimited(
            what, remedy="The workspace has too much to do: run less often, or at another time."
        )
    return ConnectionFailed(what, remedy=LATER)


def unanswered(error: httpx.HTTPError) -> ActivationError:
    """The error for a request without an answer."""
    kind = TimedOut if isinstance(error, httpx.TimeoutException) else ConnectionFailed
    return kind(f"The workspace does not answer ({type(error).__name__})", remedy=HOST)


def understood(response: httpx.Response) -> dict[str, Any]:
    """The answer's content, if it is a success in JSON; else its meaning as an error."""
    try:
        told = response.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        told = None
    if not isinstance(told, dict):
        if response.status_code not in (401, 403):
            raise ConnectionFailed(
                f"The workspace answers {response.status_code} with something that is not its API",
                remedy=HOST,
            )
        told = {}
    if response.is_success:
        return told
    raise _refused(response.status_code, str(told.get("error_code", "")), str(told.get("message", "")))


def _refused(status: int, code: str, words: str) -> ActivationError:
    what = f"Databricks answers {status} ({_sentence(words, '') or code or 'no reason given'})"
    if about := _about_warehouse(words):
        return about(what, remedy=WAREHOUSE)
    if status == httpx.codes.UNAUTHORIZED or "access token" in words.lower():
        return CredentialsRefused(what, remedy=LOGIN)
    if status == httpx.codes.FORBIDDEN:
        return CredentialsRefused(what, remedy=WAREHOUSE)
    if status == httpx.codes.NOT_FOUND:
        return NotFound(what, remedy=WAREHOUSE)
    return DeclarationError(what, remedy="Check the source's settings and the model's SQL.")


def _about_warehouse(words: str) -> type[ActivationError] | None:
    if not WAREHOUSES.search(words):
        return None
    return ConnectionFailed if STOPPED.search(words) else NotFound if GONE.search(words) else None


def _sentence(words: str, state: str) -> str:
    """The first line; of an error about data (class 22) the condition's name alone, for the rest quotes a row."""
    line = words.strip().partition("\n")[0]
    if state.startswith("22"):
        found = CONDITION.match(line)
        return found[1] if found else f"an error in the data (SQLSTATE {state})"
    return mask_text(line)[:300]
