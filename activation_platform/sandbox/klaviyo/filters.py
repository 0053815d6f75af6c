"""Filters of Klaviyo's lists: `equals(field,"value")` and `any(field,["one","other"])`.

Source: https://developers.klaviyo.com/en/reference/api_overview#filtering.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection

from activation_platform.sandbox.exchange import Call
from activation_platform.sandbox.klaviyo.errors import refused

MOST = 100
_FILTER = re.compile(r"(?P<operator>equals|any)\((?P<field>\w+),\s*(?P<values>.*)\)", re.DOTALL)


def wanted(call: Call, fields: Collection[str]) -> tuple[str, set[str]] | None:
    """Return the field and the values that a call filters by, None where it does not; 400 for what is not allowed.

    Unconfirmed: at most 100 values of `any`.
    """
    text = call.query.get("filter")
    if text is None:
        return None
    match = _FILTER.fullmatch(text)
    if match is None or match["field"] not in fields:
        raise refused(f"Invalid filter; fields that can be filtered: {', '.join(fields)}.", "filter")
    try:
        found = json.loads(
            match["values"].replace("'", '"') if '"' not in match["values"] else match["values"]
        )
    except ValueError:
        raise refused("Invalid filter value.", "filter") from None
    values = found if match["operator"] == "any" else [found]
    if not isinstance(values, list) or len(values) > MOST or not all(isinstance(one, str) for one in values):
        raise refused(f"A filter takes texts, any at most {MOST}.", "filter")
    return match["field"], set(values)
