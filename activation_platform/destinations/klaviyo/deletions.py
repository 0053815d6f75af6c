"""The deletion of profiles for data privacy: asked for by ID, carried out later, and done once the profile is not there.

Source: https://developers.klaviyo.com/en/reference/request_profile_deletion. There is no list of deletions that can be asked, so
that the profile itself is looked for; whoever is written again afterwards is a profile of another ID.
"""

import json
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

import httpx

from activation_platform.contracts.batch import Batch
from activation_platform.contracts.outcomes import DELETED, Outcome, rejected, requested
from activation_platform.contracts.service import Pending, Settlement, refuse
from activation_platform.destinations.klaviyo.search import profiles_with

if TYPE_CHECKING:
    from activation_platform.destinations.klaviyo.destination import Klaviyo

__all__ = ["request_deletions", "settle_deletions"]

_JOBS = "/api/data-privacy-deletion-jobs"


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
    """Whether the profiles are still there; where the ID was never heard of, whether anybody has the identifier."""
    by_id = yield from profiles_with(account, "id", [one.request for one in pending if one.request])
    in_doubt = [one.identifier for one in pending if not one.request]
    by_name = yield from profiles_with(account, identifier, in_doubt)
    return [_settlement(one, one.request in by_id, one.identifier in by_name) for one in pending]


def _settlement(pending: Pending, there: bool, known: bool) -> Settlement:
    if pending.request:
        return Settlement("pending", pending.request) if there else Settlement("done")
    return Settlement("unheard") if known else Settlement("done")


def _request(account: "Klaviyo", id_: str) -> Generator[httpx.Request, Any, Outcome]:
    profile = {"data": {"type": "profile", "id": id_, "attributes": {}}}
    body = {"data": {"type": "data-privacy-deletion-job", "attributes": {"profile": profile}}}
    response = yield account.call("POST", _JOBS, budget=account.deletions, body=json.dumps(body))
    if response.is_success:
        return requested(id_)
    if response.status_code == httpx.codes.NOT_FOUND:
        refuse(response, account)
    return rejected(account.refusal(response))
