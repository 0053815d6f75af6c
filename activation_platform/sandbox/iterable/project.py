"""What an Iterable project holds, in memory: users with their fields, static lists, events, deletions and the forgotten.

Sources: https://support.iterable.com/hc/articles/9216719179796 (project types), https://support.iterable.com/hc/articles/29156459027348
(creating and identifying users), https://support.iterable.com/hc/articles/208183076 (field data types).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

EMAIL_BASED, USER_ID_BASED, HYBRID = "email", "userId", "hybrid"
# The types of a new project's fields, as GET /api/users/getFields tells them.
FIELDS = {
    "email": "string",
    "userId": "string",
    "firstName": "string",
    "lastName": "string",
    "phoneNumber": "string",
    "signupDate": "date",
    "signupSource": "string",
    "profileUpdatedAt": "date",
    "userListIds": "long",
    "devices": "object",
    "devices.token": "string",
}
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?(?: ?(?:Z|[+-]\d\d:?\d\d))?")


@dataclass(slots=True, eq=False)
class User:
    """One person: identifiers, and the values of their fields."""

    identifiers: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return all that is known of the person, as fresh JSON values."""
        return deepcopy({**self.identifiers, **self.values})


@dataclass(slots=True, eq=False)
class Static:
    """A static list, and its members."""

    id: int
    name: str
    created: float
    description: str = ""
    members: list[User] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Deletion:
    """A deletion that was asked for, and the sandbox's time at which it will be done."""

    kind: str
    value: str
    due: float


class Project:
    """One project of a type: what identifies a user in it."""

    def __init__(self, kind: str, disallowed: Collection[str] = ()) -> None:
        self.kind = kind
        self.disallowed = frozenset(disallowed)
        self.users: list[User] = []
        self._known: dict[tuple[str, str], User] = {}
        self.lists: dict[int, Static] = {}
        self.made_lists = 0
        self.events: dict[str, dict[str, Any]] = {}
        self.fields = dict(FIELDS)
        self.event_fields: dict[tuple[str, str], str] = {}
        self.deletions: list[Deletion] = []
        self.forgotten: set[tuple[str, str]] = set()
        self.received: Counter[str] = Counter()

    def find(self, kind: str, value: str) -> User | None:
        """Return the user whom a field identifies."""
        return self._known.get((kind, folded(kind, value)))

    def add(self, kind: str, value: str) -> User:
        """Make a user; who has no address in an email-based project is given one."""
        user = User()
        self.users.append(user)
        self.identify(user, kind, value)
        if self.kind == EMAIL_BASED and kind != "email":
            self.identify(user, "email", f"{value.lower()}@placeholder.email")
        return user

    def identify(self, user: User, kind: str, value: str) -> None:
        """Give a user an identifier, which nobody else has."""
        self._known.pop((kind, folded(kind, user.identifiers.get(kind, ""))), None)
        user.identifiers[kind] = value
        self._known[kind, folded(kind, value)] = user

    def delete(self, kind: str, value: str) -> None:
        """Forget the user whom a field identifies, wherever they are a member."""
        user = self.find(kind, value)
        if user is not None:
            self.users.remove(user)
            for name, own in user.identifiers.items():
                del self._known[name, folded(name, own)]
            for one in self.lists.values():
                one.members = [member for member in one.members if member is not user]

    def carry_out(self, now: float) -> int:
        """Carry out the deletions that are due; return how many there were."""
        due = [one for one in self.deletions if one.due <= now]
        self.deletions = [one for one in self.deletions if one.due > now]
        for one in due:
            self.delete(one.kind, one.value)
        return len(due)

    def document(self) -> dict[str, Any]:
        """Return the state by part; of lists of one name, the oldest."""
        return {
            "users": [one.document() for one in self.users],
            "lists": {
                one.name: [user.document() for user in one.members] for one in reversed(self.lists.values())
            },
            "events": list(deepcopy(self.events).values()),
            "fields": dict(self.fields),
            "deletions": [[one.kind, one.value] for one in self.deletions],
            "received": dict(self.received),
        }


def folded(kind: str, value: str) -> str:
    """Return an identifier as two are compared: capitals do not tell addresses apart."""
    return value.lower() if kind == "email" else value


def type_of(value: Any) -> str | None:
    """Return the type that a value gives to a new field; None where it gives none (null, an empty array)."""
    if isinstance(value, list):
        return next(filter(None, map(type_of, value)), None)
    if isinstance(value, str):
        return "date" if _DATE.fullmatch(value) else "string"
    kinds = ((bool, "boolean"), (int, "long"), (float, "double"), (dict, "object"))
    return next((name for kind, name in kinds if isinstance(value, kind)), None)


def fits(value: Any, kind: str) -> bool:
    """Whether a value can be one of a type; null always can, and takes the value away."""
    if isinstance(value, list):
        return all(fits(one, kind) for one in value)
    found = type_of(value)
    coerced = {"double": ("double", "long"), "string": ("string", "date"), "date": ("date", "long")}
    return found is None or found in coerced.get(kind, (kind,))
