"""A list of a SendGrid account: a name, and the contacts that are put on it and taken off."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from activation_platform.contracts.batch import IDENTIFIER, Batch
from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.fields import Field
from activation_platform.contracts.identified import OnList
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind, Operation
from activation_platform.contracts.once import Once
from activation_platform.contracts.outcomes import DELETED, ignored
from activation_platform.contracts.service import Conversation, Inquiry, Service
from activation_platform.destinations.sendgrid.jobs import carried_out, upsert_contacts
from activation_platform.destinations.sendgrid.lists import list_named, list_of_the_name
from activation_platform.destinations.sendgrid.people import IDENTIFIERS, Identified
from activation_platform.destinations.sendgrid.search import contacts_with, in_hundreds

if TYPE_CHECKING:
    from activation_platform.destinations.sendgrid.destination import SendGrid

__all__ = ["ContactLists", "ContactListsOptions"]


@dataclass(frozen=True, slots=True)
class ContactListsOptions(Identified):
    """`list`: the name of the list; `identifier`: the field by which a contact is recognised, as for contacts."""

    list: str = field(kw_only=True, metadata={"example": "Our best customers"})

    def __post_init__(self) -> None:
        Identified.__post_init__(self)
        if not isinstance(self.list, str) or not 1 <= len(self.list) <= 100 or self.list != self.list.strip():
            raise DeclarationError(
                "the name of a list is 1 to 100 characters, without spaces around it",
                remedy="Choose such a name in the option list.",
            )


class ContactLists(OnList, Service):
    """Put contacts of a SendGrid account on a list, and take them off.

    The list is found by its name, and made where there is none. Only contacts that SendGrid knows are put on it: nobody is
    created, and who is not known is asked about again. A list cannot be replaced without campaigns and automations that use it
    losing it, so that there is no snapshot; mirror takes off who left.

    Unconfirmed: that a name may be taken once only (where several lists have it, nothing is sent); how many IDs one removal
    takes (100); how soon a search finds a contact that was made just now.
    """

    docs: ClassVar[str] = "https://www.twilio.com/docs/sendgrid/api-reference/lists"
    object: ClassVar[ObjectKind] = ObjectKind.LIST
    modes: ClassVar[frozenset[Mode]] = frozenset({Mode.UPSERT, Mode.MIRROR})
    model_kinds: ClassVar[frozenset[ModelKind]] = frozenset({ModelKind.USERS})
    batch_size: ClassVar[int] = 1_000  # ten searches, and one job; far below 30,000 contacts and 6 MB
    Options: ClassVar[type[Any]] = ContactListsOptions
    fields: ClassVar[tuple[Field, ...]] = IDENTIFIERS

    destination: "SendGrid"
    options: ContactListsOptions

    def __init__(self, destination: "SendGrid", options: Any = None) -> None:
        super().__init__(destination, options)
        self._list: Once[str] = Once(lambda: list_of_the_name(self.destination, self.target))

    def account_fields(self) -> Inquiry:
        """The fields, after a look whether the name means one list."""
        yield from list_named(self.destination, self.target)
        return self.declared_fields()

    def deliver(self, batch: Batch) -> Conversation:
        """Look the contacts up, then add them in one job with all their identifiers, or remove them by their IDs."""
        identifiers = batch.frame[IDENTIFIER].to_list()
        found = yield from contacts_with(self.destination, self.identifying_field, identifiers)
        if batch.operation is Operation.DELETE:
            yield from self._remove([str(one["id"]) for one in found.values()])
            return batch.all(DELETED)  # who is not there is on no list
        known = {n: _identifiers(found[one]) for n, one in enumerate(identifiers) if one in found}
        to = [(yield from self._list.get())] if known else []
        outcomes = yield from upsert_contacts(self.destination, known, identifiers, to)
        return [outcomes.get(n, ignored("unknown at the destination")) for n in range(len(batch))]

    def _remove(self, ids: list[str]) -> Inquiry:
        there = (yield from list_named(self.destination, self.target)) if ids else None
        for some in in_hundreds(ids) if there else ():
            response = yield self.destination.ask(
                "DELETE",
                f"/v3/marketing/lists/{there}/contacts",
                budget=self.destination.removals,
                params={"contact_ids": ",".join(some)},
            )
            yield from carried_out(self.destination, response)


def _identifiers(contact: Mapping[str, Any]) -> str:
    """A contact (JSON) with all its identifiers, which SendGrid wants to be said."""
    return json.dumps({one.name: contact[one.name] for one in IDENTIFIERS if contact.get(one.name)})
