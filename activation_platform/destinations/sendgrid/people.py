"""How SendGrid knows people: their identifiers, reserved and custom fields, and how a contact is written.

Sources: https://www.twilio.com/docs/sendgrid/api-reference/contacts/add-or-update-a-contact,
https://www.twilio.com/docs/sendgrid/ui/managing-contacts/custom-fields. Unconfirmed: that an empty text, or list, clears a
field; the lengths of phone_number and the fields after it, which the pages name without any.
"""

import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import httpx
import polars as pl

from activation_platform.contracts import identified
from activation_platform.contracts.batch import IDENTIFIER, Batch
from activation_platform.contracts.encode import Member, Shape, members, unless_null
from activation_platform.contracts.errors import NotFound
from activation_platform.contracts.fields import CustomFields, Field, nearest
from activation_platform.contracts.service import body_of
from activation_platform.contracts.values import Day, Email, Number, Phone, Text, TextList, ValueType

if TYPE_CHECKING:
    from activation_platform.destinations.sendgrid.destination import SendGrid

__all__ = [
    "CUSTOM",
    "IDENTIFIERS",
    "RESERVED",
    "Definitions",
    "Identified",
    "as_known",
    "contact",
    "definitions_of",
    "fields_of",
    "identifiers_of",
]

IDENTIFIERS = (
    Field("email", Email(), clearable=False, docs="The e-mail address."),
    Field("phone_number_id", Phone(), clearable=False, docs="The phone number, as an identifier."),
    Field("external_id", Text(min=1, max=254), clearable=False, docs="Your own ID of the person."),
    Field(
        "anonymous_id",
        Text(min=1, max=254),
        clearable=False,
        docs="Your own ID of somebody who is not known by name.",
    ),
)
RESERVED = (
    Field("first_name", Text(max=50), docs="First name."),
    Field("last_name", Text(max=50), docs="Last name."),
    Field("alternate_emails", TextList(max_items=5, max=254), docs="Other e-mail addresses, at most five."),
    Field("address_line_1", Text(max=100), docs="First line of the address."),
    Field("address_line_2", Text(max=100), docs="Second line of the address."),
    Field("city", Text(max=60), docs="City."),
    Field("state_province_region", Text(max=50), docs="State, province or region."),
    Field("postal_code", Text(), docs="Postal code."),
    Field("country", Text(max=50), docs="Country: its name or abbreviation."),
    Field("phone_number", Text(), docs="A phone number that identifies nobody."),
    Field("whatsapp", Text(), docs="WhatsApp."),
    Field("line", Text(), docs="LINE, or a landline."),
    Field("facebook", Text(), docs="Facebook."),
    Field("unique_name", Text(), docs="A name of your own."),
)
_NAMES = tuple(field.name for field in IDENTIFIERS)
_OWN = frozenset(field.name for field in (*IDENTIFIERS, *RESERVED))

CUSTOM = CustomFields(
    pattern=r"[A-Za-z_][A-Za-z0-9_]{0,99}",
    words="a custom field of the account: letters, digits and underscores, at most 100, no digit first",
)
_TYPES: Mapping[str, ValueType] = {"Text": Text(), "Number": Number(), "Date": Day()}

Contact = Mapping[str, Any]
"""A contact as SendGrid shows it."""
Definitions = Mapping[str, Mapping[str, Any]]
"""The custom fields of an account, by name: their ID and type."""


@dataclass(frozen=True, slots=True)
class Identified(identified.Identified):
    """`identifier`: the field by which a person is recognised: email, phone_number_id, external_id or anonymous_id."""

    vendor: ClassVar[str] = "SendGrid"
    identifiers: ClassVar[tuple[Field, ...]] = IDENTIFIERS


def definitions_of(account: "SendGrid") -> Generator[httpx.Request, Any, Definitions]:
    """The custom fields of the account."""
    response = yield account.ask("GET", "/v3/marketing/field_definitions", budget=account.definitions)
    listed = body_of(response, account).get("custom_fields") or ()
    return {one["name"]: one for one in listed if isinstance(one, dict) and one.get("name") and one.get("id")}


def fields_of(definitions: Definitions) -> tuple[Field, ...]:
    """Custom fields as fields. A number or date cannot be cleared: SendGrid refuses null, and neither is ever empty.

    Unconfirmed, and second-hand for numbers: https://github.com/sendgrid/docs/issues/6323.
    """
    return tuple(
        Field(name, _TYPES[kind], clearable=kind == "Text")
        for name, one in definitions.items()
        if (kind := str(one.get("field_type"))) in _TYPES
    )


def contact(batch: Batch, definitions: Definitions) -> Shape:
    """A contact: null clears a text or list; an identifier, number or date that is null is left out."""
    own: dict[str, Member | Shape] = {}
    custom: dict[str, Member | Shape] = {}
    for name, member in members(batch).items():
        dtype, column = batch.frame.schema[name], pl.col(name)
        if name in _NAMES:
            own[name] = unless_null(member)
        elif isinstance(dtype, pl.List):
            own[name] = replace(member, value=column.fill_null([]))
        elif name in _OWN:
            own[name] = replace(member, value=column.fill_null(""))
        else:
            one = _definition(name, definitions)
            if one["field_type"] == "Text":
                custom[one["id"]] = replace(member, value=member.value.fill_null(""))
            elif dtype == pl.Date:
                custom[one["id"]] = unless_null(replace(member, value=column.dt.to_string("%m/%d/%Y")))
            else:
                custom[one["id"]] = unless_null(member)
    return {**own, "custom_fields": custom} if custom else own


def identifiers_of(contact: Contact) -> str:
    """The identifiers (JSON) of a contact that is there: SendGrid wants all of them to be said."""
    return json.dumps({name: contact[name] for name in _NAMES if contact.get(name)})


def as_known(batch: Batch, contacts: Sequence[str], found: Mapping[str, Contact]) -> dict[int, str]:
    """Those contacts (JSON) of a batch that are there, with the identifiers that each has at SendGrid beside its own."""
    known: dict[int, str] = {}
    mapped = [name for name in _NAMES if name in batch.frame.columns]
    for n, (identifier, *own) in enumerate(batch.frame.select(IDENTIFIER, *mapped).iter_rows()):
        if identifier in found:
            told = {name for name, value in zip(mapped, own, strict=True) if value is not None}
            more = {
                name: v for name, v in found[identifier].items() if name in _NAMES and v and name not in told
            }
            besides = f",{json.dumps(more, ensure_ascii=False)[1:-1]}}}" if more else "}"
            known[n] = contacts[n][:-1] + besides
    return known


def _definition(name: str, definitions: Definitions) -> Mapping[str, Any]:
    if name not in definitions:
        raise NotFound(
            f'the SendGrid account has no custom field "{name}"',
            remedy=f"Create it under Marketing > Custom Fields, or map another one.{nearest(name, definitions)}",
        )
    return definitions[name]
