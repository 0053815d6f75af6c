"""`activation demo`: the main job, on real data."""

import sys
from typing import Annotated

import typer

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="Port of the sandbox, on loopback; 0: any free one.")] = 8765,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing; the exit code tells.")] = False,
) -> None:
    """Run the main job on a real purchase history against the sandbox, and compare the result record by record."""
    from rich.console import Console

    from activation_platform.cli.demo.story import tell
    from activation_platform.cli.saying import PIPED_WIDTH

    console = Console(quiet=quiet, width=None if sys.stdout.isatty() else PIPED_WIDTH)
    if not tell(console, port=port):
        raise typer.Exit(1)
