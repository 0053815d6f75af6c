"""Consent to marketing by a Klaviyo list: people are subscribed to it, and unsubscribed from it."""

import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import httpx
import polars as pl

from activation_platform.contracts.batch import IDENTIFIER, Batch
from activation_platform.contracts.encode import Member, Shape, json_objects, members
from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.fields import Field
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind, Operation
from activation_platform.contracts.outcomes import ACCEPTED, DELETED
from activation_platform.contracts.service import Conversation, Inquiry, Service
from activation_platform.contracts.values import Email, Instant, Phone
from activation_platform.destinations.klaviyo.answers import Taken, said_to_all
from activation_platform.destinations.klaviyo.named_list import NamedList, check_name, list_relationship
from activation_platform.destinations.klaviyo.search import profiles_with

if TYPE_CHECKING:
    from activation_platform.destinations.klaviyo.destination import Klaviyo

__all__ = ["Subscriptions", "SubscriptionsOptions"]

Channel = Literal["email", "sms"]
_ADDRESSES = {"email": "email", "sms": "phone_number"}


@dataclass(frozen=True, slots=True)
class SubscriptionsOptions:
    """`list`: the name of the list; `channels`: `email`, `sms` or both; `historical`: whether consent was given before, at
    `consented_at`: then nobody is asked to confirm, and no flow of *added to list* begins.
    """

    list: str = field(metadata={"example": "Newsletter"})
    channels: Sequence[Channel] = ("email",)
    historical: bool = False

    def __post_init__(self) -> None:
        if not self.channels or set(self.channels) - set(_ADDRESSES) or isinstance(self.channels, str):
            raise DeclarationError(
                "a channel of consent is email or sms",
                remedy="Set the option channels to [email], [sms] or both.",
            )
        check_name(self.list)


class Subscriptions(Service):
    """Subscribe people to the marketing of a Klaviyo list; under mirror, unsubscribe who left.

    Only map people who agreed. The list is found by its name, and made where there is none; where it asks for double opt-in,
    Klaviyo asks everybody to confirm, unless consent is imported as history. Subscribing lifts an earlier unsubscription;
    nobody is subscribed twice, unless the run type is full only, which would undo what people decided since. Who left is
    unsubscribed from the list's channels, if they are still on the list: Klaviyo would unsubscribe everybody else from
    everything. It takes changes on and does not say how they end, so that what it took on counts.

    Unconfirmed: that a refusal says which of the people it means (otherwise the batch is halved to find out).
    """

    docs: ClassVar[str] = "https://developers.klaviyo.com/en/reference/bulk_subscribe_profiles"
    object: ClassVar[ObjectKind] = ObjectKind.LIST
    modes: ClassVar[frozenset[Mode]] = frozenset({Mode.UPSERT, Mode.MIRROR})
    model_kinds: ClassVar[frozenset[ModelKind]] = frozenset({ModelKind.USERS})
    batch_size: ClassVar[int] = 1_000
    delete_batch_size: ClassVar[int | None] = 100
    Options: ClassVar[type[Any]] = SubscriptionsOptions
    fields: ClassVar[tuple[Field, ...]] = (
        Field("email", Email(), key=True, docs="Where e-mail is sent."),
        Field("phone_number", Phone(), docs="Where text messages are sent."),
        Field(
            "consented_at",
            Instant(),
            docs="When consent was given; with the option historical, and only then.",
        ),
    )

    destination: "Klaviyo"
    options: SubscriptionsOptions

    def __init__(self, destination: "Klaviyo", options: Any = None) -> None:
        super().__init__(destination, options)
        self._list = NamedList(destination, self.target)

    @property
    def identifying_field(self) -> str:
        """The e-mail address, or the phone number where only text messages are agreed to."""
        return "email" if "email" in self.options.channels else "phone_number"

    @property
    def target(self) -> str:
        """The list's name."""
        return self.options.list

    def declared_fields(self) -> tuple[Field, ...]:
        """The addresses of the channels, all of them required; the moment of consent where it is imported."""
        needed = {_ADDRESSES[channel] for channel in self.options.channels}
        needed |= {"consented_at"} if self.options.historical else set()
        return tuple(
            replace(one, required=True, key=one.name == self.identifying_field)
            for one in self.fields
            if one.name in needed
        )

    def account_fields(self) -> Inquiry:
        """The fields, after a look whether the name means one list."""
        yield from self._list.found()
        return self.declared_fields()

    def deliver(self, batch: Batch) -> Conversation:
        """Subscribe, or unsubscribe those who are on the list."""
        if batch.operation is Operation.DELETE:
            return (yield from self._unsubscribe(batch))
        list_id = yield from self._list.id()
        people = json_objects(batch, self._subscribed)
        taken = yield from self._say(list_id, dict(enumerate(people)))
        return [taken.refused.get(n, ACCEPTED) for n in range(len(batch))]

    def _unsubscribe(self, batch: Batch) -> Conversation:
        list_id = yield from self._list.found()
        if list_id is None:
            return batch.all(DELETED)  # nobody is on a list that does not exist
        identifiers = batch.frame[IDENTIFIER].to_list()
        path = f"/api/lists/{list_id}/profiles"
        found = yield from profiles_with(self.destination, self.identifying_field, identifiers, path)
        people = {n: self._unsubscribed(found[one]) for n, one in enumerate(identifiers) if one in found}
        taken = yield from self._say(list_id, people, leaving=True)
        return [taken.refused.get(n, DELETED) for n in range(len(batch))]

    def _say(
        self, list_id: str, people: Mapping[int, str], *, leaving: bool = False
    ) -> Generator[Any, Any, Taken]:
        """Take these people (JSON, by position) on, in one job."""
        kind = f"profile-subscription-bulk-{'delete' if leaving else 'create'}-job"
        account, list_ = self.destination, list_relationship(list_id)
        history = ',"historical_import":true' if self.options.historical and not leaving else ""

        def request(some: Sequence[int]) -> httpx.Request:
            profiles = f'{{"data":[{",".join(people[n] for n in some)}]}}'
            attributes = f'{{"profiles":{profiles}{history}}}'
            body = f'{{"data":{{"type":"{kind}","attributes":{attributes},"relationships":{list_}}}}}'
            return account.call("POST", f"/api/{kind}s", budget=account.consent, body=body)

        return said_to_all(account, people, request)

    def _subscribed(self, batch: Batch) -> Shape:
        told = members(batch)
        consent: dict[str, Member] = {"consent": Member(pl.lit("SUBSCRIBED"))}
        if self.options.historical:
            consent["consented_at"] = told["consented_at"]
        addresses = {_ADDRESSES[channel]: told[_ADDRESSES[channel]] for channel in self.options.channels}
        subscriptions: Shape = {channel: {"marketing": consent} for channel in self.options.channels}
        return {
            "type": Member(pl.lit("profile")),
            "attributes": {**addresses, "subscriptions": subscriptions},
        }

    def _unsubscribed(self, member: Mapping[str, Any]) -> str:
        """A member of the list (as Klaviyo shows it) who leaves the channels that it has an address for."""
        held = {channel: member["attributes"].get(_ADDRESSES[channel]) for channel in self.options.channels}
        reached = {channel: address for channel, address in held.items() if address}
        subscriptions = {channel: {"marketing": {"consent": "UNSUBSCRIBED"}} for channel in reached}
        addresses = {_ADDRESSES[channel]: address for channel, address in reached.items()}
        return json.dumps({"type": "profile", "attributes": {**addresses, "subscriptions": subscriptions}})
