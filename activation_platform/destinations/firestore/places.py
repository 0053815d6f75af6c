"""Where documents are: collections, the IDs of documents in them, and the names and paths of their fields.

Source: https://cloud.google.com/firestore/quotas#collections_documents_and_fields.
"""

# ruff: noqa: D102 -- `clean` and `rule` are documented once, by ValueType

import re
from dataclasses import dataclass, field
from typing import ClassVar

import polars as pl

from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.value import Clean, ValueType, judge, text_of
from activation_platform.contracts.values import TextList

__all__ = ["DOCUMENT_ID", "FIELDS", "DocumentId", "InCollection", "field_path"]

_BYTES = 1_500
_RESERVED = "__.*__"
_SIMPLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class DocumentId(ValueType):
    """The ID of a document within its collection, as it is: capitals and spaces tell documents apart."""

    dtype: ClassVar[pl.DataType] = pl.String()
    label: ClassVar[str] = "document ID"

    @property
    def rule(self) -> str:
        return f"document ID of 1 to {_BYTES:,} bytes, without a slash, not . or .. and not like __this__"

    def clean(self, raw: pl.Series) -> Clean:
        value = pl.col("value")
        return judge(
            raw,
            text_of(raw.dtype),
            (value.is_not_null(), "is not text"),
            (value.str.len_bytes() > 0, "is empty"),
            (value.str.len_bytes() <= _BYTES, f"is longer than {_BYTES:,} bytes"),
            (~value.str.contains("/", literal=True), "holds a slash, which no document ID may"),
            (~value.is_in([".", ".."]), "is only dots, which no document ID may be"),
            (~value.str.contains(f"(?s)^{_RESERVED}$"), "begins and ends with __, which Firestore reserves"),
        )


DOCUMENT_ID = Field("document_id", DocumentId(), key=True, required=True, docs="The document's ID.")

FIELDS = CustomFields(
    # 375 characters are never more than 1,500 bytes. The vendor's best practices advise against the five characters.
    pattern=rf"(?!{_RESERVED}$)[^.\[\]*`\x00-\x1f\x7f]{{1,375}}",
    words="at most 375 characters without . [ ] * ` and not like __this__",
    texts=TextList(),
)


@dataclass(frozen=True, slots=True)
class InCollection:
    """`collection`: where the documents are, from the root of the database: `users`, or `shops/paris/customers`."""

    collection: str = field(kw_only=True, metadata={"example": "users"})

    def __post_init__(self) -> None:
        steps = self.collection.split("/") if isinstance(self.collection, str) else []
        if len(steps) % 2 != 1 or not all(map(_is_id, steps)):
            raise DeclarationError(
                f'"{self.collection}" is not a collection',
                remedy="Name one as in users, or within a document as in shops/paris/customers (option collection).",
            )


def field_path(name: str) -> str:
    """A field's name as a path has it: quoted, where it is not simple."""
    if _SIMPLE.fullmatch(name):
        return name
    escaped = name.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"


def _is_id(step: str) -> bool:
    reserved = re.fullmatch(_RESERVED, step, re.DOTALL) is not None
    return 0 < len(step.encode()) <= _BYTES and step not in (".", "..") and not reserved
