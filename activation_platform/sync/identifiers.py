"""Shared identifiers: which key may write when several map to one identifier at the destination (SEMANTICS B4)."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import polars as pl

from activation_platform.contracts.modes import Operation
from activation_platform.contracts.redaction import mask
from activation_platform.sync.hashes import Hashes, Positions, is_among, repeated
from activation_platform.sync.head import Head
from activation_platform.sync.order import SET_ASIDE, Activation
from activation_platform.sync.states import HELD, State

__all__ = ["CONTENDERS", "SHARES", "contested", "settle", "trodden"]

SHARES = "shares its identifier "
"""How the reason of a key that lost begins; such keys are looked at again on every run."""

CONTENDERS = pl.Schema(
    {
        "key64": pl.UInt64(),
        "identifier64": pl.UInt64(),
        "holds": pl.Boolean(),
        "operation": pl.Enum(Operation),
    }
)
"""Keys that want to write: `holds` where the ledger's entry already holds this identifier.

There may be as many as the frame has rows, so they are here by their hashes alone: who shares an identifier is named later.
"""

_NOBODY = pl.DataFrame(
    schema={
        "key64": pl.UInt64(),
        "raw": pl.UInt64(),
        "key": pl.String(),
        "identifier": pl.String(),
        "identifier64": pl.UInt64(),
        "reason": pl.String(),
    }
)


def settle(
    writes: pl.DataFrame,
    head: Head,
    holding: Positions,
    seen: npt.NDArray[np.bool_],
    policy: str,
    order_of: Callable[[pl.Series], pl.DataFrame],
    named: Callable[[pl.Series], pl.DataFrame],
) -> pl.DataFrame:
    """The keys that may not write, with the reason: `key64`, `raw`, `key`, `identifier`, `identifier64`, `reason`.

    `writes`: `CONTENDERS` plus, under `first_by`, the value `order`. `holding`: where the ledger has their identifiers
    (`Head.holding`). `seen`: by ledger position, whether the frame holds the key. `order_of` gives (`key64`, `order`) for
    unchanged holders, which were not spooled; `named` gives (`key64`, `raw`, `key`, `identifier`) for some that want to write.

    A key that may not write stays under the identifier that it was last sent with, which may settle the next key's case:
    so it is asked again until nobody else loses.
    """
    holders = _holders(writes, head, holding, seen)
    wanted = np.sort(writes["identifier64"].drop_nulls().to_numpy())
    shared = pl.Series(np.concatenate([repeated(wanted), holders["identifier64"].to_numpy()]))
    # Who holds one and moves to another counts, too: until it loses, it is no longer in the way of anybody.
    matters = pl.col("identifier64").is_in(shared.implode()) | pl.col("key64").is_in(
        holders["key64"].implode()
    )
    sharing = writes.filter(matters)
    if sharing.is_empty():
        return _NOBODY
    sharing = sharing.join(named(sharing["key64"]), on="key64", how="left")
    if policy != SET_ASIDE and holders.height:
        holders = holders.drop("order").join(order_of(holders["key64"]), on="key64", how="left")
    losers = _losers(sharing, holders, policy)
    while True:
        left = sharing.join(losers, on="key64", how="anti")
        more = _losers(left, holders, policy)
        if more.join(losers, on="key64", how="anti").is_empty():
            return losers
        losers = pl.concat([losers, more]).unique("key64", keep="first", maintain_order=True)


def _losers(writes: pl.DataFrame, holders: pl.DataFrame, policy: str) -> pl.DataFrame:
    outside = holders.join(writes, on="key64", how="anti")
    everyone = pl.concat(
        [writes.with_columns(outside=False), outside.with_columns(outside=True)], how="diagonal_relaxed"
    )
    shared = everyone.filter(pl.len().over("identifier64") > 1)
    if shared.is_empty():
        return _NOBODY
    if policy == SET_ASIDE:
        shared = shared.sort("holds", "key", descending=[True, False])
        wins = pl.col("holds") & (pl.col("holds").cum_sum().over("identifier64") == 1)
    else:
        shared = shared.sort("order", "key", nulls_last=True)
        wins = pl.int_range(pl.len()).over("identifier64") == 0
    judged = shared.with_columns(wins=wins).with_columns(
        winner=pl.col("key").filter("wins").first().over("identifier64")
    )
    losers = judged.filter(~pl.col("wins"))
    reasons = [_reason(row["identifier"], row["winner"]) for row in losers.iter_rows(named=True)]
    return losers.with_columns(reason=pl.Series(reasons, dtype=pl.String)).select(_NOBODY.columns)


def _reason(identifier: str, winner: str | None) -> str:
    other = (
        f"with key {mask(winner)}, which keeps it"
        if winner is not None
        else "with other keys; none of them is sent"
    )
    return f"{SHARES}{mask(identifier)} {other}"


def _holders(
    writes: pl.DataFrame, head: Head, holding: Positions, seen: npt.NDArray[np.bool_]
) -> pl.DataFrame:
    """Present keys that the destination holds under one of the identifiers, as they were last sent."""
    positions = holding[seen[holding] & head.are(holding, *HELD)]
    holders = head.entries(_others(positions, head, writes)).filter(pl.col("sent").is_not_null())
    return holders.select("key64", "key", "identifier", "identifier64").with_columns(
        holds=pl.lit(value=True), order=pl.lit(None, dtype=pl.Float64)
    )


def trodden(wanted: pl.DataFrame, head: Head, holding: Positions) -> pl.DataFrame:
    """Entries whose identifier another key is about to write: `ENTRIES` columns and `_writer`, the hash of that key.

    `holding`: where the ledger has the identifiers of those that want to write, and maybe others.
    """
    positions = holding[head.are(holding, *HELD, State.DEPARTED)] if wanted.height else holding[:0]
    entries = head.entries(_others(positions, head, wanted))
    writers = (
        wanted.lazy()
        .select("identifier64", _writer="key64")
        .filter(pl.col("identifier64").is_in(entries["identifier64"].implode()))
    )
    return entries.join(writers.collect(), on="identifier64")


def _others(positions: Positions, head: Head, writes: pl.DataFrame) -> Positions:
    """Those of the positions whose key does not itself write the identifier that it holds, as most do."""
    if not len(positions) or writes.is_empty():
        return positions
    written = writes.sort("key64").select("key64", pl.col("identifier64").fill_null(0))
    keys, identifiers = written["key64"].to_numpy(), written["identifier64"].to_numpy()
    key64 = head.key64(positions)
    index = np.minimum(np.searchsorted(keys, key64), len(keys) - 1)
    stays = (keys[index] == key64) & (identifiers[index] == head.identifier64(positions))
    others: Positions = positions[~stays]
    return others


def contested(
    identifier64: Hashes,
    head: Head,
    seen: npt.NDArray[np.bool_],
    claimed: Hashes,
    activation: Activation,
    *,
    moved: pl.Series | None = None,
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """For identifiers about to be deleted: does another key hold it, or does one that could not yet be sent claim it.

    Who departed under a mode that does not delete holds what it holds, until `delete_departed` (SEMANTICS B7). `claimed`:
    identifiers of keys that this run writes or sets aside. `moved`: hashes of keys whose entries do not count, because they
    have just left their identifier.
    """
    positions = head.holding(identifier64)
    hold = head.are(positions, *HELD, State.IGNORED)
    if activation.deletes:
        hold &= seen[positions]
    if activation.departed_stay:
        hold |= head.are(positions, State.DEPARTED)
    present = head.entries(positions[hold]).drop_nulls("identifier64")
    if activation.deletes:  # where another key has written since, what departed is no more
        present = present.filter((pl.col("state") != State.DEPARTED) | pl.col("sent").is_not_null())
    if moved is not None:
        present = present.filter(~pl.col("key64").is_in(moved.implode()))
    # A record that the destination refused to take from us holds nothing, but what it names is not to be deleted.
    holders = present.filter(pl.col("state") != State.IGNORED)["identifier64"]
    claims = np.concatenate([claimed, present["identifier64"].to_numpy()])
    return is_among(identifier64, holders.to_numpy()), is_among(identifier64, claims)
