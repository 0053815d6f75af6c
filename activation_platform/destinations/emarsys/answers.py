"""What Emarsys answers: a reply code and text around the data, and errors by the value of the key field.

Source: https://dev.emarsys.com/docs/emarsys-core-api-guides/c47a64a8ea7dc-http-200-errors. A call that succeeds may still have
errors, of which each names the contact that it is about; where none was made, their object is an empty array.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from activation_platform.contracts.service import BatchRefused, UnreadableAnswer, body_of

if TYPE_CHECKING:
    from activation_platform.destinations.emarsys.destination import Emarsys

__all__ = ["EXISTS", "UNKNOWN", "Fault", "data_of", "faults_of", "reply_of", "words_of"]

UNKNOWN = "2008"
"""No contact has this value of the key field."""
EXISTS = "2009"
"""A contact with this value of the key field is there already."""


@dataclass(frozen=True, slots=True)
class Fault:
    """An error: its codes, and what it says."""

    codes: frozenset[str]
    words: str


def data_of(response: httpx.Response, account: "Emarsys") -> Any:
    """The data of an answer; raises `BatchRefused` where its reply code says that the call was refused, whatever the status."""
    body = body_of(response, account)
    if not isinstance(body.get("replyCode"), int):
        raise UnreadableAnswer(f"{response.status_code} without a reply code")
    if body["replyCode"] != 0:
        raise BatchRefused(account.refusal(response))
    return body.get("data")


def faults_of(
    response: httpx.Response, account: "Emarsys", identifiers: Sequence[str]
) -> tuple[Mapping[str, Any], dict[int, Fault]]:
    """The data of an answer about contacts, and what is wrong with which of them, by position.

    Raises `BatchRefused` where an error does not say whom of several it means.
    """
    code, words = reply_of(response)
    if len(identifiers) == 1 and code in (
        UNKNOWN,
        EXISTS,
    ):  # the call is refused for the only one that it is about
        return {}, {0: Fault(frozenset({code}), words)}
    data = data_of(response, account)
    if not isinstance(data, dict):
        raise UnreadableAnswer(f"{response.status_code} without data")
    return data, _by_position(data.get("errors") or {}, identifiers)


def reply_of(response: httpx.Response) -> tuple[str, str]:
    """Reply code and text of an answer; empty where it has none."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return "", ""
    if not isinstance(body, dict) or "replyCode" not in body:
        return "", ""
    return str(body["replyCode"]), words_of({str(body["replyCode"]): body.get("replyText") or ""})


def words_of(errors: Mapping[str, Any]) -> str:
    """Errors as `text (code)`."""
    return "; ".join(f"{text or 'no reason'} ({code})" for code, text in errors.items())


def _by_position(errors: Mapping[str, Any], identifiers: Sequence[str]) -> dict[int, Fault]:
    if not isinstance(errors, dict) or not all(isinstance(one, dict) for one in errors.values()):
        raise UnreadableAnswer("errors that name nobody")
    exact = {identifier: [n] for n, identifier in enumerate(identifiers)}
    folded: dict[str, list[int]] = {}
    for n, identifier in enumerate(identifiers):
        folded.setdefault(identifier.casefold(), []).append(n)
    found: dict[int, Fault] = {}
    for key, told in errors.items():
        fault = Fault(frozenset(map(str, told)), words_of(told))
        positions = exact.get(key) or folded.get(key.casefold()) or ([0] if len(identifiers) == 1 else [])
        if not positions:
            raise BatchRefused(fault.words)
        found.update(dict.fromkeys(positions, fault))
    return found
