"""The account itself, as `GET /api/accounts` shows it.

Source: https://developers.klaviyo.com/en/reference/get_accounts.
"""

from __future__ import annotations

from activation_platform.sandbox.exchange import Answer, Call
from activation_platform.sandbox.klaviyo.documents import page, resource
from activation_platform.sandbox.klaviyo.store import Store

ID = "SbXk1a"

_ATTRIBUTES = {
    "test_account": True,
    "contact_information": {
        "default_sender_name": "Sandbox",
        "default_sender_email": "hello@sandbox.example",
        "website_url": None,
        "organization_name": "Sandbox",
        "street_address": dict.fromkeys(("address1", "address2", "city", "region", "country", "zip")),
    },
    "industry": None,
    "timezone": "Europe/Paris",
    "preferred_currency": "EUR",
    "public_api_key": ID,
    "locale": "en-US",
}


def read(call: Call, store: Store) -> Answer:
    """Show the one account that a key opens."""
    del store
    return page(call, [resource("account", ID, _ATTRIBUTES, "accounts")], lambda one: one, most=1, usual=1)
