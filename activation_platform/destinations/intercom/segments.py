"""A segment in an Intercom workspace: a tag that contacts get when they enter, and lose when they leave."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from activation_platform.contracts.batch import IDENTIFIER, Batch
from activation_platform.contracts.fields import Field
from activation_platform.contracts.identified import OnList, check_name
from activation_platform.contracts.modes import Operation
from activation_platform.contracts.outcomes import ACCEPTED, UNKNOWN_THERE
from activation_platform.contracts.service import Conversation, Service
from activation_platform.destinations.intercom.people import IDENTIFIERS, Identified, contacts_by
from activation_platform.destinations.intercom.tags import tag, untag

if TYPE_CHECKING:
    from activation_platform.destinations.intercom.destination import Intercom

__all__ = ["Segments", "SegmentsOptions"]


@dataclass(frozen=True, slots=True)
class SegmentsOptions(Identified):
    """`tag`: the name of the tag; `identifier`: the field by which a contact is recognised, as for contacts."""

    tag: str = field(kw_only=True, metadata={"example": "VIP customers"})

    def __post_init__(self) -> None:
        Identified.__post_init__(self)
        check_name("tag", self.tag)


class Segments(OnList, Service):
    """Tag the contacts of an Intercom workspace who are in a segment, and untag those who left.

    Intercom's own segments are conditions that only its users can write; one on the tag shows who has it. The tag is made where
    there is none of its name. Only contacts whom Intercom knows as users are tagged, all of them where several have an e-mail
    address; nobody is created, and who is not known is asked about again. The search for e-mail addresses is some minutes behind.

    Unconfirmed: that Intercom takes A for a in the name of a tag; how many people one call may search or tag (50 are our choice).
    """

    docs: ClassVar[str] = (
        "https://developers.intercom.com/docs/references/rest-api/api.intercom.io/tags/createtag"
    )
    batch_size: ClassVar[int] = 50
    Options: ClassVar[type[Any]] = SegmentsOptions
    fields: ClassVar[tuple[Field, ...]] = IDENTIFIERS

    destination: "Intercom"
    options: SegmentsOptions

    @property
    def target(self) -> str:
        """The tag's name."""
        return self.options.tag

    def deliver(self, batch: Batch) -> Conversation:
        """Look the contacts up, then tag them in one call, or untag them one by one: there is no call for several."""
        workspace, wanted = self.destination, batch.frame[IDENTIFIER].to_list()
        contacts = yield from contacts_by(workspace, self.identifying_field, wanted)
        if batch.operation is Operation.DELETE:
            return (yield from untag(workspace, self.target, contacts))
        if any(contacts):
            yield from tag(workspace, self.target, sorted({one for several in contacts for one in several}))
        return [ACCEPTED if several else UNKNOWN_THERE for several in contacts]
