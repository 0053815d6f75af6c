"""The contact lists of an Emarsys account, found by their names, and made; and services that put people on one.

Source: https://dev.emarsys.com/docs/core-api-reference/enmevkj1fi016-create-a-contact-list. Names are unique.
Unconfirmed: that they are told apart letter by letter.
"""

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.once import Once
from activation_platform.contracts.service import BatchRefused, Inquiry, UnreadableAnswer
from activation_platform.destinations.emarsys.answers import data_of
from activation_platform.destinations.emarsys.fields import ByField, Keyed

if TYPE_CHECKING:
    from activation_platform.destinations.emarsys.destination import Emarsys

__all__ = ["ContactListsOptions", "ContactsOptions", "OfAList", "list_named"]


@dataclass(frozen=True, slots=True)
class ContactsOptions(Keyed):
    """`identifier`: the field by which a contact is recognised: email, or a field of yours that Emarsys support has indexed;
    `list`: the name of a contact list on which everybody is put who is written, or empty.
    """

    list: str = ""

    def __post_init__(self) -> None:
        Keyed.__post_init__(self)
        if self.list != "":
            _check_name(self.list)


@dataclass(frozen=True, slots=True)
class ContactListsOptions(Keyed):
    """`list`: the name of the contact list; `identifier`: the field by which a contact is recognised, as for contacts."""

    list: str = field(kw_only=True, metadata={"example": "Our best customers"})

    def __post_init__(self) -> None:
        Keyed.__post_init__(self)
        _check_name(self.list)


class OfAList(ByField):
    """A service about contacts whose option `list` names a contact list; its ID is found out once a run."""

    def __init__(self, destination: "Emarsys", options: Any = None) -> None:
        super().__init__(destination, options)
        self._list: Once[int] = Once(self._found_or_made)

    def _found_or_made(self) -> Inquiry:
        return (yield from _list_of_the_name(self.destination, self.options.list, (yield from self._key())))


def list_named(account: "Emarsys", name: str) -> Generator[httpx.Request, Any, int | None]:
    """The ID of the list of this name, None where there is none."""
    lists = data_of((yield account.call("GET", "/contactlist")), account)
    if not isinstance(lists, list):
        raise UnreadableAnswer("200 without lists")
    return next((_id(one) for one in lists if isinstance(one, dict) and one.get("name") == name), None)


def _id(told: Any) -> int:
    """The ID of a list, which is a number where it is made, and a text where it is listed."""
    id_ = told.get("id") if isinstance(told, dict) else None
    if not isinstance(id_, int | str) or not str(id_).isdecimal():
        raise UnreadableAnswer("a contact list without its ID")
    return int(id_)


def _list_of_the_name(account: "Emarsys", name: str, key: str) -> Generator[httpx.Request, Any, int]:
    """The ID of the list of this name, which is made where there is none; `key` is the number of some key field."""
    there = yield from list_named(account, name)
    if there is not None:
        return there
    body = {"key_id": key, "name": name, "external_ids": []}
    try:
        made = data_of((yield account.call("POST", "/contactlist", json=body)), account)
    except BatchRefused as refused:
        there = yield from list_named(account, name)  # another run may have been quicker
        if there is None:
            raise DeclarationError(
                f'Emarsys refuses to make the contact list "{name}" ({refused.reason})',
                remedy="Make it in Emarsys, or choose another name in the option list.",
            ) from refused
        return there
    return _id(made)


def _check_name(name: str) -> None:
    """Raise DeclarationError where no list can be called so."""
    if not isinstance(name, str) or not name or name != name.strip():
        raise DeclarationError(
            "the name of a contact list is not empty, and has no spaces around it",
            remedy="Choose such a name in the option list.",
        )
