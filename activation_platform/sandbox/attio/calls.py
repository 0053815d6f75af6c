"""What a call to Attio says: the data of its body, whole numbers of its query, and the object or list that it is about."""

from __future__ import annotations

from typing import Any

from activation_platform.sandbox.attio.errors import refused
from activation_platform.sandbox.attio.things import Thing
from activation_platform.sandbox.attio.workspace import Workspace
from activation_platform.sandbox.exchange import Call


def data_of(call: Call) -> dict[str, Any]:
    """Return the object under `data`; 400 where there is none."""
    data = call.document.get("data") if isinstance(call.document, dict) else None
    if not isinstance(data, dict):
        raise refused('The body is an object {"data": {...}}.')
    return data


def whole(call: Call, name: str, otherwise: int) -> int:
    """Return a whole number of the query."""
    written = call.query.get(name)
    if written is None:
        return otherwise
    if not written.isascii() or not written.isdigit():
        raise refused(f"{name} is a whole number.")
    return int(written)


def bearer(call: Call, workspace: Workspace) -> Thing:
    """Return the object or list whose attributes the path is about."""
    named = call.parameters.get("object")
    return workspace.list(call.parameters["list"]) if named is None else workspace.thing(named)
