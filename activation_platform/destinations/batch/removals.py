"""The removals of people that an app of a Batch project has been asked for, as it lists them.

Source: https://doc.batch.com/api/gdpr/get-all-requests. Unconfirmed: the form of dates (ISO 8601; UTC where they have no zone).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from activation_platform.contracts.service import Pending, UnreadableAnswer, said

__all__ = ["Removals"]

_CLOCK_SKEW = 300.0
"""Seconds by which the vendor's clock may be behind ours when a request is recognised by its date."""
_KEPT = 20 * 86_400.0
"""Seconds for which the vendor at least lists a finished request (20 to 30 days); pending ones are always listed."""

_Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Removals:
    """An app's list of removals, by request id and by person, and the vendor's time in Unix seconds (0: it told none)."""

    now: float
    by_id: dict[str, _Entry] = field(default_factory=dict)
    by_person: dict[str, list[_Entry]] = field(default_factory=dict)

    @classmethod
    def read(cls, response: httpx.Response) -> "Removals":
        """Those that an answer lists."""
        listed = said(response)
        if not isinstance(listed, list):
            raise UnreadableAnswer(f"{response.status_code} without a list of requests")
        found = cls(_http_date(response.headers.get("Date", "")))
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
        A known request that is no longer listed is done if it is old enough to have been dropped.
        """
        entries: list[_Entry]
        if request:
            entries = [self.by_id[request]] if request in self.by_id else []
        else:
            recent = one.since - _CLOCK_SKEW
            listed = self.by_person.get(one.identifier, ())
            entries = [e for e in listed if _state(e) == "pending" or _instant(e) >= recent]
        states = {_state(entry): str(entry.get("request_id", "")) for entry in entries}
        for state in ("pending", "done"):
            if state in states:
                return state, states[state]
        dropped = request and self.now - one.since > _KEPT
        return ("done", request) if dropped and not entries else ("unheard", "")


def _state(entry: _Entry) -> str:
    """A removal that ended in any error but "user not found" has removed nothing: nobody has heard of it."""
    if entry.get("status") != "done":
        return "pending"
    return "done" if str(entry.get("error") or "user not found").lower() == "user not found" else "unheard"


def _instant(entry: _Entry) -> float:
    """When the request was made, in Unix seconds; the beginning of time where that cannot be read."""
    try:
        moment = datetime.fromisoformat(str(entry.get("request_date")))
    except ValueError:
        return float("-inf")
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _http_date(text: str) -> float:
    try:
        return parsedate_to_datetime(text).timestamp()
    except ValueError:
        return 0.0
