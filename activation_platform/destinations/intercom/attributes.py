"""Intercom's attributes as fields: those that a person has made in the workspace, and how values are written.

Sources: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/data-attributes,
https://www.intercom.com/help/en/articles/179-send-custom-user-attributes-to-intercom. Unconfirmed: that a text may have 255
characters (second-hand), and that an attribute with options takes no other value.
"""

from collections.abc import Generator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import httpx

from activation_platform.contracts.batch import Record
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.service import body_of
from activation_platform.contracts.values import Boolean, Choice, Instant, Integer, Number, Text, ValueType
from activation_platform.destinations.intercom.answers import listed

if TYPE_CHECKING:
    from activation_platform.destinations.intercom.destination import Intercom

__all__ = ["CUSTOM", "LINE", "attributes_of", "written"]

LINE = Text(max=255)

_TYPES: Mapping[str, ValueType] = {
    "boolean": Boolean(),
    "date": Instant(),
    "float": Number(),
    "integer": Integer(),
    "string": LINE,
}

CUSTOM = CustomFields(
    pattern=r"\w(?:[\w -]*\w)?",
    words="a data attribute of the workspace, by its name: letters, digits, spaces, hyphens and underscores",
    text=LINE,
)


def attributes_of(
    workspace: "Intercom", model: str, standard: Sequence[Field]
) -> Generator[httpx.Request, Any, tuple[Field, ...]]:
    """The standard fields of the `model` (contact or company), and the custom attributes of it that can be written."""
    response = yield workspace.call("GET", "/data_attributes", params={"model": model})
    found = [one for one in listed(body_of(response, workspace)) if one.get("custom")]
    names = {field.name for field in standard}
    custom = [field for one in found if (field := _field(one)) is not None]
    return (*standard, *(field for field in custom if field.name not in names))


def written(record: Record, standard: Sequence[Field], cleared: str | None = None) -> dict[str, Any]:
    """A record as the body of a request holds it: what is not a standard field is a custom attribute, which null clears.

    `cleared` is what a standard field holds that was taken away; one that cannot be stays, where it is null.
    """
    clearable = {field.name: field.clearable for field in standard}
    values = {name: _plain(value) for name, value in record.values.items()}
    custom = {name: value for name, value in values.items() if name not in clearable}
    own = {
        name: cleared if value is None else value
        for name, value in values.items()
        if name in clearable and (value is not None or clearable[name])
    }
    return own | {"custom_attributes": custom} if custom else own


def _field(attribute: Mapping[str, Any]) -> Field | None:
    """The field of an attribute as the workspace shows it; None where it cannot be written, or points to something else."""
    type_ = _TYPES.get(str(attribute.get("data_type")))
    if type_ is None or attribute.get("archived") or not attribute.get("api_writable", True):
        return None
    options = attribute.get("options")
    if type_ is LINE and options:
        type_ = Choice(tuple(map(str, options)))
    return Field(str(attribute["name"]), type_, docs=str(attribute.get("description") or ""))


def _plain(value: Any) -> Any:
    """A moment is a number of seconds since 1970; a day its first moment in UTC."""
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    return int(value.timestamp()) if isinstance(value, datetime) else value
