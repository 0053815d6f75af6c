"""The progress of a run in the terminal: a bar, how fast it goes, how long it still takes, and what holds it up."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bars
from rich.table import Column

from activation_platform.cli.untrusted import plain
from activation_platform.sync.progress import Face, Progress, lasting

__all__ = ["bar"]

_NOTHING = "nothing to send"


@contextmanager
def bar(console: Console, name: str, *, transient: bool = False) -> Iterator[Face]:
    """Show a run; `transient`: the bar goes when the block ends.

    Dagster sends what a step prints to its log: the bar keeps a way of its own to the terminal.
    """
    columns = (
        TextColumn("{task.description:<20}", markup=False, table_column=Column(no_wrap=True)),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[told]}", markup=False, table_column=Column(overflow="fold")),
    )
    with _own(console) as screen, Bars(*columns, console=screen, transient=transient) as bars:
        task = bars.add_task(plain(name).plain, total=None, told="planning")

        def show(progress: Progress) -> None:
            bars.update(task, completed=progress.done, total=progress.total, told=_told(progress))

        yield show
        if bars.tasks[0].total is None:
            bars.update(task, completed=0, total=0, told=_NOTHING)


@contextmanager
def _own(console: Console) -> Iterator[Console]:
    """The terminal, under a file descriptor that nobody else redirects."""
    if not console.is_terminal or console.quiet:
        yield console
        return
    with os.fdopen(os.dup(console.file.fileno()), "w") as terminal:
        yield Console(file=terminal, width=console.width, highlight=False, markup=False, emoji=False)


def _told(progress: Progress) -> str:
    if not progress.total:
        return _NOTHING
    told = [f"{progress.done:,}/{progress.total:,}"]
    if progress.per_second and progress.done < progress.total:
        told.append(f"{progress.per_second:,.3g}/s")
    if progress.seconds_left:
        told.append(f"{lasting(progress.seconds_left)} left")
    if progress.limit:
        told.append(plain(progress.limit).plain)
    return "  ".join(told)
