"""The profiles of a Klaviyo account: created and updated in bulk, and told one by one which of them was refused."""

from typing import TYPE_CHECKING, Any, ClassVar

from activation_platform.contracts.batch import Batch
from activation_platform.contracts.encode import json_objects, sized
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind
from activation_platform.contracts.service import Conversation, Service
from activation_platform.destinations.klaviyo.imports import ENVELOPE, import_profile, import_profiles
from activation_platform.destinations.klaviyo.people import (
    ATTRIBUTES,
    IDENTIFIERS,
    PROPERTIES,
    Identified,
    clearing,
    identified,
    profile,
)

if TYPE_CHECKING:
    from activation_platform.destinations.klaviyo.destination import Klaviyo

__all__ = ["Profiles"]


class Profiles(Service):
    """Create and update the profiles of a Klaviyo account.

    A profile is known by one identifier (e-mail address, phone number or your own ID) and created when Klaviyo does not know
    it. Profiles are imported in jobs of up to 10,000, and each that Klaviyo refuses is told. A job cannot clear a standard
    attribute: profiles that lose one are written one by one, 750 a minute (`on_null: keep` avoids it). Being a profile is
    no consent: nobody is subscribed.

    Unconfirmed: which profile Klaviyo takes where two identifiers of a record belong to two profiles; how many custom
    properties an account may have.
    """

    docs: ClassVar[str] = "https://developers.klaviyo.com/en/reference/bulk_import_profiles"
    object: ClassVar[ObjectKind] = ObjectKind.RECORD
    modes: ClassVar[frozenset[Mode]] = frozenset({Mode.UPSERT})
    model_kinds: ClassVar[frozenset[ModelKind]] = frozenset({ModelKind.USERS})
    batch_size: ClassVar[int] = 10_000
    max_record_bytes: ClassVar[int | None] = 100_000
    max_request_bytes: ClassVar[int | None] = 5_000_000
    Options: ClassVar[type[Any]] = Identified
    fields: ClassVar[tuple[Field, ...]] = (*IDENTIFIERS, *ATTRIBUTES)
    custom_fields: ClassVar[CustomFields | None] = PROPERTIES

    destination: "Klaviyo"
    options: Identified

    @property
    def identifying_field(self) -> str:
        """The identifier that the options choose."""
        return self.options.identifier

    def declared_fields(self) -> tuple[Field, ...]:
        """The fields, with the chosen identifier as the key."""
        return identified(self.fields, self.identifying_field)

    def deliver(self, batch: Batch) -> Conversation:
        """Import the profiles in one job; those with an attribute to clear, which a job cannot, one by one."""
        texts = sized(json_objects(batch, profile), self, ENVELOPE)
        alone = clearing(batch)
        together = {n: text for n, text in enumerate(texts) if n not in alone}
        outcomes = yield from import_profiles(self.destination, together)
        for n in sorted(alone):
            outcomes[n] = yield from import_profile(self.destination, texts[n])
        return [outcomes[n] for n in range(len(batch))]
