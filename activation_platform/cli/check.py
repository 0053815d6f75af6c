"""`activation check`: whether the workspace is possible, and, by name, whether it works right now."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from activation_platform.cli.saying import not_known, say, say_json
from activation_platform.cli.untrusted import plain

if TYPE_CHECKING:
    from rich.table import Table

    from activation_platform.cli.checking import Finding
    from activation_platform.cli.project import Project
    from activation_platform.components.workspace import Workspace

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: activation check shop newsletter_list --json")
def check(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Sources, models, destinations and activations to try out now; alerts, to send a test.",
            show_default=False,
        ),
    ] = None,
    accept: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Write down the columns the model has now, to review and commit.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Faults, doubts and findings in one JSON document.")
    ] = False,
) -> None:
    """Check what is declared, all faults with file and line; by name, connect and check that too."""
    from activation_platform.cli.project import Project

    project = Project.here(Path.cwd())
    accepted = None
    if accept is not None:
        from activation_platform.cli.checking import accept_columns

        # Not yet checked: what was accepted before may be the very fault.
        accepted = accept_columns(project.workspace, accept)
        if not as_json:
            say(f"{accepted[0]}: {accepted[1]} columns")
    workspace = _possible(project, as_json=as_json)
    tried = _tried(workspace, names or [])
    if as_json:
        found = list(tried)
        say_json(
            {
                "faults": [],
                "counts": _counts(workspace),
                "accepted": None if accepted is None else {"file": accepted[0], "columns": accepted[1]},
                "doubts": workspace.doubts(),
                "findings": [asdict(finding) for finding in found],
            }
        )
        passed = all(finding.passed for finding in found)
    else:
        passed = _say(workspace, tried, counted=accepted is None and not names)
    if not passed:
        raise typer.Exit(1)


def _possible(project: "Project", *, as_json: bool) -> "Workspace":
    from activation_platform.cli.project import WorkspaceFaults

    try:
        return project.check()
    except WorkspaceFaults as error:
        if as_json:
            say_json({"faults": error.faults})
        raise


def _counts(workspace: "Workspace") -> dict[str, int]:
    words = ("source", "model", "segment", "destination", "activation")
    return {word: len(workspace.names(word)) for word in words}


def _tried(workspace: "Workspace", names: list[str]) -> "Iterator[Finding]":
    from activation_platform.cli.checking import TRIABLE, findings

    known = {name for word in TRIABLE for name in workspace.names(word)}
    for name in names:
        if name not in known:
            raise not_known(f"{', '.join(TRIABLE[:-1])} or {TRIABLE[-1]}", name, known)
    return (finding for name in names for finding in findings(workspace, name))


def _say(workspace: "Workspace", tried: "Iterator[Finding]", *, counted: bool) -> bool:
    """Tell of each finding as soon as it is there; returns whether all passed."""
    for doubt in workspace.doubts():
        say(plain(doubt, "yellow"))
    if counted:
        counts = _counts(workspace).items()
        told = ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for word, count in counts)
        say(f"Possible: {told}.")
    passed = True
    for finding in tried:
        say(_line(finding))
        if finding.differences:
            say(_columns(finding))
        passed = passed and finding.passed
    return passed


def _line(finding: "Finding") -> Text:
    mark = Text("passed ", "green") if finding.passed else Text("failed ", "bold red")
    return Text.assemble(mark, plain(f"{finding.what}: "), plain(finding.words))


def _columns(finding: "Finding") -> "Table":
    from activation_platform.cli.tables import table
    from activation_platform.components.differences import HEAD

    made = table(*HEAD)
    for one in finding.differences:
        made.add_row(*map(plain, one.row))
    return made
