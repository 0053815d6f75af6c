"""`activation record`: everything that ever happened to one record, run by run, in every ledger of an activation."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from activation_platform.cli.masking import cell, hidden_story
from activation_platform.cli.saying import NotKnown, not_known, say, say_json
from activation_platform.cli.showing import Show, Showing
from activation_platform.cli.tables import table
from activation_platform.cli.untrusted import plain, visible
from activation_platform.components.storage import storage_root
from activation_platform.contracts.errors import LedgerMismatch
from activation_platform.sync.history import Mapped, Run, changes, read_runs_of
from activation_platform.sync.inventory import KeyStory, key_story
from activation_platform.sync.ledgers import activation_of, ledgers, ledgers_named, readable_manifest
from activation_platform.sync.manifest import Manifest
from activation_platform.sync.retention import pruned_before
from activation_platform.sync.states import Event
from activation_platform.sync.store import Store

__all__ = ["app"]

app = typer.Typer(add_completion=False)
_HAPPENED = ("at", "run", "event", "operation", "did", "identifier", "reason", "request")
_RUNS = ("run", "partition", "status", "run_id", "fields", "changed")
_STANDS = ("state", "identifier", "reason", "since")
_OWED = ("kind", "operation", "identifier", "reason", "attempts", "since", "tried")
_SENT = ("insert", "update", "clear")
_ACKNOWLEDGED = (Event.ACCEPTED, Event.PARTIAL)


@app.command(epilog="Example: activation record newsletter p1 --show-values")
def record(
    name: Annotated[str, typer.Argument(help="An activation, or one of its ledgers (name~host).")],
    key: Annotated[
        str, typer.Argument(help="The record's key; of several columns, their values joined by |.")
    ],
    show: Show = None,
    show_values: Annotated[
        bool, typer.Option("--show-values", help="Identifiers and vendors' words in clear.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The same as JSON.")] = False,
) -> None:
    """Tell when a record was sent, with which fields, what was answered, what stands now and what is owed."""
    root = storage_root()
    if not (of := ledgers_named(root, name)):
        raise not_known("ledger of an activation", name, {*ledgers(root), *map(activation_of, ledgers(root))})
    damaged = list[LedgerMismatch]()
    told = [
        one
        for ledger in of
        if (one := _told(root, ledger, key, damaged, show or (), show_values=show_values)) is not None
    ]
    if not told:
        raise NotKnown(f"{_never(root, name, of)}; keys are written as its model has them")
    if as_json:
        say_json({"key": key, "ledgers": told})
    else:
        for number, one in enumerate(told):
            _say(one, first=number == 0)
    for error in damaged:
        raise error


def _never(root: Store, name: str, of: Collection[str]) -> str:
    """What to say of a key of which nothing is known: what happened before the logs begin, nobody can tell any more."""
    last = max(pruned_before(root, ledger, "changes") for ledger in of)
    if not last:
        return f"{name} never had anything to do with this key"
    until = datetime.fromtimestamp(last, UTC)
    return (
        f"{name} holds nothing of this key, and its logs tell nothing of it; those of runs that ended until "
        f"{until:%Y-%m-%d %H:%M} UTC are kept no longer"
    )


def _told(
    root: Store,
    ledger: str,
    key: str,
    damaged: list[LedgerMismatch],
    asked: Collection[str],
    *,
    show_values: bool,
) -> dict[str, Any] | None:
    """What a ledger knows of a key; None where it knows nothing. Of one that is `damaged`, what its logs know."""
    error = None
    try:
        story = key_story(root, ledger, key)
    except LedgerMismatch as mismatch:
        damaged.append(error := mismatch)
        log = changes(root, ledger, key)
        story = KeyStory(log.clear(), log.clear(), log)
    if story.entry.is_empty() and story.debts.is_empty() and story.history.is_empty() and error is None:
        return None
    showing = Showing(root, ledger, asked)
    if not show_values:
        story = hidden_story(story, but=showing.columns)
    manifest = readable_manifest(root, ledger)
    runs = {run.number: run for run in read_runs_of(root, ledger)}
    happened = story.history.sort("run", "at", maintain_order=True).to_dicts()
    return {
        "ledger": ledger,
        "target": str(manifest.target.host) if manifest and manifest.target else None,
        "damaged": None if error is None else error.what,
        "fields": manifest.mapping if manifest else {},
        "entry": next(iter(story.entry.drop("raw", "sent", strict=False).to_dicts()), None),
        "debts": story.debts.to_dicts(),
        "history": [{**one, **_run(runs.get(one["run"]))} for one in happened],
        "shown": showing.fields,
        "runs": _its_runs(root, manifest, key, happened, runs, showing),
        "notes": list(showing.told()),
        "kept_since_run": min(runs, default=None),
    }


def _its_runs(
    root: Store,
    manifest: Manifest | None,
    key: str,
    happened: list[dict[str, Any]],
    runs: Mapping[int, Run],
    showing: Showing,
) -> list[dict[str, Any]]:
    """The runs in which something happened to it: the fields that each sent, and which differ from what was sent before."""
    told, before = list[dict[str, Any]](), None
    for number in dict.fromkeys(one["run"] for one in happened):
        run, own = runs.get(number), [one for one in happened if one["run"] == number]
        operations = [*dict.fromkeys(one["operation"] for one in own if one["operation"] in _SENT)]
        sent = bool(operations)
        fields = run.fields if run is not None and sent else None
        values = _values(root, manifest, key, run, fields)
        told.append(
            {
                "run": number,
                **_run(run),
                "operations": operations,
                "mapping": run.mapping if run is not None and fields is not None else None,
                "fields": None if fields is None else [asdict(one) for one in fields],
                "values": {} if run is None else dict(showing.values([key], run).get(key, {})),
                "changed": None if values is None or before is None else _differing(before, values),
            }
        )
        if sent and any(one["event"] in _ACKNOWLEDGED for one in own):
            before = values
    return told


def _values(
    root: Store, manifest: Manifest | None, key: str, run: Run | None, fields: list[Mapped] | None
) -> Mapping[str, Any] | None:
    """What fed each field in a run, where that is still known."""
    from activation_platform.components.values_read import values_read

    if run is None or fields is None or manifest is None or manifest.key is None:
        return None
    found = values_read(root, run, manifest.key.columns, [key], fields)
    return None if isinstance(found, str) else found.get(key)


def _differing(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Fields that are new, gone, or hold something else."""
    return [
        name
        for name in dict.fromkeys((*before, *now))
        if (name in before) != (name in now) or before[name] != now[name]
    ]


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
    at = f" at {told['target']}" if told["target"] else ""
    say(*([] if first else [""]), plain(f"{told['ledger']}{at}", "bold"))
    _rows(_HAPPENED, told["history"])
    values = {f"{name} ": name for name in told["shown"]}  # apart from the words of ours
    _rows((*_RUNS, *values), [_in_words(one, values) for one in told["runs"]])
    say(*map(plain, told["notes"]))
    if told["damaged"]:
        say("What the destination holds of it, and what is owed, cannot be read.")
    elif told["entry"] is None:
        say("The destination holds nothing of it, for all we know.")
    else:
        say("What the destination holds of it:")
        _rows(_STANDS, [told["entry"]])
    if told["debts"]:
        say("What is owed:")
        _rows(_OWED, told["debts"])
    if (since := told["kept_since_run"]) is not None and since > 1:
        say(f"Runs before {since} are no longer kept; what happened in them may be gone, too.")
    elif any(one["run_status"] is None for one in told["runs"]):
        say("Of a run without a status no figures are kept: they were pruned, or it crashed.")


def _in_words(run: dict[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """A run's row: fields by name; `?` where it is not known."""
    fields, changed = run["fields"], run["changed"]
    unknown = "?" if "update" in run["operations"] else ""
    return {
        **run,
        **{word: run["values"].get(name) for word, name in values.items()},
        "status": run["run_status"],
        "fields": ("?" if run["operations"] else "")
        if fields is None
        else ", ".join(one["name"] for one in fields),
        "changed": unknown if changed is None else ", ".join(changed),
    }


def _rows(columns: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
    if rows:
        made = table(*map(visible, columns), numbers=("run", "attempts"))
        for row in rows:
            made.add_row(*(plain(cell(row[name])) for name in columns))
        say(made, "")
