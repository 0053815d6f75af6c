"""The deletion of people for data privacy: asked for by one identifier, and carried out later.

Source: https://developers.klaviyo.com/en/reference/request_profile_deletion. Unconfirmed: that the deletion of somebody who is
not there is taken on.
"""

from __future__ import annotations

from activation_platform.sandbox.exchange import Answer, Call
from activation_platform.sandbox.klaviyo.documents import data, related
from activation_platform.sandbox.klaviyo.errors import refused
from activation_platform.sandbox.klaviyo.store import Deletion, Store

IDENTIFIERS = ("email", "phone_number")


def request(call: Call, store: Store) -> Answer:
    """Note the deletion of a person; nothing is deleted yet."""
    for reason in call.poisoned.values():
        raise refused(reason)
    person = related(data(call, "data-privacy-deletion-job"), "attributes", "profile")
    if not isinstance(person, dict) or person.get("type") != "profile":
        raise refused("The job names a profile.", "/data/attributes/profile")
    attributes = person.get("attributes") or {}
    given = {name: attributes[name] for name in IDENTIFIERS if attributes.get(name)}
    given |= {"id": person["id"]} if person.get("id") else {}
    if len(given) != 1:
        raise refused("Exactly one identifier is needed.", "/data/attributes/profile")
    ((name, value),) = given.items()
    store.deletions.append(Deletion(name, str(value)))
    return Answer(202)
