"""Jobs: many records that Klaviyo takes on in one request, which is said again without those for which it was refused.

Sources: https://developers.klaviyo.com/en/reference/bulk_import_profiles, https://developers.klaviyo.com/en/reference/bulk_create_events,
https://developers.klaviyo.com/en/reference/bulk_subscribe_profiles.
"""

import json
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from activation_platform.contracts.outcomes import Outcome, rejected
from activation_platform.contracts.pace import Budget
from activation_platform.contracts.service import refuse
from activation_platform.destinations.klaviyo.answers import faults_of, is_taken, reasons_of

if TYPE_CHECKING:
    from activation_platform.destinations.klaviyo.destination import Klaviyo

__all__ = ["ENVELOPE", "Job", "Taken"]

ENVELOPE = 512
"""Bytes of a job beside its records, at most."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a job: the answer, the positions it was made of in the end, and what had to be left out."""

    response: httpx.Response | None
    positions: list[int]
    refused: Mapping[int, Outcome]


@dataclass(frozen=True, slots=True)
class Job:
    """A job of a kind (`profile-bulk-import`), whose records stand under a name."""

    kind: str
    records: str
    budget: Budget
    attributes: Mapping[str, Any] | None = None
    relationships: Mapping[str, Any] | None = None

    @property
    def path(self) -> str:
        """Where jobs of the kind are made, and looked at."""
        return f"/api/{self.kind}-jobs"

    def said(self, account: "Klaviyo", records: Mapping[int, str]) -> Generator[httpx.Request, Any, Taken]:
        """Say records (JSON, by position), and again without those for which the job was refused.

        Raises `NotFound` or `BatchRefused` where the refusal does not say for which.
        """
        rest, refused = list(records), dict[int, Outcome]()
        while rest:
            body = self._document(records[position] for position in rest)
            response = yield account.call("POST", self.path, budget=self.budget, body=body)
            if is_taken(response):
                return Taken(response, rest, refused)
            reasons = reasons_of(faults_of(response), len(rest))
            if not reasons:
                refuse(response, account)
            refused |= {rest[n]: rejected(words) for n, words in reasons.items()}
            rest = [position for position in rest if position not in refused]
        return Taken(None, rest, refused)

    def _document(self, records: Iterable[str]) -> str:
        more = f",{json.dumps(self.attributes)[1:-1]}" if self.attributes else ""
        related = f',"relationships":{json.dumps(self.relationships)}' if self.relationships else ""
        attributes = f'{{"{self.records}":{{"data":[{",".join(records)}]}}{more}}}'
        return f'{{"data":{{"type":"{self.kind}-job","attributes":{attributes}{related}}}}}'
