"""`activation status`: is every activation healthy, what pauses it and since when, its newest run, and when it runs next."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from activation_platform.cli.saying import not_known, say, say_json
from activation_platform.cli.tables import table
from activation_platform.cli.untrusted import plain
from activation_platform.sync.history import Run, Status, newest_of_each

if TYPE_CHECKING:
    from activation_platform.components.activation import ActivationComponent
    from activation_platform.components.standing import Broken
    from activation_platform.components.workspace import Workspace

__all__ = ["State", "app", "states_of"]

app = typer.Typer(add_completion=False)

_BAD = (Status.STOPPED, Status.FAILED)
_STYLES = {"healthy": "green", "paused": "bold red", "failing": "bold red", "switched off": "yellow"}


@dataclass(frozen=True, slots=True)
class State:
    """An activation now. `on`: whether it runs by itself, as far as people are concerned."""

    activation: str
    on: bool
    broken: "Sequence[Broken]"
    newest: Run | None
    following: datetime | None

    @property
    def word(self) -> str:
        """The state in a word or two; the first that holds."""
        if self.broken:
            return "paused"
        if self.newest is not None and self.newest.status in _BAD:
            return "failing"
        if not self.on:
            return "switched off" if self.following is not None else "by hand"
        return "healthy" if self.newest is not None else "never ran"

    @property
    def why(self) -> Iterator[str]:
        """What pauses it, or what its newest run ended with."""
        yield from map(str, self.broken)
        if not self.broken and self.newest is not None and self.newest.status in _BAD:
            yield self.newest.error or str(self.newest.status)


@app.command(epilog="Example: activation status newsletter --json")
def status(
    name: Annotated[
        str | None, typer.Argument(help="An activation; omitted: all.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as JSON.")] = False,
) -> None:
    """Tell of each activation whether it is healthy, what pauses it and since when, and its newest and next run.

    What pauses it is known to Dagster alone: set DAGSTER_HOME. Exits with 1 where one is paused or failing.
    """
    from activation_platform.cli.instance import is_kept
    from activation_platform.cli.project import Project

    workspace = Project.here(Path.cwd()).check()
    if name is not None and workspace.find("activation", name) is None:
        raise not_known("activation", name, workspace.names("activation"))
    states = states_of(workspace, workspace.names("activation") if name is None else [name])
    if as_json:
        say_json([_described(state) for state in states])
    else:
        _say(states)
        if not is_kept():
            say(
                "DAGSTER_HOME is not set: what pauses activations, or was switched off, cannot be seen from here."
            )
    if any(state.word in ("paused", "failing") for state in states):
        raise typer.Exit(1)


def states_of(workspace: "Workspace", names: Sequence[str]) -> list[State]:
    """Of each of these activations, in this order, how it is now; raises DeclarationError where DAGSTER_HOME cannot be used."""
    from activation_platform.cli.instance import instance_here
    from activation_platform.components.pauses import culprits
    from activation_platform.components.storage import storage_root
    from activation_platform.components.watch import switched_on

    activations: list[ActivationComponent] = [workspace.find("activation", name) for name in names]
    newest, now = newest_of_each(storage_root(), names), datetime.now(UTC)
    with instance_here() as instance:
        broken = culprits(instance, activations, workspace)
        on = switched_on(instance, activations)
    return [
        State(
            one.name,
            one.name in on,
            broken[one.name],
            newest.get(one.name),
            one.spec.schedule.next_after(now) if one.spec.schedule.timed else None,
        )
        for one in activations
    ]


def _say(states: Sequence[State]) -> None:
    made = table("activation", "state", "why", "newest run", "next")
    for state in states:
        newest = state.newest
        ended = "" if newest is None else f"{_moment(newest.started)}, {newest.status}"
        upcoming = state.following if state.on and not state.broken else None
        made.add_row(
            plain(state.activation),
            Text(state.word, style=_STYLES.get(state.word, "")),
            plain("; ".join(state.why)),
            plain(ended),
            "" if upcoming is None else f"{upcoming:%Y-%m-%d %H:%M} UTC",
        )
    say(made)


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"


def _described(state: State) -> dict[str, Any]:
    newest = state.newest
    return {
        "activation": state.activation,
        "state": state.word,
        "switched_on": state.on,
        "paused_by": [{**asdict(one), "since": one.since.isoformat()} for one in state.broken],
        "newest_run": None
        if newest is None
        else {
            "status": newest.status,
            "started": datetime.fromtimestamp(newest.started, UTC).isoformat(),
            "partition": newest.partition,
            "error": newest.error,
        },
        "next": None if state.following is None else state.following.isoformat(),
    }
