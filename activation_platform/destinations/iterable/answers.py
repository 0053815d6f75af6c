"""What Iterable answers: a code with a message, or how many of a call it took and whom it did not (https://api.iterable.com/api/docs).

It takes a call of many in part and answers 200; whom it left out stands in lists of e-mail addresses and user IDs, by reason.
Unconfirmed: that `failCount` counts all whom these lists name (where it does not, the call is parted until each stands alone).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx

from activation_platform.contracts.batch import IDENTIFIER, Batch
from activation_platform.contracts.destination import object_of
from activation_platform.contracts.outcomes import ACCEPTED, Outcome, partial, rejected
from activation_platform.contracts.service import BatchRefused, Service, UnreadableAnswer, body_of

__all__ = ["NOT_FOUND", "is_unknown", "outcomes_of", "words_of"]

NOT_FOUND = "unknown at the destination"
_REASONS = {
    "invalidData": "has a value that Iterable refuses",
    "invalid": "has an identifier that Iterable refuses",
    "notFound": NOT_FOUND,
    "conflict": "has an identifier of somebody else",
    "forgotten": "is forgotten, and can never be written again",
}
_KINDS = {"Emails": "email", "UserIds": "userId"}
_UNKNOWN = ("NotFound", "UnknownEmailError", "UnknownUserIdError")


def words_of(response: httpx.Response) -> str:
    """`code: message` of an answer; empty where it has another shape."""
    body = object_of(response)
    return ": ".join(str(body[name]) for name in ("code", "msg") if body.get(name))


def is_unknown(response: httpx.Response) -> bool:
    """Whether Iterable says that there is no such user; a 404 of somebody else says nothing."""
    return not response.is_success and object_of(response).get("code") in _UNKNOWN


def outcomes_of(
    response: httpx.Response,
    service: Service,
    batch: Batch,
    positions: Sequence[int],
    *,
    unknown: Outcome,
    taken: Outcome = ACCEPTED,
) -> list[Outcome]:
    """What became of a batch, of which some were said; `unknown`: of the others, and of whom Iterable does not know.

    Raises `BatchRefused` where Iterable refuses them all, or does not tell of all whom it left out. A field that the project does
    not have is left out of everybody: that is a part of them only.
    """
    body = body_of(response, service.destination)
    if not all(isinstance(body.get(count), int) for count in ("successCount", "failCount")):
        raise UnreadableAnswer(f"{response.status_code} without counts")
    refused = _refused(batch, service.identifying_field, positions, dict(_named(body)))
    failed = body["failCount"]
    if len(refused) < failed or (len(refused) > failed and len(positions) > 1):
        raise BatchRefused(f"Iterable refused {failed} of {len(positions)}, and does not say whom")
    dropped = ", ".join(map(str, body.get("filteredOutFields") or ()))
    done = partial(f"the project has no field {dropped}") if dropped else taken
    outcomes = [unknown] * len(batch)
    for n in positions:
        reason = refused.get(n)
        if reason != NOT_FOUND:
            outcomes[n] = done if reason is None else rejected(reason)
    return outcomes


def _named(body: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    """Why, by field and value, from the lists of those who were left out; the newer ones, which say more, come last."""
    for lists in (body, body.get("failedUpdates") or {}):
        for name, values in lists.items():
            for end, field in _KINDS.items():
                reason = _REASONS.get(name.removesuffix(end))
                if reason and name.endswith(end):
                    yield from ((_folded(field, value), reason) for value in values or ())
    for name in body.get("disallowedEventNames") or ():
        yield _folded("eventName", name), "has a name that the project does not allow"


def _refused(
    batch: Batch, key: str, positions: Sequence[int], reasons: Mapping[tuple[str, str], str]
) -> dict[int, str]:
    """Why, by position: an identifier of the record is named, or its event."""
    columns = {key: IDENTIFIER}
    columns |= {name: name for name in ("email", "userId", "eventName") if name in batch.frame.columns}
    rows = batch.frame.select(columns.values()).to_dicts() if reasons else []
    found = {}
    for n in positions if reasons else ():
        named = (_folded(name, rows[n][column]) for name, column in columns.items())
        told = [reasons[one] for one in named if one in reasons]
        if told:
            found[n] = told[0]
    return found


def _folded(field: str, value: Any) -> tuple[str, str]:
    """A field and its value as two are compared: an e-mail address is the same in capitals."""
    text = str(value or "")
    return field, text.lower() if field == "email" else text
