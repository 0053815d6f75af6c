"""`activation check`: whether the workspace is possible, and, by name, whether it works right now."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from activation_platform.cli.saying import not_known, say
from activation_platform.cli.untrusted import plain

if TYPE_CHECKING:
    from activation_platform.cli.checking import Finding
    from activation_platform.components.workspace import Workspace

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command()
def check(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Sources, models and destinations to try out now; alerts, to send a test.",
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
) -> None:
    """Check what is declared, all faults with file and line; by name, connect and check that too."""
    from activation_platform.cli.project import Project

    project = Project.here(Path.cwd())
    if accept is not None:
        from activation_platform.cli.checking import accept_columns

        # Not yet checked: what was accepted before may be the very fault.
        file, count = accept_columns(project.workspace, accept)
        say(f"{file}: {count} columns")
    workspace = project.check()
    for doubt in workspace.doubts():
        say(plain(doubt, "yellow"))
    if accept is None and not names:
        say(_counted(workspace))
    if not _tried(workspace, names or []):
        raise typer.Exit(1)


def _counted(workspace: "Workspace") -> str:
    words = ("source", "model", "segment", "destination", "activation")
    counts = [(len(workspace.names(word)), word) for word in words]
    return (
        "Possible: " + ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts) + "."
    )


def _tried(workspace: "Workspace", names: list[str]) -> bool:
    from activation_platform.cli.checking import TRIABLE, findings

    known = {name for word in TRIABLE for name in workspace.names(word)}
    for name in names:
        if name not in known:
            raise not_known(f"{', '.join(TRIABLE[:-1])} or {TRIABLE[-1]}", name, known)
    passed = True
    for name in names:
        for finding in findings(workspace, name):
            say(_line(finding))
            passed = passed and finding.passed
    return passed


def _line(finding: "Finding") -> Text:
    mark = Text("passed ", "green") if finding.passed else Text("failed ", "bold red")
    return Text.assemble(mark, plain(f"{finding.what}: "), plain(finding.words))
