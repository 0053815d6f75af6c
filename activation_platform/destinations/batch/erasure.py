"""Erasure at Batch: one GDPR removal per person and app, and the settling of those that are pending.

The requests of one erasure are remembered together (see `apps.py`): app → the vendor's request id (empty where it named
none). A record counts as requested once every app took its request on; until then the ones that did are handed on, and
the missing ones alone are asked (SEMANTICS D7).

Sources: https://doc.batch.com/api/gdpr/create, https://doc.batch.com/api/gdpr/get-all-requests.
Unconfirmed: the name of the id in the answer to a request (`request_id`, as in the list), and the form of its dates
(ISO 8601; UTC where they have no zone).
"""

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx

from activation_platform.contracts.batch import Record
from activation_platform.contracts.outcomes import Outcome, rejected, requested
from activation_platform.contracts.service import Pending, Settlement, UnreadableAnswer, refuse, said
from activation_platform.contracts.waiting import answered_at
from activation_platform.destinations.batch.apps import (
    app_digest,
    app_keys,
    app_path,
    check_app,
    pack,
    unpack,
)

if TYPE_CHECKING:
    from activation_platform.destinations.batch.destination import Batch

__all__ = ["erasures_per_second", "request_erasure", "settle_erasures"]

CLOCK_SKEW = 300.0
"""Seconds by which the vendor's clock may be behind ours when a request is recognised by its date."""

KEPT = 20 * 86_400.0
"""Seconds for which the vendor at least lists a finished request (20 to 30 days); pending ones are always listed."""


def erasures_per_second(destination: "Batch") -> float:
    """How many people a second may be erased: an erasure takes one request per app."""
    return destination.erasures.per_second / max(1, len(destination.live_api_keys))


def request_erasure(destination: "Batch", record: Record) -> Generator[httpx.Request, Any, Outcome]:
    """Ask every app that has not yet taken the erasure on; requested once all have, else rejected with those that have."""
    taken = unpack(record.request)
    for position, key in enumerate(app_keys(destination), start=1):
        if app_digest(key) in taken:
            continue
        response = yield destination.ask(
            "POST",
            app_path(key, "gdpr/request"),
            budget=destination.erasures,
            json={"request_type": "remove", "id": {"type": "custom_id", "value": record.identifier}},
        )
        check_app(response, position)
        if not response.is_success:
            reason = f"app {position}: {destination.refusal(response)}"
            return rejected(reason, request=pack(taken))
        taken[app_digest(key)] = _request_id(response)
    return requested(pack(taken))


def settle_erasures(
    destination: "Batch", pending: Sequence[Pending]
) -> Generator[httpx.Request, Any, list[Settlement]]:
    """One settlement per pending erasure, in order, from each app's list of requests (read once).

    Done when every app is done; "user not found" is done. Unheard when some app does not know of it: the settlement
    then names the others. A known request that is no longer listed is done if it is old enough to have been dropped.
    """
    if not pending:
        return []
    lists: dict[str, _Requests] = {}
    for position, key in enumerate(app_keys(destination), start=1):
        response = yield destination.ask("GET", app_path(key, "gdpr/requests"), budget=destination.erasures)
        check_app(response, position)
        if not response.is_success:
            refuse(response, destination)
        lists[app_digest(key)] = _Requests.read(response)
    return [_settlement(one, lists) for one in pending]


def _settlement(one: Pending, lists: dict[str, "_Requests"]) -> Settlement:
    known = unpack(one.request)
    heard: dict[str, str] = {}
    finished = 0
    for app, requests in lists.items():
        state, request = requests.look_up(one, known.get(app, ""))
        if state == "unheard":
            continue
        heard[app] = request
        finished += state == "done"
    if len(heard) < len(lists):
        return Settlement("unheard", pack(heard))
    return Settlement("done" if finished == len(lists) else "pending", pack(heard))


@dataclass(frozen=True, slots=True)
class _Requests:
    """An app's list of removals, by request id and by person, and the vendor's time in Unix seconds (0: it told none)."""

    now: float
    by_id: dict[str, dict[str, Any]] = field(default_factory=dict)
    by_person: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @classmethod
    def read(cls, response: httpx.Response) -> "_Requests":
        listed = said(response)
        if not isinstance(listed, list):
            raise UnreadableAnswer(f"{response.status_code} without a list of requests")
        found = cls(answered_at(response))
        for entry in listed:
            if not isinstance(entry, dict) or entry.get("request_type") != "remove":
                continue
            found.by_id[str(entry.get("request_id", ""))] = entry
            person = entry.get("id") or {}
            if person.get("type") == "custom_id":
                found.by_person.setdefault(str(person.get("value")), []).append(entry)
        return found

    def look_up(self, one: Pending, request: str) -> tuple[str, str]:
        """State and id of the request; found by the person, and the date of what is done, where its id is not known.

        Whoever is being erased is waited for, whatever the date: our clock may be wrong, and who is written meanwhile is lost.
        """
        entries: Iterable[dict[str, Any]]
        if request:
            entries = [self.by_id[request]] if request in self.by_id else []
        else:
            recent = one.since - CLOCK_SKEW
            listed = self.by_person.get(one.identifier, ())
            entries = [e for e in listed if _state(e) == "pending" or _instant(e) >= recent]
        states = {_state(entry): str(entry.get("request_id", "")) for entry in entries}
        for state in ("pending", "done"):
            if state in states:
                return state, states[state]
        dropped = request and self.now - one.since > KEPT
        return ("done", request) if dropped and not entries else ("unheard", "")


def _state(entry: dict[str, Any]) -> str:
    """A removal that ended in any error but "user not found" has removed nothing: nobody has heard of it."""
    if entry.get("status") != "done":
        return "pending"
    return "done" if str(entry.get("error") or "user not found").lower() == "user not found" else "unheard"


def _request_id(response: httpx.Response) -> str:
    body = said(response)
    return str(body.get("request_id") or body.get("id") or "") if isinstance(body, dict) else ""


def _instant(entry: dict[str, Any]) -> float:
    """When the request was made, in Unix seconds; the beginning of time where that cannot be read."""
    try:
        moment = datetime.fromisoformat(str(entry.get("request_date")))
    except ValueError:
        return float("-inf")
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
