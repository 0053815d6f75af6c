"""A list of a Klaviyo account: profiles that enter and leave it."""

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from activation_platform.contracts.batch import IDENTIFIER, Batch
from activation_platform.contracts.encode import json_objects, sized
from activation_platform.contracts.fields import Field
from activation_platform.contracts.identified import OnList, check_name
from activation_platform.contracts.modes import Operation
from activation_platform.contracts.outcomes import DELETED
from activation_platform.contracts.service import Conversation, Service, refuse
from activation_platform.destinations.klaviyo.answers import is_taken
from activation_platform.destinations.klaviyo.imports import import_profiles
from activation_platform.destinations.klaviyo.jobs import ENVELOPE
from activation_platform.destinations.klaviyo.named_list import OfAList
from activation_platform.destinations.klaviyo.people import IDENTIFIERS, Identified, profile
from activation_platform.destinations.klaviyo.search import profiles_with

if TYPE_CHECKING:
    from activation_platform.destinations.klaviyo.destination import Klaviyo

__all__ = ["Lists", "ListsOptions"]


@dataclass(frozen=True, slots=True)
class ListsOptions(Identified):
    """`list`: the name of the list; `identifier`: the field by which a person is recognised, as for profiles."""

    list: str = field(kw_only=True, metadata={"example": "Our best customers"})

    def __post_init__(self) -> None:
        Identified.__post_init__(self)
        check_name("list", self.list)


class Lists(OfAList, OnList, Service):
    """Put profiles of a Klaviyo account on a list, and take them off.

    The list is found by its name, and made where there is none. A profile is created where Klaviyo does not know the person.
    Being on a list is no consent: nobody is subscribed or unsubscribed by it (see klaviyo.subscriptions). A list cannot be
    replaced without the flows that use it losing it, so that there is no snapshot; mirror takes off who left.

    Unconfirmed: that a filter takes a hundred values; whether two lists may have one name (then the oldest is meant).
    """

    docs: ClassVar[str] = "https://developers.klaviyo.com/en/reference/lists_api_overview"
    batch_size: ClassVar[int] = 10_000
    delete_batch_size: ClassVar[int | None] = 1_000
    max_request_bytes: ClassVar[int | None] = 5_000_000
    Options: ClassVar[type[Any]] = ListsOptions
    fields: ClassVar[tuple[Field, ...]] = IDENTIFIERS

    destination: "Klaviyo"
    options: ListsOptions

    def deliver(self, batch: Batch) -> Conversation:
        """Import the profiles into the list; or look up who they are, and remove them by their IDs."""
        if batch.operation is Operation.DELETE:
            return (yield from self._remove(batch))
        profiles = dict(enumerate(sized(json_objects(batch, profile), self, ENVELOPE)))
        outcomes = yield from import_profiles(self.destination, profiles, [(yield from self._list.id())])
        return [outcomes[n] for n in range(len(batch))]

    def _remove(self, batch: Batch) -> Conversation:
        there = yield from self._list.found()
        if there is None:
            return batch.all(DELETED)  # nobody is on a list that does not exist
        people = batch.frame[IDENTIFIER].to_list()
        found = yield from profiles_with(self.destination, self.identifying_field, people)
        if found:
            response = yield self.destination.call(
                "DELETE",
                f"/api/lists/{there}/relationships/profiles",
                budget=self.destination.list_removals,
                body=json.dumps({"data": [{"type": "profile", "id": one["id"]} for one in found.values()]}),
            )
            if not is_taken(response):
                refuse(response, self.destination)
        return batch.all(DELETED)  # who is not there is on no list
