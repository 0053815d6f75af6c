"""The steps of a source's check that every warehouse answers in the same order: connection, access, schemas."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from activation_platform.contracts.errors import ActivationError, CredentialsRefused, NotFound
from activation_platform.contracts.source import CheckStep

__all__ = ["check_steps", "first_column"]

T = TypeVar("T")


def _nothing(session: object) -> None:
    del session


def first_column(cursor: Any, query: str) -> list[str]:
    """What a cursor of the Python database API (PEP 249) answers, as text."""
    cursor.execute(query)
    return [str(row[0]) for row in cursor.fetchall()]


def check_steps(
    session: AbstractContextManager[T],
    schemas: Callable[[T], list[str]],
    *,
    enter: Callable[[T], object] = _nothing,
    answers: str,
    admits: str,
    closed: str,
    refusals: tuple[type[ActivationError], ...] = (CredentialsRefused, NotFound),
) -> Iterator[CheckStep]:
    """connection: the session opens; access: it lets us `enter`; schemas: those we may look into.

    `answers`, `admits`, `closed`: what is said of the first two, and where no schema is open. `refusals`: errors of the session
    that somebody who answers gives, so that the connection stands and access fails.
    """
    step = "connection"
    try:
        with session as opened:
            yield CheckStep(step, True, answers)
            step = "access"
            enter(opened)
            yield CheckStep(step, True, admits)
            step = "schemas"
            found = schemas(opened)
            yield CheckStep(step, bool(found), ", ".join(found) or closed)
    except ActivationError as error:
        if step == "connection" and isinstance(error, refusals):
            yield CheckStep(step, True, answers)
            step = "access"
        yield CheckStep(step, False, str(error))
