"""The survey of a frame that stays in its warehouse: only rows that may differ come here, to be surveyed like any others.

The warehouse knows what it last saw of every key that the ledger holds, and fetches what it has not seen like this. Those rows go
through the ordinary survey, against the ledger and with our own fingerprints, so that what is sent does not depend on where the
difference began. Whatever is neither fetched nor gone is in the frame, as it was.
"""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Unpack

import numpy as np
import polars as pl

from activation_platform.contracts.batch import KEY
from activation_platform.contracts.errors import ActivationError, DeclarationError
from activation_platform.contracts.warehouse import KEPT, KNOWN, TEXT_OF_KEY, Asked, Compared, Delta
from activation_platform.sync.fingerprint import key_text, text_hash
from activation_platform.sync.hashes import Hashes, Positions, is_among
from activation_platform.sync.head import Head
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.mapping import BoundMapping
from activation_platform.sync.states import HELD, Debt, State
from activation_platform.sync.survey import ROWS_AT_ONCE, Looking, Survey, survey

__all__ = ["InWarehouse"]

_WATCHED = (*HELD, State.IGNORED)
"""States of entries whose keys the warehouse watches: they can be gone, and unchanged."""
_AT_ONCE = 100_000
_NOWHERE = np.empty(0, dtype=np.int64)


class InWarehouse:
    """The rows of one run.

    `room`: an empty folder for those that are fetched; whoever gave it takes it away. `empty` is called where there is no row at
    all, and raises where that cannot be (SEMANTICS C3).
    """

    def __init__(self, delta: Delta, room: Path, empty: Callable[[], object] = object) -> None:
        self._delta = delta
        self._room = room
        self._empty = empty
        self._fetched: pl.LazyFrame | None = None
        self._gone = pl.Series(dtype=pl.String)
        self._began = 0

    @staticmethod
    def token(known: str) -> str:
        """Names the warehouse's table for a ledger: the one that it knows, or a new one where another engine had it last."""
        return known or uuid.uuid4().hex

    def survey(
        self,
        mapping: BoundMapping,
        key: tuple[str, ...],
        ledger: Ledger,
        **looking: Unpack[Looking],
    ) -> Survey:
        """As `survey`; a full run fetches everything."""
        head, manifest = ledger.head, ledger.manifest
        self._began = manifest.clock
        order_by = looking["order_by"]
        mapped = [field.column for field in mapping.fields if field.column is not None]
        asked = Asked(
            token=manifest.delta,
            run=manifest.sequence,
            newest=manifest.sequence - 1,
            key=key,
            columns=tuple(dict.fromkeys([*key, *mapped, *([order_by] if order_by else [])])),
            compared=tuple(dict.fromkeys(mapped)),
            seed=mapping.version,
            ignored_before=looking["recheck_before"],
            everything=looking["everything"],
            touched=lambda clock: (head.entries(at).select("key") for at in _touched(head, clock)),
            into=self._room,
        )
        compared = self._delta.compare(asked)
        if not compared.whole and not _knows_all(compared, head):
            compared = self._delta.compare(replace(asked, everything=True))
        if not compared.rows:
            self._empty()
        rows = pl.scan_parquet(compared.parts)
        text = key_text(key, mapping.schema)
        _require_same_keys(rows, text)
        found = survey(rows, mapping, key, head, **looking)
        found.rows, found.null_keys = compared.rows, compared.rows - compared.keyed
        found.only_nulls = [
            field.raw for field in mapping.fields if field.column and not compared.values[field.column]
        ]
        if compared.whole:
            self._gone = head.entries(head.found(*_WATCHED, unless=found.seen))["key"]
        else:
            self._gone = compared.gone
            gone = _positions(head, compared.gone)
            seen = found.seen[gone]
            for part, watched in head.parts(*_WATCHED):
                found.seen[part] |= watched
            found.seen[gone] = seen
        self._fetched = rows.select(
            text.alias(KEY), _key64=text_hash(text), _raw=mapping.raw_fingerprint(text, key)
        )
        return found

    def merge(self, ledger: Ledger) -> list[str]:
        """Let the warehouse know what became of the rows, once the run is sealed; returns a note where it cannot be told.

        What it does not hear of it asks again: the next run fetches those rows once more, and finds them as they were.
        """
        manifest = ledger.manifest
        assert self._fetched is not None
        exceptions = _exceptions(ledger, self._fetched, self._gone, self._began)
        try:
            self._delta.merge(manifest.delta, manifest.sequence, manifest.clock, exceptions)
        except ActivationError as error:
            return [
                f"the warehouse could not note what was acknowledged, so the next run fetches it again ({error})"
            ]
        return []


