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
from activation_platform.sync.fingerprint import fingerprint, key_text
from activation_platform.sync.hashes import Positions, is_among
from activation_platform.sync.head import Head
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.mapping import BoundMapping
from activation_platform.sync.states import HELD, Debt, State
from activation_platform.sync.survey import ROWS_AT_ONCE, Looking, Survey, survey

__all__ = ["InWarehouse"]

_WATCHED = (*HELD, State.IGNORED)
"""States of entries whose keys the warehouse watches: they can be gone, and unchanged."""
_AT_ONCE = 1_000_000


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
            touched=lambda clock: _touched(head, clock),
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
        watched = head.in_states(*_WATCHED)
        if compared.whole:
            watched &= ~found.seen
            self._gone = head.entries(np.flatnonzero(watched))["key"]
        else:
            watched[_positions(head, compared.gone)] = False
            found.seen |= watched
            self._gone = compared.gone
        self._fetched = rows.select(
            text.alias(KEY), _key64=fingerprint(text), _raw=mapping.raw_fingerprint(text, key)
        )
        return found

    def merge(self, ledger: Ledger) -> list[str]:
        """Let the warehouse know what became of the rows, once the run is sealed; returns a note where it cannot be told.

        What it does not hear of it asks again: the next run fetches those rows once more, and finds them as they were.
        """
        manifest = ledger.manifest
        assert self._fetched is not None
        exceptions = _exceptions(ledger, self._fetched, self._gone)
        try:
            self._delta.merge(manifest.delta, manifest.sequence, manifest.clock, exceptions)
        except ActivationError as error:
            return [
                f"the warehouse could not note what was acknowledged, so the next run fetches it again ({error})"
            ]
        return []


def _touched(head: Head, clock: int) -> Iterator[pl.DataFrame]:
    """The keys that changed in the ledger since a moment and that the warehouse must watch."""
    for start in range(0, len(head), _AT_ONCE):
        positions = np.arange(start, min(start + _AT_ONCE, len(head)))
        positions = positions[(head.since(positions) > clock) & head.live[positions]]
        positions = positions[head.are(positions, *_WATCHED)]
        if len(positions):
            yield head.entries(positions).select("key")


def _positions(head: Head, keys: pl.Series) -> Positions:
    """Where the ledger has these keys, as far as it does."""
    key64 = keys.to_frame("key").select(fingerprint(pl.col("key"))).to_series()
    positions = head.find(key64.sort().to_numpy())
    return positions[positions >= 0]


def _knows_all(compared: Compared, head: Head) -> bool:
    """Whether the warehouse watches exactly what the ledger holds; else somebody has changed its table."""
    fetched = pl.scan_parquet(compared.parts).filter(KNOWN).select(pl.col(TEXT_OF_KEY).unique()).collect()
    asked = pl.concat([compared.gone, fetched.to_series()])
    positions = _positions(head, asked)
    held = int(np.count_nonzero(head.are(positions, *_WATCHED)))
    return compared.known - len(asked) + held == int(np.count_nonzero(head.in_states(*_WATCHED)))


def _require_same_keys(rows: pl.LazyFrame, text: pl.Expr) -> None:
    """Raise DeclarationError where the warehouse writes a key unlike us, so that nobody would be found again."""
    if rows.filter(text.ne_missing(pl.col(TEXT_OF_KEY))).head(1).collect().height:
        raise DeclarationError(
            "the warehouse writes the primary key in another way than its rows arrive here",
            remedy="Cast the key to text in the model's SQL, or leave engine: warehouse out of the model.",
        )


def _exceptions(ledger: Ledger, fetched: pl.LazyFrame, gone: pl.Series) -> Iterator[pl.DataFrame]:
    """The fetched keys that are not simply as they were fetched, and the gone ones that the ledger still holds (`KEPT`)."""
    head = ledger.head
    owed = ledger.debts.filter(pl.col("debt") != Debt.DELETE)["key64"].to_numpy()
    for batch in fetched.collect_batches(chunk_size=ROWS_AT_ONCE, maintain_order=False):
        rows = batch.sort("_key64")
        key64 = rows["_key64"].to_numpy()
        position = head.find(key64)
        known = np.flatnonzero(position >= 0)
        at = position[known]
        held, settled, ignored = (np.zeros(rows.height, dtype=np.bool_) for _ in range(3))
        held[known] = head.are(at, *_WATCHED)
        settled[known] = head.are(at, State.PRESENT, State.IGNORED) & (
            head.raw(at) == rows["_raw"].to_numpy()[known]
        )
        settled &= ~is_among(key64, owed)
        ignored[known] = head.are(at, State.IGNORED)
        since = np.zeros(rows.height, dtype=np.int64)
        since[known] = head.since(at)
        yield (
            rows.select(pl.col(KEY).alias("key"))
            .with_columns(
                held=pl.Series(held),
                settled=pl.Series(settled),
                ignored=pl.Series(since).set(~pl.Series(ignored), None),
            )
            .filter(pl.Series(~settled | ignored))
            .cast(KEPT)
        )
    left = _positions(head, gone)
    left = left[head.are(left, *_WATCHED)]
    yield (
        head.entries(left)
        .select("key", held=pl.lit(True), settled=pl.lit(False), ignored=pl.lit(None))
        .cast(KEPT)
    )
