"""How Klaviyo knows people: their identifiers, attributes and custom properties, and how a profile is written.

Sources: https://developers.klaviyo.com/en/reference/profiles_api_overview, https://developers.klaviyo.com/en/reference/create_or_update_profile.
"""

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from activation_platform.contracts import identified
from activation_platform.contracts.batch import Batch
from activation_platform.contracts.encode import Member, Shape, members, unless_null
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.values import Email, Number, Phone, Text, TextList

__all__ = [
    "ATTRIBUTES",
    "IDENTIFIERS",
    "PROPERTIES",
    "Identified",
    "clearing",
    "identified",
    "new_profile",
    "profile",
]

IDENTIFIERS = (
    Field("email", Email(), docs="The e-mail address."),
    Field("phone_number", Phone(), docs="The phone number."),
    Field("external_id", Text(min=1, max=255), docs="Your own ID of the person."),
)
"""Unconfirmed: at most 255 characters of an external ID (second-hand)."""

_LINE = Text(min=1)
ATTRIBUTES = (
    Field("first_name", _LINE, docs="First name."),
    Field("last_name", _LINE, docs="Last name."),
    Field("organization", _LINE, docs="The company that the person works for."),
    Field(
        "locale",
        Text(pattern=r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*", words="a language tag such as en-US"),
        docs="Language and country (BCP 47).",
    ),
    Field("title", _LINE, docs="Job title."),
    Field("image", _LINE, docs="The address of a picture."),
    Field("location.address1", _LINE, docs="First line of the street address."),
    Field("location.address2", _LINE, docs="Second line of the street address."),
    Field("location.city", _LINE, docs="City."),
    Field("location.region", _LINE, docs="State or province."),
    Field("location.zip", _LINE, docs="Postal code."),
    Field("location.country", _LINE, docs="Country."),
    Field("location.latitude", Number(), docs="Latitude, best with four decimals."),
    Field("location.longitude", Number(), docs="Longitude, best with four decimals."),
    Field("location.timezone", _LINE, docs="Time zone, as in Europe/Paris."),
    Field("location.ip", _LINE, docs="IP address."),
)
_STANDARD = frozenset(field.name for field in (*IDENTIFIERS, *ATTRIBUTES))

PROPERTIES = CustomFields(
    pattern=r"[^$\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?",
    words="custom properties: any name on one line, without a $ at its beginning; Klaviyo makes one when it is first sent",
    text=Text(),
    texts=TextList(),
)
"""A name that begins with $ is one of Klaviyo's own."""


@dataclass(frozen=True, slots=True)
class Identified(identified.Identified):
    """`identifier`: the field by which a person is recognised: email, phone_number or external_id."""

    vendor: ClassVar[str] = "Klaviyo"
    identifiers: ClassVar[tuple[Field, ...]] = IDENTIFIERS


def clearing(batch: Batch) -> set[int]:
    """The positions of those who lose a standard attribute."""
    lost = [
        _null(member)
        for name, member in members(batch).items()
        if name in _STANDARD and _has_null(batch, name)
    ]
    return set(batch.frame.select(pl.any_horizontal(lost).arg_true()).to_series()) if lost else set()


def new_profile(batch: Batch) -> Shape:
    """A profile that is not there yet, so that nothing can be unset in it."""
    attributes: dict[str, Member | Shape] = {}
    location: dict[str, Member] = {}
    properties: dict[str, Member] = {}
    for name, member in members(batch).items():
        if name not in _STANDARD:
            properties[name] = unless_null(member)
        elif name.startswith("location."):
            location[name.partition(".")[2]] = member
        else:
            attributes[name] = member
    if location:
        attributes["location"] = location
    if properties:
        attributes["properties"] = properties
    return {"type": Member(pl.lit("profile")), "attributes": attributes}


def profile(batch: Batch) -> Shape:
    """A profile: null clears a standard attribute; a custom property that is null is unset."""
    unset = [
        pl.when(_null(member)).then(pl.lit(name)).alias(name)
        for name, member in members(batch).items()
        if name not in _STANDARD and _has_null(batch, name)
    ]
    if not unset:
        return new_profile(batch)
    names = pl.concat_list(unset).list.drop_nulls()
    patch = pl.struct(pl.struct(names.alias("unset")).alias("patch_properties"))
    return {**new_profile(batch), "meta": Member(patch, absent=names.list.len() == 0)}


def _has_null(batch: Batch, name: str) -> bool:
    return batch.frame[name].null_count() > 0


def _null(member: Member) -> pl.Expr:
    """Where a value is null, and not left out."""
    return member.value.is_null() if member.absent is None else member.value.is_null() & ~member.absent
