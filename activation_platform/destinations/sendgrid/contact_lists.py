"""A list of a SendGrid account: a name, and the contacts that are put on it and taken off."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from activation_platform.contracts.batch import IDENTIFIER, Batch
from activation_platform.contracts.fields import Field
from activation_platform.contracts.identified import OnList, check_name
from activation_platform.contracts.modes import Operation
from activation_platform.contracts.once import Once
from activation_platform.contracts.outcomes import DELETED, UNKNOWN_THERE
from activation_platform.contracts.service import Conversation, Inquiry, Service
from activation_platform.destinations.sendgrid.jobs import LONGEST, remove_contacts, upsert_contacts
from activation_platform.destinations.sendgrid.lists import list_named, list_of_the_name
from activation_platform.destinations.sendgrid.people import IDENTIFIERS, Identified, identifiers_of
from activation_platform.destinations.sendgrid.search import contacts_with

if TYPE_CHECKING:
    from activation_platform.destinations.sendgrid.destination import SendGrid

__all__ = ["ContactLists", "ContactListsOptions"]


@dataclass(frozen=True, slots=True)
class ContactListsOptions(Identified):
    """`list`: the name of the list; `identifier`: the field by which a contact is recognised, as for contacts."""

    list: str = field(kw_only=True, metadata={"example": "Our best customers"})

    def __post_init__(self) -> None:
        Identified.__post_init__(self)
        check_name("list", self.list, most=100)


class ContactLists(OnList, Service):
    """Put contacts of a SendGrid account on a list, and take them off.

    The list is found by its name, and made where there is none. Only contacts that SendGrid knows are put on it: nobody is
    created, and who is not known is asked about again. A list cannot be replaced without campaigns and automations that use it
    losing it, so that there is no snapshot; mirror takes off who left.

    Unconfirmed: that a name may be taken once only (where several lists have it, nothing is sent); how many IDs one removal
    takes (100); how soon a search finds a contact that was made just now.
    """

    docs: ClassVar[str] = "https://www.twilio.com/docs/sendgrid/api-reference/lists"
    batch_size: ClassVar[int] = 1_000  # ten searches, and one job; far below 30,000 contacts and 6 MB
    finishes_within: ClassVar[timedelta] = LONGEST
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
            there = (yield from list_named(self.destination, self.target)) if found else None
            if there is not None:
                yield from remove_contacts(self.destination, there, [one["id"] for one in found.values()])
            return batch.all(DELETED)  # who is not there is on no list
        known = {n: identifiers_of(found[one]) for n, one in enumerate(identifiers) if one in found}
        to = [(yield from self._list.get())] if known else []
        outcomes = yield from upsert_contacts(self.destination, known, identifiers, to)
        return [outcomes.get(n, UNKNOWN_THERE) for n in range(len(batch))]
