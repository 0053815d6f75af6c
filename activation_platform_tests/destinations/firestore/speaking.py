"""What the tests of Firestore share: answers in Google's shape, and a way to say documents and hear what became of them."""

import httpx

from activation_platform.contracts.modes import Mode, Operation
from activation_platform.destinations.firestore.destination import Firestore
from activation_platform.destinations.firestore.documents import Documents, DocumentsOptions
from activation_platform_tests.destinations.conversation import batch_of, converse

NAME = "projects/shop/databases/(default)"
BATCH_WRITE = f"POST /v1/{NAME}/documents:batchWrite"


def account(**settings):
    return Firestore(**{"project": "shop", "credentials": '{"client_email": "a@b.c"}', **settings})


def documents(collection="users", **options):
    return Documents(account(), DocumentsOptions(collection=collection, **options))


def say(rows, *responses, mode=Mode.UPSERT, operation=Operation.INSERT, schema=None, **options):
    """Deliver these documents, by default each with a success."""
    batch = batch_of(*rows, identified_by="document_id", mode=mode, operation=operation, schema=schema)
    return converse(documents(**options), batch, *(responses or [done(*[0] * len(batch))]))


def done(*codes, message="no"):
    """An answer with these statuses."""
    statuses = [{"code": code, "message": message} if code else {} for code in codes]
    return httpx.Response(200, json={"writeResults": [{}] * len(codes), "status": statuses})


def refused(status, word, message="no"):
    return httpx.Response(status, json={"error": {"code": status, "message": message, "status": word}})
