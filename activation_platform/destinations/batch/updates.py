"""How Batch is told of profiles, and what it answers: taken on, taken on but for some parts, or refused as a whole.

Source: https://doc.batch.com/developer/api/cep/profiles/update.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from activation_platform.contracts.encode import JSON
from activation_platform.contracts.service import UnreadableAnswer, body_of

if TYPE_CHECKING:
    from activation_platform.destinations.batch.destination import Batch

__all__ = ["Fault", "faults_of", "update"]


@dataclass(frozen=True, slots=True)
class Fault:
    """A part of a profile that was left out: an attribute, an event, or an attribute of an event (empty: not said).

    Unconfirmed: under which name an error says the event that it speaks of (`event`, like `attribute` for attributes).
    """

    category: str
    event: str
    attribute: str
    reason: str

    @property
    def words(self) -> str:
        """The fault as a person reads it."""
        return ": ".join(filter(None, (self.attribute, self.event, self.reason))) or "refused in part"


def update(destination: "Batch", profiles: bytes, size: int) -> httpx.Request:
    """A call of so many profiles, an array of which is its body: Batch counts profiles, not calls."""
    return destination.ask(
        "POST",
        f"/{destination.version}/profiles/update",
        budget=destination.updates,
        cost=size,
        content=profiles,
        headers=JSON,
    )


def faults_of(response: httpx.Response, destination: "Batch", size: int) -> dict[int, list[Fault]]:
    """The faults of a call of `size` profiles, by position; a profile without any was taken on whole.

    Raises `BatchRefused` or `NotFound` where the call was refused, `UnreadableAnswer` where Batch did not speak.
    """
    body = body_of(response, destination)
    if not str(body.get("code", "")).startswith("SUCCESS"):
        raise UnreadableAnswer(f"{response.status_code} without a code of Batch")
    found: defaultdict[int, list[Fault]] = defaultdict(list)
    for error in body.get("errors") or ():
        words = error if isinstance(error, dict) else {}
        fault = Fault(*(str(words.get(name) or "") for name in ("category", "event", "attribute", "reason")))
        for position in _positions(words, size):
            found[position].append(fault)
    return found


def _positions(error: dict[str, Any], size: int) -> Sequence[int]:
    """The profiles an error speaks of: all, where it does not say or says a place that does not exist."""
    position = error.get("bulk_index")
    return (position,) if isinstance(position, int) and 0 <= position < size else range(size)
