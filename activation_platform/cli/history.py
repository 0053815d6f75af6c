"""`activation history`: the runs of all activations, or of one."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from activation_platform.cli.saying import not_known, say, say_error, say_json
from activation_platform.cli.tables import history_table
from activation_platform.components.storage import storage_root
from activation_platform.sync.history import Run, read_runs
from activation_platform.sync.ledgers import activation_of, ledgers

__all__ = ["app", "described"]

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: activation history newsletter --last 10")
def history(
    name: Annotated[
        str | None, typer.Argument(help="An activation; omitted: all.", show_default=False)
    ] = None,
    last: Annotated[int | None, typer.Option(min=1, help="Only the last N runs.", show_default=False)] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Everything that is kept of the runs, as JSON.")
    ] = False,
) -> None:
    """List runs, the newest last: what was extracted, loaded and left out, and how each ended."""
    root = storage_root()
    known = {activation_of(ledger) for ledger in ledgers(root)}
    if name is not None and name not in known:
        raise not_known("run of an activation", name, known)
    runs = read_runs(root, name)
    chosen = runs[-last:] if last else runs
    if as_json:
        say_json([described(run) for run in chosen])
    elif chosen:
        say(history_table(chosen))
        if chosen[-1].error:
            say_error(f"last run, {chosen[-1].status}", chosen[-1].error)
    else:
        say(f"No run is kept under {root}.")


def described(run: Run) -> dict[str, Any]:
    """A run as JSON: what the history keeps, with `loaded` beside the figures that make it up."""
    value = asdict(run)
    value["figures"]["loaded"] = run.figures.loaded
    return value
