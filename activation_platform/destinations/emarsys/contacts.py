"""The contacts of an Emarsys account: a thousand at a time, with the errors of each told by its key."""

from typing import TYPE_CHECKING, Any, ClassVar

from activation_platform.contracts.batch import IDENTIFIER, Batch
from activation_platform.contracts.encode import json_objects, members, sized
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind, Operation
from activation_platform.contracts.outcomes import ALREADY_THERE, DELETED, UNKNOWN_THERE, retry
from activation_platform.contracts.service import Conversation, Inquiry, Service
from activation_platform.destinations.emarsys.answers import EXISTS, UNKNOWN, outcomes_of
from activation_platform.destinations.emarsys.fields import CUSTOM, SYSTEM, fields_of
from activation_platform.destinations.emarsys.lists import ContactsOptions, OfAList

if TYPE_CHECKING:
    from activation_platform.destinations.emarsys.destination import Emarsys

__all__ = ["Contacts"]

_ENVELOPE = 96
"""Bytes of a body beside its contacts, at most."""
_MEANINGS = {
    Mode.INSERT_ONLY: {EXISTS: ALREADY_THERE},
    Mode.UPDATE_ONLY: {UNKNOWN: UNKNOWN_THERE},
}


class Contacts(OfAList, Service):
    """Create, update and delete the contacts of an Emarsys account.

    A contact is known by its e-mail address, or by a field of yours that Emarsys has indexed, and that is unique: of several
    contacts with one value Emarsys writes and deletes none. Only the fields that are mapped change. Fields with choices take the
    numbers of the choices. Mirror deletes for good, with all that Emarsys knows of the contact; to unsubscribe somebody, map
    optin.

    Unconfirmed: that null clears every field, as it does optin; how a contact is told who is there already, where nobody is to be
    overwritten (2009, by the vendor's examples).
    """

    docs: ClassVar[str] = "https://dev.emarsys.com/docs/core-api-reference/f8ljhut3ac2i1-update-contacts"
    object: ClassVar[ObjectKind] = ObjectKind.RECORD
    modes: ClassVar[frozenset[Mode]] = frozenset(
        {Mode.UPSERT, Mode.UPDATE_ONLY, Mode.INSERT_ONLY, Mode.MIRROR}
    )
    model_kinds: ClassVar[frozenset[ModelKind]] = frozenset({ModelKind.USERS})
    batch_size: ClassVar[int] = 1_000
    max_request_bytes: ClassVar[int | None] = 8_000_000
    Options: ClassVar[type[Any]] = ContactsOptions
    fields: ClassVar[tuple[Field, ...]] = SYSTEM
    custom_fields: ClassVar[CustomFields | None] = CUSTOM

    destination: "Emarsys"
    options: ContactsOptions

    def account_fields(self) -> Inquiry:
        """The account's own fields beside the system fields."""
        own = yield from fields_of(self.destination, (yield from self._definitions.get()))
        known = self.declared_fields()
        return (*known, *(one for one in own if one.name not in {field.name for field in known}))

    def deliver(self, batch: Batch) -> Conversation:
        """Say the contacts by the numbers of their fields, in one call, as operation and mode ask for."""
        account, identifiers = self.destination, batch.frame[IDENTIFIER].to_list()
        key = yield from self._key()
        if batch.operation is Operation.DELETE:
            response = yield account.call("POST", "/contact/delete", json={"key_id": key, key: identifiers})
            return outcomes_of(response, account, identifiers, {UNKNOWN: DELETED}, DELETED)
        numbers = yield from self._numbers(*(field.name for field in batch.fields))
        people = sized(
            json_objects(batch, lambda all_: {numbers[name]: one for name, one in members(all_).items()}),
            self,
            _ENVELOPE,
        )
        to = f'"contact_list_id":{(yield from self._list.get())},' if self.options.list else ""
        content = f'{{{to}"key_id":"{key}","contacts":[{",".join(people)}]}}'.encode()
        if batch.mode is Mode.INSERT_ONLY:
            response = yield account.call("POST", "/contact", content=content)
        else:
            params = {"create_if_not_exists": int(batch.mode is not Mode.UPDATE_ONLY)}
            response = yield account.call("PUT", account.updates, params=params, content=content)
        # Two calls at a time may both want to make somebody: the vendor's page says to say it once more.
        meanings = _MEANINGS.get(batch.mode, {EXISTS: retry("another call made the contact meanwhile")})
        return outcomes_of(response, account, identifiers, meanings)
