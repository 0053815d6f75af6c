"""Contacts said in one call: made, changed, or both, as a mode asks for.

Sources: https://dev.emarsys.com/docs/core-api-reference/f8ljhut3ac2i1-update-contacts,
https://help.emarsys.com/hc/en-us/articles/115004493054. Unconfirmed: how a contact is told who is there
already, where nobody is to be overwritten (2009, by the vendor's examples).
"""

from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any

import httpx

from activation_platform.contracts.modes import Mode
from activation_platform.contracts.outcomes import ALREADY_THERE, UNKNOWN_THERE, Outcome, retry
from activation_platform.destinations.emarsys.answers import EXISTS, UNKNOWN, outcomes_of

if TYPE_CHECKING:
    from activation_platform.destinations.emarsys.destination import Emarsys

__all__ = ["ENVELOPE", "write_contacts"]

ENVELOPE = 96
"""Bytes of a call beside its contacts, at most."""

_MEANINGS: Mapping[Mode, Mapping[str, Outcome]] = {
    Mode.INSERT_ONLY: {EXISTS: ALREADY_THERE},
    Mode.UPDATE_ONLY: {UNKNOWN: UNKNOWN_THERE},
}
_OTHERS = {EXISTS: retry("another call made the contact meanwhile")}
"""Two calls at a time may both want to make somebody: the vendor's page says to say it once more."""


def write_contacts(
    account: "Emarsys",
    mode: Mode,
    people: Mapping[int, str],
    key: str,
    values: Mapping[int, str],
    to: int | None = None,
) -> Generator[httpx.Request, Any, dict[int, Outcome]]:
    """Say contacts (JSON, by position), who are known by these values of a key, and put them on a list; what became of each."""
    if not people:
        return {}
    listed = "" if to is None else f'"contact_list_id":{to},'
    body = f'{{{listed}"key_id":"{key}","contacts":[{",".join(people.values())}]}}'.encode()
    if mode is Mode.INSERT_ONLY:
        response = yield account.call("POST", "/contact", content=body)
    else:
        params = {"create_if_not_exists": int(mode is not Mode.UPDATE_ONLY)}
        response = yield account.call("PUT", account.updates, params=params, content=body)
    meanings = _MEANINGS.get(mode, _OTHERS)
    outcomes = outcomes_of(response, account, [values[n] for n in people], meanings)
    return dict(zip(people, outcomes, strict=True))
