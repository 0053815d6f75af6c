"""The contacts of a Batch project's apps (its older, mobile platform): data of people that the apps know."""

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import polars as pl

from activation_platform.contracts.batch import IDENTIFIER, Batch
from activation_platform.contracts.encode import Member, Shape, json_objects, members
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind
from activation_platform.contracts.service import Conversation, Service
from activation_platform.contracts.values import Text, TextList
from activation_platform.destinations.batch.attributes import CUSTOM_ID, second
from activation_platform.destinations.batch.custom_data import tell_every_app

if TYPE_CHECKING:
    from activation_platform.destinations.batch.destination import Batch as BatchProject

__all__ = ["Contacts"]


class Contacts(Service):
    """Update the data that the apps of a Batch project (mobile platform, MEP) hold of their users.

    A user is known by the custom ID that the app gave to Batch; nobody is created. Batch does not say whom it does not
    know: their data counts as updated and has no effect. Lists of texts become tag collections, all else attributes. Every
    app is told by itself, and a record counts once all of them took it on.

    Unconfirmed: the lengths of names and texts, which are those of the newer API; the pace, which is our own choice.
    """

    docs: ClassVar[str] = "https://doc.batch.com/api/custom-data-api/set-update"
    object: ClassVar[ObjectKind] = ObjectKind.RECORD
    modes: ClassVar[frozenset[Mode]] = frozenset({Mode.UPDATE_ONLY})
    model_kinds: ClassVar[frozenset[ModelKind]] = frozenset({ModelKind.USERS})
    batch_size: ClassVar[int] = 1_000  # of 10,000 that Batch takes: what is refused is sooner parted
    fields: ClassVar[tuple[Field, ...]] = (
        Field("custom_id", CUSTOM_ID, key=True, required=True, docs="The user's ID as the app knows it."),
    )
    custom_fields: ClassVar[CustomFields | None] = CustomFields(
        pattern="[a-z0-9_]{1,30}",
        words="1 to 30 lower-case letters, digits and underscores",
        text=Text(min=1, max=300),
        texts=TextList(),
    )

    destination: "BatchProject"

    @classmethod
    def requirements(cls, mode: Mode) -> tuple[str, ...]:
        """Every app is told under its key."""
        del mode
        return ("live_api_keys",)

    def deliver(self, batch: Batch) -> Conversation:
        """Tell every app what it has not yet taken on."""
        return tell_every_app(self.destination, batch.records, json_objects(batch, _update))


def _update(batch: Batch) -> Shape:
    values = dict(
        _value(name, member, batch.frame.schema[name])
        for name, member in members(batch).items()
        if name != "custom_id"
    )
    return {
        "id": Member(pl.col(IDENTIFIER)),
        "update": {"overwrite": Member(pl.lit(value=False)), "values": values},
    }


def _value(name: str, member: Member, dtype: pl.DataType) -> tuple[str, Member]:
    """Name and value as this API writes them: the name says what it is even where null takes the value away."""
    column = pl.col(name)
    if isinstance(dtype, pl.List):  # an empty array is refused
        return f"ut.{name}", replace(member, value=pl.when(column.list.len() > 0).then(member.value))
    if dtype.is_temporal():
        return f"date(u.{name})", replace(member, value=second(column, dtype))
    return f"u.{name}", member
