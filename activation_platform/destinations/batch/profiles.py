"""The profiles of a Batch project: created and updated in bulk, erased one by one."""

from typing import TYPE_CHECKING, ClassVar

import httpx
import polars as pl

from activation_platform.contracts.batch import IDENTIFIER, Batch
from activation_platform.contracts.encode import Member, Shape, json_array
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind, Operation
from activation_platform.contracts.outcomes import Outcome, partial
from activation_platform.contracts.service import Conversation, Service
from activation_platform.contracts.values import Choice, Email, Phone, Text, TimeZone
from activation_platform.destinations.batch.attributes import ATTRIBUTES, PERSON, attribute_members
from activation_platform.destinations.batch.erasure import Erasing
from activation_platform.destinations.batch.updates import faults_of, update

if TYPE_CHECKING:
    from activation_platform.destinations.batch.destination import Batch as BatchProject

__all__ = ["Profiles"]

_CONSENT = Choice(("subscribed", "unsubscribed"))
_LANGUAGE = Text(pattern="[a-z]{2}", words="a language of two lower-case letters")
_REGION = Text(pattern="[A-Z]{2}", words="a region of two capital letters")


class Profiles(Erasing, Service):
    """Create and update the profiles of a Batch project; under mirror, erase the people who left.

    A profile is known by its custom ID and created when Batch does not know it. Batch takes updates on and applies
    them within moments; it does not say which profiles are new. An attribute it refuses leaves the rest of the profile
    applied. Erasure is Batch's GDPR removal: asynchronous, irreversible, one request per person and app.

    Unconfirmed: the lengths of custom IDs, names and texts; at most 50 attributes a call.
    """

    docs: ClassVar[str] = "https://doc.batch.com/developer/api/cep/profiles/update"
    object: ClassVar[ObjectKind] = ObjectKind.RECORD
    modes: ClassVar[frozenset[Mode]] = frozenset({Mode.UPSERT, Mode.MIRROR})
    model_kinds: ClassVar[frozenset[ModelKind]] = frozenset({ModelKind.USERS})
    batch_size: ClassVar[int] = 200  # more and the call is refused; see `docs`
    max_fields: ClassVar[int | None] = 50  # as Segment's integration counts
    fields: ClassVar[tuple[Field, ...]] = (
        PERSON,
        Field("$email_address", Email(), docs="Where e-mail is sent."),
        Field("$email_marketing", _CONSENT, docs="Consent to marketing by e-mail."),
        Field("$phone_number", Phone(), docs="Where text messages are sent."),
        Field("$sms_marketing", _CONSENT, docs="Consent to marketing by text message."),
        Field("$language", _LANGUAGE, docs="ISO 639-1: fr."),
        Field("$region", _REGION, docs="ISO 3166-1: FR."),
        Field("$timezone", TimeZone(), docs="As in Europe/Paris."),
    )
    custom_fields: ClassVar[CustomFields | None] = ATTRIBUTES

    destination: "BatchProject"

    def deliver(self, batch: Batch) -> Conversation:
        """Update profiles in one request; ask for erasures one profile at a time."""
        if batch.operation is Operation.DELETE:
            return (yield from self.erase(batch))
        return (yield from super().deliver(batch))

    def request(self, batch: Batch) -> httpx.Request:
        """All profiles of the batch, each with the attributes to write."""
        return update(self.destination, json_array(batch, _profile), len(batch))

    def outcomes(self, response: httpx.Response, batch: Batch) -> list[Outcome]:
        """Accepted, or partial with the reasons of all refused attributes; a refused call is refused as a whole."""
        faults = faults_of(response, self.destination, len(batch))
        return batch.accepted(
            {n: partial("; ".join(one.words for one in found)) for n, found in faults.items()}
        )


def _profile(batch: Batch) -> Shape:
    attributes = dict(attribute_members(batch, but=("custom_id",)))
    return {"identifiers": {"custom_id": Member(pl.col(IDENTIFIER))}, "attributes": attributes}
