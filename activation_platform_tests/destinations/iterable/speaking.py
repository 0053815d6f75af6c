"""What the tests of Iterable share: answers in the vendor's shape, and a way to say users and hear what became of them."""

import httpx

from activation_platform.contracts.modes import Mode, Operation
from activation_platform.destinations.iterable.destination import Iterable
from activation_platform.destinations.iterable.people import Identified
from activation_platform.destinations.iterable.users import Users
from activation_platform_tests.destinations.conversation import batch_of, converse

UPDATE = "POST /api/users/bulkUpdate"


def account(**settings):
    return Iterable(api_key="secret-key", **settings)


def users(identifier="email"):
    return Users(account(), Identified(identifier))


def say(people, *responses, mode=Mode.UPSERT, operation=Operation.INSERT, identifier="email", schema=None):
    """Deliver these people as users."""
    batch = batch_of(*people, identified_by=identifier, mode=mode, operation=operation, schema=schema)
    return converse(users(identifier), batch, *responses)


def counted(taken, failed=0, **more):
    return httpx.Response(200, json={"successCount": taken, "failCount": failed, **more})


def shown(**user):
    return httpx.Response(200, json={"user": user} if user else {})


def coded(code, msg="", status=400):
    return httpx.Response(status, json={"code": code, "msg": msg, "params": None})
