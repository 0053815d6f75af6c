"""How Batch's project APIs write the attributes of people and events: their names, types and forms.

Names: https://doc.batch.com/developer/sdk/web/profile-data/attributes. Types and forms:
https://doc.batch.com/developer/api/cep/profiles/update, where those of an event "behave as they do in profile
attributes". Unconfirmed for this API: the 30 characters of a name, and the lengths of texts, lists and addresses.
"""

from datetime import UTC, date, datetime
from typing import Any

from activation_platform.contracts.fields import CustomFields
from activation_platform.contracts.values import Text, TextList

__all__ = ["ATTRIBUTES", "CUSTOM_ID", "attribute", "moment"]

CUSTOM_ID = Text(min=1, max=512)
"""Your own ID of a person. Unconfirmed: at most 512 characters."""

ATTRIBUTES = CustomFields(
    pattern=r"[a-z0-9_]{1,30}|url\([a-z0-9_]{1,30}\)",
    words="1 to 30 lower-case letters, digits and underscores, or url(such a name) for an address",
    text=Text(min=1, max=300),
    texts=TextList(max_items=25, max=300),
    typed={r"url\(.*\)": Text(min=1, max=2048, pattern=r"[A-Za-z][A-Za-z0-9+.-]*://\S+", words="a URL")},
)


def attribute(name: str, value: Any) -> tuple[str, Any]:
    """Name and value as Batch writes them: days and moments carry their type in the name, null removes the attribute."""
    if isinstance(value, date):  # moments are dates, too
        return f"date({name})", f"{moment(value)}Z"
    # Unconfirmed for this API; Batch's older one refuses an empty array. Either way the attribute is gone.
    return name, None if value == [] else value


def moment(value: date) -> str:
    """A day or moment as `YYYY-MM-DDTHH:MM:SS`, in UTC; a day is its midnight."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat()
    return f"{value.isoformat()}T00:00:00"
