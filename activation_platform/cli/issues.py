"""`activation issues`: what is wrong now for an activation, or what went wrong in a run of it."""

from typing import Annotated

import polars as pl
import typer

from activation_platform.cli.masking import cell, masked
from activation_platform.cli.saying import NotKnown, not_known, say, say_json
from activation_platform.cli.tables import table
from activation_platform.cli.untrusted import plain
from activation_platform.components.storage import storage_root
from activation_platform.sync import history
from activation_platform.sync.ledgers import activation_of, ledgers
from activation_platform.sync.store import Store

__all__ = ["app"]

app = typer.Typer(add_completion=False)

_SAMPLES = 10


@app.command(epilog="Example: activation issues newsletter --json")
def issues(
    name: Annotated[str, typer.Argument(help="An activation, or one of its ledgers (name~host).")],
    run: Annotated[
        int | None, typer.Option(help="What went wrong in this run, by its number.", show_default=False)
    ] = None,
    samples: Annotated[int, typer.Option(min=0, help="How many records are shown.")] = _SAMPLES,
    show_values: Annotated[
        bool, typer.Option("--show-values", help="Keys, identifiers and vendors' words in clear.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="All of them as JSON.")] = False,
) -> None:
    """List what is wrong now (set aside, rejected, owed), counted by reason; personal values are masked."""
    root = storage_root()
    found = _standing(root, name) if run is None else _of_run(root, name, run)
    if not show_values:
        found = masked(found)
    if as_json:
        say_json(found.to_dicts())
        return
    if found.is_empty():
        say(
            f"Nothing is wrong with {name} now."
            if run is None
            else f"Nothing went wrong in run {run} of {name}."
        )
        return
    _show(found, samples, "kind" if run is None else "event")


def _standing(root: Store, name: str) -> pl.DataFrame:
    if name not in (known := ledgers(root)):
        raise not_known("ledger of an activation", name, known)
    return history.standing(root, name).sort("kind", "reason", "key")


def _of_run(root: Store, name: str, number: int) -> pl.DataFrame:
    _standing(root, name)
    numbers = [run.number for run in history.read_runs(root, activation_of(name)) if run.ledger == name]
    if number not in numbers:
        kept = f"kept are {min(numbers)} to {max(numbers)}" if numbers else "none is kept"
        raise NotKnown(f"there is no run {number} of {name}; {kept}")
    return history.issues(root, name, number)


def _show(found: pl.DataFrame, samples: int, kind: str) -> None:
    counts = found.group_by(kind, "operation", "reason").len().sort("len", descending=True)
    made = table("count", kind, "operation", "reason", numbers=("count",))
    for row in counts.iter_rows(named=True):
        made.add_row(f"{row['len']:,}", *(plain(row[name] or "") for name in (kind, "operation", "reason")))
    say(made)
    if not samples:
        return
    wanted = [
        name
        for name in ("key", "identifier", kind, "reason", "attempts", "since", "at")
        if name in found.columns
    ]
    shown = table(*wanted, numbers=("attempts",))
    for row in found.head(samples).iter_rows(named=True):
        shown.add_row(*(plain(cell(row[name])) for name in wanted))
    more = found.height - min(samples, found.height)
    say("", shown, *([f"and {more:,} more: --samples, --json"] if more else []))
