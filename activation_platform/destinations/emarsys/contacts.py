"""The contacts of an Emarsys account: a thousand at a time, with the errors of each told by its key."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from activation_platform.contracts.batch import IDENTIFIER, Batch
from activation_platform.contracts.encode import Shape, json_objects, members, sized
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind, Operation
from activation_platform.contracts.outcomes import DELETED
from activation_platform.contracts.service import Conversation, Inquiry, Service
from activation_platform.destinations.emarsys.answers import UNKNOWN, outcomes_of
from activation_platform.destinations.emarsys.fields import CUSTOM, SYSTEM, fields_of
from activation_platform.destinations.emarsys.lists import ContactsOptions, OfAList
from activation_platform.destinations.emarsys.moved import ids_of_moved
from activation_platform.destinations.emarsys.writing import ENVELOPE, write_contacts

if TYPE_CHECKING:
    from activation_platform.destinations.emarsys.destination import Emarsys

__all__ = ["Contacts"]


class Contacts(OfAList, Service):
    """Create, update and delete the contacts of an Emarsys account.

    A contact is known by its e-mail address, or by a field of yours that Emarsys has indexed, and that is unique: of several
    contacts with one value Emarsys writes and deletes none. Only the fields that are mapped change. Fields with choices take the
    numbers of the choices. Update only finds somebody whose key changed by the one last sent. Mirror deletes for good, with all
    that Emarsys knows of the contact; to unsubscribe somebody, map optin.

    Unconfirmed: that null clears every field, as it does optin; how a contact is told who is there already, where nobody is to be
    overwritten (2009, by the vendor's examples).
    """

    docs: ClassVar[str] = "https://dev.emarsys.com/docs/core-api-reference/f8ljhut3ac2i1-update-contacts"
    object: ClassVar[ObjectKind] = ObjectKind.RECORD
    modes: ClassVar[frozenset[Mode]] = frozenset(
        {Mode.UPSERT, Mode.UPDATE_ONLY, Mode.INSERT_ONLY, Mode.MIRROR}
    )
    model_kinds: ClassVar[frozenset[ModelKind]] = frozenset({ModelKind.USERS})
    deletes_are_irreversible: ClassVar[bool] = True
    batch_size: ClassVar[int] = 1_000
    max_request_bytes: ClassVar[int | None] = 8_000_000
    Options: ClassVar[type[Any]] = ContactsOptions
    fields: ClassVar[tuple[Field, ...]] = SYSTEM
    custom_fields: ClassVar[CustomFields | None] = CUSTOM

    destination: "Emarsys"
    options: ContactsOptions

    def __init__(self, destination: "Emarsys", options: Any = None) -> None:
        super().__init__(destination, options)
        self._known: Mapping[str, str] = {}

    def account_fields(self) -> Inquiry:
        """The account's own fields beside the system fields."""
        own = yield from fields_of(self.destination, (yield from self._definitions.get()))
        known = self.declared_fields()
        return (*known, *(one for one in own if one.name not in {field.name for field in known}))

    def deliver(self, batch: Batch) -> Conversation:
        """Say the contacts by the numbers of their fields, as operation and mode ask for."""
        account, identifiers = self.destination, batch.frame[IDENTIFIER].to_list()
        key = yield from self._key()
        if batch.operation is Operation.DELETE:
            response = yield account.call("POST", "/contact/delete", json={"key_id": key, key: identifiers})
            return outcomes_of(response, account, identifiers, {UNKNOWN: DELETED}, DELETED)
        self._known = yield from self._numbers(*(field.name for field in batch.fields))
        people = dict(enumerate(sized(json_objects(batch, self._contact), self, ENVELOPE)))
        to = (yield from self._list.get()) if self.options.list else None
        ids = {} if batch.mode is not Mode.UPDATE_ONLY else (yield from ids_of_moved(account, key, batch))
        moved = {n: f'{{"id":"{id_}",{people.pop(n)[1:]}' for n, id_ in ids.items()}
        names = dict(enumerate(identifiers))
        outcomes = yield from write_contacts(account, batch.mode, people, key, names, to)
        outcomes |= yield from write_contacts(account, batch.mode, moved, "id", ids, to)
        return [outcomes[n] for n in range(len(batch))]

    def _contact(self, batch: Batch) -> Shape:
        return {self._known[name]: member for name, member in members(batch).items()}
