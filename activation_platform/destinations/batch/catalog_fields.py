"""The fields of a Batch catalog: how their types are told, made and written.

Sources: https://doc.batch.com/developer/api/cep/catalogs/create, https://doc.batch.com/developer/api/cep/catalogs/edit-items. The
rules of an item's attributes have the type of dates and addresses in the name; the example beside them does not.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from activation_platform.contracts.batch import Batch
from activation_platform.contracts.encode import Member, members, unless_null
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.values import (
    Boolean,
    Instant,
    Integer,
    Number,
    Text,
    TextList,
    ValueType,
)
from activation_platform.destinations.batch.attributes import URL, rfc3339

__all__ = ["CUSTOM", "attributes", "definitions", "fields_of"]

_TEXT, _TEXTS = Text(max=10_000), TextList(max_items=15, max=64)
_TYPES: Mapping[str, ValueType] = {
    "array": _TEXTS,
    "bool": Boolean(),
    "date": Instant(),
    "float": Number(),
    "integer": Integer(),
    "string": _TEXT,
    "url": URL,
}
_KINDS = {type_.dtype: kind for kind, type_ in _TYPES.items() if kind != "url"} | {pl.Date(): "date"}

CUSTOM = CustomFields(
    pattern=r"[a-z0-9_]+|url\([a-z0-9_]+\)",
    words="a field of the catalog: lower-case letters, digits and underscores, or url(such a name) for an address",
    text=_TEXT,
    texts=_TEXTS,
    typed={r"url\(.*\)": URL},
    clearable=False,
)


def fields_of(catalog: Mapping[str, Any]) -> Iterator[Field]:
    """The fields that Batch says a catalog has, those of types that can be sent."""
    for told in catalog.get("fields") or ():
        name, kind = told.get("name"), told.get("type")
        if kind in _TYPES:
            yield Field(f"url({name})" if kind == "url" else str(name), _TYPES[kind], clearable=False)


def definitions(batch: Batch, but: str) -> list[Mapping[str, str]]:
    """The fields of a batch as a catalog is made of them."""
    schema = batch.frame.schema
    return [_definition(one.name, schema[one.name]) for one in batch.fields if one.name != but]


def attributes(batch: Batch, but: str) -> Mapping[str, Member]:
    """What items have in these fields; what is null is left out."""
    own = ((name, member) for name, member in members(batch).items() if name != but)
    return dict(_attribute(name, member, batch.frame.schema[name]) for name, member in own)


def _definition(name: str, dtype: pl.DataType) -> Mapping[str, str]:
    if name.startswith("url("):
        return {"name": name[4:-1], "type": "url"}
    return {"name": name, "type": _KINDS[dtype]}


def _attribute(name: str, member: Member, dtype: pl.DataType) -> tuple[str, Member]:
    if dtype.is_temporal():
        return f"date({name})", unless_null(replace(member, value=rfc3339(pl.col(name), dtype)))
    return name, unless_null(member)
