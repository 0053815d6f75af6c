"""The deletion of users: asked for one by one, carried out later, and done once the user is not there.

Sources: https://api.iterable.com/api/docs (DELETE /api/users/{email}), https://support.iterable.com/hc/articles/360032290032.
Iterable gives no ID to what was asked for, so that the user is looked for: while they are there, their deletion counts as
pending, also where the answer to the request was lost.
"""

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

import httpx

from activation_platform.contracts.batch import IDENTIFIER, Batch
from activation_platform.contracts.outcomes import DELETED, Outcome, rejected, requested
from activation_platform.contracts.service import Pending, Settlement, said
from activation_platform.contracts.waiting import answered_at
from activation_platform.destinations.iterable.answers import is_unknown
from activation_platform.destinations.iterable.people import path_of, shown

if TYPE_CHECKING:
    from activation_platform.destinations.iterable.destination import Iterable

__all__ = ["request_deletions", "settle_deletions"]

_ASKED = "asked"
_LONGEST = 24 * 3600.0
"""Seconds for which a user who is still there counts as being deleted. Unconfirmed: how long a deletion takes."""


def request_deletions(
    account: "Iterable", identifier: str, batch: Batch
) -> Generator[httpx.Request, Any, list[Outcome]]:
    """Ask for the deletion of each; not to be there is to be deleted, in whatever words it is refused for that."""
    outcomes = []
    for value in batch.frame[IDENTIFIER].to_list():
        response = yield account.call("DELETE", path_of(identifier, value), budget=account.deletions)
        if response.is_success:
            said(response)
            outcomes.append(requested(_ASKED))
        elif is_unknown(response) or (yield from shown(account, identifier, value)) is None:
            outcomes.append(DELETED)
        else:
            outcomes.append(rejected(account.refusal(response)))
    return outcomes


def settle_deletions(
    account: "Iterable", identifier: str, pending: Sequence[Pending]
) -> Generator[httpx.Request, Any, list[Settlement]]:
    """Whether the users are still there; what is not done after a day is asked for again, unless the person is back."""
    settlements = []
    for one in pending:
        response = yield from shown(account, identifier, one.identifier)
        if response is None:
            settlements.append(Settlement("done"))
        elif answered_at(response) - one.since > _LONGEST:
            settlements.append(Settlement("unheard"))
        else:
            settlements.append(Settlement("pending", one.request))
    return settlements
