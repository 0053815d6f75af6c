"""`activation history`: the runs of all activations, or those that somebody asks for."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from activation_platform.cli.moments import moment
from activation_platform.cli.saying import not_known, say, say_error, say_json
from activation_platform.cli.tables import history_table
from activation_platform.components.storage import storage_root
from activation_platform.sync.history import Run, Status, read_runs
from activation_platform.sync.ledgers import activation_of, ledgers

__all__ = ["app", "described"]

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: activation history newsletter --last 10")
def history(
    name: Annotated[
        str | None, typer.Argument(help="An activation; omitted: all.", show_default=False)
    ] = None,
    last: Annotated[int | None, typer.Option(min=1, help="Only the last N runs.", show_default=False)] = None,
    status: Annotated[
        list[Status] | None,
        typer.Option(help="Only runs that ended so; can be repeated.", show_default=False),
    ] = None,
    destination: Annotated[
        str | None, typer.Option(help="Only runs to this destination.", show_default=False)
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="MOMENT", help="Only runs that began then or later: 2026-01-31, 7d.", show_default=False
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(metavar="MOMENT", help="Only runs that began before.", show_default=False),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Everything that is kept of the runs, as JSON.")
    ] = False,
) -> None:
    """List runs, the newest last: what was extracted, loaded and left out, and how each ended."""
    root = storage_root()
    known = {activation_of(ledger) for ledger in ledgers(root)}
    if name is not None and name not in known:
        raise not_known("run of an activation", name, known)
    runs, now = read_runs(root, name), datetime.now(UTC)
    if destination is not None and destination not in (used := {run.destination for run in runs}):
        raise not_known("run to a destination", destination, used)
    first = moment("--since", since, now) if since else float("-inf")
    end = moment("--until", until, now) if until else float("inf")
    wanted = [
        run
        for run in runs
        if first <= run.started < end
        and (not status or run.status in status)
        and destination in (None, run.destination)
    ]
    chosen = wanted[-last:] if last else wanted
    if as_json:
        say_json([described(run) for run in chosen])
    elif chosen:
        say(history_table(chosen))
        if chosen[-1].error:
            say_error(f"last run, {chosen[-1].status}", chosen[-1].error)
    else:
        say(f"No such run is kept under {root}." if runs else f"No run is kept under {root}.")


def described(run: Run) -> dict[str, Any]:
    """A run as JSON: what the history keeps, with `loaded` beside the figures that make it up."""
    value = asdict(run)
    value["figures"]["loaded"] = run.figures.loaded
    return value
