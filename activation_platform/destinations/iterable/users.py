"""The users of an Iterable project: created and updated in bulk, and told one by one which of them were refused."""

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import httpx
import polars as pl

from activation_platform.contracts.batch import Batch
from activation_platform.contracts.encode import Member, Part, Shape, json_objects, sized
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.identified import ByIdentifier
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind, Operation
from activation_platform.contracts.outcomes import ignored
from activation_platform.contracts.service import Conversation, Inquiry, Pending, Service, Settlement
from activation_platform.destinations.iterable.answers import NOT_FOUND, outcomes_of
from activation_platform.destinations.iterable.deletions import request_deletions, settle_deletions
from activation_platform.destinations.iterable.people import (
    CUSTOM,
    IDENTIFIERS,
    Identified,
    data_fields,
    fields_of,
    person,
    those_there,
)

if TYPE_CHECKING:
    from activation_platform.destinations.iterable.destination import Iterable

__all__ = ["Users"]

_ENVELOPE = len('{"createNewFields":false,"users":[]}')


class Users(ByIdentifier, Service):
    """Create and update the users of an Iterable project; under mirror, delete those who left.

    A user is known by the e-mail address or by your user ID, as the type of the project allows. Fields must be there, with the
    type that they keep for ever: make them in Iterable first (Settings > Data Schema Management). Update only looks people up
    one by one, 90 a second; whom somebody deletes between that and the write, it makes again. Insert only is not offered: to
    create is to overwrite at Iterable. Deletion is asynchronous and irreversible, one request a user: it takes their events, too,
    and with them a part of past campaigns' figures; it does not keep anybody from coming back.

    Not written: arrays of anything but texts, and what is inside of objects.

    Unconfirmed: that null takes a value away, and that one call takes 1,000 users beside its 4 MB (both second-hand); how long a
    deletion takes, and how that of somebody unknown is refused; how long a text may be (some 32,000 characters).
    """

    docs: ClassVar[str] = "https://api.iterable.com/api/docs#users_bulkUpdateUser"
    object: ClassVar[ObjectKind] = ObjectKind.RECORD
    modes: ClassVar[frozenset[Mode]] = frozenset({Mode.UPSERT, Mode.UPDATE_ONLY, Mode.MIRROR})
    model_kinds: ClassVar[frozenset[ModelKind]] = frozenset({ModelKind.USERS})
    batch_size: ClassVar[int] = 1_000
    delete_batch_size: ClassVar[int | None] = 100
    deletes_are_requests: ClassVar[bool] = True
    max_request_bytes: ClassVar[int | None] = 4_000_000
    Options: ClassVar[type[Any]] = Identified
    fields: ClassVar[tuple[Field, ...]] = IDENTIFIERS
    custom_fields: ClassVar[CustomFields | None] = CUSTOM

    destination: "Iterable"
    options: Identified

    @property
    def erasures_per_second(self) -> float | None:
        """The pace of deletions."""
        return self.destination.deletions.per_second

    def account_fields(self) -> Inquiry:
        """The project's own fields beside the identifiers."""
        return (*self.declared_fields(), *(yield from fields_of(self.destination)))

    def deliver(self, batch: Batch) -> Conversation:
        """Update the users in one call; under update only, those who are there; ask for the deletion of those who left."""
        account = self.destination
        if batch.operation is Operation.DELETE:
            return (yield from request_deletions(account, self.identifying_field, batch))
        users = sized(json_objects(batch, self._user), self, _ENVELOPE)
        positions: Sequence[int] = range(len(batch))
        if batch.mode is Mode.UPDATE_ONLY:
            positions = yield from those_there(account, self.identifying_field, batch)
        if not positions:
            return batch.all(ignored(NOT_FOUND))
        body = f'{{"createNewFields":false,"users":[{",".join(users[n] for n in positions)}]}}'
        response = yield account.call("POST", "/api/users/bulkUpdate", budget=account.updates, body=body)
        return outcomes_of(response, self, batch, positions, unknown=ignored(NOT_FOUND))

    def settle(self, pending: Sequence[Pending]) -> Generator[httpx.Request, Any, list[Settlement]]:
        """See which of the users are still there."""
        return (yield from settle_deletions(self.destination, self.identifying_field, pending))

    def _user(self, batch: Batch) -> Shape:
        key = self.identifying_field
        user: dict[str, Member | Part | Shape] = dict(person(key))
        if key == "userId" and batch.mode is not Mode.UPDATE_ONLY:
            user["preferUserId"] = Member(pl.lit(value=True))  # or one who is unknown is no user
        values = data_fields(batch, but=(key,))
        return {**user, "dataFields": values} if values else user
