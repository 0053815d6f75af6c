"""The head of a ledger against a plain dictionary."""

import tempfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activation_platform.sync.base_file import as_base, open_base
from activation_platform.sync.files import as_ipc
from activation_platform.sync.folder import Folder
from activation_platform.sync.head import Head
from activation_platform.sync.states import ENTRIES, State

hashes = st.one_of(st.integers(1, 12), st.sampled_from([2**63, 2**64 - 1]))
entries = st.dictionaries(
    hashes, st.tuples(st.sampled_from(list(State)[1:-1]), st.one_of(st.none(), st.integers(1, 5)), hashes)
)


def frame(values: dict) -> pl.DataFrame:
    rows = [
        {
            "key64": key,
            "key": str(key),
            "state": int(state),
            "identifier64": identifier,
            "raw": raw,
            "since": raw % 7,
        }
        for key, (state, identifier, raw) in sorted(values.items())
    ]
    return pl.DataFrame([{**dict.fromkeys(ENTRIES), **row} for row in rows], schema=ENTRIES)


def head_of(base: dict, overlay: dict, removed: set) -> tuple[Head, dict]:
    stones = dict.fromkeys(removed, (State.REMOVED, None, 1))
    with tempfile.TemporaryDirectory() as folder:
        Folder(Path(folder)).keep("base.arrow", as_ipc(frame(base)))
        head = Head(open_base(Path(folder) / "base.arrow"), frame({**overlay, **stones}))
    return head, {key: value for key, value in {**base, **overlay}.items() if key not in removed}


def refolded(head: Head) -> Head:
    """The head as it is once its overlay was folded into the base, three entries at a time."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("activation_platform.sync.head._CHUNK", 3)
        patch.setattr("activation_platform.sync.base_file._BITS_AT_ONCE", 8)
        room = Path(folder) / "room"
        room.mkdir()
        Folder(Path(folder)).keep("base.arrow", as_base(head.in_order(), room))
        assert pl.read_ipc(Path(folder) / "base.arrow").equals(pl.concat(head.in_order()))
        base = open_base(Path(folder) / "base.arrow")
        assert base["key64"].num_chunks <= 1
        return Head(base, ENTRIES.to_frame())


@settings(max_examples=60)
@given(entries, entries, st.sets(hashes), st.lists(hashes, unique=True))
def test_a_head_is_a_dictionary_of_the_newest_entries(base, overlay, removed, probes):
    head, expected = head_of(base, overlay, removed)
    asked = np.array(probes, dtype=np.uint64)
    positions = head.find(asked)
    known = positions >= 0
    assert known.tolist() == [key in expected for key in probes]

    found = [expected[key] for key in probes if key in expected]
    assert head.state(positions[known]).tolist() == [state for state, _, _ in found]
    assert head.key64(positions[known]).tolist() == [key for key in probes if key in expected]
    assert head.identifier64(positions[known]).tolist() == [identifier or 0 for _, identifier, _ in found]
    assert head.raw(positions[known]).tolist() == [raw for _, _, raw in found]
    assert head.since(positions[known]).tolist() == [raw % 7 for _, _, raw in found]
    assert head.entries(positions)["key"].to_list() == [str(k) if k in expected else None for k in probes]

    everything = frame(expected)
    assert pl.concat(head.in_order()).equals(everything)
    assert pl.concat(refolded(head).in_order()).equals(everything)
    assert pl.concat([ENTRIES.to_frame(), *head.chunks()]).sort("key64").equals(everything)

    wanted = {State.PRESENT, State.UNKNOWN}
    right = sorted(key for key, (state, _, _) in expected.items() if state in wanted)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("activation_platform.sync.head._CHUNK", 3)
        there, count = head.found(*wanted), head.count(*wanted)
        passed_over = np.zeros(len(head), dtype=np.bool_)
        passed_over[there[1:]] = True
        left = head.found(*wanted, unless=passed_over)
    assert (sorted(head.entries(there)["key64"].to_list()), count) == (right, len(right))
    assert left.tolist() == there[:1].tolist()
    assert head.live(there).all()
    holders = head.entries(head.holding(np.array([2, 3], dtype=np.uint64)))["key64"].to_list()
    assert sorted(holders) == sorted(
        key for key, (_, identifier, _) in expected.items() if identifier in (2, 3)
    )


def test_an_empty_head_finds_nothing():
    head, _ = head_of({}, {}, set())
    assert head.find(np.array([1], dtype=np.uint64)).tolist() == [-1]
    assert (len(head), pl.concat(head.in_order()).height, list(head.chunks())) == (0, 0, [])


def test_a_base_without_nulls_is_mapped_and_not_copied(tmp_path):
    Folder(tmp_path).keep("base.arrow", as_ipc(frame(dict.fromkeys(range(1, 100), (State.PRESENT, 1, 1)))))
    head = Head(open_base(tmp_path / "base.arrow"), ENTRIES.to_frame())
    assert not any(
        column[1].flags.owndata for column in (head._raw, head._state, head._since, head._identifiers)
    )
