"""What the tests of Emarsys share: answers in the vendor's shape, and a way to say people and hear what became of them."""

import httpx

from activation_platform.contracts.modes import Mode, Operation
from activation_platform.destinations.emarsys.contacts import Contacts
from activation_platform.destinations.emarsys.destination import Emarsys
from activation_platform.destinations.emarsys.lists import ContactsOptions
from activation_platform_tests.destinations.conversation import batch_of, converse

FIELDS = "GET /api/v2/field/translate/en"
UPSERT = "PUT /api/v2/contact/?create_if_not_exists=1"
UPDATE = "PUT /api/v2/contact/?create_if_not_exists=0"
CREATE = "POST /api/v2/contact"
DELETE = "POST /api/v2/contact/delete"


def account(**settings):
    return Emarsys(**({"username": "shop001", "secret": "secret"} | settings))


def contacts(identifier="email", to="", **settings):
    return Contacts(account(**settings), ContactsOptions(identifier, to))


def say(people, *responses, mode=Mode.UPSERT, operation=Operation.INSERT, service=None, **more):
    """Deliver these people as contacts."""
    service = service or contacts()
    batch = batch_of(*people, identified_by=service.identifying_field, mode=mode, operation=operation, **more)
    return converse(service, batch, *responses)


def replied(data, status=200, code=0, text="OK"):
    return httpx.Response(status, json={"replyCode": code, "replyText": text, "data": data})


def written(*ids, **errors):
    """Who was written; errors by key, as code and text."""
    told = {key: {str(code): text} for key, (code, text) in errors.items()}
    return replied({"ids": list(ids), "errors": told or []})


def refused(code, text, status=400):
    return replied("", status, code, text)


def fields(*own):
    """The account's fields: the system's e-mail address, and these, each a number, string ID and type."""
    rows = [("3", "email", "longtext"), *own]
    return replied(
        [{"id": n, "name": name, "string_id": name, "application_type": kind} for n, name, kind in rows]
    )
