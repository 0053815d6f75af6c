"""The contacts of an Intercom workspace: people whom it knows by your ID of them, or by their e-mail address."""

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any, ClassVar

import httpx

from activation_platform.contracts.batch import Batch, Record
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.identified import ByIdentifier
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind, Operation
from activation_platform.contracts.outcomes import DELETED, UNKNOWN_THERE, Outcome, rejected
from activation_platform.contracts.service import Conversation, Inquiry, Service
from activation_platform.contracts.values import Boolean, Instant, Integer, Phone, Text
from activation_platform.destinations.intercom.answers import is_missing, outcome_of
from activation_platform.destinations.intercom.attributes import CUSTOM, LINE, attributes_of, written
from activation_platform.destinations.intercom.people import (
    EXTERNAL_ID,
    IDENTIFIERS,
    Identified,
    contacts_by,
)
from activation_platform.destinations.intercom.writing import change, create

if TYPE_CHECKING:
    from activation_platform.destinations.intercom.destination import Intercom

__all__ = ["Contacts"]


class Contacts(ByIdentifier, Service):
    """Create, update and delete the contacts of an Intercom workspace: those with the role *user*.

    A contact is known by your own ID, or by the e-mail address. Custom attributes must be there: make them in Intercom first.
    Somebody who is archived there is taken out of the archive when written again. Mirror deletes for good, after seven days in
    which Intercom can bring somebody back. It needs your ID: by e-mail address people are found by a search that is some minutes
    behind, which may miss one who has to go.

    Unconfirmed: that a contact who has your e-mail address and no ID may be given one.
    """

    docs: ClassVar[str] = "https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts"
    object: ClassVar[ObjectKind] = ObjectKind.RECORD
    modes: ClassVar[frozenset[Mode]] = frozenset(
        {Mode.UPSERT, Mode.UPDATE_ONLY, Mode.INSERT_ONLY, Mode.MIRROR}
    )
    model_kinds: ClassVar[frozenset[ModelKind]] = frozenset({ModelKind.USERS})
    batch_size: ClassVar[int] = 1  # the API has no bulk endpoint
    Options: ClassVar[type[Any]] = Identified
    fields: ClassVar[tuple[Field, ...]] = (
        *IDENTIFIERS,
        Field("name", LINE, docs="First and last name."),
        Field("phone", Phone(), docs="The phone number."),
        Field("avatar", Text(min=1), docs="The address of a picture."),
        Field("signed_up_at", Instant(), docs="When they signed up, to the second."),
        Field("last_seen_at", Instant(), docs="When they were last seen, to the second."),
        Field("owner_id", Integer(), docs="The ID of the teammate who looks after them."),
        Field("unsubscribed_from_emails", Boolean(), docs="Whether they get no e-mails."),
    )
    custom_fields: ClassVar[CustomFields | None] = CUSTOM

    destination: "Intercom"
    options: Identified

    def objections(self, mode: Mode) -> Iterator[str]:
        """Whoever left must be found."""
        if mode is Mode.MIRROR and self.identifying_field != EXTERNAL_ID:
            yield f"under mirror Intercom's contacts are known by {EXTERNAL_ID}: set the option identifier to it"

    def account_fields(self) -> Inquiry:
        """The fields, with the custom attributes of contacts in the workspace."""
        return (yield from attributes_of(self.destination, "contact", self.declared_fields()))

    def deliver(self, batch: Batch) -> Conversation:
        """Write or delete the one contact of the batch, as operation and mode say."""
        (record,) = batch.records
        if batch.operation is Operation.DELETE:
            return [(yield from self._delete(record))]
        body, outcome = written(record, self.fields), None
        if batch.operation is Operation.UPDATE or batch.mode is Mode.UPDATE_ONLY:
            outcome = yield from self._update(record, body)
        if outcome or batch.mode is Mode.UPDATE_ONLY:
            return [outcome or UNKNOWN_THERE]
        overwrite = batch.mode is not Mode.INSERT_ONLY
        return [(yield from create(self.destination, body, self.identifying_field, overwrite=overwrite))]

    def _update(self, record: Record, body: dict[str, Any]) -> Generator[httpx.Request, Any, Outcome | None]:
        """Find the contact by the identifier last sent, else by today's, and write; None where nobody is known by them."""
        for identifier in dict.fromkeys((record.previous_identifier, record.identifier)):
            found = (yield from self._found(identifier)) if identifier else []
            if len(found) > 1:
                return rejected(f"several contacts at Intercom have this {self.identifying_field}")
            if found:
                return (yield from change(self.destination, found[0], body))
        return None

    def _delete(self, record: Record) -> Generator[httpx.Request, Any, Outcome]:
        """Find the contact by the identifier as sent, and delete it."""
        for contact in (yield from self._found(record.identifier or "")):
            response = yield self.destination.call("DELETE", f"/contacts/{contact}")
            told = DELETED if is_missing(response) else outcome_of(response, self.destination, DELETED)
            if told != DELETED:
                return told
        return DELETED

    def _found(self, identifier: str) -> Generator[httpx.Request, Any, list[str]]:
        (found,) = yield from contacts_by(self.destination, self.identifying_field, [identifier])
        return found
