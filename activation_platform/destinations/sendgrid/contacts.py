"""The contacts of a SendGrid account: created, updated and deleted in bulk, each told of by the job that did it."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from activation_platform.contracts.batch import IDENTIFIER, Batch
from activation_platform.contracts.encode import Shape, json_objects, sized
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.identified import ByIdentifier
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind, Operation
from activation_platform.contracts.once import Once
from activation_platform.contracts.outcomes import DELETED, UNKNOWN_THERE
from activation_platform.contracts.service import Conversation, Inquiry, Service
from activation_platform.destinations.sendgrid.jobs import ENVELOPE, LONGEST, delete_contacts, upsert_contacts
from activation_platform.destinations.sendgrid.people import (
    CUSTOM,
    IDENTIFIERS,
    RESERVED,
    Definitions,
    Identified,
    as_known,
    contact,
    definitions_of,
    fields_of,
)
from activation_platform.destinations.sendgrid.search import MOST, contacts_with

if TYPE_CHECKING:
    from activation_platform.destinations.sendgrid.destination import SendGrid

__all__ = ["Contacts"]


class Contacts(ByIdentifier, Service):
    """Create and update the contacts of a SendGrid account; under mirror, delete those who left.

    A contact is known by one identifier (the e-mail address, unless the options choose another) and created when SendGrid does
    not know it. It must be sent with all identifiers that it has at SendGrid: map those that your contacts have. Update only
    looks contacts up first, and adds them by itself; whom somebody deletes between that and the write, it makes again. Custom
    fields must exist in SendGrid before they are mapped. Identifiers, and custom fields of type number or date, cannot be
    cleared: they are mapped with `on_null: keep`. A contact that is deleted and made again counts twice on SendGrid's bill.
    What SendGrid had taken on when a run broke off is done later: under mirror, a contact who left meanwhile is deleted an hour
    after that, by the next run.

    Unconfirmed: what SendGrid makes of a contact that is sent with some of its identifiers; that an empty text or list clears a
    field; the form of dates (MM/DD/YYYY, as in its CSV files); how many IDs one deletion takes (100); how long a job takes; the
    form of the file that names who was refused; how many calls SendGrid allows (its answers tell, its pages do not).
    """

    docs: ClassVar[str] = (
        "https://www.twilio.com/docs/sendgrid/api-reference/contacts/add-or-update-a-contact"
    )
    object: ClassVar[ObjectKind] = ObjectKind.RECORD
    modes: ClassVar[frozenset[Mode]] = frozenset({Mode.UPSERT, Mode.UPDATE_ONLY, Mode.MIRROR})
    model_kinds: ClassVar[frozenset[ModelKind]] = frozenset({ModelKind.USERS})
    batch_size: ClassVar[int] = 30_000
    delete_batch_size: ClassVar[int | None] = MOST
    max_request_bytes: ClassVar[int | None] = 6_000_000
    finishes_within: ClassVar[timedelta] = LONGEST
    Options: ClassVar[type[Any]] = Identified
    fields: ClassVar[tuple[Field, ...]] = (*IDENTIFIERS, *RESERVED)
    custom_fields: ClassVar[CustomFields | None] = CUSTOM

    destination: "SendGrid"
    options: Identified

    def __init__(self, destination: "SendGrid", options: Any = None) -> None:
        super().__init__(destination, options)
        self._definitions: Once[Definitions] = Once(lambda: definitions_of(self.destination))
        self._known: Definitions = {}

    def account_fields(self) -> Inquiry:
        """The account's custom fields beside its reserved ones."""
        return (*self.declared_fields(), *fields_of((yield from self._definitions.get())))

    def deliver(self, batch: Batch) -> Conversation:
        """Upsert the contacts in one job; under update only, those who are there; delete those who left by their IDs."""
        identifiers = batch.frame[IDENTIFIER].to_list()
        if batch.operation is Operation.DELETE:
            found = yield from contacts_with(self.destination, self.identifying_field, identifiers)
            yield from delete_contacts(self.destination, [one["id"] for one in found.values()])
            return batch.all(DELETED)  # not to be there is to be deleted
        self._known = yield from self._definitions.get()
        written = json_objects(batch, self._contact)
        people = dict(enumerate(written))
        if batch.mode is Mode.UPDATE_ONLY:
            found = yield from contacts_with(self.destination, self.identifying_field, identifiers)
            people = as_known(batch, written, found)
        sized([*people.values()], self, ENVELOPE)
        outcomes = yield from upsert_contacts(self.destination, people, identifiers)
        return [outcomes.get(n, UNKNOWN_THERE) for n in range(len(batch))]

    def _contact(self, batch: Batch) -> Shape:
        return contact(batch, self._known)
