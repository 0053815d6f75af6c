"""What an Emarsys account holds, in memory: contacts by their IDs, fields by their numbers, lists, and who is on them.

Vendor: https://help.emarsys.com/hc/en-us/articles/115004637665 (system fields), https://help.emarsys.com/hc/en-us/articles/115004634729
(types of fields). Unconfirmed: that null and an empty text both clear a field; that values are compared letter by letter, but for
e-mail addresses.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

EMAIL = "3"


@dataclass(frozen=True, slots=True)
class Definition:
    """A field: its number, name and type, the ID by which people call it, and the choices there are, by their numbers."""

    number: str
    name: str
    kind: str
    string_id: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)

    def fault(self, value: Any) -> str | None:
        """Say what is wrong with a value of this field; None where nothing is."""
        if value is None or value == "":
            return None
        text = str(value)
        longest = {"shorttext": 60, "longtext": 255}.get(self.kind)
        match self.kind:
            case "multichoice":
                fine = isinstance(value, list) and set(map(str, value)) <= set(self.choices)
            case "singlechoice" | "special":
                fine = text in self.choices
            case "numeric":
                fine = isinstance(value, int | float) or _is_number(text)
            case "date" | "birthdate":
                fine = _is_day(text)
            case _:
                fine = isinstance(value, str) and (longest is None or len(value) <= longest)
        return None if fine else f"Invalid value for field id: {self.number}"


AGREED = {"1": "True", "2": "False"}
SYSTEM = (
    Definition("1", "First Name", "shorttext", "first_name"),
    Definition("2", "Last Name", "shorttext", "last_name"),
    Definition(EMAIL, "Email", "longtext", "email"),
    Definition("4", "Date of Birth", "birthdate", "birth_date"),
    Definition("5", "Gender", "singlechoice", "gender", {"1": "Male", "2": "Female"}),
    Definition("11", "City", "shorttext", "city"),
    Definition("31", "Opt-In", "special", "optin", AGREED),
    Definition("48", "Date of first registration", "special", "registration_date"),
)


@dataclass(slots=True)
class Table:
    """A table of relational data: its primary key, and the rows by the text of it."""

    key: str
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)


class Account:
    """One account; IDs derive from the seed. `received` counts how often a contact was written, by ID.

    `tables`: the primary keys of the tables of relational data, by connection and table.
    """

    def __init__(self, seed: int, tables: Mapping[tuple[str, str], str]) -> None:
        self._dice = random.Random(seed)  # noqa: S311 - ids that are the same in every run
        self.tables = {(connection, table): Table(key) for (connection, table), key in tables.items()}
        self.fields = {one.number: one for one in SYSTEM}
        self.contacts: dict[int, dict[str, Any]] = {}
        self.lists: dict[int, str] = {}
        self.members: dict[int, set[int]] = {}
        self.received: Counter[int] = Counter()
        self._holders: dict[tuple[str, str], set[int]] = {}

    def new_id(self, taken: Mapping[int, Any]) -> int:
        """Return a number that is not taken."""
        while (number := self._dice.randrange(10**8, 10**9)) in taken:
            continue
        return number

    def add_field(self, name: str, kind: str, choices: Mapping[str, str] | None = None) -> str:
        """Make a field, and return its number; its string ID is its name, as far as it is letters."""
        number = str(1_000 + len(self.fields))
        string_id = "".join(letter if letter.isalnum() else "_" for letter in name.lower())
        self.fields[number] = Definition(number, name, kind, string_id, choices or {})
        return number

    def with_value(self, key: str, value: str) -> list[int]:
        """Return the IDs of the contacts with a value of the key field, which is a number of a field, or `id`."""
        if key == "id":
            return [int(value)] if value.isdecimal() and int(value) in self.contacts else []
        return sorted(self._holders.get((key, folded(key, value)), ()))

    def write(self, contact: int | None, values: Mapping[str, Any]) -> int:
        """Change a contact, or make one; null and an empty text clear. Returns its ID."""
        id_ = self.new_id(self.contacts) if contact is None else contact
        kept = self._let_go(id_) | dict(values)
        self.contacts[id_] = {name: value for name, value in kept.items() if value not in (None, "", [])}
        for name, value in self.contacts[id_].items():
            self._holders.setdefault((name, folded(name, value)), set()).add(id_)
        self.received[id_] += 1
        return id_

    def forget(self, contact: int) -> None:
        """Delete a contact, also from the lists."""
        self._let_go(contact)
        for ids in self.members.values():
            ids.discard(contact)

    def _let_go(self, contact: int) -> dict[str, Any]:
        """Take a contact out, and return what it held; nothing where there is none."""
        values = self.contacts.pop(contact, {})
        for name, value in values.items():
            self._holders[name, folded(name, value)].discard(contact)
        return values

    def named(self, contact: int) -> dict[str, Any]:
        """Return what a contact holds, by the string IDs of the fields."""
        return {self.fields[n].string_id: value for n, value in self.contacts[contact].items()}

    def listed(self) -> Iterator[tuple[str, list[int]]]:
        """Yield the lists by name, with the IDs of who is on them."""
        for id_, name in self.lists.items():
            yield name, sorted(self.members[id_])


def folded(key: str, value: Any) -> str:
    """Return a value as two are compared."""
    return str(value).lower() if key == EMAIL else str(value)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == len("2024-01-31")
