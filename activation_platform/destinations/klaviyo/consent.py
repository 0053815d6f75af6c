"""Consent as Klaviyo takes it on: jobs that subscribe people to a list's channels, and unsubscribe them.

Source: https://developers.klaviyo.com/en/docs/collect_email_and_sms_consent_via_api.
"""

import json
from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import httpx
import polars as pl

from activation_platform.contracts.batch import Batch
from activation_platform.contracts.encode import Member, Shape, members
from activation_platform.destinations.klaviyo.answers import Taken, said_to_all
from activation_platform.destinations.klaviyo.named_list import list_relationship

if TYPE_CHECKING:
    from activation_platform.destinations.klaviyo.destination import Klaviyo

__all__ = ["ADDRESSES", "subscribe", "subscribed", "unsubscribe", "unsubscribed"]

ADDRESSES = {"email": "email", "sms": "phone_number"}
"""The identifier that a channel reaches."""

_Saying = Generator[httpx.Request, Any, Taken]


def subscribe(account: "Klaviyo", list_id: str, people: Sequence[str], *, historical: bool) -> _Saying:
    """Subscribe people (JSON) to a list; `historical`: they agreed before, and each says when."""
    attributes = ',"historical_import":true' if historical else ""
    return _say(account, "create", list_id, dict(enumerate(people)), attributes)


def unsubscribe(account: "Klaviyo", list_id: str, members: Mapping[int, str]) -> _Saying:
    """Unsubscribe members of a list (JSON, by position); whoever is none would be unsubscribed from everything."""
    return _say(account, "delete", list_id, members)


def subscribed(batch: Batch, channels: Iterable[str]) -> Shape:
    """Somebody who agrees, at `consented_at` where that is mapped."""
    told = members(batch)
    consent: dict[str, Member] = {"consent": Member(pl.lit("SUBSCRIBED"))}
    if "consented_at" in told:
        consent["consented_at"] = told["consented_at"]
    addresses = {ADDRESSES[channel]: told[ADDRESSES[channel]] for channel in channels}
    subscriptions: Shape = {channel: {"marketing": consent} for channel in channels}
    return {"type": Member(pl.lit("profile")), "attributes": {**addresses, "subscriptions": subscriptions}}


def unsubscribed(member: Mapping[str, Any], channels: Iterable[str]) -> str:
    """A member of a list, as Klaviyo shows it, who leaves the channels that it has an address for."""
    held = {channel: member["attributes"].get(ADDRESSES[channel]) for channel in channels}
    reached = {channel: address for channel, address in held.items() if address}
    addresses = {ADDRESSES[channel]: address for channel, address in reached.items()}
    left = {channel: {"marketing": {"consent": "UNSUBSCRIBED"}} for channel in reached}
    return json.dumps({"type": "profile", "attributes": {**addresses, "subscriptions": left}})


def _say(account: "Klaviyo", verb: str, list_id: str, people: Mapping[int, str], more: str = "") -> _Saying:
    kind, list_ = f"profile-subscription-bulk-{verb}-job", list_relationship(list_id)

    def request(some: Sequence[int]) -> httpx.Request:
        attributes = f'{{"profiles":{{"data":[{",".join(people[n] for n in some)}]}}{more}}}'
        body = f'{{"data":{{"type":"{kind}","attributes":{attributes},"relationships":{list_}}}}}'
        return account.call("POST", f"/api/{kind}s", budget=account.consent, body=body)

    return said_to_all(account, people, request)
