"""`activation adopt`: go on with the ledger that another name, credential or address of the same account left."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from activation_platform.cli.saying import NotKnown, not_known, say, say_json
from activation_platform.cli.untrusted import plain

if TYPE_CHECKING:
    from activation_platform.components.activation import ActivationComponent
    from activation_platform.components.workspace import Workspace
    from activation_platform.sync.manifest import Target
    from activation_platform.sync.store import Store

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: activation adopt loyalty_programme --from loyalty")
def adopt(
    name: Annotated[str, typer.Argument(help="An activation of the project in this folder.")],
    old: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="LEDGER",
            help="The ledger to go on with; omitted: its own, or the only one of this target that no activation has.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="What was adopted as JSON.")] = False,
) -> None:
    """Go on with a ledger after a new name, credential or address of the same account; the account is asked who it is."""
    from activation_platform.cli.project import Project
    from activation_platform.components.storage import storage_root
    from activation_platform.sync import ledgers

    workspace = Project.here(Path.cwd()).check()
    declared = workspace.names("activation")
    if name not in declared:
        raise not_known("activation", name, declared)
    root = storage_root()
    activation: ActivationComponent = workspace.find("activation", name)
    target = _target(activation, workspace, root)
    ledger = ledgers.ledger_of(root, name, target.host)
    found = old or _waiting(name, ledgers.adoptable(root, ledger, target, declared))
    owner = ledgers.activation_of(found)
    if owner != name and owner in declared:
        raise NotKnown(f"{found} is the ledger of {owner}, which is an activation of this workspace")
    model = activation.model(workspace)
    assert model is not None
    manifest = ledgers.adopt(root, ledger, of=found, target=target, key=model.key)
    if as_json:
        say_json({"activation": name, "ledger": found, "sealed": manifest.sealed})
    else:
        say(plain(f"{name} goes on with the ledger {found}, after its run {manifest.sealed}."))


def _target(activation: "ActivationComponent", workspace: "Workspace", root: "Store") -> "Target":
    """Where the activation writes, as the account itself says."""
    from activation_platform.cli.asked import destination_of
    from activation_platform.components.asking import asker
    from activation_platform.components.storage import account_hash
    from activation_platform.sync.claim import target_of

    destination = destination_of(workspace.find("destination", activation.spec.destination))
    account = asker(destination, root)(destination.account())
    service = activation.declared(workspace, destination).service
    return target_of(service, account or account_hash(root, destination.secret_values()))


def _waiting(name: str, found: list[str]) -> str:
    if len(found) == 1:
        return found[0]
    if found:
        raise NotKnown(f"{name} can go on with any of {', '.join(found)}; write which: --from {found[0]}")
    raise NotKnown(f"no ledger of this target waits for {name}; activation ledger lists what there is")
