"""`activation issues`: what is wrong now for an activation, or what went wrong in runs of it, by reason, with samples."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from activation_platform.cli.masking import cell, hidden
from activation_platform.cli.moments import moment
from activation_platform.cli.saying import NotKnown, not_known, say, say_error, say_json
from activation_platform.cli.showing import Show, Showing
from activation_platform.cli.tables import table
from activation_platform.cli.untrusted import plain, visible
from activation_platform.components.storage import storage_root
from activation_platform.sync.history import read_runs_of
from activation_platform.sync.issues import (
    Group,
    Kind,
    grouped,
    no_longer_kept,
    what_is_wrong,
    what_went_wrong,
)
from activation_platform.sync.ledgers import activation_of, ledgers, ledgers_named
from activation_platform.sync.states import Owed
from activation_platform.sync.store import Store

__all__ = ["app"]

app = typer.Typer(add_completion=False)

_REASONS = 20
"""Reasons that are shown of each ledger; JSON has all."""


@dataclass(frozen=True)
class _Told:
    """What a ledger says. `notes`: why some values cannot be shown."""

    ledger: str
    fields: Sequence[str]
    clear: Collection[str]
    notes: Sequence[str]
    groups: Sequence[Group]


@app.command(epilog="Example: activation issues newsletter --since 7d --kind destination")
def issues(
    name: Annotated[str, typer.Argument(help="An activation, or one of its ledgers (name~host).")],
    run: Annotated[
        int | None, typer.Option(help="What went wrong in this run, by its number.", show_default=False)
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="MOMENT", help="What went wrong then or later: 2026-01-31, 7d.", show_default=False
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="MOMENT", help="What went wrong before.", show_default=False)
    ] = None,
    kind: Annotated[
        list[Kind] | None,
        typer.Option(
            help="Only source issues, or those of the destination; standing: only what is wrong still. Can be repeated.",
            show_default=False,
        ),
    ] = None,
    status: Annotated[
        list[Owed] | None,
        typer.Option(help="Only records of which this is owed now; can be repeated.", show_default=False),
    ] = None,
    samples: Annotated[int, typer.Option(min=0, help="How many records are shown of each reason.")] = 3,
    show: Show = None,
    show_values: Annotated[
        bool, typer.Option("--show-values", help="Keys, identifiers and vendors' words in clear.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The same as JSON, with every reason.")] = False,
) -> None:
    """Count by reason what is wrong now or, with --run, --since or --until, what went wrong then; personal values are masked."""
    root = storage_root()
    if not (of := ledgers_named(root, name)):
        known = ledgers(root)
        raise not_known("ledger of an activation", name, {*known, *map(activation_of, known)})
    now = datetime.now(UTC)
    first = moment("--since", since, now) if since else float("-inf")
    end = moment("--until", until, now) if until else float("inf")
    past = any(word is not None for word in (run, since, until))
    if run is not None:
        of = _with_run(root, name, of, run)
    told, gone = [], 0
    for ledger in of:
        if past:
            gone += no_longer_kept(root, ledger, run=run, since=first, until=end)
            found = what_went_wrong(root, ledger, kind or (), status or (), run=run, since=first, until=end)
        else:
            found = what_is_wrong(root, ledger, kind or (), status or ())
        groups = grouped(found, samples, masking=not show_values)
        told.append(_with_values(root, ledger, groups, show or (), show_values=show_values))
    if gone:
        what = f"what went wrong in {gone:,} runs" if run is None else f"what went wrong in run {run}"
        say_error("Retention", f"{what} of {name} is kept no longer", "docs/storage.md says how long it is.")
    if as_json:
        say_json([_described(one) for one in told])
        return
    there = [one for one in told if one.groups]
    for one in there:
        _say(one, past=past, heading=len(of) > 1)
    if not there and not gone:
        say(_nothing(name, run, past=past, asked=bool(kind or status)))


def _with_run(root: Store, name: str, of: Sequence[str], number: int) -> list[str]:
    """The ledgers that have a run of this number; NotKnown where none has."""
    numbers = {ledger: [run.number for run in read_runs_of(root, ledger)] for ledger in of}
    if found := [ledger for ledger in of if number in numbers[ledger]]:
        return found
    every = [one for each in numbers.values() for one in each]
    kept = f"kept are {min(every)} to {max(every)}" if every else "none is kept"
    raise NotKnown(f"there is no run {number} of {name}; {kept}")


def _nothing(name: str, run: int | None, *, past: bool, asked: bool) -> str:
    if asked:
        return f"There is no such issue of {name}."
    if not past:
        return f"Nothing is wrong with {name} now."
    return f"Nothing went wrong in run {run} of {name}." if run else f"Nothing went wrong with {name} then."


def _with_values(
    root: Store, ledger: str, groups: Sequence[Group], asked: Collection[str], *, show_values: bool
) -> _Told:
    """The samples beside the fields that may be shown, as the run read them in which it happened, or the newest."""
    showing = Showing(root, ledger, asked)
    samples = [sample for group in groups for sample in group.samples]
    runs = {run.number: run for run in read_runs_of(root, ledger)} if showing.fields and samples else {}
    for number in dict.fromkeys(sample.get("run") for sample in samples) if showing.fields else ():
        of = [sample for sample in samples if sample.get("run") == number]
        run = None if number is None else runs.get(number)
        values: Mapping[str, Mapping[str, str]] = {}
        if number is not None and run is None:
            showing.notes[f"run {number} was pruned"] = None
        else:
            values = showing.values([sample["key"] for sample in of], run)
        for sample in of:
            sample["values"] = {name: values.get(sample["key"], {}).get(name) for name in showing.fields}
    clear = ("key", "identifier", "reason") if show_values else showing.columns
    return _Told(ledger, showing.fields, clear, list(showing.told()), groups)


def _described(told: _Told) -> dict[str, Any]:
    return {
        "ledger": told.ledger,
        "shown": told.fields,
        "notes": told.notes,
        "records": sum(group.count for group in told.groups),
        "reasons": [
            {
                **asdict(group),
                "samples": [hidden(sample, but=told.clear) for sample in group.samples],
                "more": group.count - len(group.samples),
            }
            for group in told.groups
        ],
    }


def _say(told: _Told, *, past: bool, heading: bool) -> None:
    """A ledger's reasons in one table, then some records of each."""
    if heading:
        say(plain(told.ledger, "bold"))
    how = "event" if past else "owed"
    columns = ("count", *(["standing"] if past else []), "kind", how, "operation", "reason")
    made = table(*columns, numbers=("count", "standing"))
    shown, rest = told.groups[:_REASONS], told.groups[_REASONS:]
    for group in shown:
        made.add_row(*(plain(_cell(getattr(group, name))) for name in columns))
    say(made)
    if rest:
        say(f"and {sum(group.count for group in rest):,} more, of {len(rest):,} reasons: --json")
    for group in shown:
        if group.samples:
            say("", plain(f"{group.kind}: {group.reason or ''}", "bold"))
            _say_samples(group, told)
    say("", *map(plain, told.notes))


def _say_samples(group: Group, told: _Told) -> None:
    wanted = [
        name
        for name in ("key", "identifier", "run", "at", "owed", "attempts", "since")
        if name in group.samples[0]
    ]
    made = table(*wanted, *map(visible, told.fields), numbers=("run", "attempts"))
    for sample in group.samples:
        row = hidden(sample, but=told.clear)
        values = [row["values"][name] for name in told.fields]
        made.add_row(*(plain(cell(value)) for value in (*(row[name] for name in wanted), *values)))
    more = group.count - len(group.samples)
    say(made, *([f"and {more:,} more: --samples"] if more else []))


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value or "")
