"""A contact list of an Emarsys account: a name, and the contacts that enter and leave it."""

from typing import TYPE_CHECKING, Any, ClassVar

from activation_platform.contracts.batch import IDENTIFIER, Batch
from activation_platform.contracts.errors import NotFound
from activation_platform.contracts.fields import Field
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind, Operation
from activation_platform.contracts.outcomes import ACCEPTED, DELETED, UNKNOWN_THERE
from activation_platform.contracts.service import Conversation, Inquiry, Service
from activation_platform.destinations.emarsys.answers import UNKNOWN, outcomes_of, reply_of
from activation_platform.destinations.emarsys.fields import SYSTEM
from activation_platform.destinations.emarsys.lists import ContactListsOptions, OfAList, list_named

if TYPE_CHECKING:
    from activation_platform.destinations.emarsys.destination import Emarsys

__all__ = ["ContactLists"]

_NO_LIST = "3004"


class ContactLists(OfAList, Service):
    """Put contacts of an Emarsys account on a contact list, and take them off.

    The list is found by its name, and made where there is none. Only contacts that Emarsys knows are put on it: nobody is
    made, and who is not known is asked about again. Mirror takes off who left; snapshot replaces all who are on the list (those
    after the first 10,000 are added in steps, while it is in use).

    Unconfirmed: that nobody may take the place of all; that a name is compared letter by letter.
    """

    docs: ClassVar[str] = (
        "https://dev.emarsys.com/docs/core-api-reference/enmevkj1fi016-create-a-contact-list"
    )
    object: ClassVar[ObjectKind] = ObjectKind.LIST
    modes: ClassVar[frozenset[Mode]] = frozenset({Mode.UPSERT, Mode.MIRROR, Mode.SNAPSHOT})
    model_kinds: ClassVar[frozenset[ModelKind]] = frozenset({ModelKind.USERS})
    batch_size: ClassVar[int] = 10_000
    Options: ClassVar[type[Any]] = ContactListsOptions
    fields: ClassVar[tuple[Field, ...]] = SYSTEM[:1]

    destination: "Emarsys"
    options: ContactListsOptions

    @property
    def target(self) -> str:
        """The list's name."""
        return self.options.list

    def declared_fields(self) -> tuple[Field, ...]:
        """The key alone: a member of a list has nothing else."""
        return tuple(one for one in super().declared_fields() if one.key)

    def account_fields(self) -> Inquiry:
        """The fields, after a look for the list and for the key field."""
        yield from list_named(self.destination, self.target)
        yield from self._key()
        return self.declared_fields()

    def deliver(self, batch: Batch) -> Conversation:
        """Add, remove, or put these in the place of all, by the values of the key field."""
        key = yield from self._key()
        if batch.operation is Operation.DELETE:
            there = yield from list_named(self.destination, self.target)
            if there is None:
                return batch.all(DELETED)  # nobody is on a list that does not exist
        else:
            there = yield from self._list.get()
        word = {Operation.DELETE: "delete", Operation.CLEAR: "replace"}.get(batch.operation, "add")
        identifiers = batch.frame[IDENTIFIER].to_list()
        body = {"key_id": key, "external_ids": identifiers}
        response = yield self.destination.call("POST", f"/contactlist/{there}/{word}", json=body)
        if reply_of(response)[0] == _NO_LIST:
            raise NotFound(
                f'the Emarsys contact list "{self.target}" is gone ({self.destination.refusal(response)})',
                remedy="The next run makes it again.",
            )
        if batch.operation is Operation.DELETE:  # who is no contact is on no list
            return outcomes_of(response, self.destination, identifiers, {UNKNOWN: DELETED}, DELETED)
        return outcomes_of(response, self.destination, identifiers, {UNKNOWN: UNKNOWN_THERE}, ACCEPTED)
