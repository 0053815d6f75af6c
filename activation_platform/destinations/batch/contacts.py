"""The contacts of a Batch project's apps (its older, mobile platform): data of people that the apps know."""

import hashlib
from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import httpx
import polars as pl

from activation_platform.contracts.batch import IDENTIFIER, Batch
from activation_platform.contracts.encode import JSON, Member, Shape, json_objects, members
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind
from activation_platform.contracts.outcomes import ACCEPTED, Outcome, rejected, retry
from activation_platform.contracts.service import Conversation, Service, said
from activation_platform.contracts.values import Text, TextList
from activation_platform.destinations.batch.apps import (
    app_digest,
    app_keys,
    app_path,
    check_app,
    pack,
    unpack,
)
from activation_platform.destinations.batch.attributes import CUSTOM_ID, second

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
    batch_size: ClassVar[int] = (
        1_000  # Batch takes 10,000; a body of fewer is sooner parted where one of them is refused
    )
    fields: ClassVar[tuple[Field, ...]] = (
        Field("custom_id", CUSTOM_ID, key=True, required=True, docs="The user's ID as the app knows it."),
    )
    # Unconfirmed for this API: the lengths of names and texts, which are those of its successor.
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
        """Tell every app what it has not yet taken on; accepted once all have."""
        updates = json_objects(batch, _update)
        digests = [_digest(update) for update in updates]
        taken = [unpack(record.request) for record in batch.records]
        reasons: dict[int, list[str]] = {}
        for position, key in enumerate(app_keys(self.destination), start=1):
            app = app_digest(key)
            missing = [n for n, digest in enumerate(digests) if taken[n].get(app) != digest]
            refused = (yield from self._tell(key, position, updates, missing)) if missing else {}
            for n in missing:
                if n in refused:
                    reasons.setdefault(n, []).append(f"app {position}: {refused[n]}")
                else:
                    taken[n][app] = digests[n]
        return [
            _outcome(reasons.get(n), taken[n], digest in taken[n].values())
            for n, digest in enumerate(digests)
        ]

    def _tell(
        self, key: str, position: int, updates: Sequence[str], missing: Sequence[int]
    ) -> Generator[httpx.Request, Any, dict[int, str]]:
        """Tell one app; returns why it refused, by record. What it refuses together is told in halves.

        That is done here and not by the loader, because the apps before have taken the whole batch on.
        """
        response = yield self.destination.ask(
            "POST",
            app_path(key, "data/users"),
            budget=self.destination.custom_data,
            content=f"[{','.join(updates[n] for n in missing)}]".encode(),
            headers=JSON,
        )
        check_app(response, position)
        if response.is_success:
            if response.content:  # unconfirmed: what Batch says to it
                said(response)
            return {}
        if len(missing) == 1:
            return {missing[0]: self.destination.refusal(response)}
        middle = len(missing) // 2
        first = yield from self._tell(key, position, updates, missing[:middle])
        return first | (yield from self._tell(key, position, updates, missing[middle:]))


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


def _digest(update: str) -> str:
    """What an app took on is known again by it: other values of the same record are news to every app."""
    return hashlib.sha256(update.encode()).hexdigest()[:12]


def _outcome(reasons: Sequence[str] | None, taken: dict[str, str], in_part: bool) -> Outcome:
    """Accepted by all apps; or to be tried again where some took it on; or rejected, since none did."""
    if not reasons:
        return ACCEPTED
    return (retry if in_part else rejected)("; ".join(reasons), request=pack(taken))
