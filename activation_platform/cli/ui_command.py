"""`activation ui`: what the demo left, in the Dagster web UI."""

from typing import Annotated

import typer

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command()
def ui(
    port: Annotated[int, typer.Option(help="Port of the web UI, on loopback.")] = 3000,
    sandbox_port: Annotated[int, typer.Option(help="Port of the sandbox, on loopback.")] = 8765,
) -> None:
    """Show what the demo left in the Dagster web UI, with the sandbox beside it."""
    from rich.console import Console

    from activation_platform.cli.demo.ui import show

    raise typer.Exit(show(Console(), port=port, sandbox_port=sandbox_port))
