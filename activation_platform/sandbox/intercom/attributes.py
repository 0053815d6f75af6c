"""Data attributes: listed and made. Source: the vendor's description; of the standard ones, a few are shown."""

from __future__ import annotations

import re
from typing import Any

from activation_platform.sandbox.exchange import Answer, Call
from activation_platform.sandbox.intercom.errors import refused
from activation_platform.sandbox.intercom.values import body
from activation_platform.sandbox.intercom.workspace import OPTIONS, Attribute, Workspace

MODELS = ("contact", "company")
TYPES = ("string", "integer", "float", "boolean", "date", "datetime")
STANDARD = {
    "contact": (("name", "string", True), ("email", "string", True), ("last_contacted_at", "date", False)),
    "company": (("name", "string", True), ("company_id", "string", False), ("user_count", "integer", False)),
}


def listed(call: Call, workspace: Workspace) -> Answer:
    """Show the attributes of a model, or of all."""
    model = call.query.get("model")
    chosen = MODELS if model is None else (model,)
    standard = [
        _shown(name, one, kind, custom=False, writable=writable)
        for one in chosen
        for name, kind, writable in STANDARD.get(one, ())
    ]
    own = [_custom(one) for one in workspace.attributes if one.model in chosen]
    return Answer(200, {"type": "list", "data": [*standard, *own]})


def create(call: Call, workspace: Workspace) -> Answer:
    """Make a custom attribute."""
    given = body(call)
    name, model, kind = (given.get(key) for key in ("name", "model", "data_type"))
    if model not in MODELS:
        raise refused("The Data Attribute model field must be either contact or company")
    if not isinstance(name, str) or not re.fullmatch(r"[\w -]+", name):
        reason = "Your name for this attribute must only contain alphanumeric characters, currency symbols, and hyphens"
        raise refused(reason)
    if kind not in (*TYPES, OPTIONS):
        raise refused("Data Type isn't an option")
    if workspace.attribute(model, name) is not None:
        raise refused(
            f"You already have '{name}' in your {model} data. To save this as new {model} data, use a different name."
        )
    options = tuple(str(one.get("value")) for one in given.get("options") or ())
    if kind == OPTIONS and len(options) < 2:
        raise refused("Too few options for list")
    stored = {OPTIONS: "string", "datetime": "date"}.get(str(kind), str(kind))
    made = Attribute(len(workspace.attributes) + 1, name, model, stored, call.wall, options)
    workspace.attributes.append(made)
    return Answer(200, _custom(made))


def _custom(attribute: Attribute) -> dict[str, Any]:
    shown = _shown(attribute.name, attribute.model, attribute.data_type, custom=True, writable=True)
    made = int(attribute.created)
    options = {"options": list(attribute.options)} if attribute.options else {}
    return {"id": attribute.id, **shown, **options, "created_at": made, "updated_at": made}


def _shown(name: str, model: str, kind: str, *, custom: bool, writable: bool) -> dict[str, Any]:
    return {
        "type": "data_attribute",
        "name": name,
        "full_name": f"custom_attributes.{name}" if custom else name,
        "label": name,
        "description": f"The {name} of a {model}.",
        "data_type": kind,
        "api_writable": writable,
        "ui_writable": False,
        "messenger_writable": True,
        "custom": custom,
        "archived": False,
        "model": model,
    }
