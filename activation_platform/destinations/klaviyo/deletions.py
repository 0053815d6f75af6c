"""The deletion of profiles for data privacy: asked for by ID, carried out later, and done once the profile is not there.

Source: https://developers.klaviyo.com/en/reference/request_profile_deletion. There is no list of deletions that can be asked, so
that the profile itself is looked for: while it is there, its deletion counts as pending, also where the answer to the request
was lost. Who is written again afterwards is a profile of another ID.
"""

import json
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

import httpx

from activation_platform.contracts.batch import Batch
from activation_platform.contracts.outcomes import DELETED, Outcome, rejected, requested
from activation_platform.contracts.service import Pending, Settlement, refuse
from activation_platform.destinations.klaviyo.answers import is_taken
from activation_platform.destinations.klaviyo.search import profiles_with

if TYPE_CHECKING:
    from activation_platform.destinations.klaviyo.destination import Klaviyo

__all__ = ["request_deletions", "settle_deletions"]

_JOBS = "/api/data-privacy-deletion-jobs"
_LONGEST = 30 * 24 * 3600.0
"""Seconds for which a profile that is still there counts as being deleted. Unconfirmed: how long a deletion takes."""


def request_deletions(
    account: "Klaviyo", identifier: str, batch: Batch
) -> Generator[httpx.Request, Any, list[Outcome]]:
    """Look the people up, and ask for the deletion of each who is there."""
    names = [record.identifier or "" for record in batch.records]
    found = yield from profiles_with(account, identifier, names)
    outcomes = []
    for name in names:
        if name in found:
            outcomes.append((yield from _request(account, str(found[name]["id"]))))
        else:
            outcomes.append(DELETED)  # not found is success
    return outcomes


def settle_deletions(
    account: "Klaviyo", identifier: str, pending: Sequence[Pending]
) -> Generator[httpx.Request, Any, list[Settlement]]:
    """Whether the profiles are still there: by ID, or by the identifier where the answer that told it was lost."""
    asked = [one.request for one in pending if one.request]
    by_id = yield from profiles_with(account, "id", asked)
    by_name = yield from profiles_with(
        account, identifier, [one.identifier for one in pending if not one.request]
    )
    now = max(by_id.now, by_name.now)
    settlements = []
    for one in pending:
        there = by_id.get(one.request) if one.request else by_name.get(one.identifier)
        if there is None:
            settlements.append(Settlement("done"))
        elif now - one.since > _LONGEST:
            settlements.append(Settlement("unheard"))  # and asked for again, unless the person is back
        else:
            settlements.append(Settlement("pending", str(there["id"])))
    return settlements


def _request(account: "Klaviyo", id_: str) -> Generator[httpx.Request, Any, Outcome]:
    profile = {"data": {"type": "profile", "id": id_, "attributes": {}}}
    body = {"data": {"type": "data-privacy-deletion-job", "attributes": {"profile": profile}}}
    response = yield account.call("POST", _JOBS, budget=account.deletions, body=json.dumps(body))
    if is_taken(response):
        return requested(id_)
    if response.status_code == httpx.codes.NOT_FOUND:
        refuse(response, account)
    return rejected(account.refusal(response))
