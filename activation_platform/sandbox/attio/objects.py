"""The object endpoints of Attio: list the objects of the workspace, make one of one's own.

Vendor: https://docs.attio.com/rest-api/endpoint-reference/objects. Invented: that a slug of the wrong form is a 400.
"""

from __future__ import annotations

import re
from typing import Any

from activation_platform.sandbox.attio.errors import refused
from activation_platform.sandbox.attio.standard_objects import EVERYWHERE, attributes
from activation_platform.sandbox.attio.things import Thing
from activation_platform.sandbox.attio.workspace import Workspace, instant
from activation_platform.sandbox.exchange import Answer, Call

NOUNS = ("singular_noun", "plural_noun")
SLUG = re.compile("[a-z][a-z0-9_]*")


def list_objects(_call: Call, workspace: Workspace) -> Answer:
    """List all objects, standard and custom."""
    return Answer(200, {"data": [_document(thing, workspace) for thing in workspace.things.values()]})


def create_object(call: Call, workspace: Workspace) -> Answer:
    """Create an object with the attributes that every object has; 409 when the slug is taken."""
    data = call.document.get("data") if isinstance(call.document, dict) else None
    if not isinstance(data, dict) or not all(
        isinstance(data.get(name), str) for name in ("api_slug", *NOUNS)
    ):
        raise refused(f"An object needs api_slug, {', '.join(NOUNS)}.", "missing_value")
    slug = data["api_slug"]
    if not SLUG.fullmatch(slug):
        raise refused("api_slug is in snake case.")
    if slug in workspace.things:
        raise refused(
            "Failed to create object. Please ensure your api_slug and names are unique.", "slug_conflict", 409
        )
    workspace.add(slug, attributes(workspace, EVERYWHERE))
    thing = workspace.things[slug]
    thing.nouns = (data["singular_noun"], data["plural_noun"])
    thing.created_at = instant(call.wall)
    return Answer(200, {"data": _document(thing, workspace)})


def _document(thing: Thing, workspace: Workspace) -> dict[str, Any]:
    singular, plural = thing.nouns
    return {
        "id": {"workspace_id": workspace.workspace_id, "object_id": thing.object_id},
        "api_slug": thing.slug,
        "singular_noun": singular,
        "plural_noun": plural,
        "created_at": thing.created_at,
    }
