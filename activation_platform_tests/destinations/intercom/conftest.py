"""An Intercom workspace that the sandbox keeps, with a few custom attributes, and what it holds."""

import pytest

from activation_platform.destinations.intercom.destination import Intercom
from activation_platform_tests.destinations.conversation import batch_of, carry

ATTRIBUTES = {"plan": "string", "score": "float", "renewed_at": "date", "trial": "boolean"}


@pytest.fixture
def account(sandbox, client):
    made = Intercom(access_token="sandbox-intercom-token", base_url=sandbox.base_url("intercom"))
    for name, kind in ATTRIBUTES.items():
        body = {"name": name, "model": "contact", "data_type": kind}
        assert client.send(made.call("POST", "/data_attributes", json=body), auth=made.auth()).is_success
    body = {
        "name": "tier",
        "model": "company",
        "data_type": "options",
        "options": [{"value": "a"}, {"value": "b"}],
    }
    assert client.send(made.call("POST", "/data_attributes", json=body), auth=made.auth()).is_success
    return made


@pytest.fixture
def ask(account, client):
    """Any call, as somebody else would make it."""

    def say(method, path, **body):
        answer = client.send(account.call(method, path, json=body or None), auth=account.auth())
        assert answer.is_success, answer.text
        return answer.json()

    return say


@pytest.fixture
def deliver(account, client):
    def say(service, *rows, **more):
        batch = batch_of(*rows, identified_by=service.identifying_field, **more)
        return carry(service.deliver(batch), account, client).outcomes

    return say


@pytest.fixture
def held(sandbox):
    """What is held of everybody who is not archived."""
    return lambda: list(sandbox.world.part("intercom", "contacts").values())


@pytest.fixture
def tagged(sandbox):
    """The external IDs of those who have a tag."""

    def ids(name="VIP"):
        return sorted(one["external_id"] for one in sandbox.world.part("intercom", "tags").get(name, ()))

    return ids
