"""Limits: of the rows for which a condition holds, the first in an order, or a stable sample.

The conditions come first, a model's exclusions among them, then the limit. What decides between rows that are equal in the order
is the key, ascending; so the key must be one that has a place (see `keys.py`), and a row whose key is null has none.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import BeforeValidator, PlainSerializer, PlainValidator, model_validator

from activation_platform.segmentation.nodes import Worded
from activation_platform.segmentation.splits import Seed
from activation_platform.segmentation.values import MOST_VALUES, Name, refused

if TYPE_CHECKING:
    from activation_platform.segmentation.conditions import Condition

__all__ = ["Limit", "Limited", "Nulls", "Order"]

_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,9})?) ?%", re.ASCII)


class Nulls(StrEnum):
    """Where rows without a value stand in an order, whichever its direction."""

    FIRST = "first"
    LAST = "last"


def _rows(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_VALUES:
        raise refused(f"takes a whole number of rows from 1 to {MOST_VALUES:,}, not {value!r}")
    return value


def _amount(value: Any) -> int | Decimal:
    if isinstance(value, Decimal):
        return value
    if not isinstance(value, str):
        return _rows(value)
    found = _PERCENT.fullmatch(value.strip())
    share = Decimal(found[1]) if found else Decimal(0)
    if not 0 < share <= 100:
        raise refused(f"takes a number of rows such as 1000, or a share such as 10 %, not {value!r}")
    return share


def _orders(value: Any) -> Any:
    if isinstance(value, str) or not isinstance(value, Sequence) or not value:
        raise refused(
            "takes a list of {descending: field} and {ascending: field}, the one that counts most first"
        )
    return tuple(value)


def _nulls(value: Any) -> Nulls:
    if value not in list(Nulls):
        raise refused(f"takes first or last, not {value!r}")
    return Nulls(value)


def _written(amount: int | Decimal) -> int | str:
    return amount if isinstance(amount, int) else f"{amount} %"


Rows = Annotated[int, PlainValidator(_rows, json_schema_input_type=int)]
Amount = Annotated[
    int | Decimal, PlainValidator(_amount, json_schema_input_type=int | str), PlainSerializer(_written)
]


class Order(Worded):
    """One field of an order; text by code point, NaN as null, and null last where nothing else is said."""

    ascending: Name | None = None
    descending: Name | None = None
    nulls: Annotated[Nulls, PlainValidator(_nulls, json_schema_input_type=str)] = Nulls.LAST

    @model_validator(mode="after")
    def _one_field(self) -> Self:
        if (self.ascending is None) is (self.descending is None):
            raise refused("takes exactly one of `ascending:` and `descending:`, with the name of a field")
        return self

    @property
    def field(self) -> str:
        """The field."""
        return str(self.descending if self.ascending is None else self.ascending)

    @property
    def down(self) -> bool:
        """Whether the greatest value comes first."""
        return self.ascending is None


class Limit(Worded):
    """So many rows: the first in an order (`top`, `by`), or a sample that is the same on every run (`sample`, `seed`).

    A sample of a number of rows takes those with the first places of a hash of the key, a sample of a share every row whose place
    lies within that share: so the same rows stay when others come.
    """

    top: Rows | None = None
    by: Annotated[tuple[Order, ...], BeforeValidator(_orders)] | None = None
    sample: Amount | None = None
    seed: Seed | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = {name for name in type(self).model_fields if getattr(self, name) is not None}
        if given not in ({"top", "by"}, {"sample", "seed"}):
            raise refused(
                "takes {top: 1000, by: [{descending: field}]}, or a stable {sample: 1000, seed: a text of your own}"
            )
        return self


class Limited(Worded):
    """Whether the row is among the rows that a limit takes of those for which `of` holds; left out: of all rows."""

    limit: Limit
    of: "Condition | None" = None
