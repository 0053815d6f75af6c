"""`activation tables`: what runs did and who was in which segment, as Parquet with a documented schema."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from activation_platform.cli.saying import NotKnown, say, say_json
from activation_platform.cli.tables import table
from activation_platform.cli.untrusted import plain
from activation_platform.components.storage import storage_root, store_at
from activation_platform.components.technical.schema import Keys
from activation_platform.components.technical.writing import written
from activation_platform.sync.store import Store

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: activation tables --to /srv/bi --keys clear")
def tables(
    to: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER_OR_URL",
            help="A folder, or s3://bucket/prefix or gs://bucket/prefix; omitted: the storage root.",
            show_default=False,
        ),
    ] = None,
    keys: Annotated[Keys, typer.Option(help="Keys and identifiers as SHA-256, or in clear.")] = Keys.HASHED,
    as_json: Annotated[bool, typer.Option("--json", help="The same as JSON.")] = False,
) -> None:
    """Write the technical tables (runs, operations, issues, memberships) as Parquet, a file a day, and only what is new.

    Their columns stand in docs/tables.md.
    """
    root = storage_root()
    found = written(root, root if to is None else _place(to), keys)
    if as_json:
        say_json([asdict(one) for one in found])
        return
    made = table("table", "days", "written", "removed", "files", numbers=("days", "written", "removed"))
    for one in found:
        counts = (f"{one.days:,}", f"{one.made:,}", f"{one.removed:,}")
        made.add_row(one.table, *counts, plain(one.place))
    say(made)


def _place(named: str) -> Store:
    """Where the tables go; NotKnown where there can be no such folder."""
    if "://" not in named:
        try:
            Path(named).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise NotKnown(f"--to: there can be no folder {named} ({error.strerror})") from error
    return store_at(named)
