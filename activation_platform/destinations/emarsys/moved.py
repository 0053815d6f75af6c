"""Contacts whose key is another than the one that was last sent, found by that one.

Source: https://dev.emarsys.com/docs/core-api-reference/75f3acc2c94dc-concepts (internal IDs), and the endpoint
*Verify Internal Contact Identifiers*.
"""

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import httpx

from activation_platform.contracts.batch import IDENTIFIER, PREVIOUS, Batch
from activation_platform.contracts.service import UnreadableAnswer
from activation_platform.destinations.emarsys.answers import UNKNOWN, data_of, reply_of

if TYPE_CHECKING:
    from activation_platform.destinations.emarsys.destination import Emarsys

__all__ = ["ids_of_moved"]


def ids_of_moved(account: "Emarsys", key: str, batch: Batch) -> Generator[httpx.Request, Any, dict[int, str]]:
    """The vendor's own IDs of those whose key changed and who are there by the old one, by position."""
    both = zip(batch.frame[PREVIOUS], batch.frame[IDENTIFIER], strict=True)
    before = {n: old for n, (old, new) in enumerate(both) if old is not None and old != new}
    if not before:
        return {}
    body = {"key_id": key, "external_ids": list(before.values())}
    response = yield account.call("POST", "/contact/checkids", json=body)
    if reply_of(response)[0] == UNKNOWN:  # none of them is there
        return {}
    data = data_of(response, account)
    ids = data.get("ids") or {} if isinstance(data, dict) else None
    if not isinstance(ids, dict):
        raise UnreadableAnswer(f"{response.status_code} without IDs")
    return {n: str(ids[old]) for n, old in before.items() if old in ids}
