"""The profiles of a Klaviyo account: created and updated in bulk, and told one by one which of them was refused."""

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import httpx

from activation_platform.contracts.batch import Batch
from activation_platform.contracts.encode import json_objects, sized
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.identified import ByIdentifier
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind, Operation
from activation_platform.contracts.outcomes import UNKNOWN_THERE
from activation_platform.contracts.service import Conversation, Pending, Service, Settlement
from activation_platform.destinations.klaviyo.deletions import request_deletions, settle_deletions
from activation_platform.destinations.klaviyo.imports import create_profiles, import_each
from activation_platform.destinations.klaviyo.jobs import ENVELOPE
from activation_platform.destinations.klaviyo.people import (
    ATTRIBUTES,
    IDENTIFIERS,
    PROPERTIES,
    Identified,
    clearing,
    new_profile,
    profile,
)
from activation_platform.destinations.klaviyo.search import known_ids

if TYPE_CHECKING:
    from activation_platform.destinations.klaviyo.destination import Klaviyo

__all__ = ["Profiles"]


class Profiles(ByIdentifier, Service):
    """Create and update the profiles of a Klaviyo account; under mirror, delete those of the people who left.

    A profile is known by one identifier (e-mail address, phone number or your own ID) and created when Klaviyo does not know
    it. Profiles are imported in jobs of up to 10,000, and each that Klaviyo refuses is told. A job cannot clear a standard
    attribute: profiles that lose one are written one by one, 750 a minute (`on_null: keep` avoids it), and so are they all
    under insert only. Being a profile is no consent: nobody is subscribed. Deletion is Klaviyo's for data privacy:
    asynchronous, irreversible, one request a profile.

    Unconfirmed: which profile Klaviyo takes where two identifiers belong to two profiles; how long a deletion takes.
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
            known = yield from known_ids(self.destination, self.identifying_field, batch)
            people = {n: f'{{"id":"{id_}",{people[n][1:]}' for n, id_ in known.items()}
        outcomes = yield from import_each(self.destination, people, clearing(batch))
        return [outcomes.get(n, UNKNOWN_THERE) for n in range(len(batch))]

    def settle(self, pending: Sequence[Pending]) -> Generator[httpx.Request, Any, list[Settlement]]:
        """See which of the profiles are still there."""
        return (yield from settle_deletions(self.destination, self.identifying_field, pending))
