"""How Intercom knows people: by an ID of yours or an e-mail address, and how they are found.

Sources: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/searchcontacts,
https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/showcontactbyexternalid.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

import httpx

from activation_platform.contracts import identified
from activation_platform.contracts.fields import Field
from activation_platform.contracts.service import UnreadableAnswer, body_of
from activation_platform.contracts.values import Email, Text
from activation_platform.destinations.intercom.answers import is_missing, listed

if TYPE_CHECKING:
    from activation_platform.destinations.intercom.destination import Intercom

__all__ = [
    "EXTERNAL_ID",
    "IDENTIFIERS",
    "OWN_ID",
    "Contact",
    "Identified",
    "contact_of",
    "contacts_by",
    "folded",
    "users_with",
]

EXTERNAL_ID = "external_id"
OWN_ID = Text(
    min=1, max=255, trim=True, pattern=r"[^\x00-\x1f\x7f]+", words="on one line, without control characters"
)
"""An ID that you gave: it stands in the path of a request. Unconfirmed: at most 255 characters."""

IDENTIFIERS = (
    Field(EXTERNAL_ID, OWN_ID, clearable=False, docs="Your own ID of the person."),
    Field("email", Email(), clearable=False, docs="The e-mail address."),
)
_PAGE = 150

Contact = Mapping[str, Any]
"""What Intercom shows of somebody."""


@dataclass(frozen=True, slots=True)
class Identified(identified.Identified):
    """`identifier`: the field by which a person is recognised: external_id or email."""

    vendor: ClassVar[str] = "Intercom"
    identifiers: ClassVar[tuple[Field, ...]] = IDENTIFIERS

    identifier: str = EXTERNAL_ID


def users_with(
    workspace: "Intercom", identifier: str, values: Sequence[str]
) -> Generator[httpx.Request, Any, list[Contact]]:
    """The users who have one of these identifiers.

    The search is a few minutes behind, so that an ID which it does not find is looked up by itself, which is not. There is no
    such way for e-mail addresses, which several users may have.
    """
    if identifier == EXTERNAL_ID and len(values) == 1:
        return (yield from _by_id(workspace, values[0]))
    found = yield from _searched(workspace, identifier, values)
    if identifier == EXTERNAL_ID:
        known = {folded(one.get(EXTERNAL_ID)) for one in found}
        for value in values:
            if folded(value) not in known:
                found += yield from _by_id(workspace, value)
    return found


def contact_of(body: Contact) -> str:
    """The ID that Intercom gave to somebody."""
    if not isinstance(body.get("id"), str) or not body["id"]:
        raise UnreadableAnswer("a contact without its ID")
    return str(body["id"])


def contacts_by(
    workspace: "Intercom", identifier: str, values: Sequence[str]
) -> Generator[httpx.Request, Any, list[list[str]]]:
    """For each of these identifiers, the IDs of the users who have it."""
    ids: dict[str, list[str]] = {}
    for one in (yield from users_with(workspace, identifier, values)):
        ids.setdefault(folded(one.get(identifier)), []).append(contact_of(one))
    return [ids.get(folded(value), []) for value in values]


def folded(identifier: Any) -> str:
    """An identifier as two are compared: an e-mail address is the same in capitals."""
    text = str(identifier or "")
    return text.lower() if "@" in text else text


def _by_id(workspace: "Intercom", value: str) -> Generator[httpx.Request, Any, list[Contact]]:
    response = yield workspace.call("GET", f"/contacts/find_by_external_id/{quote(value, safe='')}")
    return [] if is_missing(response) else [body_of(response, workspace)]


def _searched(
    workspace: "Intercom", identifier: str, values: Sequence[str]
) -> Generator[httpx.Request, Any, list[Contact]]:
    """All pages of a search; leads are left out."""
    wanted = [
        {"field": identifier, "operator": "IN", "value": list(values)},
        {"field": "role", "operator": "=", "value": "user"},
    ]
    body: dict[str, Any] = {
        "query": {"operator": "AND", "value": wanted},
        "pagination": {"per_page": _PAGE},
    }
    found: list[Contact] = []
    while True:
        response = yield workspace.call("POST", "/contacts/search", json=body)
        page = body_of(response, workspace)
        found += listed(page)
        following = (page.get("pages") or {}).get("next") or {}
        if not following.get("starting_after"):
            return found
        body["pagination"] = {"per_page": _PAGE, "starting_after": following["starting_after"]}
