"""A segment in an Intercom workspace: a tag that contacts get when they enter, and lose when they leave."""

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import httpx

from activation_platform.contracts.batch import IDENTIFIER, Batch
from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.fields import Field
from activation_platform.contracts.identified import OnList
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind, Operation
from activation_platform.contracts.outcomes import ACCEPTED, DELETED, Outcome, ignored, rejected
from activation_platform.contracts.service import BatchRefused, Conversation, Service, body_of, said
from activation_platform.destinations.intercom.answers import is_missing, listed
from activation_platform.destinations.intercom.people import (
    IDENTIFIERS,
    Identified,
    contact_of,
    folded,
    users_with,
)

if TYPE_CHECKING:
    from activation_platform.destinations.intercom.destination import Intercom

__all__ = ["Segments", "SegmentsOptions"]


@dataclass(frozen=True, slots=True)
class SegmentsOptions(Identified):
    """`tag`: the name of the tag; `identifier`: the field by which a contact is recognised, as for contacts."""

    tag: str = field(kw_only=True, metadata={"example": "VIP customers"})

    def __post_init__(self) -> None:
        Identified.__post_init__(self)
        if not isinstance(self.tag, str) or not self.tag or self.tag != self.tag.strip():
            raise DeclarationError(
                "the name of a tag is a text, without spaces around it",
                remedy="Choose such a name in the option tag.",
            )


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
    object: ClassVar[ObjectKind] = ObjectKind.LIST
    modes: ClassVar[frozenset[Mode]] = frozenset({Mode.UPSERT, Mode.MIRROR})
    model_kinds: ClassVar[frozenset[ModelKind]] = frozenset({ModelKind.USERS})
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
        wanted = batch.frame[IDENTIFIER].to_list()
        found = yield from users_with(self.destination, self.identifying_field, wanted)
        people: dict[str, list[str]] = {}
        for one in found:
            people.setdefault(folded(one.get(self.identifying_field)), []).append(contact_of(one))
        contacts = [people.get(folded(identifier), []) for identifier in wanted]
        if batch.operation is Operation.DELETE:
            return (yield from self._untagged(contacts))
        if people:
            yield from self._tag(sorted({one for several in contacts for one in several}))
        return [ACCEPTED if several else ignored("unknown at the destination") for several in contacts]

    def _tag(self, contacts: list[str]) -> Generator[httpx.Request, Any, None]:
        """Tag these contacts. Where Intercom refuses, because of one of them, it has tagged nobody."""
        body = {"name": self.target, "users": [{"id": contact} for contact in contacts]}
        response = yield self.destination.call("POST", "/tags", json=body)
        if not response.is_success:
            raise BatchRefused(self.destination.refusal(response))
        said(response)

    def _untagged(self, contacts: list[list[str]]) -> Conversation:
        tag = (yield from self._id()) if any(contacts) else ""
        outcomes: list[Outcome] = []
        for several in contacts:
            outcome = DELETED  # who is not there has no tag
            for contact in several if tag else ():
                response = yield self.destination.call("DELETE", f"/contacts/{contact}/tags/{tag}")
                if response.is_success:
                    said(response)
                elif not is_missing(response):
                    outcome = rejected(self.destination.refusal(response))
            outcomes.append(outcome)
        return outcomes

    def _id(self) -> Generator[httpx.Request, Any, str]:
        """The ID of the tag; empty where there is none of its name."""
        response = yield self.destination.call("GET", "/tags")
        tags = listed(body_of(response, self.destination))
        named = [one for one in tags if str(one.get("name")).casefold() == self.target.casefold()]
        exact = [one for one in named if one.get("name") == self.target]
        return str((exact or named)[0]["id"]) if named else ""
