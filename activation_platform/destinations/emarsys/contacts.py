"""The contacts of an Emarsys account: a thousand at a time, with the errors of each told by its key."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from activation_platform.contracts.batch import IDENTIFIER, Batch
from activation_platform.contracts.encode import Shape, json_objects, members, sized
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind, Operation
from activation_platform.contracts.outcomes import (
    ACCEPTED,
    CREATED,
    DELETED,
    UPDATED,
    Outcome,
    ignored,
    rejected,
    retry,
)
from activation_platform.contracts.service import Conversation, Inquiry, Service
from activation_platform.destinations.emarsys.answers import EXISTS, UNKNOWN, Fault, faults_of
from activation_platform.destinations.emarsys.fields import CUSTOM, SYSTEM, ByField, Keyed, fields_of

if TYPE_CHECKING:
    from activation_platform.destinations.emarsys.destination import Emarsys

__all__ = ["Contacts"]

_ENVELOPE = 64
"""Bytes of a body beside its contacts, at most."""


class Contacts(ByField, Service):
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
    Options: ClassVar[type[Any]] = Keyed
    fields: ClassVar[tuple[Field, ...]] = SYSTEM
    custom_fields: ClassVar[CustomFields | None] = CUSTOM

    destination: "Emarsys"
    options: Keyed

    def account_fields(self) -> Inquiry:
        """The account's own fields beside the system fields."""
        own = yield from fields_of(self.destination, (yield from self._definitions.get()))
        known = self.declared_fields()
        return (*known, *(one for one in own if one.name not in {field.name for field in known}))

    def deliver(self, batch: Batch) -> Conversation:
        """Say the contacts by the numbers of their fields, in one call, as operation and mode ask for."""
        identifiers = batch.frame[IDENTIFIER].to_list()
        key = yield from self._key()
        if batch.operation is Operation.DELETE:
            body = {"key_id": key, key: identifiers}
            response = yield self.destination.call("POST", "/contact/delete", json=body)
            _, faults = faults_of(response, self.destination, identifiers)
            return [self._gone(faults.get(n)) for n in range(len(batch))]
        numbers = yield from self._numbers(*(field.name for field in batch.fields))
        people = sized(json_objects(batch, lambda whole: _contact(whole, numbers)), self, _ENVELOPE)
        content = f'{{"key_id":"{key}","contacts":[{",".join(people)}]}}'.encode()
        if batch.mode is Mode.INSERT_ONLY:
            response = yield self.destination.call("POST", "/contact", content=content)
        else:
            params = {"create_if_not_exists": int(batch.mode is not Mode.UPDATE_ONLY)}
            response = yield self.destination.call(
                "PUT", self.destination.updates, params=params, content=content
            )
        data, faults = faults_of(response, self.destination, identifiers)
        success = CREATED if batch.mode is Mode.INSERT_ONLY else _success(data)
        return [self._refused(faults[n], batch.mode) if n in faults else success for n in range(len(batch))]

    def _refused(self, fault: Fault, mode: Mode) -> Outcome:
        if EXISTS in fault.codes:  # two calls at a time may both want to make somebody
            return ignored("already there") if mode is Mode.INSERT_ONLY else retry(fault.words)
        if UNKNOWN in fault.codes and mode is Mode.UPDATE_ONLY:
            return ignored("unknown at the destination")
        return rejected(fault.words)

    def _gone(self, fault: Fault | None) -> Outcome:
        return DELETED if fault is None or UNKNOWN in fault.codes else rejected(fault.words)


def _contact(batch: Batch, numbers: Mapping[str, str]) -> Shape:
    return {numbers[name]: member for name, member in members(batch).items()}


def _success(data: Mapping[str, Any]) -> Outcome:
    """What happened to those who were taken, where it was the same for all: who is new has an ID that is a number."""
    ids = data.get("ids") or []
    if ids and all(isinstance(one, int) for one in ids):
        return CREATED
    return UPDATED if ids and all(isinstance(one, str) for one in ids) else ACCEPTED
