"""`activation prune`: what of runs was kept long enough, and its removal."""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from activation_platform.cli.saying import not_known, say, say_error, say_json
from activation_platform.cli.tables import table
from activation_platform.cli.untrusted import plain
from activation_platform.contracts.errors import TimedOut
from activation_platform.sync.ledgers import activation_of, ledgers, set_aside
from activation_platform.sync.retention import Outlived, Spans, outlived_by
from activation_platform.sync.retention import prune as prune_logs
from activation_platform.sync.store import Hold, Store

if TYPE_CHECKING:
    from activation_platform.components.frames import Frames
    from activation_platform.components.workspace import Workspace

__all__ = ["app"]

app = typer.Typer(add_completion=False)

_LOCK_WAIT = 2.0


@dataclass(frozen=True)
class _Logs:
    """The ledgers of an activation, those set aside too."""

    root: Store
    name: str
    spans: Spans

    def lock(self) -> AbstractContextManager[Hold]:
        """That of its runs."""
        return self.root.lock(f"locks/{self.name}", wait=_LOCK_WAIT)

    def outlived(self) -> list[Outlived]:
        """What was kept long enough."""
        return list(outlived_by(self.root, self.name, self.spans))

    def prune(self) -> list[Outlived]:
        """Remove it, and returns it."""
        return prune_logs(self.root, self.name, self.spans)


@dataclass(frozen=True)
class _Snapshots:
    """The snapshots of a model or a segment."""

    frames: "Frames"
    kept_for: timedelta
    in_use: Callable[[], Collection[str]]

    @property
    def name(self) -> str:
        """What it is called in the storage root."""
        return self.frames.name

    def lock(self) -> AbstractContextManager[Hold]:
        """That under which it is made."""
        return self.frames.lock(_LOCK_WAIT)

    def outlived(self) -> list[Outlived]:
        """What was kept long enough."""
        return self.frames.outlived(self.kept_for, self.in_use)

    def prune(self) -> list[Outlived]:
        """Remove it, and returns it."""
        return self.frames.prune(self.kept_for, self.in_use)


@app.command(epilog="Example: activation prune newsletter --apply")
def prune(
    name: Annotated[
        str | None,
        typer.Argument(
            help="An activation; omitted: all of them, and models and segments.", show_default=False
        ),
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Remove it; without it nothing is touched.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The same as JSON.")] = False,
) -> None:
    """Show what was kept for longer than the workspace says (retention), and remove it with --apply.

    Runs do so by themselves for what runs still; this does it now, and for what does not run any more.
    Without DAGSTER_HOME, where it is known what unfinished runs read, snapshots are left out.
    """
    from activation_platform.cli.instance import instance_here, is_kept
    from activation_platform.cli.project import Project
    from activation_platform.components.retention import in_use, spans_of
    from activation_platform.components.storage import storage_root

    workspace, root = Project.here(Path.cwd()).check(), storage_root()
    known = _activations(root, workspace)
    if name is not None and name not in known:
        raise not_known("activation", name, known)
    snapshots = name is None and is_kept()
    with instance_here() as instance:
        owners: list[_Logs | _Snapshots] = [
            _Logs(root, one, spans_of(workspace, workspace.find("activation", one)))
            for one in (known if name is None else [name])
        ]
        if snapshots:
            owners += _frames(root, workspace, lambda: in_use(instance))
        found, held = _pruned(owners) if apply else ([gone for one in owners for gone in one.outlived()], [])
    groups = list(_grouped(found))
    if as_json:
        say_json({"applied": apply, "outlived": groups, "in_use": held, "snapshots": snapshots})
    else:
        _say(groups, apply=apply)
        if name is None and not snapshots:
            say(
                "DAGSTER_HOME is not set: which snapshots a run still reads cannot be seen, so they are left out."
            )
    if held:
        say_error(
            "Timeout", f"{', '.join(held)}: a run is under way, nothing of it was removed", "Try again later."
        )
        raise typer.Exit(1)


def _activations(root: Store, workspace: "Workspace") -> list[str]:
    """Those that are declared, and those that left something."""
    left = {*map(activation_of, ledgers(root)), *(one.activation for one in set_aside(root))}
    return sorted({*workspace.names("activation"), *left})


def _frames(root: Store, workspace: "Workspace", in_use: Callable[[], Collection[str]]) -> list[_Snapshots]:
    """Of every model and segment that has any, also of those that are no longer declared."""
    from activation_platform.components.frames import Frames
    from activation_platform.components.retention import retention_of
    from activation_platform.components.spans import kept_for

    span = kept_for(retention_of(workspace).snapshots)
    if span is None:
        return []
    kinds = ("models", "segments")
    every = [Frames(root, kind, name) for kind in kinds for name in (root / "frames" / kind).names()]
    return [_Snapshots(frames, span, in_use) for frames in every]


def _pruned(owners: Iterable[_Logs | _Snapshots]) -> tuple[list[Outlived], list[str]]:
    """What was removed, and who could not be looked at because somebody is at work there."""
    gone: list[Outlived] = []
    held = []
    for owner in owners:
        try:
            with owner.lock():
                gone.extend(owner.prune())
        except TimedOut:
            held.append(owner.name)
    return gone, held


def _grouped(found: Iterable[Outlived]) -> Iterator[dict[str, Any]]:
    for (kind, of), group in groupby(found, key=lambda one: (one.kind, one.of)):
        files = list(group)
        yield {
            "kind": kind,
            "of": of,
            "count": len(files),
            "bytes": sum(one.size for one in files),
            "oldest": datetime.fromtimestamp(min(one.written for one in files), UTC).isoformat(),
            "newest": datetime.fromtimestamp(max(one.written for one in files), UTC).isoformat(),
        }


def _say(groups: list[dict[str, Any]], *, apply: bool) -> None:
    if not groups:
        say("Nothing was kept for longer than the workspace says.")
        return
    made = table("kept", "of", "count", "bytes", "written", numbers=("count", "bytes"))
    for one in groups:
        written = " to ".join(dict.fromkeys((one["oldest"][:10], one["newest"][:10])))
        made.add_row(one["kind"], plain(one["of"]), f"{one['count']:,}", f"{one['bytes']:,}", written)
    say(made, "", "Removed." if apply else "Nothing is removed yet: activation prune --apply does it.")
