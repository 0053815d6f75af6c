"""An audience of a Batch project: a named list of custom IDs that people enter and leave."""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import httpx
import polars as pl

from activation_platform.contracts.batch import IDENTIFIER, Batch
from activation_platform.contracts.encode import Member, Shape
from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.fields import Field
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind, Operation
from activation_platform.contracts.service import Service
from activation_platform.destinations.batch.attributes import PERSON
from activation_platform.destinations.batch.named import Asking, Named

if TYPE_CHECKING:
    from activation_platform.destinations.batch.destination import Batch as BatchProject

__all__ = ["ContactLists", "ContactListsOptions"]


@dataclass(frozen=True, slots=True)
class ContactListsOptions:
    """`audience`: the API name of the audience; `display_name`: what the dashboard calls it, where it is made here."""

    audience: str = field(metadata={"example": "vip_customers"})
    display_name: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.audience, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", self.audience):
            raise DeclarationError(
                "the name of an audience is 1 to 255 letters, digits, hyphens and underscores",
                remedy="Choose such a name in the option audience; display_name may hold any text.",
            )


class ContactLists(Named, Service):
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
    fields: ClassVar[tuple[Field, ...]] = (PERSON,)
    kept: ClassVar[str] = "audience"
    makeable: ClassVar[str] = (
        "Make it in Batch, with the type custom ID, or choose another name in the option audience."
    )

    destination: "BatchProject"
    options: ContactListsOptions

    def request(self, batch: Batch) -> httpx.Request:
        """Add, remove, or put these members in the place of all."""
        word = "replace" if batch.operation is Operation.CLEAR else "update"
        return self.say_all(word, "ids", batch, _member)

    def creation(self, batch: Batch) -> httpx.Request:
        """An audience of custom IDs."""
        del batch
        return self.say("create", type="custom_ids", display_name=self.options.display_name or self.target)

    def look(self, **params: str) -> Asking:
        """What Batch says of the audience; one of e-mail addresses might take custom IDs for such."""
        audience = yield from super().look(**params)
        kind = "CUSTOM_ID" if audience is None else audience.get("type", "CUSTOM_ID")
        if kind != "CUSTOM_ID":
            raise DeclarationError(
                f'the audience "{self.target}" holds identifiers of type {kind}, not custom IDs',
                remedy="Choose another name in the option audience.",
            )
        return audience


def _member(batch: Batch) -> Shape:
    person = Member(pl.col(IDENTIFIER))
    if batch.operation is Operation.CLEAR:
        return {"id": person}
    return {
        "action": Member(pl.lit("remove" if batch.operation is Operation.DELETE else "add")),
        "id": person,
    }
