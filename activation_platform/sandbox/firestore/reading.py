"""Reading: the database itself, a document, and the documents of a collection in pages.

Vendor: https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases.documents.
"""

from __future__ import annotations

from activation_platform.sandbox.exchange import Answer, Call
from activation_platform.sandbox.firestore.database import Database
from activation_platform.sandbox.firestore.errors import error

PAGE = 100


def database(call: Call, held: Database, mode: str) -> Answer:  # noqa: ARG001 - as all endpoints
    """Show the database."""
    about = {
        "uid": "00000000-0000-4000-8000-000000000001",
        "locationId": "eur3",
        "type": mode,
        "concurrencyMode": "PESSIMISTIC",
        "appEngineIntegrationMode": "DISABLED",
        "deleteProtectionState": "DELETE_PROTECTION_DISABLED",
        "etag": "IKPm3dz2lIMDMLnm3dz2lIMD",
    }
    return Answer(200, {"name": held.name, **about})


def document(call: Call, held: Database) -> Answer:
    """Show a document; 404 where there is none."""
    place = _place(call)
    if place not in held.documents:
        return error(404, f'Document "{held.name}/documents/{place}" not found.')
    return Answer(200, held.shown(place))


def listed(call: Call, held: Database) -> Answer:
    """Show a page of a collection, in the order of names."""
    collection, after = _place(call), call.query.get("pageToken", "")
    size = min(int(call.query.get("pageSize") or PAGE), 300)
    found = sorted(
        place for place in held.documents if place.rpartition("/")[0] == collection and place > after
    )
    page = {"documents": [held.shown(place) for place in found[:size]]} if found else {}
    return Answer(200, page | ({"nextPageToken": found[size - 1]} if len(found) > size else {}))


def delete(call: Call, held: Database) -> Answer:
    """Delete a document, whether it is there or not."""
    held.documents.pop(_place(call), None)
    return Answer(200, {})


def _place(call: Call) -> str:
    return call.path.partition("/documents/")[2]
