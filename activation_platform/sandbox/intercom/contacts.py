"""Contacts: created, read, changed, archived, deleted and searched for.

Source: the vendor's description. A user's external ID is unique; so is the e-mail address among users without an external ID,
or where one who has it is created without (https://developers.intercom.com/docs/references/2.1/rest-api/contacts/create-contact
shows the conflict, and https://github.com/intercom/Intercom-OpenAPI/pull/543 that of the archive). Unconfirmed: when exactly an
e-mail address conflicts. A deleted contact stays in the archive for seven days; here for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from activation_platform.sandbox.exchange import Answer, Call
from activation_platform.sandbox.intercom.errors import refused
from activation_platform.sandbox.intercom.values import (
    Kind,
    body,
    custom,
    is_flag,
    is_line,
    is_text,
    is_whole,
    standard,
    write,
)
from activation_platform.sandbox.intercom.workspace import ID_CODE, Contact, Workspace

KINDS: Mapping[str, Kind] = {
    "role": is_text,
    "external_id": is_text,
    "email": is_text,
    "phone": is_text,
    "name": is_text,
    "avatar": is_line,
    "signed_up_at": is_whole,
    "last_seen_at": is_whole,
    "owner_id": is_whole,
    "unsubscribed_from_emails": is_flag,
}
NEVER_NULL = frozenset({"role", "external_id", "email"})
ROLES = ("user", "lead")


def create(call: Call, workspace: Workspace, delay: float) -> Answer:
    """Make a contact; 409 where somebody, in the archive or not, has these details."""
    given = body(call)
    values, extra = _read(given, workspace)
    if not {"role", "external_id", "email"} & set(values):
        raise refused("email or external_id or role is required")
    role = values.pop("role", "user")
    taken = _holder(workspace, role, values)
    if taken is not None:
        who = "An archived contact" if taken.archived else "A contact"
        raise refused(f"{who} matching those details already exists with id={taken.id}", 409)
    made = Contact(workspace.new_id(), role, call.wall, call.wall, searchable=call.now + delay)
    workspace.contacts[made.id] = made
    return _written(made, values, extra, call, workspace)


def update(call: Call, workspace: Workspace) -> Answer:
    """Change a contact; what is not named stays."""
    contact = workspace.contact(call.parameters["contact_id"])
    values, extra = _read(body(call), workspace)
    contact.role = values.pop("role", contact.role)
    external_id = values.get("external_id")
    taken = _with_external_id(workspace, external_id)
    if taken is not None and taken is not contact:
        raise refused(f"A contact matching those details already exists with id={taken.id}", 409)
    return _written(contact, values, extra, call, workspace)


def read(call: Call, workspace: Workspace) -> Answer:
    """Show a contact."""
    return Answer(200, shown(workspace.contact(call.parameters["contact_id"]), workspace))


def read_by_external_id(call: Call, workspace: Workspace) -> Answer:
    """Show a user by the external ID."""
    found = _with_external_id(workspace, call.parameters["external_id"])
    if found is None or found.archived or found.role != "user":
        raise refused("User Not Found", 404)
    return Answer(200, shown(found, workspace))


def delete(call: Call, workspace: Workspace) -> Answer:
    """Delete a contact, which takes seven days: until then it is archived."""
    contact = _put_away(call, workspace)
    return Answer(200, {**_reference(contact), "deleted": True})


def archive(call: Call, workspace: Workspace) -> Answer:
    """Archive a contact."""
    return Answer(200, {**_reference(_put_away(call, workspace)), "archived": True})


def unarchive(call: Call, workspace: Workspace) -> Answer:
    """Take a contact out of the archive."""
    contact = workspace.contacts.get(call.parameters["contact_id"])
    if contact is None:
        raise refused("User Not Found", 404)
    contact.archived = False
    return Answer(200, {**_reference(contact), "archived": False})


def shown(contact: Contact, workspace: Workspace) -> dict[str, Any]:
    """Return a contact as the API shows it."""
    values = contact.values
    tags = [
        {"id": tag.id, "type": "tag", "url": f"/tags/{tag.id}"}
        for tag in workspace.tags.values()
        if contact.id in tag.contacts
    ]
    avatar = {"type": "avatar", "image_url": values["avatar"]} if "avatar" in values else None
    email = {"email": values["email"]} if "email" in values else {}
    nullable = ("external_id", "phone", "name", "owner_id", "signed_up_at", "last_seen_at")
    return {
        "type": "contact",
        "id": contact.id,
        "workspace_id": ID_CODE,
        "role": contact.role,
        **email,
        **{name: values.get(name) for name in nullable},
        "avatar": avatar,
        "has_hard_bounced": False,
        "marked_email_as_spam": False,
        "unsubscribed_from_emails": values.get("unsubscribed_from_emails", False),
        "created_at": int(contact.created),
        "updated_at": int(contact.updated),
        "custom_attributes": dict(contact.custom),
        "tags": {
            "data": tags,
            "url": f"/contacts/{contact.id}/tags",
            "total_count": len(tags),
            "has_more": False,
        },
    }


def _read(given: dict[str, Any], workspace: Workspace) -> tuple[dict[str, Any], dict[str, Any]]:
    values = standard(given, KINDS, NEVER_NULL)
    if values.get("role", "user") not in ROLES:
        raise refused("role must be either user or lead")
    if "email" in values and "@" not in values["email"]:
        raise refused("email is invalid")
    return values, custom(given, "contact", workspace)


def _written(
    contact: Contact, values: dict[str, Any], extra: dict[str, Any], call: Call, workspace: Workspace
) -> Answer:
    if "email" in values:
        values["email"] = values["email"].lower()
    write(contact.values, values)
    write(contact.custom, extra)
    contact.updated = call.wall
    workspace.received[contact.id] += 1
    return Answer(200, shown(contact, workspace))


def _holder(workspace: Workspace, role: str, values: Mapping[str, Any]) -> Contact | None:
    if role != "user":
        return None
    external_id, email = values.get("external_id"), str(values.get("email", "")).lower()
    if external_id is not None and (found := _with_external_id(workspace, external_id)) is not None:
        return found
    for one in workspace.contacts.values():
        same = bool(email) and one.role == "user" and one.values.get("email") == email
        if same and (external_id is None or "external_id" not in one.values):
            return one
    return None


def _with_external_id(workspace: Workspace, external_id: Any) -> Contact | None:
    if external_id is None:
        return None
    found = (one for one in workspace.contacts.values() if one.values.get("external_id") == external_id)
    return next(found, None)


def _put_away(call: Call, workspace: Workspace) -> Contact:
    for reason in call.poisoned.values():
        raise refused(reason)
    contact = workspace.contact(call.parameters["contact_id"])
    contact.archived = True
    for tag in workspace.tags.values():
        tag.contacts.discard(contact.id)
    return contact


def _reference(contact: Contact) -> dict[str, Any]:
    return {
        "type": "contact",
        "id": contact.id,
        "external_id": contact.values.get("external_id"),
    }
