"""The endpoints of single profiles: create, create or update, change, read, list.

Source: https://developers.klaviyo.com/en/reference/profiles_api_overview.
"""

from __future__ import annotations

from typing import Any

from activation_platform.sandbox.exchange import Answer, Call
from activation_platform.sandbox.klaviyo import writing
from activation_platform.sandbox.klaviyo.documents import data, instant, one, page, resource
from activation_platform.sandbox.klaviyo.errors import Faulty, refused
from activation_platform.sandbox.klaviyo.filters import wanted
from activation_platform.sandbox.klaviyo.store import IDENTIFIERS, Profile, Store

_EMPTY = dict.fromkeys((*IDENTIFIERS, *writing.LINES))
_NOWHERE = dict.fromkeys((*writing.LOCATION, *writing.COORDINATES))


def create_or_update(call: Call, store: Store) -> Answer:
    """Create a profile (201) or update it (200); null clears."""
    sent = _unpoisoned(call)
    try:
        profile, created = writing.upsert(store, sent, instant(call.wall), null_clears=True)
    except Faulty as fault:
        raise fault.refused("/data") from None
    return one(201 if created else 200, document(profile))


def create(call: Call, store: Store) -> Answer:
    """Create a profile; 409 where one of its identifiers is taken."""
    sent = _unpoisoned(call)
    try:
        attributes = writing.check(sent)
        for name in IDENTIFIERS:
            if attributes.get(name) and store.find(name, attributes[name]) is not None:
                raise writing.taken(name)
        profile, _ = writing.upsert(store, sent, instant(call.wall), null_clears=True)
    except Faulty as fault:
        raise fault.refused("/data") from None
    return one(201, document(profile))


def update(call: Call, store: Store) -> Answer:
    """Change a profile; null clears, what is not sent stays."""
    profile, sent = _known(call, store), _unpoisoned(call)
    try:
        writing.check(sent)
        writing.write(store, profile, sent, instant(call.wall), null_clears=True)
    except Faulty as fault:
        raise fault.refused("/data") from None
    return one(200, document(profile))


def read(call: Call, store: Store) -> Answer:
    """Show a profile."""
    return one(200, document(_known(call, store)))


def find(call: Call, store: Store) -> Answer:
    """Show a page of profiles, all or those that a filter wants."""
    filtered = wanted(call, ("id", *IDENTIFIERS))
    if filtered is None:
        found = list(store.profiles.values())
    else:
        name, values = filtered
        found = [each for value in sorted(values) if (each := store.find(name, value)) is not None]
    return page(call, found, document, most=100, usual=20)


def document(profile: Profile) -> dict[str, Any]:
    """Return a profile as Klaviyo shows it."""
    attributes = {
        **_EMPTY,
        **profile.attributes,
        "created": profile.created,
        "updated": profile.updated,
        "location": {**_NOWHERE, **profile.location},
        "properties": profile.properties,
    }
    return resource("profile", profile.id, attributes, "profiles")


def _known(call: Call, store: Store) -> Profile:
    found = store.profiles.get(call.parameters["id"])
    if found is None:
        raise refused("A profile with this id does not exist.", "/data/id", status=404)
    return found


def _unpoisoned(call: Call) -> dict[str, Any]:
    for reason in call.poisoned.values():
        raise refused(reason, "/data/attributes")
    return data(call, "profile")
