"""Attio's attributes as fields: which can be written, of which type, and what a value looks like on the wire.

Source: https://docs.attio.com/docs/attribute-types. Every value is written as an array, which the API takes for single
and multiple values alike. Unconfirmed: that an empty array clears a single value too, as it does a list.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from activation_platform.contracts.errors import DeclarationError, NotFound
from activation_platform.contracts.fields import Field, nearest
from activation_platform.contracts.values import (
    Boolean,
    Clean,
    Day,
    Email,
    Instant,
    Integer,
    Number,
    Phone,
    Text,
    TextList,
    ValueType,
)

__all__ = [
    "FIRST_NAME",
    "LAST_NAME",
    "NAME",
    "check_matching",
    "field_of",
    "fields_of",
    "plain",
    "values_to_write",
]

NAME = "name"
FIRST_NAME = "name.first_name"
LAST_NAME = "name.last_name"


@dataclass(frozen=True, slots=True)
class _Options(TextList):
    """Options of a select that takes several; a text is one option."""

    def clean(self, raw: pl.Series) -> Clean:
        if raw.dtype != pl.String:
            return TextList.clean(self, raw)
        one = pl.DataFrame({"raw": raw}).select(
            pl.when(pl.col("raw").is_not_null()).then(pl.concat_list("raw"))
        )
        return TextList.clean(self, one.to_series())


_TYPES: Mapping[str, ValueType] = {
    "checkbox": Boolean(),
    "currency": Number(),
    "date": Day(),
    "domain": Text(min=1, trim=True),
    "email-address": Email(),
    "number": Number(),
    "personal-name": Text(min=1, trim=True),
    "phone-number": Phone(),
    "rating": Integer(min=0, max=5),
    "select": Text(min=1),
    "status": Text(min=1),
    "text": Text(),
    "timestamp": Instant(),
}
"""Left out: interaction (read-only), and location, record-reference and actor-reference, which are more than a value."""


def fields_of(attribute: Mapping[str, Any]) -> tuple[Field, ...]:
    """The fields an attribute of the account gives: none where it cannot be written, three for a person's name."""
    field = field_of(attribute)
    if field is None:
        return ()
    if attribute["type"] != "personal-name":
        return (field,)
    slug = field.name
    return (field, Field(f"{slug}.first_name", field.type), Field(f"{slug}.last_name", field.type))


def field_of(attribute: Mapping[str, Any]) -> Field | None:
    """The field of an attribute as `GET /v2/objects/people/attributes` shows it, or None where it cannot be written.

    An attribute with a default value is not required: Attio fills it in.
    """
    type_ = _TYPES.get(str(attribute.get("type")))
    if type_ is None or attribute.get("is_archived") or not attribute.get("is_writable", True):
        return None
    if attribute["type"] == "select" and attribute.get("is_multiselect"):
        type_ = _Options()
    required = bool(attribute.get("is_required")) and not attribute.get("is_default_value_enabled")
    return Field(str(attribute["api_slug"]), type_, required=required, docs=str(attribute.get("title") or ""))


def check_matching(slug: str, attributes: Mapping[str, Mapping[str, Any]]) -> None:
    """Whether people can be matched by this attribute, given the account's attributes by slug.

    Raises `NotFound` where it does not exist, `DeclarationError` where it is not unique or cannot be written.
    """
    usable = [name for name, one in attributes.items() if one.get("is_unique") and fields_of(one)]
    if slug not in attributes:
        raise NotFound(
            f'People in this Attio workspace have no attribute "{slug}"',
            remedy=f"Set matching_attribute to one of: {', '.join(usable)}.{nearest(slug, usable)}",
        )
    if slug not in usable:
        raise DeclarationError(
            f'The Attio attribute "{slug}" is not a unique attribute that can be written',
            remedy=f"Make it unique in Attio, or set matching_attribute to one of: {', '.join(usable)}.",
        )


def values_to_write(values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The `values` of a record's body: an array per attribute, empty where it is cleared."""
    body = {name: _written(value) for name, value in values.items() if name not in (FIRST_NAME, LAST_NAME)}
    if FIRST_NAME in values or LAST_NAME in values:
        body[NAME] = _name(values.get(FIRST_NAME), values.get(LAST_NAME), values.get(NAME))
    return body


def _name(first: str | None, last: str | None, full: str | None) -> list[Any]:
    """A name from its parts; all three properties must be written, so a part that is not sent is empty."""
    if first is None and last is None:
        return _written(full)
    joined = " ".join(part for part in (first, last) if part)
    return [{"first_name": first or "", "last_name": last or "", "full_name": full or joined}]


def _written(value: Any) -> list[Any]:
    if value is None:
        return []
    if isinstance(value, list):
        return value
    if isinstance(value, datetime):
        return [value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"]
    if isinstance(value, date):
        return [value.isoformat()]
    return [value]


def plain(value: Any) -> Any:
    """The value inside what Attio answers for an attribute (`{"email_address": "a@b.c", "attribute_type": …}`)."""
    if not isinstance(value, dict):
        return value
    inner = ("email_address", "phone_number", "original_phone_number", "domain", "value")
    return next((value[name] for name in inner if value.get(name) is not None), None)
