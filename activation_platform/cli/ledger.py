"""`activation ledger`: what a ledger holds or held, the story of one key, all entries as Parquet; no run is disturbed by it."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from activation_platform.cli.masking import cell, hidden_story
from activation_platform.cli.saying import NotKnown, not_known, say, say_json
from activation_platform.cli.tables import table
from activation_platform.cli.untrusted import plain
from activation_platform.components.storage import storage_root
from activation_platform.sync.inventory import (
    Inventory,
    KeyStory,
    counted,
    export,
    inventory,
    key_story,
    run_named,
    verify,
)
from activation_platform.sync.ledgers import ledgers, readable_manifest
from activation_platform.sync.manifest import Manifest
from activation_platform.sync.past import head_after
from activation_platform.sync.store import Store

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: activation ledger loyalty_programme --key 4711")
def ledger(
    name: Annotated[
        str | None,
        typer.Argument(
            help="An activation, or one of its ledgers (name~host); omitted: all.", show_default=False
        ),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            help="The entry, the debts and the history of this key (of several columns: joined by |).",
            show_default=False,
        ),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(
            "--export", metavar="FILE", help="Write all entries as Parquet, in clear.", show_default=False
        ),
    ] = None,
    debts: Annotated[
        bool, typer.Option("--debts", help="With --export: what is owed, not the entries.")
    ] = False,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="RUN_OR_PARTITION",
            help="The entries as they were after this run, or the newest of this partition.",
            show_default=False,
        ),
    ] = None,
    whole: Annotated[
        bool, typer.Option("--verify", help="Read every file and hold it against its checksum.")
    ] = False,
    show_values: Annotated[
        bool, typer.Option("--show-values", help="With --key: identifiers and vendors' words in clear.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The same as JSON.")] = False,
) -> None:
    """Show what a ledger holds: counts by state, what is owed, target, newest run, files; or one key, or all as a file."""
    root = storage_root()
    _require_sense(name, ledgers(root), key=key, to=to, debts=debts, at=at, whole=whole)
    run = None if name is None or at is None else run_named(root, name, at)
    if name is None:
        _list(root, as_json=as_json)
    elif whole:
        _say_whole(name, *verify(root, name), as_json=as_json)
    elif to is not None:
        _say_exported(to, export(root, name, to, debts=debts, run=run), debts=debts, as_json=as_json)
    elif key is not None:
        story = key_story(root, name, key, run)
        _tell(key, story if show_values else hidden_story(story), as_json=as_json)
    elif run is not None:
        _show_past(name, run, counted(head_after(root / "ledgers" / name, run)), as_json=as_json)
    else:
        _show(name, inventory(root, name), as_json=as_json)


def _require_sense(
    name: str | None,
    known: list[str],
    *,
    key: str | None,
    to: Path | None,
    debts: bool,
    at: str | None,
    whole: bool,
) -> None:
    if name is not None and name not in known:
        raise not_known("ledger of an activation", name, known)
    if name is None and (whole or any(word is not None for word in (key, to, at))):
        words = (
            "--key, --export, --at and --verify go with the name of a ledger; activation ledger lists them"
        )
        raise NotKnown(words)
    if debts and to is None:
        raise NotKnown("--debts goes with --export; activation issues shows what is owed")
    if debts and at is not None:
        raise NotKnown(
            "--at shows entries; of what was owed then, activation issues NAME --run tells the story"
        )
    if to is not None and not to.resolve().parent.is_dir():
        raise NotKnown(f"--export: there is no folder {to.resolve().parent}")
    if to is not None and to.is_dir():
        raise NotKnown(f"--export: {to} is a folder; name a file in it")


def _list(root: Store, *, as_json: bool) -> None:
    """All ledgers, from their manifests alone."""
    found = {name: readable_manifest(root, name) for name in ledgers(root)}
    if as_json:
        say_json([_facts(name, manifest) for name, manifest in found.items()])
        return
    if not found:
        say(plain(f"There is no ledger under {root}."))
        return
    made = table("ledger", "target", "mode", "run", "partition", numbers=("run",))
    for name, manifest in found.items():
        if manifest is None:
            made.add_row(plain(name), plain("damaged", "red"), "", "", "")
        else:
            row = (_target(manifest), manifest.mode or "", f"{manifest.sequence:,}", manifest.partition)
            made.add_row(plain(name), *map(plain, row))
    say(made)


def _show(name: str, found: Inventory, *, as_json: bool) -> None:
    manifest = found.reading.manifest
    if as_json:
        counted = {"entries": found.entries, "debts": found.debts, "files": found.files}
        say_json({**_facts(name, manifest), **counted, "unsealed_run": found.unsealed or None})
        return
    facts = table("", "")
    key = ", ".join(manifest.key.columns) if manifest.key else ""
    for word, value in {
        "ledger": name,
        "target": _target(manifest),
        "mode": manifest.mode or "",
        "key": key,
        "newest run": f"{manifest.sealed:,}",
        "partition": manifest.partition,
        "snapshot": f"{manifest.snapshot:,}",
    }.items():
        facts.add_row(word, plain(value))
    facts.show_header = False
    say(facts)
    if found.unsealed:
        say(
            f"Run {found.unsealed} has begun and is not sealed: it is under way, or it crashed; the next run seals what it left."
        )
    for word, counts in (("entries", found.entries), ("owed", found.debts), ("bytes", found.files)):
        say("")
        _say_counts(word, counts)


def _show_past(name: str, run: int, entries: dict[str, int], *, as_json: bool) -> None:
    """What there was after a run."""
    if as_json:
        say_json({"ledger": name, "run": run, "entries": entries})
        return
    say(plain(f"{name} after run {run}:"), "")
    _say_counts("entries", entries)


def _say_exported(file: Path, rows: int, *, debts: bool, as_json: bool) -> None:
    what = "debts" if debts else "entries"
    if as_json:
        say_json({"file": file, what: rows})
    else:
        say(plain(f"{file}: {rows:,} {what}"))


def _say_whole(name: str, checked: int, unchecked: int, *, as_json: bool) -> None:
    if as_json:
        say_json({"ledger": name, "whole": checked, "without_checksum": unchecked})
        return
    say(f"{checked:,} files are what was written.")
    if unchecked:
        say(f"{unchecked:,} have no checksum: an earlier version wrote them.")


def _say_counts(word: str, counts: dict[str, int]) -> None:
    made = table("", word, numbers=(word,))
    for kind, count in counts.items():
        made.add_row(plain(kind), f"{count:,}")
    made.add_row(Text("in all", "bold"), f"{sum(counts.values()):,}")
    say(made)


def _tell(key: str, story: KeyStory, *, as_json: bool) -> None:
    if as_json:
        entry = story.entry.to_dicts()
        told = {"debts": story.debts.to_dicts(), "history": story.history.to_dicts()}
        say_json({"key": key, "entry": entry[0] if entry else None, **told})
        return
    if story.entry.is_empty():
        say(plain(f"The ledger holds no entry of {key}."))
    parts = {
        ("state", "reason", "identifier", "request", "since"): story.entry,
        ("kind", "operation", "identifier", "reason", "attempts", "since", "tried"): story.debts,
        ("run", "at", "operation", "event", "did", "identifier", "reason"): story.history,
    }
    for columns, frame in parts.items():
        if frame.height:
            made = table(*columns, numbers=("run", "attempts"))
            for row in frame.select(columns).iter_rows():
                made.add_row(*(plain(cell(value)) for value in row))
            say(made, "")


def _target(manifest: Manifest) -> str:
    target = manifest.target
    if target is None:
        return "claimed by no run yet"
    what = f"{target.platform}.{target.service}{f' {target.object}' if target.object else ''}"
    return f"{what} of {target.account} at {target.host}"


def _facts(name: str, manifest: Manifest | None) -> dict[str, Any]:
    """A manifest as JSON, without the names of its files."""
    if manifest is None:
        return {"ledger": name, "damaged": True}
    facts = asdict(manifest)
    kept = (
        "target",
        "key",
        "mode",
        "scope",
        "mapping",
        "sequence",
        "sealed",
        "partition",
        "instant",
        "snapshot",
    )
    return {"ledger": name, **{word: facts[word] for word in kept}}
