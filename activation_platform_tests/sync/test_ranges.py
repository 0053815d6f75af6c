"""A run of which too much happened for memory leaves what it would have left, had it been folded in one piece."""

import errno
import gc
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from activation_platform.sync import journal, ranges
from activation_platform.sync.base_file import as_base
from activation_platform.sync.fingerprint import text_hash
from activation_platform.sync.folder import Folder
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.ranges import in_parts
from activation_platform.sync.states import EVENTS, Debt, Event, State

KEYS = [f"key {number}" for number in range(12)]
"""Of all four quarters of the hashes."""

SPILLING = {"_IN_MEMORY": 0, "_RANGES": 4, "_AT_ONCE": 3}


@st.composite
def events(draw: st.DrawFn) -> pl.DataFrame:
    """What may be told at a time, sense or not: the folds are of any events."""
    rows = [
        {
            "key": draw(st.sampled_from(KEYS)),
            "identifier": draw(st.sampled_from([None, "x", "y"])),
            "state": int(draw(st.sampled_from(State))),
            "event": str(draw(st.sampled_from(Event))),
            "debt": draw(st.sampled_from([None, *map(str, Debt)])),
            "operation": draw(st.sampled_from([None, "insert", "delete", "requested"])),
            "behind": draw(st.sampled_from([None, "z"])),
            "values": draw(st.sampled_from([None, "{}"])),
            "raw": draw(st.integers(0, 2**64 - 1)),
        }
        for _ in range(draw(st.integers(1, 8)))
    ]
    given = {name: dtype for name, dtype in EVENTS.items() if name in rows[0]}
    frame = pl.DataFrame(rows, schema=given).with_columns(key64=text_hash(pl.col("key")))
    return frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in EVENTS.items()
    )


RUNS = st.lists(st.lists(events(), max_size=4), min_size=1, max_size=3)


def lived(
    folder: Path, runs: list[list[pl.DataFrame]], *, dies: bool
) -> tuple[pl.DataFrame, pl.DataFrame, list]:
    """Entries, debts, and what the manifest says of deltas after runs, of which the last one may die before it is sealed."""
    for number, run in enumerate(runs):
        ledger = Ledger(Folder(folder))
        ledger.begin()
        for at, each in enumerate(run):
            ledger.record(each.with_columns(since=pl.lit(1_000 * number + at, dtype=pl.Int64)))
        if dies and number == len(runs) - 1:
            ledger._journal.close()
        else:
            ledger.seal()
    ledger = Ledger(Folder(folder))
    entries = pl.concat(ledger.head.in_order())
    told = [{**delta, "file": ""} for delta in ledger.manifest.deltas]
    return entries, ledger.debts.sort(pl.all()), told


@given(RUNS, st.booleans())
def test_entries_debts_and_deltas_are_the_same(runs, dies):
    with TemporaryDirectory() as folder:
        plain = lived(Path(folder) / "plain", runs, dies=dies)
        with patch.multiple(ranges, **SPILLING), patch.object(journal, "_REMEMBERED", 0):
            spilled = lived(Path(folder) / "spilled", runs, dies=dies)
    assert_frame_equal(spilled[0], plain[0])
    assert_frame_equal(spilled[1], plain[1])
    assert spilled[2] == plain[2]


@given(st.lists(events(), max_size=5))
def test_every_event_is_in_the_part_of_its_key_and_in_its_order(frames):
    numbered = [frame.with_columns(since=pl.lit(at, dtype=pl.Int64)) for at, frame in enumerate(frames)]
    with TemporaryDirectory() as room, patch.multiple(ranges, **SPILLING):
        parts = list(in_parts(iter(numbered), 1, Path(room)))
        assert [part.number for part in parts] == [0, 1, 2, 3]
        assert not list(Path(room).iterdir())
        every = pl.concat([*numbered, EVENTS.to_frame()])
        for part in parts:
            assert_frame_equal(part.of(every), part.events)
    together = pl.concat([part.events for part in parts])
    assert_frame_equal(together, every.sort(pl.col("key64") // 2**62, maintain_order=True))


def test_a_base_that_breaks_off_leaves_no_file_open(tmp_path):
    def chunks():
        yield pl.DataFrame({"key": ["a"], "number": [1]})
        yield pl.DataFrame({"key": ["b"], "number": [2]})
        raise OSError(errno.ENOSPC, "no room")

    with pytest.raises(OSError, match="no room"):
        as_base(chunks(), tmp_path)(tmp_path / "base.arrow")
    gc.collect()  # which warns of what was left open
