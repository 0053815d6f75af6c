"""The five standard objects, as an Attio workspace has them where all are enabled.

Vendor: https://docs.attio.com/docs/standard-objects/standard-objects and the pages of each. The attributes that can be
written are there, and the three that every object has; those that Attio fills by itself (enrichment, interactions) are
left out, no company is made from a person's e-mail domain, and the two sides of a relationship do not follow each other.
Unconfirmed: that a user may be in several workspaces, a person a user several times.
"""

from __future__ import annotations

from collections.abc import Mapping

from activation_platform.sandbox.attio.things import Attribute
from activation_platform.sandbox.attio.workspace import Workspace

# Each slug with its type, title and traits.
EVERYWHERE: Mapping[str, tuple[str, str, str]] = {
    "record_id": ("text", "Record ID", "read-only"),
    "created_at": ("timestamp", "Created at", "read-only"),
    "created_by": ("actor-reference", "Created by", "read-only"),
}
# What every list has.
OF_A_LIST: Mapping[str, tuple[str, str, str]] = {
    "entry_id": ("text", "Entry ID", "read-only"),
    "created_at": EVERYWHERE["created_at"],
    "created_by": EVERYWHERE["created_by"],
}
SOCIAL: Mapping[str, tuple[str, str, str]] = {
    "primary_location": ("location", "Primary location", ""),
    "angellist": ("text", "AngelList", ""),
    "facebook": ("text", "Facebook", ""),
    "instagram": ("text", "Instagram", ""),
    "linkedin": ("text", "LinkedIn", ""),
    "twitter": ("text", "Twitter", ""),
}
STAGES = ("Lead", "In Progress", "Won 🎉", "Lost")
OBJECTS: Mapping[str, Mapping[str, tuple[str, str, str]]] = {
    "people": {
        **EVERYWHERE,
        "name": ("personal-name", "Name", ""),
        "email_addresses": ("email-address", "Email addresses", "unique multiselect"),
        "description": ("text", "Description", ""),
        "company": ("record-reference", "Company", "of companies"),
        "job_title": ("text", "Job title", ""),
        "phone_numbers": ("phone-number", "Phone numbers", "multiselect"),
        "associated_deals": ("record-reference", "Associated deals", "multiselect of deals"),
        "associated_users": ("record-reference", "Associated users", "multiselect of users"),
        **SOCIAL,
    },
    "companies": {
        **EVERYWHERE,
        "domains": ("domain", "Domains", "unique multiselect"),
        "name": ("text", "Name", ""),
        "description": ("text", "Description", ""),
        "team": ("record-reference", "Team", "multiselect of people"),
        "categories": ("select", "Categories", "multiselect"),
        "associated_deals": ("record-reference", "Associated deals", "multiselect of deals"),
        "associated_workspaces": ("record-reference", "Associated workspaces", "multiselect of workspaces"),
        **SOCIAL,
    },
    "deals": {
        **EVERYWHERE,
        "name": ("text", "Deal name", "required"),
        "stage": ("status", "Deal stage", "required"),
        "owner": ("actor-reference", "Deal owner", "required"),
        "value": ("currency", "Deal value", ""),
        "associated_people": ("record-reference", "Associated people", "multiselect of people"),
        "associated_company": ("record-reference", "Associated company", "of companies"),
    },
    "users": {
        **EVERYWHERE,
        "person": ("record-reference", "Person", "of people"),
        "primary_email_address": ("email-address", "Primary email address", "required unique"),
        "user_id": ("text", "ID", "required unique"),
        "workspace": ("record-reference", "Workspaces", "multiselect of workspaces"),
    },
    "workspaces": {
        **EVERYWHERE,
        "workspace_id": ("text", "ID", "required unique"),
        "name": ("text", "Name", ""),
        "users": ("record-reference", "Users", "multiselect of users"),
        "company": ("record-reference", "Company", "of companies"),
        "avatar_url": ("text", "Avatar URL", ""),
    },
}


def furnished(seed: int) -> Workspace:
    """Return a workspace with its standard objects and no records."""
    workspace = Workspace(seed)
    for slug, declared in OBJECTS.items():
        workspace.add(slug, attributes(workspace, declared))
    stage = workspace.thing("deals").attributes["stage"]
    stage.options.update((workspace.new_id(), title) for title in STAGES)
    return workspace


def attributes(workspace: Workspace, declared: Mapping[str, tuple[str, str, str]]) -> list[Attribute]:
    """Return fresh attributes of a workspace; those of `EVERYWHERE` are what a custom object begins with."""
    return [_attribute(workspace, slug, *what) for slug, what in declared.items()]


def _attribute(workspace: Workspace, slug: str, kind: str, title: str, traits: str) -> Attribute:
    words = traits.split()
    config = {"record_reference": {"allowed_objects": [words[-1]]}} if "of" in words else {}
    return Attribute(
        attribute_id=workspace.new_id(),
        api_slug=slug,
        type=kind,
        title=title,
        created_at="2024-01-01T00:00:00.000000000Z",
        is_writable="read-only" not in words,
        is_required="required" in words,
        is_unique="unique" in words,
        is_multiselect="multiselect" in words,
        is_system=True,
        config=config,
    )
