"""How a profile is checked and written, whichever endpoint brings it.

Sources: https://developers.klaviyo.com/en/reference/profiles_api_overview and the pages of the endpoints. Unconfirmed: which
of several identifiers decides (here the ID, then the external ID, the e-mail address, the phone number), and the words of
errors.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from activation_platform.sandbox.klaviyo.errors import Faulty
from activation_platform.sandbox.klaviyo.store import IDENTIFIERS, Profile, Store

RECORD_BYTES = 100_000
EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\".]+(?:\.[^@\s,;<>\".]+)+")
PHONE = re.compile(r"\+[1-9]\d{6,14}")
LINES = ("first_name", "last_name", "organization", "locale", "title", "image")
LOCATION = ("address1", "address2", "city", "country", "region", "zip", "timezone", "ip")
COORDINATES = ("latitude", "longitude")
MOST_ID = 255
_DECIDES = ("id", "external_id", "email", "phone_number")


def upsert(store: Store, sent: Any, now: str, *, null_clears: bool) -> tuple[Profile, bool]:
    """Create or update the profile of a resource; return it, and whether it is new. Raises `Faulty`."""
    attributes = check(sent)
    found = _meant(store, sent, attributes)
    profile = found or store.add(now)
    try:
        write(store, profile, sent, now, null_clears=null_clears)
    except Faulty:
        if found is None:
            store.delete(profile)
        raise
    return profile, found is None


def write(store: Store, profile: Profile, sent: Mapping[str, Any], now: str, *, null_clears: bool) -> None:
    """Write a checked resource into a profile; where `null_clears` is false, nulls of standard attributes say nothing."""
    attributes = sent.get("attributes") or {}

    def told(values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in values.items() if null_clears or value is not None}

    identifiers = told({name: attributes[name] for name in IDENTIFIERS if name in attributes})
    for name, value in identifiers.items():
        holder = None if value is None else store.find(name, value)
        if holder is not None and holder is not profile:
            raise taken(name)
    store.identify(profile, identifiers)
    _merge(profile.attributes, told({name: attributes[name] for name in LINES if name in attributes}))
    _merge(profile.location, told(attributes.get("location") or {}))
    profile.properties |= attributes.get("properties") or {}
    _patch(profile.properties, (sent.get("meta") or {}).get("patch_properties") or {})
    profile.updated = now


def check(sent: Any) -> dict[str, Any]:
    """Return the attributes of a profile resource, each of which must be of the form that Klaviyo takes."""
    if not isinstance(sent, dict) or sent.get("type") != "profile":
        raise Faulty("/type", "The type of the resource is profile.")
    attributes = sent.get("attributes")
    if not isinstance(attributes, dict):
        raise Faulty("/attributes", "attributes is an object.")
    if len(json.dumps(sent, ensure_ascii=False, separators=(",", ":")).encode()) > RECORD_BYTES:
        raise Faulty("", "The profile is larger than 100 KB.")
    for name, value in attributes.items():
        if name not in _FORMS:
            raise Faulty(f"/attributes/{name}", f"'{name}' is not a valid field for the resource 'profile'.")
        if value is not None and not _FORMS[name](value):
            raise Faulty(f"/attributes/{name}", f"Invalid {name}.")
    if not sent.get("id") and not any(attributes.get(name) for name in IDENTIFIERS):
        raise Faulty("/attributes", "At least one of email, phone_number, external_id or id is needed.")
    return attributes


def taken(name: str) -> Faulty:
    """Return what is wrong with an identifier that another profile has."""
    return Faulty(f"/attributes/{name}", f"A profile already exists with this {name}.", "duplicate_profile")


def _meant(store: Store, sent: Mapping[str, Any], attributes: Mapping[str, Any]) -> Profile | None:
    for name in _DECIDES:
        value = sent.get("id") if name == "id" else attributes.get(name)
        found = store.find(name, value) if value else None
        if found is not None:
            return found
        if name == "id" and value:
            raise Faulty("/id", "A profile with this id does not exist.", "not_found")
    return None


def _merge(held: dict[str, Any], sent: Mapping[str, Any]) -> None:
    for name, value in sent.items():
        if value is None:
            held.pop(name, None)
        else:
            held[name] = value


def _patch(properties: dict[str, Any], patch: Mapping[str, Any]) -> None:
    unset = patch.get("unset") or []
    for name in [unset] if isinstance(unset, str) else unset:
        properties.pop(name, None)
    for name, value in (patch.get("append") or {}).items():
        held = properties.get(name) or []
        more = value if isinstance(value, list) else [value]
        properties[name] = [*held, *(one for one in more if one not in held)]
    for name, value in (patch.get("unappend") or {}).items():
        less = value if isinstance(value, list) else [value]
        properties[name] = [one for one in properties.get(name) or [] if one not in less]


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _matches(pattern: re.Pattern[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_location(value: Any) -> bool:
    return isinstance(value, dict) and all(
        each is None
        or (name in LOCATION and isinstance(each, str))
        or (name in COORDINATES and isinstance(each, str | int | float))
        for name, each in value.items()
    )


_FORMS: Mapping[str, Callable[[Any], bool]] = {
    "email": _matches(EMAIL),
    "phone_number": _matches(PHONE),
    "external_id": lambda value: isinstance(value, str) and 1 <= len(value) <= MOST_ID,
    **dict.fromkeys(LINES, _text),
    "location": _is_location,
    "properties": lambda value: isinstance(value, dict),
}
