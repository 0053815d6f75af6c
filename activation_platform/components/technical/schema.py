"""The technical tables' schemas: every column, its type and what it means, for people and programs that read them.

The columns of a version never change. Whatever adds, removes, retypes or gives another meaning to one makes the next version,
in a folder (and, in a warehouse, a table) of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import polars as pl
import polars_hash as plh

from activation_platform.contracts.redaction import mask_text

__all__ = ["TABLES", "Column", "Holds", "Keys", "Table"]


class Keys(StrEnum):
    """How keys and identifiers, which are personal values, stand in the tables."""

    CLEAR = "clear"
    HASHED = "hashed"


class Holds(StrEnum):
    """What personal values a column can hold."""

    NOTHING = "nothing"
    KEY = "a key or an identifier"
    WORDS = "words of a vendor's, which may quote one"


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    name: str
    dtype: pl.DataType
    meaning: str
    holds: Holds = Holds.NOTHING


@dataclass(frozen=True, slots=True)
class Table:
    """One table in one version."""

    name: str
    version: int
    meaning: str
    columns: tuple[Column, ...]

    @property
    def schema(self) -> pl.Schema:
        """Names and types of the columns."""
        return pl.Schema({column.name: column.dtype for column in self.columns})

    @property
    def versioned(self) -> str:
        """Its name in a warehouse: `runs_v1`."""
        return f"{self.name}_v{self.version}"

    def rows(self, found: pl.DataFrame, keys: Keys) -> pl.DataFrame:
        """Rows with the columns of this table, in their order and types; hashed, if they shall be."""
        return found.select(_said(column, keys) for column in self.columns)


def _said(column: Column, keys: Keys) -> pl.Expr:
    value = pl.col(column.name).cast(column.dtype)
    if keys is Keys.CLEAR or column.holds is Holds.NOTHING:
        return value
    if column.holds is Holds.KEY:
        return plh.CryptographicHashingNameSpace(value).sha2_256()
    return value.map_batches(_masked, return_dtype=pl.String())


def _masked(words: pl.Series) -> pl.Series:
    """Words with addresses and long numbers masked; each one once, for they repeat themselves."""
    told = words.unique().drop_nulls().to_list()
    return words.replace_strict({word: mask_text(word) for word in told}, return_dtype=pl.String)


_TEXT, _WHOLE, _MOMENT = pl.String(), pl.Int64(), pl.Datetime("us", "UTC")

_DAY = Column("day", pl.Date(), "the UTC day on which the row was written down: that of the file")
_WHOSE = (
    Column("activation", _TEXT, "the activation"),
    Column(
        "ledger",
        _TEXT,
        "the ledger that remembers it: the activation's name, or `name~host` for another host than its first, such as a sandbox",
    ),
    Column("run", _WHOLE, "the run's number in its ledger, from 1; with `ledger` it names a run"),
)
_KEY = Column("key", _TEXT, "the primary key in the model; of several columns, joined by `|`", Holds.KEY)
_IDENTIFIER = Column("identifier", _TEXT, "what names the record at the destination", Holds.KEY)
_REASON = Column("reason", _TEXT, "why: the destination's words, or ours", Holds.WORDS)
_REQUEST = Column(
    "request", _TEXT, "ids by which the destination knows a pending delete, or of a batch without an answer"
)
_HAPPENED = Column("happened_at", _MOMENT, "when it was acknowledged, or decided")

_COUNTS = {
    "extracted": "records that the run was about: new, changed, gone and owed ones; each counts once in what follows",
    "loaded": "of them acknowledged by the destination: inserted + updated + deleted",
    "inserted": "acknowledged as new",
    "updated": "acknowledged as changed",
    "deleted": "acknowledged as deleted, or taken on to be",
    "deletes_requested": "of `deleted`: those that the destination carries out later",
    "source_issues": "set aside before anything was sent",
    "destination_issues": "rejected, partly accepted, or without an answer",
    "ignored": "unknown to the destination (update only), or there already (insert only)",
    "withheld": "held back by a guard",
    "no_operation": "with nothing to send",
    "unsent": "left when the run stopped",
    "standing": "issues from before that stood and did not change; counted apart",
    "left_behind": "records that stay under an identifier their key no longer has; counted apart",
    "requests": "requests, statements or files that were sent; counted apart",
}

_RUNS = Table(
    "runs",
    1,
    "One row for each run that ended.",
    (
        _DAY,
        *_WHOSE,
        Column("destination", _TEXT, "the destination"),
        Column("partition_key", _TEXT, "the partition that the run was for: the instant it was scheduled at"),
        Column("run_id", _TEXT, "Dagster's id of the run"),
        Column(
            "status",
            _TEXT,
            "`succeeded`, `succeeded with issues`, `nothing to do`, `superseded`, `stopped` or `failed`",
        ),
        Column("full_run", pl.Boolean(), "whether everything was sent again"),
        Column("started_at", _MOMENT, "when it began"),
        Column("seconds", pl.Float64(), "how long it took"),
        *(Column(name, _WHOLE, meaning) for name, meaning in _COUNTS.items()),
        Column(
            "error", _TEXT, "the class, what happened, what to do; empty where it ended well", Holds.WORDS
        ),
        Column("notes", _TEXT, "what else there is to say, a line each", Holds.WORDS),
    ),
)
_OPERATIONS = Table(
    "operations",
    1,
    "One row for everything that happened to a key in a run: what the destination answered, or what was decided without it.",
    (
        _DAY,
        *_WHOSE,
        _HAPPENED,
        Column("operation", _TEXT, "`insert`, `update`, `delete` or `clear`; null where none was meant"),
        Column(
            "event",
            _TEXT,
            "`accepted`, `requested` (a delete, carried out later), `rejected`, `partial`, `unknown` (no answer), `ignored`, "
            "`set_aside`, `departed`, `dropped`, `owed`, `left_behind`, `overwritten` or `cancelled` (no longer owed)",
        ),
        Column(
            "did",
            _TEXT,
            "what the destination says it did: `created`, `updated`, `deleted`; null where it does not say",
        ),
        _KEY,
        _IDENTIFIER,
        _REASON,
        _REQUEST,
    ),
)
_ISSUES = Table(
    "issues",
    1,
    "One row for everything that went wrong with a key in a run; the same rows are among the operations.",
    (
        _DAY,
        *_WHOSE,
        _HAPPENED,
        Column("kind", _TEXT, "`source issue` (set aside before it was sent) or `destination issue`"),
        Column("operation", _TEXT, "`insert`, `update` or `delete`; null where none was meant"),
        Column("event", _TEXT, "`set_aside`, `rejected`, `partial` or `unknown`"),
        _KEY,
        _IDENTIFIER,
        _REASON,
        _REQUEST,
    ),
)
_MEMBERSHIPS = Table(
    "memberships",
    1,
    "One row for each time that a key entered a segment or left it; of segments with `analysis: {history: true}`.",
    (
        _DAY,
        Column("segment", _TEXT, "the segment"),
        Column("snapshot", _WHOLE, "the number of the segment's snapshot with which it happened"),
        Column("happened_at", _MOMENT, "the instant that the snapshot stands for"),
        Column("event", _TEXT, "`entered` or `left`"),
        _KEY,
    ),
)

TABLES: Mapping[str, Table] = {table.name: table for table in (_RUNS, _OPERATIONS, _ISSUES, _MEMBERSHIPS)}
"""The newest version of each, by name."""
