"""An Iterable project that the sandbox keeps, with a few fields, and what it holds."""

import json

import pytest

from activation_platform.destinations.iterable.destination import Iterable
from activation_platform.sandbox.iterable import API_KEY
from activation_platform_tests.destinations.conversation import batch_of, carry

VALUES = {"plan": "gold", "score": 1.5, "visits": 3, "trial": True, "renewed": "2016-08-02 18:53:45 +00:00"}


@pytest.fixture
def account(sandbox):
    return Iterable(api_key=API_KEY, base_url=sandbox.base_url("iterable"))


@pytest.fixture
def ask(account, client):
    """Any call, as somebody else would make it."""

    def say(method, path, **body):
        request = account.call(method, path, budget=account.reads, body=json.dumps(body) if body else "")
        answer = client.send(request, auth=account.auth())
        assert answer.is_success, answer.text
        return answer.json()

    return say


@pytest.fixture
def fields(ask):
    """The project has a field of every type."""
    ask("POST", "/api/users/bulkUpdate", users=[{"email": "x@acme.com", "dataFields": VALUES}])
    ask("POST", "/api/users/forget", email="x@acme.com")


@pytest.fixture
def deliver(account, client):
    def say(service, *rows, **more):
        batch = batch_of(*rows, identified_by=service.identifying_field, **more)
        return carry(service.deliver(batch), account, client).outcomes

    return say


@pytest.fixture
def held(sandbox):
    """What is held of everybody, in the order in which they came."""
    return lambda: sandbox.world.part("iterable", "users")
