"""A static list of an Iterable project: a name, and the users who are put on it and taken off."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from activation_platform.contracts.batch import Batch
from activation_platform.contracts.encode import Shape, json_objects
from activation_platform.contracts.fields import Field
from activation_platform.contracts.identified import OnList, check_name
from activation_platform.contracts.modes import Operation
from activation_platform.contracts.once import Once
from activation_platform.contracts.outcomes import ACCEPTED, DELETED, ignored
from activation_platform.contracts.service import Conversation, Inquiry, Service
from activation_platform.destinations.iterable.answers import NOT_FOUND, outcomes_of
from activation_platform.destinations.iterable.people import IDENTIFIERS, Identified, person
from activation_platform.destinations.iterable.static_lists import list_named, list_of_the_name

if TYPE_CHECKING:
    from activation_platform.destinations.iterable.destination import Iterable

__all__ = ["Lists", "ListsOptions"]


@dataclass(frozen=True, slots=True)
class ListsOptions(Identified):
    """`list`: the name of the list; `identifier`: the field by which a person is recognised, as for users."""

    list: str = field(kw_only=True, metadata={"example": "Our best customers"})

    def __post_init__(self) -> None:
        Identified.__post_init__(self)
        check_name("list", self.list)


class Lists(OnList, Service):
    """Put users of an Iterable project on a static list, and take them off.

    The list is found by its name among those that are static, and made where there is none. Only users whom Iterable knows are
    put on it, and who is not known is asked about again; but an email-based project makes a user of every new address. To be
    taken off a list is no unsubscription: who left still gets what else they agreed to. A list cannot be replaced without the
    campaigns and journeys that use it losing it, so that there is no snapshot; mirror takes off who left.

    Unconfirmed: that those whom Iterable does not know are named in its answer, and that one call takes 1,000 users (both
    second-hand); how many calls a second it takes (5); that two lists may have one name.
    """

    docs: ClassVar[str] = "https://api.iterable.com/api/docs#lists_subscribe"
    batch_size: ClassVar[int] = 1_000
    Options: ClassVar[type[Any]] = ListsOptions
    fields: ClassVar[tuple[Field, ...]] = IDENTIFIERS

    destination: "Iterable"
    options: ListsOptions

    def __init__(self, destination: "Iterable", options: Any = None) -> None:
        super().__init__(destination, options)
        self._list: Once[int] = Once(lambda: list_of_the_name(self.destination, self.target))

    def account_fields(self) -> Inquiry:
        """The fields, after a look at the lists, which may be read or is refused here."""
        yield from list_named(self.destination, self.target)
        return self.declared_fields()

    def deliver(self, batch: Batch) -> Conversation:
        """Put the users on the list, or take them off, in one call."""
        if batch.operation is Operation.DELETE:
            there = yield from list_named(self.destination, self.target)
            if there is None:
                return batch.all(DELETED)  # nobody is on a list that does not exist
            verb, more, unknown, done = "unsubscribe", '"channelUnsubscribe":false', DELETED, DELETED
        else:
            there = yield from self._list.get()
            verb, more, unknown, done = (
                "subscribe",
                '"updateExistingUsersOnly":true',
                ignored(NOT_FOUND),
                ACCEPTED,
            )
        people = ",".join(json_objects(batch, self._member))
        body = f'{{"listId":{there},"subscribers":[{people}],{more}}}'
        response = yield self.destination.call(
            "POST", f"/api/lists/{verb}", budget=self.destination.memberships, body=body
        )
        return outcomes_of(response, self, batch, range(len(batch)), unknown=unknown, taken=done)

    def _member(self, batch: Batch) -> Shape:
        del batch
        return person(self.identifying_field)
