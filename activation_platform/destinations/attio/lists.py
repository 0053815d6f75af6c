"""The lists of an Attio workspace: found by their slugs, made, and asked for the entries of one record.

Source: https://docs.attio.com/rest-api/endpoint-reference/lists.
"""

import re
import unicodedata
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.once import Once
from activation_platform.contracts.service import Inquiry, UnreadableAnswer, body_of
from activation_platform.destinations.attio.account import listed
from activation_platform.destinations.attio.attributes import UUID, Matching, check_object

if TYPE_CHECKING:
    from activation_platform.destinations.attio.destination import Attio

__all__ = ["NamedList", "OfAList"]

_LISTS = "/v2/lists"
_PAGE = 1000
"""How many entries of a record one answer may tell of."""


def slug_of(name: str) -> str:
    """A name in snake case; a slug is its own. Empty where nothing of the name can be in a slug."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub("[^a-z0-9-]+", "_", plain).strip("_")


@dataclass(frozen=True, slots=True)
class OfAList(Matching):
    """`list`: the list's name or slug. `object`: the slug of the object whose records are on it. `matching_attribute`: the slug
    of the unique attribute by which such a record is recognised; not the record ID.
    """

    matching_attribute: str = "email_addresses"
    list: str = field(kw_only=True, metadata={"example": "Our best customers"})
    object: str = field(kw_only=True, default="people")

    def __post_init__(self) -> None:
        Matching.__post_init__(self)
        check_object(self.object)
        if not isinstance(self.list, str) or not slug_of(self.list) or UUID.fullmatch(self.list):
            raise DeclarationError(
                "the slug of the list cannot be told from the option list",
                remedy="Write its name, or its slug as in the addresses of the API; not its ID.",
            )


class NamedList:
    """A list of records of the object `thing`: its name or slug both mean the slug, by which activations know of each other."""

    def __init__(self, workspace: "Attio", name: str, thing: str) -> None:
        self.slug = slug_of(name)
        self._workspace, self._name, self._thing = workspace, name, thing
        self._made: Once[None] = Once(self._make)

    def find(self) -> Generator[httpx.Request, Any, Mapping[str, Any] | None]:
        """The list, None where there is none.

        Raises `DeclarationError` where a list of this name has another slug, and where the list takes no records of the object.
        """
        response = yield self._workspace.ask("GET", f"{_LISTS}/{self.slug}", budget=self._workspace.reads)
        if response.status_code != httpx.codes.NOT_FOUND:
            return _taking(body_of(response, self._workspace).get("data"), self.slug, self._thing)
        response = yield self._workspace.ask("GET", _LISTS, budget=self._workspace.reads)
        every = listed(self._workspace, response, "api_slug")
        slugs = [str(one["api_slug"]) for one in every if one.get("name") == self._name]
        if slugs:
            raise DeclarationError(
                f'The slug of the Attio list "{self._name}" is {", ".join(slugs)}',
                remedy=f"Set the option list to {' or '.join(slugs)}.",
            )
        return None

    def made(self) -> Generator[httpx.Request, Any, None]:
        """Make the list where there is none, once a run."""
        return self._made.get()

    def _make(self) -> Inquiry:
        if (yield from self.find()) is not None:
            return
        access = {"workspace_access": "full-access", "workspace_member_access": []}
        data = {"name": self._name, "api_slug": self.slug, "parent_object": self._thing, **access}
        response = yield self._workspace.ask(
            "POST", _LISTS, budget=self._workspace.writes, json={"data": data}
        )
        if response.is_success or (yield from self.find()) is not None:
            return  # another run may have been quicker
        raise DeclarationError(
            f'Attio refuses to make the list "{self._name}" ({self._workspace.refusal(response)})',
            remedy="Make it in Attio, or choose another one in the option list.",
        )

    def write(self, data: Mapping[str, Any], entry: str = "") -> httpx.Request:
        """Assert the entry of a parent record, or update the one with this ID: values of several are replaced."""
        return self._workspace.ask(
            "PUT", self._entries(entry), budget=self._workspace.writes, json={"data": data}
        )

    def remove(self, entry: str) -> httpx.Request:
        """Delete an entry; the record stays."""
        return self._workspace.ask("DELETE", self._entries(entry), budget=self._workspace.writes)

    def _entries(self, entry: str) -> str:
        return f"{_LISTS}/{self.slug}/entries" + (f"/{entry}" if entry else "")

    def entries_of(self, record: str) -> Generator[httpx.Request, Any, list[str]]:
        """The IDs of the entries on the list of which the record with this ID is the parent."""
        entries: list[Mapping[str, Any]] = []
        while True:
            response = yield self._workspace.ask(
                "GET",
                f"/v2/objects/{self._thing}/records/{record}/entries",
                budget=self._workspace.reads,
                params={"limit": _PAGE, "offset": len(entries)},
            )
            if response.status_code == httpx.codes.NOT_FOUND:  # the record was deleted since it was found
                return []
            page = listed(self._workspace, response, "entry_id")
            entries += page
            if len(page) < _PAGE:
                return [str(one["entry_id"]) for one in entries if one.get("list_api_slug") == self.slug]


def _taking(told: Any, slug: str, thing: str) -> Mapping[str, Any]:
    """The list, which must take records of the object; where it names its object by an ID, that is not doubted."""
    parents = told.get("parent_object") if isinstance(told, Mapping) else None
    if not isinstance(told, Mapping) or not isinstance(parents, list):
        raise UnreadableAnswer("a list without its parent object")
    if thing not in parents and not any(UUID.fullmatch(str(one)) for one in parents):
        raise DeclarationError(
            f'The Attio list "{slug}" is of {", ".join(map(str, parents))}, and not of {thing}',
            remedy="Set the option object to what the list is of, or choose another list.",
        )
    return told
