"""The ledgers that runs of the figures start from: what yesterday's run would have left, written without running it.

A first run of 100 million records would ask the normalising libraries for an hour. The data are as these leave them, so they are
not asked: `activation_platform_tests/test_the_figures.py` holds such a ledger against one that a run left.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from activation_platform.contracts import texts
from activation_platform.contracts.batch import KEY
from activation_platform.contracts.modes import Mode, RunType
from activation_platform.destinations.batch.destination import Batch
from activation_platform.destinations.batch.profiles import Profiles
from activation_platform.sync.base_file import as_base
from activation_platform.sync.checked import keep_checked
from activation_platform.sync.fingerprint import FINGERPRINT_VERSION, text_hash
from activation_platform.sync.folder import Folder
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.mapping import BoundMapping, FieldMapping, bind
from activation_platform.sync.order import Activation, Guards
from activation_platform.sync.states import ENTRIES, State
from benchmarks import people
from benchmarks.cell import call, measure

__all__ = ["LIBRARIES", "MAPPING", "activation", "frame", "ledger_of", "seed"]

NAMES = {
    "email": "$email_address",
    "phone": "$phone_number",
    "language": "$language",
    "region": "$region",
    "timezone": "$timezone",
}
MAPPING = (
    FieldMapping("custom_id", people.KEY),
    *(FieldMapping(NAMES.get(column, column), column) for column in people.COLUMNS),
)
LIBRARIES = ("clean_email", "clean_phone")
"""Functions of `contracts/texts.py` that hand each value to a library."""

_BUCKET = 1_000_000


class AnsweredByTheThousand(Profiles):
    """Profiles whose answers come by the thousand: the plan is measured, not the vendor's batches."""

    batch_size = 1_000
    delete_batch_size = 1_000


class Project(Batch):
    """A project with that service."""

    services = (AnsweredByTheThousand,)


def project() -> Project:
    """A project that nobody asks anything."""
    return Project(rest_api_key="none", project_key="none", live_api_keys=["none"])


def activation() -> Activation:
    """A mirror of the people."""
    return Activation(
        name="people",
        service=AnsweredByTheThousand(project()),
        mode=Mode.MIRROR,
        run_type=RunType.FULL_THEN_DELTA,
        mapping=MAPPING,
        key=(people.KEY,),
        guards=Guards(deletes=None),
    )


def frame(folder: Path | str) -> pl.LazyFrame:
    """A frame, read as a run reads a snapshot."""
    return pl.scan_parquet(sorted(Path(folder).glob("part-*.parquet")))


def ledger_of(rows: int, name: str) -> Path:
    """A ledger of yesterday's frame, of its own for every call: its files never change, so they are linked, not copied."""
    kept = people.cache() / f"people-{rows}" / f"ledger-{FINGERPRINT_VERSION}"
    if not kept.exists():
        beside = kept.with_name(".ledger")
        shutil.rmtree(beside, ignore_errors=True)
        measure(call(seed, people.path(rows, "yesterday"), beside, rows))
        beside.rename(kept)
    mine = kept.with_name(name)
    shutil.rmtree(mine, ignore_errors=True)
    shutil.copytree(kept, mine, copy_function=os.link)
    return mine


def seed(folder: str, ledger: str, rows: int) -> None:
    """Write the ledger that knows every row of a frame as acknowledged."""
    for library in LIBRARIES:
        setattr(texts, library, str)
    book = Ledger(Folder(Path(ledger)))
    book.begin()
    service, at = activation().service, book.now()
    mapping = bind(MAPPING, service, frame(folder).collect_schema())
    bits = max(1, (rows // _BUCKET).bit_length())
    for number, part in enumerate(sorted(Path(folder).glob("part-*.parquet"))):
        entries = _entries(pl.read_parquet(part), mapping, at)
        bucket = entries["key64"] // 2 ** (64 - bits)
        for (of,), some in entries.group_by(bucket.alias("of")):
            some.write_ipc(book.work / f"{of:04}-{number:05}.arrow")
    room = book.work / "room"
    room.mkdir()
    base = as_base(_sorted(book.work, 2**bits), room)
    book.seal(base=keep_checked(book.folder, room, "base-1", ".arrow", base), full_done=True)


def _entries(rows: pl.DataFrame, mapping: BoundMapping, at: int) -> pl.DataFrame:
    key = pl.col(people.KEY)
    raw = rows.select(
        key.alias(KEY),
        *mapping.raw_values(),
        _raw=mapping.raw_fingerprint(key, (people.KEY,)),
        _key64=text_hash(key),
    )
    return mapping.clean(raw, at).select(
        key64="_key64",
        key=KEY,
        raw="_raw",
        sent="_sent",
        identifier="_identifier",
        identifier64="_identifier64",
        state=pl.lit(int(State.PRESENT), dtype=pl.UInt8),
        reason=pl.lit(None, dtype=pl.String),
        request=pl.lit(None, dtype=pl.String),
        since=pl.lit(at, dtype=pl.Int64),
    )


def _sorted(folder: Path, buckets: int) -> Iterator[pl.DataFrame]:
    for bucket in range(buckets):
        files = sorted(folder.glob(f"{bucket:04}-*.arrow"))
        yield pl.concat([ENTRIES.to_frame(), *map(pl.read_ipc, files)]).sort("key64")
