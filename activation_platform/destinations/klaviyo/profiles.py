"""The profiles of a Klaviyo account: created and updated in bulk, and told one by one which of them was refused."""

from collections.abc import Container, Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import httpx

from activation_platform.contracts.batch import Batch
from activation_platform.contracts.encode import json_objects, sized
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.identified import ByIdentifier
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind, Operation
from activation_platform.contracts.outcomes import Outcome, ignored
from activation_platform.contracts.service import Conversation, Pending, Service, Settlement
from activation_platform.destinations.klaviyo.deletions import request_deletions, settle_deletions
from activation_platform.destinations.klaviyo.imports import (
    ENVELOPE,
    create_profiles,
    import_profile,
    import_profiles,
)
from activation_platform.destinations.klaviyo.people import (
    ATTRIBUTES,
    IDENTIFIERS,
    PROPERTIES,
    Identified,
    clearing,
    new_profile,
    profile,
)
from activation_platform.destinations.klaviyo.search import profiles_with

if TYPE_CHECKING:
    from activation_platform.destinations.klaviyo.destination import Klaviyo

__all__ = ["Profiles"]

_Saying = Generator[Any, Any, dict[int, Outcome]]


class Profiles(ByIdentifier, Service):
    """Create and update the profiles of a Klaviyo account; under mirror, delete those of the people who left.

    A profile is known by one identifier (e-mail address, phone number or your own ID) and created when Klaviyo does not know
    it. Profiles are imported in jobs of up to 10,000, and each that Klaviyo refuses is told. A job cannot clear a standard
    attribute: profiles that lose one are written one by one, 750 a minute (`on_null: keep` avoids it), and so are they all
    under insert only. Being a profile is no consent: nobody is subscribed. Deletion is Klaviyo's for data privacy:
    asynchronous, irreversible, one request a profile.

    Unconfirmed: which profile Klaviyo takes where two identifiers of a record belong to two profiles; how many custom
    properties an account may have.
    """

    docs: ClassVar[str] = "https://developers.klaviyo.com/en/reference/bulk_import_profiles"
    object: ClassVar[ObjectKind] = ObjectKind.RECORD
    modes: ClassVar[frozenset[Mode]] = frozenset(
        {Mode.UPSERT, Mode.UPDATE_ONLY, Mode.INSERT_ONLY, Mode.MIRROR}
    )
    model_kinds: ClassVar[frozenset[ModelKind]] = frozenset({ModelKind.USERS})
    batch_size: ClassVar[int] = 10_000
    delete_batch_size: ClassVar[int | None] = 100
    deletes_are_requests: ClassVar[bool] = True
    max_record_bytes: ClassVar[int | None] = 100_000
    max_request_bytes: ClassVar[int | None] = 5_000_000
    Options: ClassVar[type[Any]] = Identified
    fields: ClassVar[tuple[Field, ...]] = (*IDENTIFIERS, *ATTRIBUTES)
    custom_fields: ClassVar[CustomFields | None] = PROPERTIES

    destination: "Klaviyo"
    options: Identified

    @property
    def erasures_per_second(self) -> float | None:
        """The pace of deletions."""
        return self.destination.deletions.per_second

    def deliver(self, batch: Batch) -> Conversation:
        """Import, create or delete the profiles, as operation and mode say."""
        if batch.operation is Operation.DELETE:
            return (yield from request_deletions(self.destination, self.identifying_field, batch))
        if batch.mode is Mode.INSERT_ONLY:
            texts = sized(json_objects(batch, new_profile), self)
            return (yield from create_profiles(self.destination, texts))
        people = dict(enumerate(sized(json_objects(batch, profile), self, ENVELOPE)))
        if batch.mode is Mode.UPDATE_ONLY:
            people = yield from self._known(batch, people)
        outcomes = yield from self._import(people, clearing(batch))
        return [outcomes.get(n, ignored("unknown at the destination")) for n in range(len(batch))]

    def _import(self, people: Mapping[int, str], alone: Container[int]) -> _Saying:
        """In one job; those with an attribute to clear, which a job cannot, one by one."""
        together = {n: text for n, text in people.items() if n not in alone}
        outcomes = yield from import_profiles(self.destination, together)
        for n in people:
            if n in alone:
                outcomes[n] = yield from import_profile(self.destination, people[n])
        return outcomes

    def _known(self, batch: Batch, people: Mapping[int, str]) -> Generator[Any, Any, dict[int, str]]:
        """Those who are there, each by the ID of the profile that has the identifier last sent, or today's."""
        names = {n: [one.previous_identifier, one.identifier] for n, one in enumerate(batch.records)}
        sought = [name for two in names.values() for name in two if name]
        found = yield from profiles_with(self.destination, self.identifying_field, sought)
        there = {
            n: next((found[name]["id"] for name in two if name in found), "") for n, two in names.items()
        }
        return {n: f'{{"id":"{there[n]}",{text[1:]}' for n, text in people.items() if there[n]}

    def settle(self, pending: Sequence[Pending]) -> Generator[httpx.Request, Any, list[Settlement]]:
        """See which of the profiles are still there."""
        return (yield from settle_deletions(self.destination, self.identifying_field, pending))
