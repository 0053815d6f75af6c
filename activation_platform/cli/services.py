"""`activation services`: the catalogue of what can be kept in step, as tables, JSON or Markdown."""

from typing import Annotated, Any

import typer
from rich.text import Text

from activation_platform.cli.saying import not_known, say, say_json
from activation_platform.cli.tables import table

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: activation services batch.profiles")
def services(
    name: Annotated[
        str | None, typer.Argument(help="A service as PLATFORM.SERVICE; omitted: all.", show_default=False)
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="The catalogue entry, or all of them, as JSON.")
    ] = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="The whole catalogue as docs/catalogue.md.")
    ] = False,
) -> None:
    """Show the catalogue: services, their fields and rules, modes, limits, options and settings."""
    from activation_platform.cli import catalogue

    known = {entry["name"]: entry for entry in catalogue.entries()}
    if name is not None and name not in known:
        raise not_known("service", name, known)
    if markdown:
        from activation_platform.cli.catalogue_page import page

        typer.echo(page(known.values()), nl=False)
    elif as_json:
        say_json(list(known.values()) if name is None else known[name])
    elif name is None:
        _show_all(known)
    else:
        _show(known[name])


def _show_all(known: dict[str, Any]) -> None:
    made = table("service", "object", "modes", "batch size", numbers=("batch size",))
    for name, entry in known.items():
        modes = ", ".join(mode["name"] for mode in entry["modes"])
        made.add_row(name, entry["object"], modes, str(entry["limits"]["batch_size"]))
    say(made)


def _show(entry: dict[str, Any]) -> None:
    from activation_platform.cli.catalogue import marks_of, others_of
    from activation_platform.cli.catalogue_page import facts

    fields = table("field", "rule", "", "what")
    for field in entry["fields"]:
        fields.add_row(field["name"], field["rule"], marks_of(field), field["docs"])
    say(Text(entry["name"], style="bold"), *_spaced(entry["description"]), entry["docs"], "", fields)
    if others := others_of(entry):
        say("", others)
    said = table("", "", title="")
    said.show_header = False
    for word, text in facts(entry):
        said.add_row(Text(word, style="bold"), text)
    say("", said)


def _spaced(paragraphs: list[str]) -> list[str]:
    return ["\n\n".join(paragraphs)]
