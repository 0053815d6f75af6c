"""The tables of the command line, as rich renderables that the demo shows too."""

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

from activation_platform.cli.untrusted import plain
from activation_platform.sync.history import Run, Status

__all__ = ["history_table", "table"]

_STYLES = {
    Status.SUCCEEDED: "green",
    Status.NOTHING_TO_DO: "green",
    Status.WITH_ISSUES: "yellow",
    Status.SUPERSEDED: "dim",
    Status.STOPPED: "red",
    Status.FAILED: "bold red",
}
_COUNTS = ("extracted", "inserted", "updated", "deleted", "source\nissues", "destination\nissues")


def table(*head: str, title: str = "", numbers: Sequence[str] = ()) -> Table:
    """An empty table in the house's look; the columns in `numbers` are flush right. Cells are folded, never cut."""
    made = Table(
        title=title or None,
        title_justify="left",
        title_style="bold",
        header_style="bold",
        box=None,
        padding=(0, 1, 0, 0),
    )
    for name in head:
        made.add_column(name, justify="right" if name in numbers else "left", overflow="fold")
    return made


def history_table(runs: Iterable[Run]) -> Table:
    """Runs in the order given, a row each: what was extracted, loaded, left out, and how it ended."""
    numbers = (*_COUNTS, "seconds", "requests")
    made = table("activation", "partition", *_COUNTS, "status", "seconds", "requests", numbers=numbers)
    for run in runs:
        figures = run.figures
        counts = (
            figures.extracted,
            figures.inserted,
            figures.updated,
            figures.deleted,
            figures.source_issues,
            figures.destination_issues,
        )
        made.add_row(
            plain(run.ledger or run.activation),
            plain(run.partition),
            *(f"{count:,}" for count in counts),
            Text(run.status, style=_STYLES[run.status]),
            f"{run.seconds:.1f}",
            f"{figures.requests:,}",
        )
    return made
