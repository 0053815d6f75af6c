"""`activation sandbox`: serve the stand-ins of the platforms, and look into those that are running."""

import sys
from typing import Annotated, Any

import typer

from activation_platform.cli.sandbox_control import DEFAULT_URL, AsJson, Url, ruled
from activation_platform.cli.sandbox_faults import app as faults
from activation_platform.cli.sandbox_limits import app as limits_app
from activation_platform.cli.saying import say, say_json
from activation_platform.cli.tables import table
from activation_platform.cli.untrusted import plain

__all__ = ["app"]

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Serve stand-ins of the platforms on loopback, look into them, and order bad days.",
)
app.add_typer(faults, name="faults")
app.add_typer(limits_app, name="limits")


@app.command(epilog="Example: activation sandbox serve --port 8765")
def serve(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on loopback; 0 takes a free one.")] = 8765,
    seed: Annotated[int, typer.Option(help="Decides ids and the dice of faults.")] = 0,
    limits: Annotated[bool, typer.Option(help="Whether the vendors' rate limits are kept.")] = True,
    as_json: AsJson = False,
) -> None:
    """Serve the stand-ins until interrupted; nothing outside this machine can reach them."""
    from activation_platform.contracts.errors import ConnectionFailed
    from activation_platform.sandbox.app import PLATFORMS
    from activation_platform.sandbox.server import serve as serve_for_ever

    def ready(url: str) -> None:
        addresses = {name: f"{url}/{name}" for name in (platform().name for platform in PLATFORMS)}
        if as_json:
            say_json({"url": url, "platforms": addresses, "control": f"{url}/_sandbox"})
        else:
            say(*addresses.values(), f"{url}/_sandbox  (the control plane)")
        sys.stdout.flush()  # whoever reads from a pipe waits for it

    try:
        serve_for_ever(port=port, ready=ready, seed=seed, limits=limits)
    except OSError as error:
        raise ConnectionFailed(
            f"port {port} cannot be taken ({error.strerror})", remedy="Choose another one with --port."
        ) from error


@app.command(epilog="Example: activation sandbox state batch profiles")
def state(
    platform: Annotated[
        str | None, typer.Argument(help="A platform; omitted: all.", show_default=False)
    ] = None,
    part: Annotated[
        str | None, typer.Argument(help="A part of it, such as profiles.", show_default=False)
    ] = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Show what the stand-ins hold: how much of everything, or a part of a platform in full."""
    with ruled(url) as control:
        found = control.state(platform, part)
    if as_json or part is not None:
        say_json(found)
        return
    made = table("platform", "part", "holds", numbers=("holds",))
    for name, parts in (found if platform is None else {platform: found}).items():
        for key, value in parts.items():
            made.add_row(plain(name), plain(key), plain(_size(value)))
    say(made)


def _size(value: Any) -> str:
    return f"{len(value):,}" if isinstance(value, dict | list) else str(value)


@app.command(epilog="Example: activation sandbox reset")
def reset(url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Forget all records, faults and counts, and return to the declared limits."""
    with ruled(url) as control:
        control.reset()
    if as_json:
        say_json({"reset": url})
    else:
        say("The sandbox is as new.")


@app.command(epilog="Example: activation sandbox requests --json")
def requests(url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Count what was asked of the stand-ins, by path and status."""
    with ruled(url) as control:
        counts = control.requests()
    if as_json:
        say_json(counts)
        return
    made = table("platform", "method", "path", "status", "count", numbers=("count",))
    for row in counts:
        made.add_row(
            *(plain(row[name]) for name in ("platform", "method", "path", "status")), f"{row['count']:,}"
        )
    say(made)


@app.command("finish-erasures", epilog="Example: activation sandbox finish-erasures")
def finish_erasures(url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Complete what the platforms would erase later."""
    with ruled(url) as control:
        finished = control.finish_erasures()
    if as_json:
        say_json({"finished": finished})
    else:
        say(f"{finished} erasures are done.")
