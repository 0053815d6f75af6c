"""The contacts that an account knows by their identifiers.

Source: https://www.twilio.com/docs/sendgrid/api-reference/contacts/get-contacts-by-identifiers.
"""

from collections.abc import Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import httpx

from activation_platform.contracts.service import body_of
from activation_platform.destinations.sendgrid.answers import faults_of

if TYPE_CHECKING:
    from activation_platform.destinations.sendgrid.destination import SendGrid

__all__ = ["MOST", "Found", "contacts_with", "in_hundreds"]

MOST = 100
"""Contacts that one call may name, in a search. Unconfirmed, and second-hand: the same where their IDs stand in an address."""

Found = Generator[httpx.Request, Any, dict[str, Mapping[str, Any]]]
"""Asks, and returns the contacts that there are, by identifier."""


def contacts_with(account: "SendGrid", kind: str, identifiers: Sequence[str]) -> Found:
    """The contacts with these identifiers of one kind (email, external_id, …)."""
    found: dict[str, Mapping[str, Any]] = {}
    for some in in_hundreds(identifiers):
        response = yield account.ask(
            "POST",
            f"/v3/marketing/contacts/search/identifiers/{kind}",
            budget=account.searches,
            json={"identifiers": list(some)},
        )
        if response.status_code == httpx.codes.NOT_FOUND and faults_of(response):
            continue  # none of them is there
        result = body_of(response, account).get("result")
        for told in result.values() if isinstance(result, dict) else ():
            contact = told.get("contact") if isinstance(told, dict) else None
            # A search by e-mail address may find it among the other addresses of a contact, which is not the one that is meant.
            if isinstance(contact, dict) and contact.get("id") and contact.get(kind) in some:
                found[contact[kind]] = contact
    return found


def in_hundreds(items: Sequence[str]) -> Sequence[Sequence[str]]:
    """The items in parts that one call may name."""
    return [items[start : start + MOST] for start in range(0, len(items), MOST)]
