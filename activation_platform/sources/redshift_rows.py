"""How the rows of a query come out of a Redshift session: through a cursor, or where many are expected by way of S3."""

import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from activation_platform.sources.arrow import conformed
from activation_platform.sources.redshift_columns import Column, arrow_schema, batch_of, projected, reading
from activation_platform.sources.redshift_unload import Unload
from activation_platform.sources.statement import one_select, without_rows

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Large", "described", "read_rows"]

DIALECT = "redshift"
FETCH_ROWS = 1000
"""The most that a cluster of one node hands out at once. https://docs.aws.amazon.com/redshift/latest/dg/fetch.html"""


@dataclass(frozen=True)
class Large:
    """Where large results go. `unload`: None if they go nowhere; `above`: how many rows the cluster must expect."""

    unload: Unload | None
    above: int


def read_rows(cursor: Any, query: str, large: Large, *, alone: bool) -> Iterator[pl.DataFrame]:
    """The rows of a query as frames of 1,000 rows; of at most 50,000 where it is unloaded.

    `alone`: in a transaction of its own, which cannot write; else within the one that is open.
    """
    text = one_select(query, DIALECT)
    columns = described(cursor, text)
    plan, schema = reading(columns), arrow_schema(columns)
    if large.unload and _expected(cursor, text) > large.above:
        unloaded = large.unload.batches(cursor, projected(text, columns, as_text=False))
        yield from plan.frames(conformed(batch, schema) for batch in unloaded)
        return
    if alone:
        cursor.execute("BEGIN READ ONLY")
    yield from plan.frames(_fetched(cursor, text, columns, schema))
    if alone:
        cursor.execute("ROLLBACK")


def described(cursor: Any, query: str) -> list[Column]:
    """The query's columns; the cluster gives its result without a row."""
    cursor.execute(without_rows(query, DIALECT))
    return [
        Column(field["label"].decode(), field["type_oid"], field["type_modifier"])
        for field in cursor.ps["row_desc"]
    ]


def _expected(cursor: Any, query: str) -> int:
    """The rows that the planner expects. It may be wrong: then the slower way is taken, and nothing else is different."""
    cursor.execute(f"EXPLAIN {query}")
    found = re.search(r"\brows=(\d+)", str(cursor.fetchone()[0]))
    return int(found[1]) if found else 0


def _fetched(
    cursor: Any, query: str, columns: Sequence[Column], schema: "pa.Schema"
) -> "Iterator[pa.RecordBatch]":
    """The rows through a cursor: without one the driver would hold all of them.

    Redshift counts no rows here. That none is missing is the protocol's own promise: each FETCH ends with a word of its own.
    """
    name = f"activation_{uuid.uuid4().hex}"  # the driver remembers the columns of each statement that it prepared
    cursor.execute(f"DECLARE {name} CURSOR FOR {projected(query, columns, as_text=True)}")
    while True:
        cursor.execute(f"FETCH FORWARD {FETCH_ROWS} FROM {name}")
        rows = cursor.fetchall()
        if not rows:
            break
        yield batch_of(rows, columns, schema)
    cursor.execute(f"CLOSE {name}")
