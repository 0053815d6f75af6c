"""Issues as somebody asks for them: what is wrong now, or went wrong in some runs, counted by reason, with samples."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import polars as pl

from activation_platform.contracts.redaction import mask_text
from activation_platform.sync import history
from activation_platform.sync.retention import pruned_before
from activation_platform.sync.states import Event, Owed
from activation_platform.sync.store import Store

__all__ = ["Group", "Kind", "grouped", "no_longer_kept", "what_is_wrong", "what_went_wrong"]


class Kind(StrEnum):
    """What issues are of."""

    SOURCE = "source"
    """Set aside before anything was sent."""
    DESTINATION = "destination"
    """Rejected, partly accepted, without an answer, or a delete that is owed."""
    STANDING = "standing"
    """Of either kind, and wrong still."""


@dataclass(frozen=True)
class Group:
    """Issues of one reason. `standing`: how many of them are wrong still; `samples`: some, with keys and identifiers in clear."""

    count: int
    standing: int
    kind: str
    event: str | None
    """What happened; None of what is wrong now."""
    owed: str | None
    """Of what is wrong now, what is owed."""
    operation: str | None
    reason: str | None
    samples: Sequence[dict[str, Any]]


def what_is_wrong(
    root: Store, ledger: str, kinds: Collection[Kind] = (), owed: Collection[Owed] = ()
) -> pl.DataFrame:
    """What is wrong now: key, kind, owed, operation, identifier, reason, attempts, since."""
    found = history.standing(root, ledger).sort("key")
    return found.filter(_of(kinds), _owing(owed))


def what_went_wrong(
    root: Store,
    ledger: str,
    kinds: Collection[Kind] = (),
    owed: Collection[Owed] = (),
    *,
    run: int | None = None,
    since: float = float("-inf"),
    until: float = float("inf"),
) -> pl.DataFrame:
    """What went wrong in a run, or between two moments (Unix seconds), the newest first, with what is owed for it still."""
    at = pl.col("at").dt.epoch("us") / 1e6
    found = history.issues(root, ledger, run, wanted=(at >= since) & (at < until))
    aside, delete = pl.col("event") == Event.SET_ASIDE, pl.col("operation") == "delete"
    owing = (
        pl.when(aside)
        .then(pl.lit(str(Owed.ASIDE)))
        .when(delete)
        .then(pl.lit(str(Owed.DELETE)))
        .otherwise(pl.lit(str(Owed.WRITE)))
    )
    kind = pl.when(aside).then(pl.lit("source issue")).otherwise(pl.lit("destination issue"))
    owes = history.standing(root, ledger).select("key", "attempts", "since", "owed", _owing="owed")
    told = (
        found.with_columns(kind=kind, _owing=owing)
        .join(owes.unique(["key", "_owing"], keep="first"), on=["key", "_owing"], how="left")
        .sort("run", "at", "key", descending=[True, True, False])
    )
    return told.drop("_owing").filter(_of(kinds), _owing(owed))


def no_longer_kept(
    root: Store,
    ledger: str,
    *,
    run: int | None = None,
    since: float = float("-inf"),
    until: float = float("inf"),
) -> int:
    """In how many runs something went wrong that is kept no longer."""
    last = pruned_before(root, ledger, "issues")
    kept = history.numbered((root / "ledgers" / ledger / "issues").names()) if last else {}
    return sum(
        one.started <= last and one.number not in kept
        for one in (history.read_runs_of(root, ledger) if last else ())
        if run in (None, one.number) and since <= one.started < until
        if one.figures.source_issues + one.figures.destination_issues
    )


def grouped(found: pl.DataFrame, samples: int, *, masking: bool = True) -> list[Group]:
    """Issues by reason, the most frequent first. What is the same once personal values in the reasons are masked is one group."""
    words = {reason: mask_text(reason) for reason in found["reason"].unique().drop_nulls()} if masking else {}
    alike = ["kind", "event" if "event" in found.columns else "owed", "operation", "reason"]
    counted = (
        found.with_columns(pl.col("reason").replace(words), standing=pl.col("owed").is_not_null())
        .group_by(alike, maintain_order=True)
        .agg(
            pl.len().alias("count"),
            pl.col("standing").sum(),
            pl.struct(pl.exclude(*alike, "standing")).head(samples).alias("samples"),
        )
        .sort("count", *alike, descending=[True, *(False for _ in alike)])
    )
    return [Group(**{"event": None, "owed": None, **row}) for row in counted.iter_rows(named=True)]


def _of(kinds: Collection[Kind]) -> pl.Expr | bool:
    """Of one of these kinds, as far as they are asked for: `standing` goes with either."""
    origins = [f"{kind} issue" for kind in kinds if kind is not Kind.STANDING]
    stands = pl.col("owed").is_not_null() if Kind.STANDING in kinds else pl.lit(value=True)
    return stands & (pl.col("kind").is_in(origins) if origins else pl.lit(value=True))


def _owing(owed: Collection[Owed]) -> pl.Expr:
    return pl.col("owed").is_in([*map(str, owed)]) if owed else pl.lit(value=True)
