"""Consent: jobs that subscribe people to the marketing of a list, and unsubscribe them.

Sources: https://developers.klaviyo.com/en/reference/bulk_subscribe_profiles and .../bulk_unsubscribe_profiles. Klaviyo works
later; the sandbox at once, and nobody has to confirm. Whoever is not on the list is unsubscribed from everything. Unconfirmed:
that who is unsubscribed from a list is no longer on it, and that one profile of the wrong form refuses the call.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from activation_platform.sandbox.exchange import Answer, Call
from activation_platform.sandbox.klaviyo import lists, writing
from activation_platform.sandbox.klaviyo.documents import data, instant, related
from activation_platform.sandbox.klaviyo.errors import Faulty, refused
from activation_platform.sandbox.klaviyo.store import List, Store

SUBSCRIBE_MAX = 1_000
UNSUBSCRIBE_MAX = 100
ADDRESSES: Mapping[str, str] = {"email": "email", "sms": "phone_number"}
_POINTER = "/data/attributes/profiles/data"


def subscribe(call: Call, store: Store) -> Answer:
    """Subscribe people, and put them on the list."""
    sent = data(call, "profile-subscription-bulk-create-job")
    history = bool(sent.get("attributes", {}).get("historical_import"))
    held = _list(sent, store)
    told = list(_told(call, sent, SUBSCRIBE_MAX, "SUBSCRIBED", history=history))
    now = instant(call.wall)
    for attributes in told:
        addresses = {name: attributes[name] for name in ADDRESSES.values() if attributes.get(name)}
        profile, _ = writing.upsert(
            store, {"type": "profile", "attributes": addresses}, now, null_clears=False
        )
        for channel, kinds in attributes["subscriptions"].items():
            at = kinds["marketing"].get("consented_at") or now
            profile.consent[channel] = {"consent": "SUBSCRIBED", "consent_timestamp": at}
        if held is not None:
            held.members.setdefault(profile.id, now)
    return Answer(202)


def unsubscribe(call: Call, store: Store) -> Answer:
    """Unsubscribe people: from the channels where they are on the list, else from all."""
    sent = data(call, "profile-subscription-bulk-delete-job")
    held = _list(sent, store)
    now = instant(call.wall)
    for attributes in list(_told(call, sent, UNSUBSCRIBE_MAX, "UNSUBSCRIBED", history=False)):
        found = next(
            (each for name in ADDRESSES.values() if (each := store.find(name, attributes.get(name)))), None
        )
        if found is None:
            continue
        on_list = held is not None and held.members.pop(found.id, None) is not None
        for channel in attributes["subscriptions"] if on_list else ADDRESSES:
            found.consent[channel] = {"consent": "UNSUBSCRIBED", "consent_timestamp": now}
    return Answer(202)


def _list(sent: dict[str, Any], store: Store) -> List | None:
    named = related(sent, "relationships", "list")
    return None if named is None else lists.known(store, str(named.get("id")))


def _told(
    call: Call, sent: dict[str, Any], most: int, word: str, *, history: bool
) -> Iterator[dict[str, Any]]:
    people = related(sent, "attributes", "profiles")
    if not isinstance(people, list) or not 1 <= len(people) <= most:
        raise refused(f"A job has 1 to {most} profiles.", _POINTER)
    for position, person in enumerate(people):
        try:
            yield _checked(call, person, word, history=history)
        except Faulty as fault:
            raise fault.refused(f"{_POINTER}/{position}") from None


def _checked(call: Call, person: Any, word: str, *, history: bool) -> dict[str, Any]:
    attributes = person.get("attributes") if isinstance(person, dict) else None
    subscriptions = attributes.get("subscriptions") if isinstance(attributes, dict) else None
    if not isinstance(attributes, dict) or not isinstance(subscriptions, dict) or not subscriptions:
        raise Faulty("/attributes/subscriptions", "subscriptions is an object of channels.")
    addresses = {name: value for name, value in attributes.items() if name != "subscriptions"}
    writing.check({"type": "profile", "attributes": addresses})
    for channel, kinds in subscriptions.items():
        place = f"/attributes/subscriptions/{channel}"
        marketing = kinds.get("marketing") if isinstance(kinds, dict) else None
        if channel not in ADDRESSES or not isinstance(marketing, dict) or marketing.get("consent") != word:
            raise Faulty(place, f"A channel of marketing has the consent {word}.")
        if not addresses.get(ADDRESSES[channel]):
            raise Faulty(place, f"{ADDRESSES[channel]} is needed for {channel}.")
        _check_moment(marketing.get("consented_at"), call, place, history=history)
    for value in addresses.values():
        if value in call.poisoned:
            raise Faulty("/attributes", call.poisoned[value])
    return attributes


def _check_moment(moment: Any, call: Call, place: str, *, history: bool) -> None:
    if history != (moment is not None):
        raise Faulty(f"{place}/marketing/consented_at", "consented_at belongs to a historical import.")
    if moment is not None and datetime.fromisoformat(moment).timestamp() > call.wall:
        raise Faulty(f"{place}/marketing/consented_at", "consented_at must be in the past.")
