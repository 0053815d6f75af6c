"""`activation demo`: the main job, on real data."""

import sys
from typing import Annotated

import typer

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: activation demo --port 0")
def demo(
    port: Annotated[int, typer.Option(help="Port of the sandbox, on loopback; 0: any free one.")] = 8765,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing; the exit code tells.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="At the end, runs and differences as JSON.")
    ] = False,
) -> None:
    """Run the main job on a real purchase history against the sandbox, and compare the result record by record."""
    from rich.console import Console

    from activation_platform.cli.demo.story import tell
    from activation_platform.cli.history import described
    from activation_platform.cli.saying import PIPED_WIDTH, say_json

    console = Console(quiet=quiet or as_json, width=None if sys.stdout.isatty() else PIPED_WIDTH)
    story = tell(console, port=port)
    if as_json:
        told = {"differences": story.differences, "seconds": round(story.seconds, 1)}
        say_json({"runs": [described(run) for run in story.runs], **told})
    if not story.ended_well:
        raise typer.Exit(1)
