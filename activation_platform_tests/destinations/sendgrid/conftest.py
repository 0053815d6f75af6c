"""A SendGrid account that the sandbox keeps, with a few custom fields."""

import pytest

from activation_platform.destinations.sendgrid.destination import SendGrid

FIELDS = {"plan": "Text", "score": "Number", "born": "Date"}


@pytest.fixture
def account(sandbox, client):
    made = SendGrid(api_key="SG.sandbox", base_url=sandbox.base_url("sendgrid"))
    for name, kind in FIELDS.items():
        body = {"name": name, "field_type": kind}
        request = made.ask("POST", "/v3/marketing/field_definitions", budget=None, json=body)
        assert client.send(request, auth=made.auth()).is_success
    return made


@pytest.fixture
def held(sandbox):
    """What the account holds of everybody, in the order of the e-mail addresses."""

    def contacts():
        everybody = sandbox.world.part("sendgrid", "contacts").values()
        return sorted(everybody, key=lambda one: one.get("email", ""))

    return contacts


@pytest.fixture
def members(sandbox):
    """The e-mail addresses on a list."""

    def emails(name="Best"):
        return sorted(one["email"] for one in sandbox.world.part("sendgrid", "lists")[name].values())

    return emails
