"""The contacts, lists and custom fields of a SendGrid account, in memory.

Vendor: https://www.twilio.com/docs/sendgrid/api-reference/contacts/add-or-update-a-contact. A contact is updated only when all
of its identifiers are said. Unconfirmed by the pages as read: what becomes of one that is said with some of them (here: an
error of its job), that an empty text clears a field, and that custom fields are shown by their names.
"""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

IDENTIFIERS = ("email", "phone_number_id", "external_id", "anonymous_id")
TEXTS = (
    "first_name",
    "last_name",
    "address_line_1",
    "address_line_2",
    "city",
    "state_province_region",
    "postal_code",
    "country",
    "phone_number",
    "whatsapp",
    "line",
    "facebook",
    "unique_name",
)
ADDRESS = "https://api.sendgrid.com/v3/marketing"


@dataclass(slots=True)
class Contact:
    """A person: identifiers and values as last said, custom fields by their IDs, and the lists that it is on."""

    id: str
    created_at: str
    updated_at: str
    values: dict[str, Any] = field(default_factory=dict)
    custom: dict[str, Any] = field(default_factory=dict)
    lists: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Definition:
    """A custom field: Text, Number or Date."""

    id: str
    name: str
    field_type: str

    def listed(self) -> dict[str, Any]:
        """Return the field as the vendor lists it."""
        return {"id": self.id, "name": self.name, "field_type": self.field_type}

    def document(self) -> dict[str, Any]:
        """Return the field as the vendor shows it by itself."""
        return {**self.listed(), "_metadata": {"self": f"{ADDRESS}/field_definitions/{self.id}"}}


class Account:
    """One account; ids derive from the seed. `received` counts how often a contact was written, by ID."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)  # noqa: S311 - ids that are the same in every run
        self.contacts: dict[str, Contact] = {}
        self.lists: dict[str, str] = {}
        self.definitions: dict[str, Definition] = {}
        self.received: Counter[str] = Counter()
        self._holders: dict[tuple[str, str], str] = {}

    def new_id(self) -> str:
        """Return a fresh UUID."""
        return str(uuid.UUID(int=self._dice.getrandbits(128), version=4))

    def holder(self, kind: str, value: str) -> Contact | None:
        """Return the contact with this identifier."""
        return self.contacts.get(self._holders.get((kind, value), ""))

    def upsert(self, said: Mapping[str, Any], lists: Iterable[str], now: str) -> str:
        """Create or update a contact, and say which of the two; ValueError where its identifiers do not allow it."""
        own = {kind: said[kind] for kind in IDENTIFIERS if said.get(kind)}
        there = {one.id: one for kind, value in own.items() if (one := self.holder(kind, value))}
        if len(there) > 1:
            raise ValueError("the identifiers belong to several contacts")
        word = "updated" if there else "created"
        contact = next(iter(there.values()), None) or Contact(self.new_id(), now, now)
        if any(own.get(kind) != contact.values.get(kind) for kind in IDENTIFIERS if kind in contact.values):
            raise ValueError("all existing identifiers of the contact must be present")
        self.contacts[contact.id] = contact
        self._holders.update(dict.fromkeys(own.items(), contact.id))
        contact.values |= {name: value for name, value in said.items() if name != "custom_fields"}
        contact.custom |= said.get("custom_fields") or {}
        contact.lists += [one for one in lists if one not in contact.lists]
        contact.updated_at = now
        self.received[contact.id] += 1
        return word

    def delete(self, contact_id: str) -> bool:
        """Forget a contact; whether there was one."""
        contact = self.contacts.pop(contact_id, None)
        if contact is None:
            return False
        for kind in IDENTIFIERS:
            self._holders.pop((kind, str(contact.values.get(kind))), None)
        return True

    def members(self, list_id: str) -> list[Contact]:
        """Return the contacts on a list."""
        return [one for one in self.contacts.values() if list_id in one.lists]

    def document(self, contact: Contact) -> dict[str, Any]:
        """Return a contact as the vendor shows it."""
        return {
            "id": contact.id,
            **dict.fromkeys((*IDENTIFIERS, *TEXTS), ""),
            "alternate_emails": [],
            **contact.values,
            "list_ids": list(contact.lists),
            "segment_ids": [],
            "custom_fields": self.named(contact),
            "created_at": contact.created_at,
            "updated_at": contact.updated_at,
            "_metadata": {"self": f"{ADDRESS}/contacts/{contact.id}"},
        }

    def named(self, contact: Contact) -> dict[str, Any]:
        """Return the custom fields of a contact that hold something, by name."""
        return {
            self.definitions[id_].name: value
            for id_, value in contact.custom.items()
            if value != "" and id_ in self.definitions
        }

    def simplified(self, contact: Contact) -> dict[str, Any]:
        """Return what a contact holds: nothing that is empty, custom fields by name."""
        held = {name: value for name, value in contact.values.items() if value not in ("", [])}
        return held | self.named(contact)


def instant(wall: float) -> str:
    """Write a time of day as SendGrid does."""
    return datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
