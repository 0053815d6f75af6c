"""The tables of an Emarsys account's relational data: where they are, and how their rows are said.

Source: https://help.emarsys.com/hc/en-us/articles/360024778974 (hosted tables are MySQL's). Unconfirmed: the form of moments,
which is the one that MySQL reads, in UTC.
"""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import polars as pl

from activation_platform.contracts.batch import Batch
from activation_platform.contracts.encode import Member, Shape, members
from activation_platform.contracts.errors import DeclarationError

if TYPE_CHECKING:
    from activation_platform.destinations.emarsys.destination import Emarsys

__all__ = ["RelationalDataOptions", "records_of", "row"]


@dataclass(frozen=True, slots=True)
class RelationalDataOptions:
    """`connection` and `table`: their names in Emarsys; `key`: the column that is the primary key; `key_is_number`: whether
    that holds whole numbers, and not texts.
    """

    connection: str = field(metadata={"example": "shop"})
    table: str = field(metadata={"example": "orders"})
    key: str = field(metadata={"example": "order_id"})
    key_is_number: bool = False

    def __post_init__(self) -> None:
        if not all(isinstance(name, str) and name for name in (self.connection, self.table, self.key)):
            raise DeclarationError(
                "a connection, a table and a key are names",
                remedy="Set the options connection, table and key as Emarsys shows them under Add-ons > Relational Data.",
            )

    def said(self, key: str) -> int | str:
        """A key as it is said."""
        return int(key) if self.key_is_number else key


def records_of(
    account: "Emarsys", options: RelationalDataOptions, method: str, path: str = "", **body: Any
) -> httpx.Request:
    """A request about the records of a table."""
    connection, table = (quote(name, safe="") for name in (options.connection, options.table))
    place = f"/connections/{connection}/tables/{table}/records{path}"
    return account.call(method, place, api=account.relational, **body)


def row(batch: Batch) -> Shape:
    """A row: moments are said as MySQL reads them, everything else as JSON does."""
    return {name: _said(batch, name, member) for name, member in members(batch).items()}


def _said(batch: Batch, name: str, member: Member) -> Member:
    if not isinstance(batch.frame.schema[name], pl.Datetime):
        return member
    return replace(member, value=pl.col(name).dt.to_string("%Y-%m-%d %H:%M:%S%.6f"))
