"""`activation sandbox limits`: the rate limits of the stand-ins, shown, changed, or switched off and on."""

from typing import Annotated

import typer

from activation_platform.cli.sandbox_control import DEFAULT_URL, AsJson, Url, ruled
from activation_platform.cli.saying import say, say_json
from activation_platform.cli.tables import table
from activation_platform.cli.untrusted import plain

__all__ = ["app"]

app = typer.Typer(add_completion=False, help="Show or change the rate limits of the stand-ins.")


@app.callback(invoke_without_command=True, epilog="Example: activation sandbox limits --json")
def limits(context: typer.Context, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show or change the rate limits of the stand-ins."""
    if context.invoked_subcommand is None:
        _show(url, as_json=as_json)


@app.command(epilog="Example: activation sandbox limits on")
def on(url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Keep the vendors' rate limits."""
    with ruled(url) as control:
        control.enable_limits(True)
    _show(url, as_json=as_json)


@app.command(epilog="Example: activation sandbox limits off")
def off(url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Do without the vendors' rate limits."""
    with ruled(url) as control:
        control.enable_limits(False)
    _show(url, as_json=as_json)


@app.command("set", epilog="Example: activation sandbox limits set batch update --rate 10 --burst 10")
def change(
    platform: Annotated[str, typer.Argument(help="A platform.")],
    limit: Annotated[str, typer.Argument(help="A limit of it, as shown by limits.")],
    rate: Annotated[float, typer.Option(help="Units a second.")],
    burst: Annotated[float, typer.Option(help="Units that are saved up at most.")],
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Replace one limit."""
    with ruled(url) as control:
        control.change_limit(platform, limit, rate=rate, burst=burst)
    _show(url, as_json=as_json)


def _show(url: str, *, as_json: bool = False) -> None:
    with ruled(url) as control:
        found = control.limits()
    if as_json:
        say_json(found)
        return
    made = table("platform", "limit", "a second", "at once", "kept", numbers=("a second", "at once"))
    for platform, one in found.items():
        for name, limit in one["limits"].items():
            kept = "yes" if one["enabled"] else "no"
            made.add_row(plain(platform), plain(name), f"{limit['rate']:g}", f"{limit['burst']:g}", kept)
    say(made)
