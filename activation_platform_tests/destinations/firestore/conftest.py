"""A Firestore database that the sandbox keeps, and what it holds."""

import pytest

from activation_platform.destinations.firestore.destination import Firestore
from activation_platform.sandbox.firestore import PROJECT, service_account_key
from activation_platform_tests.destinations.conversation import batch_of, carry


@pytest.fixture
def account(sandbox):
    address = sandbox.base_url("firestore")
    return Firestore(project=PROJECT, credentials=service_account_key(address), base_url=address)


@pytest.fixture
def deliver(account, client):
    def say(service, *rows, **more):
        batch = batch_of(*rows, identified_by="document_id", **more)
        return carry(service.deliver(batch), account, client).outcomes

    return say


@pytest.fixture
def held(sandbox):
    """The documents of a collection, by ID."""
    return lambda collection="users": sandbox.world.part("firestore", "documents").get(collection, {})
