"""The survey: one streaming pass of the frame over the ledger. What is new, changed or owed is spooled to disk.

Memory holds a batch of rows and eight bytes per new key; everything else, a byte per ledger entry among it, stays on disk.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict, Unpack

import numpy as np
import numpy.typing as npt
import polars as pl

from activation_platform.contracts.batch import KEY
from activation_platform.sync.fingerprint import key_text, text_hash
from activation_platform.sync.hashes import Hashes, Positions, ascending, distinct, is_among, repeated
from activation_platform.sync.head import Head, is_any
from activation_platform.sync.mapping import BoundMapping
from activation_platform.sync.spool import scratch, spool
from activation_platform.sync.states import State

__all__ = [
    "ORDER",
    "ROWS_AT_ONCE",
    "UNTIMED",
    "Looking",
    "Survey",
    "survey",
]

ORDER = "_order"
"""The column by which shared identifiers are settled, where one is declared."""

UNTIMED = "_untimed"
"""Only for events: whether the row says no moment, so that no window owns it."""

ROWS_AT_ONCE = 500_000
_MANY = 100_000
_ASK_AGAIN = (State.UNKNOWN, State.PARTIAL, State.DEPARTED, State.DELETE_REQUESTED)


@dataclass
class Survey:
    """What one pass found.

    `spooled`: files of candidates (`_key`, `_key64`, `_raw`, `_position`, `raw:<field>`…); `seen`: by ledger position, whether
    the frame holds the key; `duplicates`: hashes of keys that stand in several rows.
    """

    seen: npt.NDArray[np.bool_]
    owed_keys: npt.NDArray[np.uint64]
    owed_seen: npt.NDArray[np.bool_]
    spooled: list[Path] = field(default_factory=list)
    rows: int = 0
    null_keys: int = 0
    duplicates: npt.NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, dtype=np.uint64))
    only_nulls: list[str] = field(default_factory=list)
    """Columns `raw:<field>` in which no row with a key has a value."""

    @property
    def owed_but_gone(self) -> npt.NDArray[np.uint64]:
        """Hashes of keys with a debt that the frame no longer holds."""
        return self.owed_keys[~self.owed_seen]


class Looking(TypedDict):
    """What makes a row a candidate beside its values.

    `owed_keys`: hashes of keys with a debt. `everything`: all rows are candidates (a full run), but for those that were
    acknowledged as they are since this pass began, at `since` (Unix microseconds; None: nothing is spared). `recheck_before`:
    ignored entries older than this are asked again. `order_by`: a column to keep for settling shared identifiers. `spool`: the
    folder for candidates.
    """

    owed_keys: Hashes
    everything: bool
    since: int | None
    recheck_before: int
    order_by: str | None
    spool: Path


def survey(
    frame: pl.LazyFrame,
    mapping: BoundMapping,
    key: tuple[str, ...],
    head: Head,
    *,
    untimed: pl.Expr | None = None,
    **asked: Unpack[Looking],
) -> Survey:
    """Pass the frame over the ledger once, looking for what is new, changed, owed or due. `untimed`: see `UNTIMED`."""
    owed_keys, everything, order_by = asked["owed_keys"], asked["everything"], asked["order_by"]
    found = Survey(scratch(len(head), asked["spool"]), owed_keys, np.zeros(len(owed_keys), dtype=np.bool_))
    new_keys: list[Hashes] = []
    twice: list[Hashes] = []
    found.only_nulls = [bound.raw for bound in mapping.fields if bound.column is not None]
    order = [pl.col(order_by).alias(ORDER)] if order_by else []
    if untimed is not None:
        order.append(untimed.alias(UNTIMED))
    text = key_text(key, mapping.schema)
    prepared = frame.select(
        text.alias(KEY),
        *order,
        *mapping.raw_values(),
        _raw=mapping.raw_fingerprint(text, key),
        _key64=text_hash(text),
    )
    for batch in prepared.collect_batches(chunk_size=ROWS_AT_ONCE, maintain_order=False):
        found.rows += batch.height
        keyed = _keyed(batch)
        found.null_keys += batch.height - keyed.height
        found.only_nulls = [raw for raw in found.only_nulls if keyed[raw].null_count() == keyed.height]
        by_hash, key64 = ascending(keyed["_key64"].to_numpy())  # the mapped ledger is walked once, forwards
        raw = keyed["_raw"].to_numpy().take(by_hash)
        position = head.find(key64)
        known = position >= 0
        old = position[known]
        twice += [key64[known][found.seen[old]], repeated(key64)]
        found.seen[old] = True
        new_keys.append(key64[~known])
        candidate = ~known
        candidate[known] = (head.raw(old) != raw[known]) | _due(
            head, old, everything, asked["since"], asked["recheck_before"]
        )
        if len(owed_keys):
            candidate |= is_among(key64, owed_keys)
            found.owed_seen |= is_among(owed_keys, key64)
        if candidate.any():
            path = asked["spool"] / f"candidates-{len(found.spooled):06}.arrow"
            spool(_chosen(keyed, by_hash[candidate], position[candidate]), path)
            found.spooled.append(path)
        del batch, keyed  # or they would live on while the next ones are made
    if new_keys:
        twice.append(repeated(np.sort(np.concatenate(new_keys))))
    found.duplicates = distinct(np.concatenate(twice)) if twice else found.duplicates
    return found


def _chosen(rows: pl.DataFrame, chosen: Positions, position: Positions) -> pl.DataFrame:
    """The chosen rows in that order, with their position in the ledger; many as they lie: to order them is to copy them."""
    among = np.zeros(rows.height, dtype=np.bool_)
    among[chosen] = True
    lying = rows.filter(pl.Series(among))  # of so many rows, a filter costs a third of a gather
    places = np.empty(rows.height, dtype=np.int64)
    if len(chosen) > _MANY:
        places[chosen] = position
        return lying.with_columns(_position=pl.Series(places[among]))
    places[among] = np.arange(len(chosen))
    return lying[places[chosen]].with_columns(_position=pl.Series(position, dtype=pl.Int64))


def _keyed(batch: pl.DataFrame) -> pl.DataFrame:
    """The rows that have a key; most often all of them."""
    return batch.filter(pl.col(KEY).is_not_null()) if batch[KEY].null_count() else batch


def _due(
    head: Head, old: Positions, everything: bool, since: int | None, recheck_before: int
) -> npt.NDArray[np.bool_]:
    """Which entries are asked again though their values have not changed."""
    state = head.state(old)
    due = is_any(state, _ASK_AGAIN)
    ignored = np.flatnonzero(state == State.IGNORED)
    due[ignored] = head.since(old[ignored]) < recheck_before
    if everything:
        due |= True if since is None else (state != State.PRESENT) | (head.since(old) < since)
    return due