def _touched(head: Head, clock: int) -> Iterator[Positions]:
    """Where the ledger has what changed after a moment and the warehouse must watch."""
    for start in range(0, len(head), _AT_ONCE):
        positions = np.arange(start, min(start + _AT_ONCE, len(head)))
        positions = positions[(head.since(positions) > clock) & head.live(positions)]
        yield positions[head.are(positions, *_WATCHED)]


def _positions(head: Head, keys: pl.Series) -> Positions:
    """Where the ledger has these keys, as far as it does."""
    hashes = keys.to_frame("key").select(text_hash(pl.col("key"))).to_series()
    positions = head.find(hashes.sort().to_numpy())
    return positions[positions >= 0]


def _knows_all(compared: Compared, head: Head) -> bool:
    """Whether the warehouse watches exactly what the ledger holds; else somebody has changed its table."""
    fetched = pl.scan_parquet(compared.parts).filter(KNOWN).select(pl.col(TEXT_OF_KEY).unique()).collect()
    asked = pl.concat([compared.gone, fetched.to_series()])
    positions = _positions(head, asked)
    held = int(np.count_nonzero(head.are(positions, *_WATCHED)))
    return compared.known - len(asked) + held == head.count(*_WATCHED)


def _require_same_keys(rows: pl.LazyFrame, text: pl.Expr) -> None:
    """Raise DeclarationError where the warehouse writes a key unlike us, so that nobody would be found again."""
    if rows.filter(text.ne_missing(pl.col(TEXT_OF_KEY))).head(1).collect().height:
        raise DeclarationError(
            "the warehouse writes the primary key in another way than its rows arrive here",
            remedy="Cast the key to text in the model's SQL, or leave engine: warehouse out of the model.",
        )


def _exceptions(ledger: Ledger, fetched: pl.LazyFrame, gone: pl.Series, began: int) -> Iterator[pl.DataFrame]:
    """What the warehouse cannot know (`KEPT`).

    Fetched keys that are not simply as they were fetched; keys that changed in the ledger since the run `began` though nobody
    fetched them (another one took their identifier), and keys that are gone, as far as the ledger still holds them.
    """
    head = ledger.head
    owed = ledger.debts.filter(pl.col("debt") != Debt.DELETE)["key64"].to_numpy()
    touched = np.concatenate([_NOWHERE, *_touched(head, began - 1)])
    hashes = head.key64(touched)
    for batch in fetched.collect_batches(chunk_size=ROWS_AT_ONCE, maintain_order=False):
        rows = batch.sort("_key64")
        unseen = ~is_among(hashes, rows["_key64"].to_numpy())
        touched, hashes = touched[unseen], hashes[unseen]
        yield _unlike_the_rest(rows, head, owed)
    left = np.concatenate([_positions(head, gone), touched])
    yield (
        head.entries(left[head.are(left, *_WATCHED)])
        .select("key", held=pl.lit(value=True), settled=pl.lit(value=False), ignored=None)
        .cast(KEPT)
    )


def _unlike_the_rest(rows: pl.DataFrame, head: Head, owed: Hashes) -> pl.DataFrame:
    """Fetched keys of which the ledger holds something else than the row, or that the destination ignores (`KEPT`)."""
    key64, raw = rows["_key64"].to_numpy(), rows["_raw"].to_numpy()
    position = head.find(key64)
    known = np.flatnonzero(position >= 0)
    at = position[known]
    held, settled = np.zeros(rows.height, dtype=np.bool_), np.zeros(rows.height, dtype=np.bool_)
    since = np.zeros(rows.height, dtype=np.int64)
    held[known] = head.are(at, *_WATCHED)
    settled[known] = head.are(at, State.PRESENT, State.IGNORED) & (head.raw(at) == raw[known])
    settled &= ~is_among(key64, owed)
    since[known] = np.where(head.are(at, State.IGNORED), head.since(at), 0)
    return (
        rows.select(pl.col(KEY).alias("key"))
        .with_columns(
            held=pl.Series(held), settled=pl.Series(settled), ignored=pl.Series(since).replace(0, None)
        )
        .filter(~pl.col("settled") | pl.col("ignored").is_not_null())
        .cast(KEPT)
    )
