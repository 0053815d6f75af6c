"""An audience of a Batch project: a named list of custom IDs that people enter and leave."""

import re
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import httpx

from activation_platform.contracts.batch import IDENTIFIER, Batch
from activation_platform.contracts.errors import DeclarationError, TimedOut
from activation_platform.contracts.fields import Field
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind, Operation
from activation_platform.contracts.service import (
    BatchRefused,
    Conversation,
    Inquiry,
    Service,
    UnreadableAnswer,
    Wait,
    body_of,
)
from activation_platform.destinations.batch.attributes import CUSTOM_ID

if TYPE_CHECKING:
    from activation_platform.destinations.batch.destination import Batch as BatchProject

__all__ = ["ContactLists", "ContactListsOptions"]

_Asking = Generator[httpx.Request | Wait, Any, Any]

_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
# The page of update says IN_PROCESS, those of list and view IN_PROGRESS.
_UNDER_WAY = ("IN_PROGRESS", "IN_PROCESS")
_DONE = ("APPLIED", "REPLACED")
_LOOK_EVERY = 5.0
_LOOKS = 120
"""Ten minutes in all: an indexing takes seconds to minutes (second-hand)."""


@dataclass(frozen=True, slots=True)
class ContactListsOptions:
    """`audience`: the API name of the audience; `display_name`: what the dashboard calls it, where it is made here."""

    audience: str = field(metadata={"example": "vip_customers"})
    display_name: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.audience, str) or not _NAME.fullmatch(self.audience):
            raise DeclarationError(
                "the name of an audience is 1 to 255 letters, digits, hyphens and underscores",
                remedy="Choose such a name in the option audience; display_name may hold any text.",
            )


class ContactLists(Service):
    """Keep the members of a Batch audience, by their custom IDs.

    People enter and leave; no profile is made or changed, and who has no profile is a member without effect. The audience
    is made when it does not exist. Attributes of members are not offered: a member who stays is never told again, so that
    they would grow old. Batch takes a change on and applies it in seconds to minutes; it knows no change that failed, so
    what it took on counts. A snapshot of more than 10,000 members fills the audience in steps, while it is in use.

    Unconfirmed: that nobody may take the place of all; how long an indexing takes; one request a second (second-hand).
    """

    docs: ClassVar[str] = "https://doc.batch.com/developer/api/cep/audiences/update"
    object: ClassVar[ObjectKind] = ObjectKind.LIST
    modes: ClassVar[frozenset[Mode]] = frozenset({Mode.UPSERT, Mode.MIRROR, Mode.SNAPSHOT})
    model_kinds: ClassVar[frozenset[ModelKind]] = frozenset({ModelKind.USERS})
    batch_size: ClassVar[int] = 10_000
    Options: ClassVar[type[Any]] = ContactListsOptions
    fields: ClassVar[tuple[Field, ...]] = (
        Field("custom_id", CUSTOM_ID, key=True, required=True, docs="Your own ID of the person."),
    )

    destination: "BatchProject"
    options: ContactListsOptions

    @property
    def target(self) -> str:
        """The audience's API name; Batch tells A from a in it."""
        return self.options.audience

    def account_fields(self) -> Inquiry:
        """The fields, after a look whether the audience takes them: one of e-mail addresses might take custom IDs for such."""
        yield from self._stands()
        return self.fields

    def request(self, batch: Batch) -> httpx.Request:
        """Add, remove, or put these members in the place of all."""
        people = batch.frame[IDENTIFIER]
        if batch.operation is Operation.CLEAR:  # unconfirmed: that nobody may take the place of all
            return self._ask("replace", ids=[{"id": person} for person in people])
        action = "remove" if batch.operation is Operation.DELETE else "add"
        return self._ask("update", ids=[{"action": action, "id": person} for person in people])

    def deliver(self, batch: Batch) -> Conversation:
        """Say the change; make the audience first where that is why it was refused; wait for a replacement to be applied.

        Where it stands after all, the change is said once more: another conversation of this run may have made it since, and a
        refusal does not say why. What follows a replacement may be said only then, or it might be replaced itself.
        """
        response = yield self.request(batch)
        if not response.is_success:
            if not (yield from self._stands()):
                if batch.operation is Operation.DELETE:
                    return batch.accepted()  # nobody is a member of what does not exist
                yield from self._create()
            response = yield self.request(batch)
        token = self._token(response)
        if batch.operation is Operation.CLEAR:
            yield from self._applied(token)
        return batch.accepted()

    def _create(self) -> _Asking:
        """Make the audience, unless another conversation of this run was quicker."""
        response = yield self._ask(
            "create", type="custom_ids", display_name=self.options.display_name or self.target
        )
        try:
            token = self._token(response)
        except BatchRefused as refused:
            if (yield from self._stands()):
                return
            raise DeclarationError(
                f'Batch refuses to make the audience "{self.target}" ({refused.reason})',
                remedy="Make it in Batch, with the type custom ID, or choose another name in the option audience.",
            ) from refused
        yield from self._applied(token)

    def _stands(self) -> _Asking:
        """Whether the audience exists; raises DeclarationError where it holds something else than custom IDs."""
        audience = yield from self._look({"name": self.target})
        if audience is None:
            return False
        kind = audience.get("type", "CUSTOM_ID")
        if kind != "CUSTOM_ID":
            raise DeclarationError(
                f'the audience "{self.target}" holds identifiers of type {kind}, not custom IDs',
                remedy="Choose another name in the option audience.",
            )
        return True

    def _applied(self, token: str) -> _Asking:
        """Wait until Batch has applied the change of this token."""
        for _ in range(_LOOKS):
            audience = yield from self._look({"name": self.target, "indexing_token": token})
            state = _UNDER_WAY[0] if audience is None else audience.get("indexing_state")
            if state in _DONE:
                return
            if state not in _UNDER_WAY:
                raise UnreadableAnswer(f"200 with the indexing state {state}")
            yield Wait(_LOOK_EVERY)
        raise TimedOut(
            f'Batch has not applied a change of the audience "{self.target}" within {_LOOKS * _LOOK_EVERY / 60:.0f} minutes',
            remedy="Look at the audience in Batch's dashboard; the next run begins again.",
        )

    def _look(self, params: dict[str, str]) -> _Asking:
        """What Batch says of the audience, or None where it does not know it."""
        response = yield self.destination.ask(
            "GET",
            f"/{self.destination.version}/audiences/view",
            budget=self.destination.audiences,
            params=params,
        )
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        return body_of(response, self.destination)

    def _ask(self, word: str, **body: Any) -> httpx.Request:
        return self.destination.ask(
            "POST",
            f"/{self.destination.version}/audiences/{word}",
            budget=self.destination.audiences,
            json={"name": self.target, **body},
        )

    def _token(self, response: httpx.Response) -> str:
        """The token of a change that Batch took on."""
        token = body_of(response, self.destination).get("indexing_token")
        if not isinstance(token, str):
            raise UnreadableAnswer(f"{response.status_code} without an indexing token")
        return token
