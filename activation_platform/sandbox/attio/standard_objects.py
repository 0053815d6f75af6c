"""People and companies as every Attio workspace has them.

Vendor: https://docs.attio.com/docs/standard-objects/standard-objects-people and ...-companies. The attributes
that can be written are there, and the three that every object has; those that Attio fills by itself
(enrichment, interactions) are left out, and no company is made from a person's e-mail domain.
"""

from __future__ import annotations

from collections.abc import Mapping

from activation_platform.sandbox.attio.workspace import Attribute, Workspace

# Each slug with its type, title and traits.
EVERYWHERE: Mapping[str, tuple[str, str, str]] = {
    "record_id": ("text", "Record ID", "read-only"),
    "created_at": ("timestamp", "Created at", "read-only"),
    "created_by": ("actor-reference", "Created by", "read-only"),
}
SOCIAL: Mapping[str, tuple[str, str, str]] = {
    "primary_location": ("location", "Primary location", ""),
    "angellist": ("text", "AngelList", ""),
    "facebook": ("text", "Facebook", ""),
    "instagram": ("text", "Instagram", ""),
    "linkedin": ("text", "LinkedIn", ""),
    "twitter": ("text", "Twitter", ""),
}
OBJECTS: Mapping[str, Mapping[str, tuple[str, str, str]]] = {
    "people": {
        **EVERYWHERE,
        "name": ("personal-name", "Name", ""),
        "email_addresses": ("email-address", "Email addresses", "unique multiselect"),
        "description": ("text", "Description", ""),
        "company": ("record-reference", "Company", "of companies"),
        "job_title": ("text", "Job title", ""),
        "phone_numbers": ("phone-number", "Phone numbers", "multiselect"),
        **SOCIAL,
    },
    "companies": {
        **EVERYWHERE,
        "domains": ("domain", "Domains", "unique multiselect"),
        "name": ("text", "Name", ""),
        "description": ("text", "Description", ""),
        "team": ("record-reference", "Team", "multiselect of people"),
        "categories": ("select", "Categories", "multiselect"),
        **SOCIAL,
    },
}


def furnished(seed: int) -> Workspace:
    """Return a workspace with its standard objects and no records."""
    workspace = Workspace(seed)
    for slug, declared in OBJECTS.items():
        workspace.add(slug, [_attribute(workspace, name, *what) for name, what in declared.items()])
    return workspace


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
        is_unique="unique" in words,
        is_multiselect="multiselect" in words,
        is_system=True,
        config=config,
    )
