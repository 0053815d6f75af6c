"""`activation ui`: what the demo left, in the Dagster web UI."""

from typing import Annotated

import typer

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: activation ui --port 3001")
def ui(
    port: Annotated[int, typer.Option(help="Port of the web UI, on loopback.")] = 3000,
    sandbox_port: Annotated[int, typer.Option(help="Port of the sandbox, on loopback.")] = 8765,
    as_json: Annotated[bool, typer.Option("--json", help="Where both listen, as JSON.")] = False,
) -> None:
    """Show what the demo left in the Dagster web UI, with the sandbox beside it."""
    from activation_platform.cli.demo.ui import show

    raise typer.Exit(show(port=port, sandbox_port=sandbox_port, as_json=as_json))
