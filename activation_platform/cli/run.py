"""`activation run`: one activation and everything upstream, now, in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from activation_platform.cli.history import described
from activation_platform.cli.saying import NotKnown, console, not_known, say, say_error, say_json
from activation_platform.cli.tables import history_table
from activation_platform.cli.untrusted import plain
from activation_platform.sync.history import Run, Status

if TYPE_CHECKING:
    from activation_platform.components.activation import ActivationComponent
    from activation_platform.sync.progress import Face

__all__ = ["app"]

app = typer.Typer(add_completion=False)

_GUARDED = ("deletes", "updates", "inserts")
_BAD_ENDS = (Status.STOPPED, Status.FAILED)


@app.command(epilog="Example: activation run loyalty_programme --allow deletes=1200")
def run(
    activation: Annotated[str, typer.Argument(help="An activation of the project in this folder.")],
    partition: Annotated[
        str | None, typer.Option(help="A partition key; omitted: the newest.", show_default=False)
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Send everything, whether it changed or not.")] = False,
    allow: Annotated[
        list[str] | None,
        typer.Option(help="Let a guard through up to a ceiling: deletes=1200.", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The run's figures as JSON.")] = False,
) -> None:
    """Run an activation and everything upstream; Dagster keeps the run where DAGSTER_HOME is set."""
    ceilings = dict(_ceiling(text) for text in allow or [])
    from activation_platform.cli.instance import instance_here
    from activation_platform.cli.project import Project
    from activation_platform.cli.running import run_activation

    project = Project.here(Path.cwd())
    workspace = project.check()
    component: ActivationComponent | None = workspace.find("activation", activation)
    if component is None:
        raise not_known("activation", activation, workspace.names("activation"))
    definitions = project.definitions
    with instance_here() as instance, _bar(activation) as progress:
        done = run_activation(
            definitions,
            activation,
            partition or component.spec.schedule.newest(datetime.now(UTC)),
            instance=instance,
            full=full,
            allow=ceilings,
            progress=progress,
        )
    _tell(done, as_json=as_json)


def _tell(done: Run, *, as_json: bool) -> None:
    if as_json:
        say_json(described(done))
    else:
        say(history_table([done]), *(plain(f"- {note}") for note in done.notes))
    if done.status in _BAD_ENDS:
        say_error(done.status, done.error or "see the run's log")
        raise typer.Exit(1)


def _ceiling(text: str) -> tuple[str, int]:
    operation, _, ceiling = text.partition("=")
    if operation not in _GUARDED or not ceiling.isdecimal():
        raise NotKnown(
            f'--allow "{text}" is no ceiling; write {" or ".join(f"{word}=1200" for word in _GUARDED)}'
        )
    return operation, int(ceiling)


@contextmanager
def _bar(activation: str) -> "Iterator[Face | None]":
    """A progress bar on standard error, where that is a terminal."""
    from activation_platform.cli.progress_bar import bar

    screen = console(stderr=True)
    if not screen.is_terminal:
        yield None
        return
    with bar(screen, activation, transient=True) as face:
        yield face
