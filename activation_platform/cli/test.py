"""`activation test`: the tests that stand beside segments, carried out here and now, without a warehouse."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from activation_platform.cli.saying import not_known, say, say_json
from activation_platform.cli.untrusted import plain
from activation_platform.cli.verdicts import say_verdict
from activation_platform.contracts.modes import Engine
from activation_platform.segmentation.shown import shown

if TYPE_CHECKING:
    from activation_platform.components.segment import SegmentComponent
    from activation_platform.components.trials import Trial
    from activation_platform.components.workspace import Workspace

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: activation test loyal_customers --json")
def run_tests(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SEGMENT]...", help="Segments; omitted: all.", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The results as JSON.")] = False,
) -> None:
    """Carry out the tests of segments: do exactly the expected rows belong? No warehouse is asked."""
    from activation_platform.cli.project import Project
    from activation_platform.components.trials import tried

    workspace = Project.here(Path.cwd()).check()
    segments = [_segment(workspace, name) for name in names or workspace.names("segment")]
    trials = [
        (segment, tried(segment, workspace, case)) for segment in segments for case in segment.spec.tests
    ]
    if as_json:
        say_json([_described(segment, trial) for segment, trial in trials])
    else:
        _say(workspace, segments, trials, all_of_them=not names)
    if not all(trial.passed for _, trial in trials):
        raise typer.Exit(1)


def _segment(workspace: "Workspace", name: str) -> "SegmentComponent":
    segment: SegmentComponent | None = workspace.find("segment", name)
    if segment is None:
        raise not_known("segment", name, workspace.names("segment"))
    return segment


def _say(
    workspace: "Workspace",
    segments: "list[SegmentComponent]",
    trials: "list[tuple[SegmentComponent, Trial]]",
    *,
    all_of_them: bool,
) -> None:
    for segment, trial in trials:
        mark = Text("passed ", "green") if trial.passed else Text("failed ", "bold red")
        say(Text.assemble(mark, plain(f"{segment.name}, {trial.case.name}: {trial.words}")))
        for difference, verdict in trial.explained:
            say(plain(f"  {difference.word} {difference.key}:"))
            say_verdict(shown(verdict, clear=True), depth=2)  # the rows stand in the project's own files
    for segment in segments:
        if workspace.find("model", segment.spec.model).spec.engine is Engine.WAREHOUSE and segment.spec.tests:
            say(f"{segment.name} stays in its warehouse, which was not asked: its tests ran here, in DuckDB.")
        if not segment.spec.tests and not all_of_them:
            say(f"{segment.name} has no tests: write some under tests:, see docs/segments.md.")
    passed = sum(trial.passed for _, trial in trials)
    if all_of_them or trials:
        say(f"{passed} of {len(trials)} tests passed." if trials else "No segment has tests.")


def _described(segment: "SegmentComponent", trial: "Trial") -> dict[str, Any]:
    return {
        "segment": segment.name,
        "test": trial.case.name,
        "passed": trial.passed,
        "rows": trial.rows,
        "members": trial.members,
        "missing": trial.keys(expected=True),
        "unexpected": trial.keys(expected=False),
        "why": {one.key: None if one.verdict is None else asdict(one.verdict) for one in trial.differences},
    }
