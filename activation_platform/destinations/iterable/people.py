"""How Iterable knows people: by an e-mail address, a user ID, or both, as the project's type says; and how they are written.

Sources: https://support.iterable.com/hc/articles/29156459027348 (creating and identifying users),
https://support.iterable.com/hc/articles/9216719179796 (project types), https://support.iterable.com/hc/articles/208183076 (field
data types), https://support.iterable.com/hc/articles/217744303 (fields that Iterable manages).
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

import httpx
import polars as pl

from activation_platform.contracts import identified
from activation_platform.contracts.batch import IDENTIFIER, Batch
from activation_platform.contracts.encode import Member, Shape, members
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.service import body_of
from activation_platform.contracts.values import (
    Boolean,
    Email,
    Instant,
    Integer,
    Number,
    Phone,
    Text,
    TextList,
    ValueType,
)
from activation_platform.destinations.iterable.answers import is_unknown
from activation_platform.destinations.iterable.value_types import OneOrManyTexts

if TYPE_CHECKING:
    from activation_platform.destinations.iterable.destination import Iterable

__all__ = [
    "CUSTOM",
    "IDENTIFIERS",
    "Identified",
    "data_fields",
    "fields_of",
    "path_of",
    "person",
    "shown",
    "those_there",
]

IDENTIFIERS = (
    Field("email", Email(), clearable=False, docs="The e-mail address."),
    Field(
        "userId",
        Text(
            min=1,
            max=52,
            pattern=r"[ -~]*[!-~]",
            words="printable ASCII characters without a space at the end",
        ),
        clearable=False,
        docs="Your own ID of the person.",
    ),
)

CUSTOM = CustomFields(
    pattern=r"[^.\x00-\x1f\x7f]+",
    words="a field of the project, by its name: no periods, for what is inside of an object is not written",
    texts=TextList(),
)

# Iterable's types; it says `object` of what has parts, `geo_location` and `nested`, which are not written. Any may be an array.
_TYPES: Mapping[str, ValueType] = {
    "boolean": Boolean(),
    "date": Instant(),
    "double": Number(),
    "long": Integer(),
    "string": OneOrManyTexts(),
}
# What it keeps itself, or another endpoint does.
_MANAGED = frozenset(
    (
        "createdAt",
        "emailListIds",
        "itblUserId",
        "profileUpdatedAt",
        "signupDate",
        "signupSource",
        "subscribedMessageTypeIds",
        "unsubscribedChannelIds",
        "unsubscribedMessageTypeIds",
        "userListIds",
    )
)


@dataclass(frozen=True, slots=True)
class Identified(identified.Identified):
    """`identifier`: the field by which a person is recognised, as the type of the project allows: email or userId."""

    vendor: ClassVar[str] = "Iterable"
    identifiers: ClassVar[tuple[Field, ...]] = IDENTIFIERS


def fields_of(account: "Iterable") -> Generator[httpx.Request, Any, tuple[Field, ...]]:
    """The fields of the project's users that can be written, beside the identifiers."""
    response = yield account.call("GET", "/api/users/getFields", budget=account.fields)
    told = body_of(response, account).get("fields")
    kinds = told if isinstance(told, dict) else {}
    own = {one.name for one in IDENTIFIERS} | _MANAGED
    return tuple(
        Field("phoneNumber", Phone()) if name == "phoneNumber" else Field(name, _TYPES[kind])
        for name, kind in kinds.items()
        if kind in _TYPES and name not in own and CUSTOM.accepts(name)
    )


def person(identifier: str) -> Shape:
    """Whom something is about."""
    return {identifier: Member(pl.col(IDENTIFIER))}


def data_fields(batch: Batch, but: tuple[str, ...]) -> dict[str, Member]:
    """The fields beside these. A day or moment is written as Iterable shows it, to the second: 2016-08-02 18:53:45 +00:00."""
    schema = batch.frame.schema
    return {
        name: replace(member, value=_moment(name, schema[name])) if schema[name].is_temporal() else member
        for name, member in members(batch).items()
        if name not in but
    }


def path_of(identifier: str, value: str) -> str:
    """Where a user is deleted."""
    where = "/api/users/byUserId/" if identifier == "userId" else "/api/users/"
    return where + quote(value, safe="")


def shown(
    account: "Iterable", identifier: str, value: str
) -> Generator[httpx.Request, Any, httpx.Response | None]:
    """The answer that shows a user; None where there is none, of whom Iterable says nothing, or that it does not know them."""
    where = "/api/users/byUserId" if identifier == "userId" else "/api/users/getByEmail"
    response: httpx.Response = yield account.call(
        "GET", where, budget=account.reads, params={identifier: value}
    )
    return None if is_unknown(response) or not body_of(response, account).get("user") else response


def those_there(
    account: "Iterable", identifier: str, batch: Batch
) -> Generator[httpx.Request, Any, list[int]]:
    """The positions of those of a batch whom Iterable knows, asked one by one."""
    found = []
    for n, value in enumerate(batch.frame[IDENTIFIER].to_list()):
        if (yield from shown(account, identifier, value)) is not None:
            found.append(n)
    return found


def _moment(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    utc = column.dt.convert_time_zone("UTC") if isinstance(dtype, pl.Datetime) else column.cast(pl.Datetime)
    return utc.dt.to_string("%Y-%m-%d %H:%M:%S +00:00")
