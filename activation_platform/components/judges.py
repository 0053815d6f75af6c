"""What each warning of an activation makes of a run: a number, held against its threshold, and what to do about it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any

import dagster as dg
import polars as pl

from activation_platform.components.spans import span_of
from activation_platform.components.unusual import FEWEST, usual
from activation_platform.sync.history import Run, Status
from activation_platform.sync.states import PENDING_ERASURE, Debt

__all__ = ["ENDED", "JUDGES", "REMEMBERING", "Numbers", "Seen", "Verdict"]

Numbers = Mapping[str, Any]
"""What a check that remembers told last, of the same ledger; none where it never did."""
ENDED = (Status.SUCCEEDED, Status.WITH_ISSUES, Status.NOTHING_TO_DO)
"""How a run ends that has looked at everything and tried all that it wanted to send."""
_LAST, _ROWS = "last_sent", "rows"
_ALIKE = 10
"""Runs with fewer requests than these have about as much to do."""
_TOO_FEW = f"too little to compare with: fewer than {FEWEST} such runs before it"


@dataclass(frozen=True)
class Seen:
    """What is known once a run came to its end."""

    run: Run
    before: Sequence[Run]
    """Earlier runs of the same ledger, however they ended, the newest first."""
    rows: int
    """How many the run was about."""
    debts: pl.DataFrame
    """What the ledger owes after it (`DEBTS`)."""
    expiring: Sequence[str] = ()
    """Whose credentials are in their last days, in words."""

    @property
    def earlier(self) -> Sequence[Run]:
        """Those that came to their end."""
        return [run for run in self.before if run.status in ENDED]

    @property
    def at(self) -> float:
        """When it ended, in Unix seconds."""
        return self.run.started + self.run.seconds


@dataclass(frozen=True)
class Verdict:
    """What a check says: `words` with the number and the threshold, what to do where it fails, numbers to plot."""

    passed: bool
    words: str
    remedy: str = ""
    numbers: Mapping[str, Any] = field(default_factory=dict)


def _share(count: int, of: int, limit: Any, what: str, remedy: str) -> Verdict:
    passed = count <= limit.records or count * 100 <= limit.percent * of
    share = 100 * count / of if of else 0.0
    words = f"{count:,} of {of:,} {what} ({share:.1f} %); warns above {limit.percent:g} % and {limit.records:,} records"
    return Verdict(passed, words, remedy, {"records": count, "percent": round(share, 4)})


def _source_issues(seen: Seen, limit: Any, _: Numbers) -> Verdict:
    figures, name, number = seen.run.figures, seen.run.activation, seen.run.number
    remedy = f"See why: activation issues {name} --run {number}. Mend the data, or the mapping (on_invalid: omit_field)."
    what = "records of this run could not be sent as they are"
    return _share(figures.source_issues, figures.extracted, limit, what, remedy)


def _destination_issues(seen: Seen, limit: Any, _: Numbers) -> Verdict:
    figures, name, number = seen.run.figures, seen.run.activation, seen.run.number
    remedy = f"See the reasons it gave: activation issues {name} --run {number}. They are tried again."
    what = "records of this run were refused by the destination"
    return _share(figures.destination_issues, figures.extracted, limit, what, remedy)


def _standing_issues(seen: Seen, limit: Any, _: Numbers) -> Verdict:
    standing = seen.run.figures.standing
    remedy = f"They stay until their data change: activation issues {seen.run.activation} lists them with their reasons."
    what = "rows still have an issue of an earlier run"
    return _share(standing, max(seen.rows, standing), limit, what, remedy)


def _empty_runs(seen: Seen, limit: int, _: Numbers) -> Verdict:
    empty = list(takewhile(lambda run: not run.figures.extracted, [seen.run, *seen.earlier]))
    words = f"the last {len(empty)} runs found no record; warns at {limit}" if empty else "records were found"
    remedy = "Look whether the tables behind the model are still filled, and whether the segment still chooses anybody."
    return Verdict(len(empty) < limit, words, remedy, {"runs": len(empty)})


def _nothing_sent(seen: Seen, limit: str, last: Numbers) -> Verdict:
    runs = [seen.run, *seen.before]
    remembered = [last[_LAST]] if _LAST in last else []
    sent = [run.started for run in runs if run.figures.loaded]
    since = max(sent + remembered, default=min(run.started for run in runs))
    quiet = not seen.run.figures.loaded
    passed = not quiet or seen.at - since <= span_of(limit).total_seconds()
    words = f"nothing was sent since {_moment(since)}" if quiet else "this run sent records"
    remedy = "Look whether the data still change, and at the notes of the last runs: a guard may withhold what there is to send."
    numbers = {_LAST: dg.MetadataValue.timestamp(since)}
    return Verdict(passed, f"{words}; warns after {limit}", remedy, numbers)


def _audience_size(seen: Seen, limit: Any, last: Numbers) -> Verdict:
    rows, was = seen.rows, last.get(_ROWS)
    if was is None:
        return Verdict(
            passed=True, words=f"{rows:,} rows; nothing to compare with yet", numbers={_ROWS: rows}
        )
    change = abs(rows - was)
    share = 100 * change / was if was else 100.0 * bool(change)
    passed = change <= limit.records or change * 100 <= limit.percent * was
    words = f"{rows:,} rows, {was:,} in the run before ({'-' if rows < was else '+'}{share:.1f} %)"
    words += f"; warns above {limit.percent:g} % and {limit.records:,} rows"
    remedy = "Compare the segment's conditions and the tables behind it with what they were; nothing was withheld but by guards."
    return Verdict(passed, words, remedy, {_ROWS: rows, "percent": round(share, 4)})


def _turnover(seen: Seen, limit: Any, _: Numbers) -> Verdict:
    found = seen.run.figures.extracted
    if seen.run.full:
        return Verdict(passed=True, words=f"a full run: all {found:,} records")
    earlier = usual([run.figures.extracted for run in seen.earlier if not run.full])
    if earlier is None:
        return Verdict(passed=True, words=f"{found:,} records; {_TOO_FEW}", numbers={"records": found})
    deviations = earlier.deviations(found)
    passed = deviations <= limit.deviations or found - earlier.middle <= limit.records
    words = (
        f"{found:,} records were new, changed, gone or owed, {earlier.middle:,.0f} is usual ({deviations:+.1f} deviations); "
        f"warns above {limit.deviations:g} deviations and {limit.records:,} records more"
    )
    remedy = "Look at what changed: a column with another format changes every record, a condition moves many at once."
    return Verdict(passed, words, remedy, {"records": found, "usual": float(earlier.middle)})


def _full_sync(seen: Seen, limit: bool, _: Numbers) -> Verdict:
    del limit
    words = (
        f"this run sent everything again ({seen.run.figures.extracted:,} records)"
        if seen.run.full
        else "only changes"
    )
    remedy = "If nobody meant that, see who launched the run with full: true."
    return Verdict(not seen.run.full, words, remedy)


def _owed_deletes(seen: Seen, limit: str, _: Numbers) -> Verdict:
    owed = seen.debts.filter(
        (pl.col("debt") == Debt.DELETE) & pl.col("operation").ne_missing(pl.lit(PENDING_ERASURE))
    )
    before = int((seen.at - span_of(limit).total_seconds()) * 1e6)
    old = owed["since"].filter(owed["since"] < before)
    words = f"{len(old):,} of {owed.height:,} owed deletes are older than {limit}"
    if len(old):
        words += f", the oldest since {_moment(old.to_numpy().min() / 1e6)}"
    remedy = (
        f"They are tried again and again; see why they are refused: activation issues {seen.run.activation}."
    )
    return Verdict(not len(old), words, remedy, {"old": len(old), "owed": owed.height})


def _credentials(seen: Seen, limit: bool, _: Numbers) -> Verdict:
    del limit
    words = "; ".join(seen.expiring) or "no credential that it needs is in its last days"
    return Verdict(not seen.expiring, words, "Once it has expired, every run is refused.")


def _duration(seen: Seen, limit: Any, _: Numbers) -> Verdict:
    took = seen.run.seconds
    comparable = usual([run.seconds for run in seen.earlier if _comparable(run, seen.run)])
    if comparable is None:
        return Verdict(passed=True, words=f"{took:,.1f} s; {_TOO_FEW}", numbers={"seconds": took})
    middle = comparable.middle
    passed = took <= limit.times * middle or took - middle <= limit.seconds
    words = f"{took:,.1f} s, {middle:,.1f} s is usual; warns above {limit.times:g} times that and {limit.seconds:g} s more"
    remedy = "See in the run's log what held it up: the warehouse, the vendor's rate limit, retries."
    return Verdict(passed, words, remedy, {"seconds": took, "usual": float(middle)})


def _comparable(run: Run, other: Run) -> bool:
    """Whether two runs had about as much to do: neither more than twice as many requests as the other."""
    one, two = (max(each.figures.requests, _ALIKE) for each in (run, other))
    return run.full == other.full and max(one, two) <= 2 * min(one, two)


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"


JUDGES: Mapping[str, Callable[[Seen, Any, Numbers], Verdict]] = {
    "source_issues": _source_issues,
    "destination_issues": _destination_issues,
    "standing_issues": _standing_issues,
    "empty_runs": _empty_runs,
    "nothing_sent": _nothing_sent,
    "audience_size": _audience_size,
    "turnover": _turnover,
    "full_sync": _full_sync,
    "owed_deletes": _owed_deletes,
    "duration": _duration,
    "credentials": _credentials,
}
"""By the name of the warning, which its check has too."""
REMEMBERING = ("nothing_sent", "audience_size")
"""Warnings whose check goes on from what it told last."""
