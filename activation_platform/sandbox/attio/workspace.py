"""An Attio workspace in memory: who works in it, and its objects and lists by slug."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeVar

from activation_platform.sandbox.attio.errors import not_found
from activation_platform.sandbox.attio.things import Attribute, EntryList, Record, Thing

_Named = TypeVar("_Named", bound=Thing)

NAME = "Sandbox"
SLUG = "sandbox"
MEMBERS = ("owner@example.org", "seller@example.org")


class Workspace:
    """One Attio workspace; ids derive from the seed. `members` are the people who work in it: id by e-mail address."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)  # noqa: S311 - ids that are the same in every run
        self.workspace_id = self.new_id()
        self.members = {email: self.new_id() for email in MEMBERS}
        self.things: dict[str, Thing] = {}
        self.lists: dict[str, EntryList] = {}

    def new_id(self) -> str:
        """Return a fresh UUID."""
        return str(uuid.UUID(int=self._dice.getrandbits(128), version=4))

    def add(self, slug: str, attributes: list[Attribute]) -> None:
        """Add an object."""
        self.things[slug] = Thing(slug, self.new_id(), attributes)

    def thing(self, slug_or_id: str) -> Thing:
        """Return an object by slug or id; 404 when there is none."""
        return _named(self.things, "Object", slug_or_id)

    def list(self, slug_or_id: str) -> EntryList:
        """Return a list by slug or id; 404 when there is none."""
        return _named(self.lists, "List", slug_or_id)

    def delete(self, thing: Thing, record: Record) -> None:
        """Forget a record, and its entries on lists."""
        thing.delete(record)
        for each in self.lists.values():
            for entry in each.entries_of(record.record_id):
                each.delete(entry)


def _named(known: Mapping[str, _Named], kind: str, slug_or_id: str) -> _Named:
    by_id = (each for each in known.values() if each.object_id == slug_or_id)
    found = known.get(slug_or_id) or next(by_id, None)
    if found is None:
        raise not_found(f'{kind} with slug/ID "{slug_or_id}"')
    return found


def instant(wall: float) -> str:
    """Write a time of day as Attio does: nanoseconds, UTC."""
    return datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
