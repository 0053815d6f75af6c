"""`activation fields`: the fields of an account, as the account itself tells them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from activation_platform.cli.saying import not_known, say, say_json
from activation_platform.cli.tables import table
from activation_platform.cli.untrusted import plain
from activation_platform.contracts.errors import DeclarationError

if TYPE_CHECKING:
    from activation_platform.contracts.service import Service

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: activation fields crm people --json")
def fields(
    destination: Annotated[str, typer.Argument(help="A destination of the project in this folder.")],
    service: Annotated[str, typer.Argument(help="A service of its platform, such as people.")],
    option: Annotated[
        list[str] | None, typer.Option(help="An option of the service, as in object=projects.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The fields as JSON.")] = False,
) -> None:
    """Read an account's own fields, live; where the platform tells none, those that are declared."""
    from activation_platform.cli.asked import destination_of
    from activation_platform.cli.catalogue import described_field, marks_of
    from activation_platform.cli.project import Project
    from activation_platform.components.asking import asker
    from activation_platform.components.storage import storage_root

    workspace = Project.here(Path.cwd()).check()
    component = workspace.find("destination", destination)
    if component is None:
        raise not_known("destination", destination, workspace.names("destination"))
    platform = component.destination_class
    services = {platform.service_name(one): one for one in platform.services}
    if service not in services:
        raise not_known(f"service of {component.spec.platform}", service, services)
    account = destination_of(component)
    spoken = services[service](account, _options(services[service], option or []))
    inquiry = spoken.account_fields()
    told = None if inquiry is None else asker(account, storage_root())(inquiry)
    found = [described_field(field) for field in (spoken.declared_fields() if told is None else told)]
    if as_json:
        say_json(found)
        return
    made = table("field", "rule", "")
    for field in found:
        made.add_row(plain(field["name"]), plain(field["rule"]), plain(marks_of(field)))
    say(made)
    if told is None:
        why = "does not tell an account's own fields" if inquiry is None else "has none of its own there yet"
        say("", f"{component.spec.platform} {why}; these are the declared ones.")


def _options(service: type["Service"], given: list[str]) -> Any:
    """The service's options from `name=value`; a refusal names what is missing or unknown."""
    try:
        return service.Options(**dict(one.partition("=")[::2] for one in given))
    except TypeError as error:
        words = str(error).partition("() ")[2] or str(error)
        raise DeclarationError(
            f"the options of {service.__name__}: {words}",
            remedy="Say each as --option name=value; activation services lists them.",
        ) from None
