"""Fields: what a service accepts, by name and type, and how custom fields may be named."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl

from activation_platform.contracts.values import Text, TextList, ValueType, value_type_for

__all__ = ["CustomFields", "Field", "close_to", "is_pattern", "nearest"]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a service.

    `key`: the field by which the destination recognises a record. `docs` is a sentence for the catalogue. `clearable`:
    whether the vendor's API can take the value away; where it cannot, the field is mapped with `on_null: keep` (SEMANTICS B6).
    """

    name: str
    type: ValueType
    key: bool = False
    required: bool = False
    docs: str = ""
    clearable: bool = True


@dataclass(frozen=True, slots=True)
class CustomFields:
    """Names and types of fields that are not declared: `pattern` must match the whole name, `words` explains it.

    `text` and `texts` are the types of text and list-of-text columns; other columns get the type of their dtype.
    `typed`: fields whose names say their type, by patterns that match the whole name. `clearable`: as of a field.
    """

    pattern: str
    words: str
    text: Text = field(default_factory=Text)
    texts: TextList | None = None
    typed: Mapping[str, ValueType] = field(default_factory=dict)
    clearable: bool = True

    def accepts(self, name: str) -> bool:
        """Whether the name keeps the vendor's rule."""
        return re.fullmatch(self.pattern, name) is not None

    def type_for(self, name: str, dtype: pl.DataType) -> ValueType | None:
        """The type of a custom field fed by a column of this dtype; None where such a column cannot be sent."""
        for pattern, type_ in self.typed.items():
            if re.fullmatch(pattern, name):
                return type_
        found = Text() if dtype == pl.Null else value_type_for(dtype)
        if isinstance(found, Text):
            return self.text
        if isinstance(found, TextList):
            return self.texts
        return found


def is_pattern(name: str) -> bool:
    """Whether `polars.col` would take the name of a column or field for a pattern over all columns (Polars, `polars.col`)."""
    return name == "*" or (name.startswith("^") and name.endswith("$"))


def nearest(name: str, known: Iterable[str]) -> str:
    """` Did you mean "x"?` for the known name nearest to `name`, or nothing."""
    close = close_to(name, known)
    return f' Did you mean "{close}"?' if close else ""


def close_to(name: str, known: Iterable[str]) -> str:
    """The known name nearest to `name`; empty where none is near."""
    return next(iter(difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)), "")
