"""Attio's attributes as fields: which can be written, of which type, and which can tell one record from another.

Source: https://docs.attio.com/docs/attribute-types.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from activation_platform.contracts.errors import DeclarationError, NotFound
from activation_platform.contracts.fields import CustomFields, Field, nearest
from activation_platform.contracts.values import (
    Boolean,
    Day,
    Email,
    Instant,
    Integer,
    Number,
    Phone,
    Several,
    Text,
    TextList,
    ValueType,
)
from activation_platform.destinations.attio.value_types import LINE, Domain

__all__ = ["BY_SLUG", "UUID", "Matching", "as_key", "check_matching", "check_object", "field_of", "fields_of"]

UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

_TYPES: Mapping[str, ValueType] = {
    "actor-reference": Email(),
    "checkbox": Boolean(),
    "currency": Number(),
    "date": Day(),
    "domain": Domain(),
    "email-address": Email(),
    "location": LINE,
    "number": Number(),
    "personal-name": LINE,
    "phone-number": Phone(),
    "rating": Integer(min=0, max=5),
    "record-reference": LINE,
    "select": Text(min=1),
    "status": Text(min=1),
    "text": Text(),
    "timestamp": Instant(),
}
"""Left out: interaction, which is read-only.

What is more than a value is written in the vendor's short form, a text: an actor by the e-mail address of the workspace's
member; another record by the domain of a company, the e-mail address of a person, the ID of a user or workspace (records
of other objects have no short form); a location as one line, which Attio takes apart.
"""

BY_SLUG = CustomFields(
    pattern="[a-z0-9_-]+",
    words="the slug of an attribute: lower-case letters, digits, underscores and hyphens",
    text=Text(),
    texts=TextList(),
)
"""Fields that are not declared: any attribute of the object or list."""

_RECOGNISING = ("domain", "email-address", "number", "phone-number", "text")
"""Types whose values can be sought as they were sent."""


@dataclass(frozen=True, slots=True)
class Matching:
    """`matching_attribute`: the slug of the unique attribute by which a record is recognised; not the record ID."""

    matching_attribute: str = field(metadata={"example": "external_id"})

    def __post_init__(self) -> None:
        if self.matching_attribute == "record_id":
            raise DeclarationError(
                "Attio does not match records by record_id",
                remedy="Choose a unique attribute that you can write.",
            )


def check_object(slug: str) -> None:
    """Whether this is the slug of an object, by which activations know of each other; raises `DeclarationError`."""
    if UUID.fullmatch(slug) or not re.fullmatch("[a-z0-9_-]+", slug):
        raise DeclarationError(
            "object is not the slug of an object",
            remedy="Write it as in the addresses of the API, such as projects; not its ID, and not its title.",
        )


def fields_of(attribute: Mapping[str, Any]) -> tuple[Field, ...]:
    """The fields an attribute of the account gives: none where it cannot be written, three for a person's name."""
    whole = field_of(attribute)
    if whole is None:
        return ()
    if attribute["type"] != "personal-name":
        return (whole,)
    slug = whole.name
    return (whole, Field(f"{slug}.first_name", whole.type), Field(f"{slug}.last_name", whole.type))


def field_of(attribute: Mapping[str, Any]) -> Field | None:
    """The field of an attribute as `GET /v2/objects/{object}/attributes` shows it, or None where it cannot be written.

    An attribute with a default value is not required: Attio fills it in.
    """
    type_ = _TYPES.get(str(attribute.get("type")))
    if type_ is None or attribute.get("is_archived") or not attribute.get("is_writable", True):
        return None
    if attribute.get("is_multiselect") and type_.dtype == pl.String:
        type_ = Several(type_)
    required = bool(attribute.get("is_required")) and not attribute.get("is_default_value_enabled")
    return Field(str(attribute["api_slug"]), type_, required=required, docs=str(attribute.get("title") or ""))


def as_key(matched: Field) -> Field:
    """The field of the matching attribute: required, and one value, also where the attribute takes several."""
    type_ = matched.type.one if isinstance(matched.type, Several) else matched.type
    return replace(matched, type=type_, key=True, required=True)


def check_matching(slug: str, thing: str, attributes: Mapping[str, Mapping[str, Any]]) -> None:
    """Whether records of the object `thing` can be matched by this attribute, given the account's attributes by slug.

    Raises `NotFound` where it does not exist, `DeclarationError` where it is not unique or cannot be written.
    """
    usable = [name for name, one in attributes.items() if _recognises(one)]
    choice = (
        f"set matching_attribute to one of: {', '.join(usable)}.{nearest(slug, usable)}"
        if usable
        else "make one for it in Attio: a unique attribute of type text."
    )
    if slug not in attributes:
        raise NotFound(
            f'The object {thing} of this Attio workspace has no attribute "{slug}"',
            remedy=choice[0].upper() + choice[1:],
        )
    if slug not in usable:
        raise DeclarationError(
            f'The Attio attribute "{slug}" is not a unique attribute that can be written and sought',
            remedy=f"Make it unique in Attio, or {choice}",
        )


def _recognises(attribute: Mapping[str, Any]) -> bool:
    named = attribute.get("type") in _RECOGNISING
    return named and bool(attribute.get("is_unique")) and field_of(attribute) is not None
