"""Consent to marketing by a Klaviyo list: people are subscribed to it, and unsubscribed from it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

from activation_platform.contracts.batch import IDENTIFIER, Batch
from activation_platform.contracts.encode import Shape, json_objects
from activation_platform.contracts.fields import Field
from activation_platform.contracts.identified import check_name
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind, Operation
from activation_platform.contracts.outcomes import DELETED
from activation_platform.contracts.service import Conversation, Service
from activation_platform.contracts.values import Email, Instant, Phone
from activation_platform.destinations.klaviyo.consent import (
    ADDRESSES,
    Channel,
    check_channels,
    subscribe,
    subscribed,
    unsubscribe,
)
from activation_platform.destinations.klaviyo.named_list import OfAList

if TYPE_CHECKING:
    from activation_platform.destinations.klaviyo.destination import Klaviyo

__all__ = ["Subscriptions", "SubscriptionsOptions"]


@dataclass(frozen=True, slots=True)
class SubscriptionsOptions:
    """`list`: the name of the list; `channels`: `email`, `sms` or both; `historical`: whether consent was given before, at
    `consented_at`: then nobody is asked to confirm, and no flow of *added to list* begins.
    """

    list: str = field(metadata={"example": "Newsletter"})
    channels: Sequence[Channel] = ("email",)
    historical: bool = False

    def __post_init__(self) -> None:
        check_channels(self.channels)
        check_name("list", self.list)


class Subscriptions(OfAList, Service):
    """Subscribe people to the marketing of a Klaviyo list; under mirror, unsubscribe who left.

    Only map people who agreed. The list is found by its name, and made where there is none; where it asks for double opt-in,
    Klaviyo asks everybody to confirm, unless consent is imported as history. Subscribing lifts an earlier unsubscription;
    nobody is subscribed twice, which might undo what they decided since, unless somebody asks for a full run. Who left is
    unsubscribed from the list's channels, if they are still on the list: Klaviyo would unsubscribe everybody else from
    everything. It takes changes on and does not say how they end, so that what it took on counts.

    Unconfirmed: that a refusal says which of the people it means (otherwise the batch is halved to find out).
    """

    docs: ClassVar[str] = "https://developers.klaviyo.com/en/reference/bulk_subscribe_profiles"
    object: ClassVar[ObjectKind] = ObjectKind.LIST
    modes: ClassVar[frozenset[Mode]] = frozenset({Mode.UPSERT, Mode.MIRROR})
    says_again: ClassVar[bool] = False
    model_kinds: ClassVar[frozenset[ModelKind]] = frozenset({ModelKind.USERS})
    batch_size: ClassVar[int] = 1_000
    delete_batch_size: ClassVar[int | None] = 100
    Options: ClassVar[type[Any]] = SubscriptionsOptions
    fields: ClassVar[tuple[Field, ...]] = (
        Field("email", Email(), key=True, docs="Where e-mail is sent."),
        Field("phone_number", Phone(), docs="Where text messages are sent."),
        Field("consented_at", Instant(), docs="When consent was given, with the option historical alone."),
    )

    destination: "Klaviyo"
    options: SubscriptionsOptions

    @property
    def identifying_field(self) -> str:
        """The e-mail address, or the phone number where only text messages are agreed to."""
        return "email" if "email" in self.options.channels else "phone_number"

    def declared_fields(self) -> tuple[Field, ...]:
        """The addresses of the channels, all of them required; the moment of consent where it is imported."""
        needed = {ADDRESSES[channel] for channel in self.options.channels}
        needed |= {"consented_at"} if self.options.historical else set()
        return tuple(
            replace(one, required=True, key=one.name == self.identifying_field)
            for one in self.fields
            if one.name in needed
        )

    def deliver(self, batch: Batch) -> Conversation:
        """Subscribe people, or unsubscribe those who are on the list."""
        if batch.operation is not Operation.DELETE:
            agreed, before = json_objects(batch, self._subscribed), self.options.historical
            list_id = yield from self._list.id()
            taken = yield from subscribe(self.destination, list_id, agreed, historical=before)
            return batch.accepted(taken.refused)
        there = yield from self._list.found()
        if there is None:
            return batch.all(DELETED)  # nobody is on a list that does not exist
        people, known_by = batch.frame[IDENTIFIER].to_list(), self.identifying_field
        taken = yield from unsubscribe(self.destination, there, known_by, people, self.options.channels)
        return [taken.refused.get(n, DELETED) for n in range(len(batch))]

    def _subscribed(self, batch: Batch) -> Shape:
        return subscribed(batch, self.options.channels)
