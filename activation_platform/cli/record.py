"""`activation record`: everything that ever happened to one record, run by run, in every ledger of an activation."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from activation_platform.cli.masking import cell, hidden_story
from activation_platform.cli.saying import NotKnown, not_known, say, say_json
from activation_platform.cli.tables import table
from activation_platform.cli.untrusted import plain
from activation_platform.components.storage import storage_root
from activation_platform.sync.history import Run, read_runs_of
from activation_platform.sync.inventory import KeyStory, key_story
from activation_platform.sync.ledgers import activation_of, ledgers, ledgers_named, readable_manifest
from activation_platform.sync.store import Store

__all__ = ["app"]

app = typer.Typer(add_completion=False)
_HAPPENED = ("at", "run", "partition", "event", "operation", "did", "identifier", "reason", "request")
_STANDS = ("state", "identifier", "reason", "since")
_OWED = ("kind", "operation", "identifier", "reason", "attempts", "since", "tried")


@app.command(epilog="Example: activation record newsletter p1 --show-values")
def record(
    name: Annotated[str, typer.Argument(help="An activation, or one of its ledgers (name~host).")],
    key: Annotated[
        str, typer.Argument(help="The record's key; of several columns, their values joined by |.")
    ],
    show_values: Annotated[
        bool, typer.Option("--show-values", help="Identifiers and vendors' words in clear.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The same as JSON.")] = False,
) -> None:
    """Tell when a record was sent, with which fields, what was answered, what stands now and what is owed."""
    root = storage_root()
    if not (of := ledgers_named(root, name)):
        raise not_known("ledger of an activation", name, {*ledgers(root), *map(activation_of, ledgers(root))})
    told = [one for ledger in of if (one := _told(root, ledger, key, show_values=show_values)) is not None]
    if not told:
        raise NotKnown(
            f"{name} never had anything to do with this key; keys are written as its model has them"
        )
    if as_json:
        say_json({"key": key, "ledgers": told})
        return
    for number, one in enumerate(told):
        _say(one, first=number == 0)


def _told(root: Store, ledger: str, key: str, *, show_values: bool) -> dict[str, Any] | None:
    """What a ledger knows of a key; None where it knows nothing."""
    story = key_story(root, ledger, key)
    if story.entry.is_empty() and story.debts.is_empty() and story.history.is_empty():
        return None
    if not show_values:
        story = hidden_story(story)
    manifest = readable_manifest(root, ledger)
    return {
        "ledger": ledger,
        "target": str(manifest.target.host) if manifest and manifest.target else None,
        "fields": manifest.mapping if manifest else {},
        "entry": next(iter(story.entry.drop("raw", "sent").to_dicts()), None),
        "debts": story.debts.to_dicts(),
        "history": _beside_runs(story, {run.number: run for run in read_runs_of(root, ledger)}),
    }


def _beside_runs(story: KeyStory, runs: dict[int, Run]) -> list[dict[str, Any]]:
    """What happened, each with the run in which it did."""
    happened = story.history.sort("run", "at", maintain_order=True).to_dicts()
    return [{**one, **_run(runs.get(one["run"]))} for one in happened]


def _run(run: Run | None) -> dict[str, Any]:
    """Nothing of one that is no longer kept."""
    if run is None:
        return {"partition": None, "run_status": None, "run_id": None, "run_started": None}
    started = datetime.fromtimestamp(run.started, UTC)
    return {
        "partition": run.partition,
        "run_status": run.status,
        "run_id": run.run_id,
        "run_started": started,
    }


def _say(told: dict[str, Any], *, first: bool) -> None:
    fields = ", ".join(told["fields"])
    say(*([] if first else [""]), plain(f"{told['ledger']} at {told['target']}", "bold"))
    _rows(_HAPPENED, told["history"])
    if told["entry"] is None:
        say("The destination holds nothing of it, for all we know.")
    else:
        say("What the destination holds of it:")
        _rows(_STANDS, [told["entry"]])
    if told["debts"]:
        say("What is owed:")
        _rows(_OWED, told["debts"])
    say(
        plain(
            f"The newest run of this ledger sends the fields {fields}."
            if fields
            else "No field was ever mapped."
        )
    )


def _rows(columns: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
    if rows:
        made = table(*columns, numbers=("run", "attempts"))
        for row in rows:
            made.add_row(*(plain(cell(row[name])) for name in columns))
        say(made, "")
