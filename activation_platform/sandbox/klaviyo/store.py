"""What a Klaviyo account holds, in memory: profiles with their consent, lists, events, import jobs, deletions."""

from __future__ import annotations

import random
import string
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

IDENTIFIERS = ("email", "phone_number", "external_id")


@dataclass(slots=True)
class Profile:
    """One person: identifiers, standard attributes, location, custom properties, and consent by channel."""

    id: str
    created: str
    updated: str
    attributes: dict[str, Any] = field(default_factory=dict)
    location: dict[str, Any] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)
    consent: dict[str, dict[str, Any]] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return all that is known of the person, as fresh JSON values."""
        return deepcopy(
            {
                **self.attributes,
                "location": self.location,
                "properties": self.properties,
                "consent": self.consent,
            }
        )


@dataclass(slots=True)
class List:
    """A list: its members by profile, each with the time of joining."""

    id: str
    name: str
    opt_in_process: str
    created: str
    members: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Job:
    """An import: what it refused, and the looks that still find it unfinished."""

    id: str
    created: str
    total: int
    errors: list[dict[str, Any]]
    looks: int
    lists: tuple[str, ...]


@dataclass(slots=True)
class Deletion:
    """The deletion of a person that was asked for by one identifier."""

    name: str
    value: str
    status: str = "pending"


class Store:
    """Everything of one account; ids derive from `seed`."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)  # noqa: S311 - ids that are the same in every run
        self.profiles: dict[str, Profile] = {}
        self.lists: dict[str, List] = {}
        self.jobs: dict[str, Job] = {}
        self.events: list[dict[str, Any]] = []
        # What was recorded: by profile, metric and unique id.
        self.told: set[tuple[str, str, str]] = set()
        self.deletions: list[Deletion] = []
        self._ids: dict[tuple[str, str], str] = {}

    def new_id(self, length: int = 26) -> str:
        """Return an id that was never given before."""
        return "".join(self._dice.choices(string.digits + string.ascii_uppercase, k=length))

    def find(self, name: str, value: Any) -> Profile | None:
        """Return the profile with this identifier (or id)."""
        found = str(value) if name == "id" else self._ids.get((name, _folded(name, value)), "")
        return self.profiles.get(found)

    def add(self, now: str) -> Profile:
        """Make an empty profile."""
        made = Profile(self.new_id(), now, now)
        self.profiles[made.id] = made
        return made

    def identify(self, profile: Profile, identifiers: Mapping[str, Any]) -> None:
        """Give a profile identifiers; null takes one away. Nobody else has them."""
        for name, value in identifiers.items():
            before = profile.attributes.pop(name, None)
            if before is not None:
                self._ids.pop((name, _folded(name, before)), None)
            if value is not None:
                profile.attributes[name] = value
                self._ids[name, _folded(name, value)] = profile.id

    def delete(self, profile: Profile) -> None:
        """Forget a profile, wherever it is a member."""
        self.identify(profile, dict.fromkeys(IDENTIFIERS))
        del self.profiles[profile.id]
        for one in self.lists.values():
            one.members.pop(profile.id, None)

    def finish_deletions(self) -> int:
        """Carry out the deletions that are pending; return how many there were."""
        pending = [each for each in self.deletions if each.status == "pending"]
        for each in pending:
            each.status = "done"
            if found := self.find(each.name, each.value):
                self.delete(found)
        return len(pending)

    def document(self) -> dict[str, Any]:
        """Return everything as fresh JSON values: profiles by id, members of lists by name."""
        return {
            "profiles": {id_: each.document() for id_, each in self.profiles.items()},
            "lists": self._members(self.lists.values()),
            "events": deepcopy(self.events),
            "jobs": len(self.jobs),
            "deletions": [[each.name, each.value, each.status] for each in self.deletions],
        }

    def _members(self, lists: Iterable[List]) -> dict[str, list[str]]:
        return {one.name: sorted(one.members) for one in lists}


def _folded(name: str, value: Any) -> str:
    return str(value).lower() if name == "email" else str(value)
