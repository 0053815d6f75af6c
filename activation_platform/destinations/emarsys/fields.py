"""The contact fields of an Emarsys account: called by their string IDs, said by their numbers, one of them as the key.

Sources: https://dev.emarsys.com/docs/core-api-reference/75f3acc2c94dc-concepts, https://help.emarsys.com/hc/en-us/articles/115004637665
(system fields), https://help.emarsys.com/hc/en-us/articles/115004634729 (types). Unconfirmed: that every field tells its string
ID (one that does not is called by its number); that fields of large text and addresses have no limit of their own.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import httpx

from activation_platform.contracts.errors import DeclarationError, NotFound
from activation_platform.contracts.fields import CustomFields, Field, nearest
from activation_platform.contracts.once import Once
from activation_platform.contracts.service import Inquiry, UnreadableAnswer
from activation_platform.contracts.values import Choice, Day, Email, Number, Several, Text, ValueType
from activation_platform.destinations.emarsys.answers import data_of

if TYPE_CHECKING:
    from activation_platform.destinations.emarsys.destination import Emarsys

__all__ = ["CUSTOM", "SYSTEM", "ByField", "Keyed", "definitions_of", "fields_of"]

_SHORT, _LONG = Text(max=60), Text(max=255)
_KEY = Text(min=1, max=255, trim=True)

SYSTEM = (
    Field("email", Email(), docs="The e-mail address."),
    Field("first_name", _SHORT, docs="First name."),
    Field("last_name", _SHORT, docs="Last name."),
    Field("optin", Choice(("1", "2")), docs="Whether they agreed to e-mail: 1 they did, 2 they did not."),
)
_NUMBERS = {"email": "3", "first_name": "1", "last_name": "2", "optin": "31"}

_TYPES: Mapping[str, ValueType] = {
    "shorttext": _SHORT,
    "longtext": _LONG,
    "largetext": Text(),
    "url": Text(),
    "numeric": Number(),
    "date": Day(),
    "birthdate": Day(),
}
"""Left out: what Emarsys keeps itself (special, interests, voucher)."""

CUSTOM = CustomFields(
    pattern=r"[A-Za-z0-9_.-]+",
    words="a field of the account, by its string ID, or its number where it has none",
)


@dataclass(frozen=True, slots=True)
class Keyed:
    """`identifier`: the field by which a contact is recognised: email, or a field of yours that Emarsys support has indexed."""

    identifier: str = field(default="email", metadata={"example": "email"})

    def __post_init__(self) -> None:
        if not isinstance(self.identifier, str) or not CUSTOM.accepts(self.identifier):
            raise DeclarationError(
                f'Emarsys recognises nobody by "{self.identifier}"',
                remedy=f"Set the option identifier to email, or to {CUSTOM.words}.",
            )


@dataclass(frozen=True, slots=True)
class Definition:
    """A field of the account: its number, and its type where it can be written."""

    number: str
    kind: str


class ByField:
    """A service about contacts, who are recognised by the field that its option `identifier` names."""

    destination: "Emarsys"
    options: Any

    def __init__(self, destination: "Emarsys", options: Any = None) -> None:
        super().__init__(destination, options)  # type: ignore[call-arg]  # of the service that this is mixed into
        self._definitions: Once[Mapping[str, Definition]] = Once(lambda: definitions_of(self.destination))

    @property
    def identifying_field(self) -> str:
        """The option `identifier`."""
        return str(self.options.identifier)

    def declared_fields(self) -> tuple[Field, ...]:
        """The system fields that every account has, with the key among them, or beside them where it is a field of yours."""
        chosen = self.identifying_field
        key = next((one for one in SYSTEM if one.name == chosen), Field(chosen, _KEY, docs="The key field."))
        key = replace(key, key=True, required=True)
        return (key, *(one for one in SYSTEM if one.name != chosen))

    def _numbers(self, *names: str) -> Generator[Any, Any, dict[str, str]]:
        """The numbers of fields, by name; the account is asked for those that not every one has."""
        known: Mapping[str, Definition] = {}
        if not set(names) <= set(_NUMBERS):
            known = yield from self._definitions.get()
        return {name: _NUMBERS.get(name) or _number(name, known) for name in names}

    def _key(self) -> Generator[Any, Any, str]:
        """The number of the key field."""
        return (yield from self._numbers(self.identifying_field))[self.identifying_field]


def definitions_of(account: "Emarsys") -> Inquiry:
    """The fields of the account, by name."""
    data = data_of((yield account.call("GET", "/field/translate/en")), account)
    if not isinstance(data, list) or not all(isinstance(one, dict) and "id" in one for one in data):
        raise UnreadableAnswer("200 without fields")
    return {
        str(one.get("string_id") or one["id"]): Definition(str(one["id"]), str(one.get("application_type")))
        for one in data
    }


def fields_of(
    account: "Emarsys", definitions: Mapping[str, Definition]
) -> Generator[httpx.Request, Any, tuple[Field, ...]]:
    """The fields that can be written beside the system fields; of those with choices, which there are."""
    system = frozenset(_NUMBERS.values())
    own = {name: one for name, one in definitions.items() if one.number not in system}
    chosen = [one.number for one in own.values() if one.kind in ("singlechoice", "multichoice")]
    choices: Mapping[str, Any] = {}
    if chosen:
        params = {"fields": ",".join(chosen), "language": "en"}
        choices = data_of((yield account.call("GET", "/field/choices", params=params)), account)
    types = ((name, _type(one, choices)) for name, one in own.items())
    return tuple(Field(name, type_) for name, type_ in types if type_ is not None)


def _type(definition: Definition, choices: Any) -> ValueType | None:
    """The type of a field; None where it cannot be written, or has no choices yet."""
    told = choices.get(definition.number) if isinstance(choices, dict) else None
    if not told:
        return _TYPES.get(definition.kind)
    one = Choice(tuple(str(each["id"]) for each in told))
    return Several(one) if definition.kind == "multichoice" else one


def _number(name: str, known: Mapping[str, Definition]) -> str:
    if name not in known:
        raise NotFound(
            f'the Emarsys account has no field "{name}"',
            remedy=f"Look it up under Management > Field Editor, or map another one.{nearest(name, known)}",
        )
    return known[name].number
