"""Consent as Klaviyo takes it on: jobs that subscribe people to a list's channels, and unsubscribe them.

Source: https://developers.klaviyo.com/en/docs/collect_email_and_sms_consent_via_api.
"""

import json
from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import httpx
import polars as pl

from activation_platform.contracts.batch import Batch
from activation_platform.contracts.encode import Member, Shape, members
from activation_platform.contracts.errors import DeclarationError
from activation_platform.destinations.klaviyo.jobs import Job, Taken
from activation_platform.destinations.klaviyo.search import profiles_with

if TYPE_CHECKING:
    from activation_platform.destinations.klaviyo.destination import Klaviyo

__all__ = ["ADDRESSES", "Channel", "check_channels", "subscribe", "subscribed", "unsubscribe"]

Channel = Literal["email", "sms"]
ADDRESSES = {"email": "email", "sms": "phone_number"}
"""The identifier that a channel reaches."""

_Saying = Generator[httpx.Request, Any, Taken]


def check_channels(channels: object) -> None:
    """Raise DeclarationError where these are no channels of consent."""
    if not isinstance(channels, Sequence) or not channels or not all(one in ADDRESSES for one in channels):
        raise DeclarationError(
            "a channel of consent is email or sms",
            remedy="Set the option channels to [email], [sms] or both.",
        )


def subscribe(account: "Klaviyo", list_id: str, people: Sequence[str], *, historical: bool) -> _Saying:
    """Subscribe people (JSON) to a list; `historical`: they agreed before, and each says when."""
    more = {"historical_import": True} if historical else None
    return _job(account, "create", list_id, more).said(account, dict(enumerate(people)))


def unsubscribe(
    account: "Klaviyo", list_id: str, known_by: str, people: Sequence[str], channels: Iterable[str]
) -> _Saying:
    """Unsubscribe those people who are members of a list: Klaviyo would unsubscribe everybody else from everything."""
    there = yield from profiles_with(account, known_by, people, f"/api/lists/{list_id}/profiles")
    leaving = {n: _unsubscribed(there[one], channels) for n, one in enumerate(people) if one in there}
    return (yield from _job(account, "delete", list_id).said(account, leaving))


def subscribed(batch: Batch, channels: Iterable[str]) -> Shape:
    """Somebody who agrees, at `consented_at` where that is mapped."""
    told = members(batch)
    consent: dict[str, Member] = {"consent": Member(pl.lit("SUBSCRIBED"))}
    if "consented_at" in told:
        consent["consented_at"] = told["consented_at"]
    addresses = {ADDRESSES[channel]: told[ADDRESSES[channel]] for channel in channels}
    subscriptions: Shape = {channel: {"marketing": consent} for channel in channels}
    return {"type": Member(pl.lit("profile")), "attributes": {**addresses, "subscriptions": subscriptions}}


def _unsubscribed(member: Mapping[str, Any], channels: Iterable[str]) -> str:
    """A member of a list, as Klaviyo shows it, who leaves the channels that it has an address for."""
    held = {channel: member["attributes"].get(ADDRESSES[channel]) for channel in channels}
    reached = {channel: address for channel, address in held.items() if address}
    addresses = {ADDRESSES[channel]: address for channel, address in reached.items()}
    left = {channel: {"marketing": {"consent": "UNSUBSCRIBED"}} for channel in reached}
    return json.dumps({"type": "profile", "attributes": {**addresses, "subscriptions": left}})


def _job(
    account: "Klaviyo", verb: Literal["create", "delete"], list_id: str, more: Mapping[str, Any] | None = None
) -> Job:
    of = {"list": {"data": {"type": "list", "id": list_id}}}
    return Job(f"profile-subscription-bulk-{verb}", "profiles", account.consent, more, of)
