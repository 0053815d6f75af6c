"""What a call of many is answered with: how many were taken, and by reason those who were not.

Source: UserBulkUpdateListResponse and BulkTrackResponse of the vendor's description.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from activation_platform.sandbox.exchange import Answer

KINDS = {"email": "Emails", "userId": "UserIds"}


@dataclass(slots=True)
class Tally:
    """The count of one call."""

    taken: int = 0
    failed: int = 0
    by_reason: dict[str, list[str]] = field(default_factory=dict)
    created: set[str] = field(default_factory=set)
    dropped: set[str] = field(default_factory=set)

    def fail(self, reason: str, kind: str, value: str) -> None:
        """Note somebody who was not taken: `invalid`, `invalidData`, `notFound`, `conflict` or `forgotten`."""
        self.failed += 1
        named = self.by_reason.setdefault(f"{reason}{KINDS[kind]}", [])
        if value not in named:
            named.append(value)

    def answer(self, **more: Any) -> Answer:
        """Return the answer; the older lists, which are deprecated, hold the malformed alone."""
        document = {
            "successCount": self.taken,
            "failCount": self.failed,
            **{f"invalid{kind}": self.by_reason.get(f"invalid{kind}", []) for kind in KINDS.values()},
            "filteredOutFields": sorted(self.dropped),
            "createdFields": sorted(self.created),
            "failedUpdates": dict(self.by_reason),
        }
        return Answer(200, document | more)
