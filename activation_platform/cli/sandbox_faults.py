"""`activation sandbox faults`: bad days on order: which call goes wrong, how, and how often."""

from typing import Annotated, Any

import typer

from activation_platform.cli.sandbox_control import DEFAULT_URL, AsJson, Url, ruled
from activation_platform.cli.saying import say, say_json
from activation_platform.cli.tables import table
from activation_platform.cli.untrusted import plain
from activation_platform.sandbox.faults import Extent, Kind, RetryAfter, Rule, When

__all__ = ["app"]

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Order faults, list them, drop them.")

_STRUCTURE = ("number", "matched", "struck", "kind", "path", "method")


@app.command(epilog="Example: activation sandbox faults add status --status 503 --path '/batch/*' --times 3")
def add(
    kind: Annotated[Kind, typer.Argument(help="What goes wrong.")],
    path: Annotated[str, typer.Option(help="A glob over the whole path: /batch/*/profiles/*.")] = "*",
    method: Annotated[str, typer.Option(help="An HTTP method.")] = "*",
    identifier: Annotated[
        str | None, typer.Option(help="Only calls that carry this record.", show_default=False)
    ] = None,
    status: Annotated[int, typer.Option(help="The status of an error.")] = 500,
    retry_after: Annotated[
        float | None, typer.Option(help="Seconds to ask for in Retry-After.", show_default=False)
    ] = None,
    retry_after_format: Annotated[
        RetryAfter, typer.Option(help="How Retry-After is written.")
    ] = RetryAfter.SECONDS,
    reason: Annotated[str, typer.Option(help="The vendor's words.", show_default=False)] = "",
    when: Annotated[
        When | None,
        typer.Option(help="Before or after the work is done; by default as the kind is.", show_default=False),
    ] = None,
    extent: Annotated[Extent, typer.Option(help="How far a poisoned record reaches.")] = Extent.BATCH,
    delay_ms: Annotated[int, typer.Option(help="How late a slow answer comes.")] = 100,
    cap: Annotated[float, typer.Option(help="Seconds after which a timeout ends.")] = 60.0,
    times: Annotated[
        int | None, typer.Option(help="How often at most; omitted: for ever.", show_default=False)
    ] = None,
    probability: Annotated[float, typer.Option(help="How likely each matching call is struck.")] = 1.0,
    after: Annotated[int, typer.Option(help="How many matching calls are let through first.")] = 0,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Put a fault on order; the first rule that strikes decides."""
    try:
        rule = Rule(
            kind=kind,
            path=path,
            method=method,
            identifier=identifier,
            status=status,
            retry_after=retry_after,
            retry_after_format=retry_after_format,
            reason=reason,
            when=when,
            extent=extent,
            delay_ms=delay_ms,
            cap=cap,
            times=times,
            probability=probability,
            after=after,
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    with ruled(url) as control:
        number = control.add_fault(rule)
    if as_json:
        say_json({"number": number})
    else:
        say(f"Rule {number} is in force.")


@app.command("list", epilog="Example: activation sandbox faults list --json")
def in_force(url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """List the rules in force, with how often each matched and struck."""
    with ruled(url) as control:
        rules = control.faults()
    if as_json:
        say_json(rules)
        return
    made = table(*_STRUCTURE, "more", numbers=("number", "matched", "struck"))
    for rule in rules:
        made.add_row(*(plain(rule[name]) for name in _STRUCTURE), plain(_more(rule)))
    say(made)


def _more(rule: dict[str, Any]) -> str:
    """What a rule says beyond the defaults."""
    plainly = Rule(Kind.STATUS).document()
    return ", ".join(
        f"{name}={value}" for name, value in rule.items() if name not in _STRUCTURE and value != plainly[name]
    )


@app.command(epilog="Example: activation sandbox faults clear")
def clear(url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Drop all rules that are in force."""
    with ruled(url) as control:
        control.clear_faults()
    if as_json:
        say_json([])
    else:
        say("No rule is in force.")
