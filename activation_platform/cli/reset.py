"""`activation reset`: set a ledger aside and start over with an empty one."""

from pathlib import Path
from typing import Annotated

import typer

from activation_platform.cli.saying import not_known, say, say_json
from activation_platform.cli.untrusted import plain
from activation_platform.components.storage import storage_root
from activation_platform.sync import ledgers

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: activation reset loyalty_programme --yes")
def reset(
    name: Annotated[str, typer.Argument(help="An activation, or one of its ledgers (name~host).")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="What was set aside as JSON.")] = False,
) -> None:
    """Start over: set the ledger aside, so that the next run sends everything again as new and deletes nothing it sent before."""
    root = storage_root()
    known = ledgers.ledgers(root)
    if name not in known:
        _require_declared(ledgers.activation_of(name), name, known)
    if not yes:
        typer.confirm(
            f"{name} forgets what the destination acknowledged: records that left meanwhile stay there. Start over?",
            abort=True,
            err=True,
        )
    aside = ledgers.reset(root, name)
    if as_json:
        say_json({"ledger": name, "set_aside": aside})
        return
    say(
        plain(f"{name} starts over with its next run." + (f" The old ledger is in {aside}." if aside else ""))
    )


def _require_declared(activation: str, name: str, known: list[str]) -> None:
    """A ledger that is missing can be started over where the project in this folder declares its activation."""
    from activation_platform.cli.project import Project

    declared = Project.here(Path.cwd()).workspace.names("activation")
    if activation not in declared:
        raise not_known("ledger or activation", name, {*known, *declared})
