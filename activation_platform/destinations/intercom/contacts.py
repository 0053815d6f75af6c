"""The contacts of an Intercom workspace: people whom it knows by your ID of them, or by their e-mail address."""

import re
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any, ClassVar

import httpx

from activation_platform.contracts.batch import Batch, Record
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.identified import ByIdentifier
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind, Operation
from activation_platform.contracts.outcomes import (
    CREATED,
    DELETED,
    UPDATED,
    Outcome,
    Verdict,
    ignored,
    rejected,
)
from activation_platform.contracts.service import Conversation, Inquiry, Service, body_of, refuse, said
from activation_platform.contracts.values import Boolean, Instant, Integer, Phone, Text
from activation_platform.destinations.intercom.answers import is_missing
from activation_platform.destinations.intercom.attributes import CUSTOM, LINE, attributes_of, written
from activation_platform.destinations.intercom.people import (
    EXTERNAL_ID,
    IDENTIFIERS,
    Contact,
    Identified,
    contact_of,
    folded,
    users_with,
)

if TYPE_CHECKING:
    from activation_platform.destinations.intercom.destination import Intercom

__all__ = ["Contacts"]

_Saying = Generator[httpx.Request, Any, Outcome]

_UNKNOWN = ignored("unknown at the destination")
_TAKEN_BY = re.compile(r"\b(archived )?contact matching those details already exists with id=(\w+)")


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
        custom = yield from attributes_of(self.destination, "contact")
        known = self.declared_fields()
        return (*known, *(one for one in custom if one.name not in {field.name for field in known}))

    def deliver(self, batch: Batch) -> Conversation:
        """Write or delete the one contact of the batch, as operation and mode say."""
        (record,) = batch.records
        if batch.operation is Operation.DELETE:
            return [(yield from self._delete(record))]
        if batch.mode is Mode.UPDATE_ONLY:
            return [(yield from self._update(record)) or _UNKNOWN]
        outcome = (yield from self._update(record)) if batch.operation is Operation.UPDATE else None
        return [outcome or (yield from self._create(record, overwrite=batch.mode is not Mode.INSERT_ONLY))]

    def _create(self, record: Record, *, overwrite: bool) -> _Saying:
        """Create, unless Intercom says that somebody has these details already."""
        response = yield self.destination.call(
            "POST", "/contacts", json={"role": "user", **self._body(record)}
        )
        if response.is_success:
            said(response)
            return CREATED
        taken = _TAKEN_BY.search(self.destination.refusal(response))
        if response.status_code != httpx.codes.CONFLICT or taken is None:
            return self._refused(response)
        archived, contact = bool(taken[1]), taken[2]
        if not archived:
            return (yield from self._taken(contact, record, response, overwrite=overwrite))
        if not overwrite:
            return ignored("already there, in the archive")
        opened = yield self.destination.call("POST", f"/contacts/{contact}/unarchive")
        if not opened.is_success:
            return rejected(self.destination.refusal(opened))
        outcome = yield from self._taken(contact, record, response, overwrite=True)
        if outcome.verdict is not Verdict.ACCEPTED:
            yield self.destination.call("POST", f"/contacts/{contact}/archive")
        return outcome

    def _taken(self, contact: str, record: Record, response: httpx.Response, *, overwrite: bool) -> _Saying:
        """Look at who has the details, and write that contact if it is the one that is meant, and not another."""
        words = self.destination.refusal(response)
        shown = yield self.destination.call("GET", f"/contacts/{contact}")
        if is_missing(shown):
            return rejected(words)
        held = body_of(shown, self.destination).get(self.identifying_field)
        if held and folded(held) != folded(record.identifier):
            return rejected(f"{words}, whose {self.identifying_field} is another")
        if not overwrite:
            return ignored("already there")
        return (yield from self._change(contact, record)) or rejected(words)

    def _update(self, record: Record) -> Generator[httpx.Request, Any, Outcome | None]:
        """Find the contact by the identifier last sent, else by today's, and write; None where nobody is known by them."""
        for identifier in dict.fromkeys((record.previous_identifier, record.identifier)):
            found = (yield from self._found(identifier)) if identifier else []
            if len(found) > 1:
                return rejected(f"several contacts at Intercom have this {self.identifying_field}")
            if found:
                return (yield from self._change(contact_of(found[0]), record))
        return None

    def _change(self, contact: str, record: Record) -> Generator[httpx.Request, Any, Outcome | None]:
        """Write a contact; None where it was deleted since it was found."""
        response = yield self.destination.call("PUT", f"/contacts/{contact}", json=self._body(record))
        if response.is_success:
            said(response)
            return UPDATED
        return None if is_missing(response) else self._refused(response)

    def _delete(self, record: Record) -> _Saying:
        """Find the contact by the identifier as sent, and delete it."""
        for one in (yield from self._found(record.identifier or "")):
            response = yield self.destination.call("DELETE", f"/contacts/{contact_of(one)}")
            if not response.is_success and not is_missing(response):
                return self._refused(response)
        return DELETED

    def _found(self, identifier: str) -> Generator[httpx.Request, Any, list[Contact]]:
        found = yield from users_with(self.destination, self.identifying_field, [identifier])
        return [one for one in found if folded(one.get(self.identifying_field)) == folded(identifier)]

    def _body(self, record: Record) -> dict[str, Any]:
        """The values; an identifier that is null cannot be taken away."""
        kept = {field.name for field in self.fields if not field.clearable}
        values = {name: v for name, v in record.values.items() if not (v is None and name in kept)}
        return written(values, {field.name for field in self.fields})

    def _refused(self, response: httpx.Response) -> Outcome:
        if response.status_code == httpx.codes.NOT_FOUND:
            refuse(response, self.destination)
        return rejected(self.destination.refusal(response))
