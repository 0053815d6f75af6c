"""What Emarsys answers: a reply code and text around the data, and errors by the value of the key field.

Source: https://dev.emarsys.com/docs/emarsys-core-api-guides/c47a64a8ea7dc-http-200-errors. A call that succeeds may still have
errors, of which each names the contact that it is about; where none was made, their object is an empty array.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import httpx

from activation_platform.contracts.outcomes import ACCEPTED, CREATED, UPDATED, Outcome, rejected
from activation_platform.contracts.service import BatchRefused, UnreadableAnswer, body_of

if TYPE_CHECKING:
    from activation_platform.destinations.emarsys.destination import Emarsys

__all__ = ["EXISTS", "UNKNOWN", "data_of", "outcomes_of", "reply_of"]

UNKNOWN = "2008"
"""No contact has this value of the key field."""
EXISTS = "2009"
"""A contact with this value of the key field is there already."""


_Errors = Mapping[str, str]
"""What is wrong with a contact: texts by code."""


def data_of(response: httpx.Response, account: "Emarsys") -> Any:
    """The data of an answer; raises `BatchRefused` where its reply code says that the call was refused, whatever the status."""
    body = body_of(response, account)
    if not isinstance(body.get("replyCode"), int):
        raise UnreadableAnswer(f"{response.status_code} without a reply code")
    if body["replyCode"] != 0:
        raise BatchRefused(account.refusal(response))
    return body.get("data")


def outcomes_of(
    response: httpx.Response,
    account: "Emarsys",
    identifiers: Sequence[str],
    meanings: Mapping[str, Outcome],
    success: Outcome | None = None,
) -> list[Outcome]:
    """What became of contacts: success (where none is named, as the IDs in the answer say), or what the code of an error means.

    Whoever has another error is rejected. Raises `BatchRefused` where an error does not say whom of several it means.
    """
    code = reply_of(response)[0]
    if len(identifiers) == 1 and code in meanings:  # the call is refused for the only one that it is about
        return [meanings[code]]
    data = data_of(response, account)
    if not isinstance(data, dict):
        raise UnreadableAnswer(f"{response.status_code} without data")
    faults = _by_position(data.get("errors") or {}, identifiers)
    done = success or _written(data.get("ids") or [])
    return [_meant(faults[n], meanings) if n in faults else done for n in range(len(identifiers))]


def reply_of(response: httpx.Response) -> tuple[str, str]:
    """Reply code and text of an answer; empty where it has none."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return "", ""
    if not isinstance(body, dict) or "replyCode" not in body:
        return "", ""
    return str(body["replyCode"]), _words({str(body["replyCode"]): body.get("replyText") or ""})


def _words(errors: _Errors) -> str:
    return "; ".join(f"{text or 'no reason'} ({code})" for code, text in errors.items())


def _meant(errors: _Errors, meanings: Mapping[str, Outcome]) -> Outcome:
    known = (meanings[code] for code in errors if code in meanings)
    return next(known, rejected(_words(errors)))


def _written(ids: Sequence[Any]) -> Outcome:
    """What happened to those who were written, where it was the same for all: who is new has an ID that is a number."""
    if ids and all(isinstance(one, int) for one in ids):
        return CREATED
    return UPDATED if ids and all(isinstance(one, str) for one in ids) else ACCEPTED


def _by_position(errors: Mapping[str, _Errors], identifiers: Sequence[str]) -> dict[int, _Errors]:
    """Errors by the position of the contact whose key they name; letters are told apart only where that finds somebody."""
    if not isinstance(errors, dict) or not all(isinstance(one, dict) for one in errors.values()):
        raise UnreadableAnswer("errors that name nobody")
    exact = {identifier: [n] for n, identifier in enumerate(identifiers)}
    folded: dict[str, list[int]] = {}
    for n, identifier in enumerate(identifiers):
        folded.setdefault(identifier.casefold(), []).append(n)
    found: dict[int, _Errors] = {}
    for key, told in errors.items():
        positions = exact.get(key) or folded.get(key.casefold()) or ([0] if len(identifiers) == 1 else [])
        if not positions:
            raise BatchRefused(_words(told))
        found.update((position, told) for position in positions)
    return found
