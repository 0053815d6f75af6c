"""What Firestore's services live through: documents in every mode, audiences, and documents in a storm."""

import json
from typing import Any

from activation_platform.contracts.modes import Mode
from activation_platform.contracts.service import Inquiry
from activation_platform.destinations.firestore.audiences import Audiences, AudiencesOptions
from activation_platform.destinations.firestore.destination import Firestore
from activation_platform.destinations.firestore.documents import Documents, DocumentsOptions
from activation_platform.sandbox.faults import Kind, Rule
from activation_platform.sandbox.firestore import PROJECT, service_account_key
from activation_platform.sandbox.world import World
from activation_platform.sync.mapping import FieldMapping
from activation_platform_tests.destinations.stateful import KEYS, PEOPLE, REFUSED, Case, InStorm, address

NAMED = (FieldMapping("document_id", "id"), FieldMapping("name", "name"))


class FewDocuments(Documents):
    """Documents, told two at a time."""

    batch_size = 2


class DocumentsInStorm(Documents):
    """Documents in small batches, so that a run has many of them."""

    batch_size = 5


class SmallAudiences(Audiences):
    """An audience, told two users at a time."""

    batch_size = 2


def database(at: str) -> Firestore:
    """The sandbox's, where the platform is played there."""
    return Firestore(project=PROJECT, credentials=service_account_key(at), base_url=at)


def documents(write: str = "merge") -> Documents:
    """In process."""
    return FewDocuments(
        database("http://sandbox/firestore"), DocumentsOptions(collection="users", write=write)
    )


def audience() -> Audiences:
    """In process."""
    options = AudiencesOptions(collection="users", audience="vip")
    return SmallAudiences(database("http://sandbox/firestore"), options)


def users(world: World) -> dict[str, dict[str, Any]]:
    """What the collection holds, by ID."""
    return world.part("firestore", "documents").get("users", {})


def names(world: World) -> dict[str, Any]:
    """The documents' names."""
    return {id_: one.get("name") for id_, one in users(world).items()}


def members(world: World) -> dict[str, Any]:
    """Those with the audience in their array."""
    return dict.fromkeys(id_ for id_, one in users(world).items() if "vip" in one["audiences"])


def acquaint(account: Firestore) -> Inquiry:
    """Make a document for everybody."""
    yield account.write(
        documents(), [json.dumps({"update": {"name": account.documents("users") + key}}) for key in KEYS]
    )


def row(number: int, title: str) -> dict[str, Any]:
    """A row; of whoever is beyond all people, the ID is none."""
    return {"document_id": address(number) if number < PEOPLE * 10 else "a/slash", "title": title}


CASES = [
    *(Case(documents, mode, NAMED, names) for mode in (Mode.UPSERT, Mode.MIRROR, Mode.INSERT_ONLY)),
    Case(documents, Mode.UPDATE_ONLY, NAMED, names, acquaint),
    Case(lambda: documents("overwrite"), Mode.MIRROR, NAMED, names),
    *(Case(audience, mode, NAMED[:1], members) for mode in (Mode.UPSERT, Mode.MIRROR)),
]

IN_STORMS = {
    "documents": InStorm(
        lambda at: DocumentsInStorm(database(at), DocumentsOptions(collection="users")),
        row,
        lambda world: {id_: one["title"] for id_, one in users(world).items()},
        Rule(Kind.POISON, identifier=address(REFUSED)),
    ),
}
