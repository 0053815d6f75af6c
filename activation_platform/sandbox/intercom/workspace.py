"""What an Intercom workspace holds, in memory: contacts, companies, tags and data attributes."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from activation_platform.sandbox.intercom.errors import refused

ID_CODE = "sandbox1"
OPTIONS = "options"


@dataclass(slots=True)
class Contact:
    """A user or lead; `values` by the names of the standard attributes, without those that are null."""

    id: str
    role: str
    created: float
    updated: float
    values: dict[str, Any] = field(default_factory=dict)
    custom: dict[str, Any] = field(default_factory=dict)
    archived: bool = False
    searchable: float = 0.0

    def simplified(self) -> dict[str, Any]:
        """Return all that it holds in one mapping."""
        return {"role": self.role, **self.values, **self.custom}


@dataclass(slots=True)
class Company:
    """A company, by the ID that its owner gave it."""

    id: str
    company_id: str
    created: float
    updated: float
    values: dict[str, Any] = field(default_factory=dict)
    custom: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Attribute:
    """A custom data attribute of contacts or companies."""

    id: int
    name: str
    model: str
    data_type: str
    created: float
    options: tuple[str, ...] = ()


@dataclass(slots=True)
class Tag:
    """A tag, and the IDs of the contacts who have it."""

    id: str
    name: str
    contacts: set[str] = field(default_factory=set)


class Workspace:
    """One workspace; IDs derive from the seed."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)  # noqa: S311 - ids that are the same in every run
        self.contacts: dict[str, Contact] = {}
        self.companies: dict[str, Company] = {}
        self.attributes: list[Attribute] = []
        self.tags: dict[str, Tag] = {}
        self.received: Counter[str] = Counter()

    def new_id(self) -> str:
        """Return a fresh ID, as long as Intercom's."""
        return f"{self._dice.getrandbits(96):024x}"

    def contact(self, id_: str) -> Contact:
        """Return a contact who is not archived; 404 when there is none."""
        found = self.contacts.get(id_)
        if found is None or found.archived:
            raise refused("User Not Found", 404)
        return found

    def company(self, id_: str) -> Company:
        """Return a company by Intercom's ID; 404 when there is none."""
        if id_ not in self.companies:
            raise refused("Company Not Found", 404, "company_not_found")
        return self.companies[id_]

    def company_of(self, company_id: str) -> Company | None:
        """Return a company by its owner's ID."""
        return next((one for one in self.companies.values() if one.company_id == company_id), None)

    def attribute(self, model: str, name: str) -> Attribute | None:
        """Return a custom attribute."""
        return next((one for one in self.attributes if (one.model, one.name) == (model, name)), None)

    def tag(self, name: str) -> Tag:
        """Return the tag of a name, made where there is none; A is a in it."""
        for tag in self.tags.values():
            if tag.name.casefold() == name.casefold():
                return tag
        made = Tag(str(len(self.tags) + 101), name)
        self.tags[made.id] = made
        return made

    def document(self) -> dict[str, Any]:
        """Return the state by part."""
        return {
            "contacts": {one.id: one.simplified() for one in self.contacts.values() if not one.archived},
            "archived": [one.id for one in self.contacts.values() if one.archived],
            "companies": {one.company_id: {**one.values, **one.custom} for one in self.companies.values()},
            "attributes": {
                model: {one.name: one.data_type for one in self.attributes if one.model == model}
                for model in ("contact", "company")
            },
            "tags": {
                tag.name: [self.contacts[one].simplified() for one in sorted(tag.contacts)]
                for tag in self.tags.values()
            },
            "received": dict(self.received),
        }
