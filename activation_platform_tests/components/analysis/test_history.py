"""The history of members, by itself: it folds back to every snapshot, whatever the keys are."""

import tempfile
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from activation_platform.components.analysis import sets
from activation_platform.components.analysis.history import History
from activation_platform.components.analysis.sets import keys_of, turnover
from activation_platform.components.frames import Frames
from activation_platform.sync.folder import Folder
from activation_platform_tests.sync.homes import home

KEY = ("number", "text")
SCHEMA = {"number": pl.Int64, "text": pl.String}
keys = st.tuples(
    st.none() | st.integers(0, 3), st.none() | st.sampled_from(["", "|", "\\", "\\|", "a|b", "é"])
)
PLACES = st.lists(st.lists(keys, max_size=8), min_size=1, max_size=6)


def publish(frames, rows, day, schema=SCHEMA):
    """A snapshot of these rows."""
    draft = frames.draft()
    draft.write([pl.DataFrame(rows, schema=schema, orient="row")])
    return frames.publish(draft, run_id=str(day), as_of=day * 86_400.0, read_at=0.0, recipe="")


def record(history, snapshot, key=KEY):
    with history.lock():
        return history.record(snapshot, lambda _room: keys_of(snapshot.scan(), key))


def folded(files, up_to):
    """Who was a member after a snapshot, by what the pages say."""
    events = pl.read_parquet(files).filter(pl.col("snapshot") <= up_to)
    last = events.group_by("key").agg(pl.col("event").sort_by("snapshot").last())
    return set(last.filter(event="entered")["key"])


@pytest.mark.parametrize("at_once", [4_000_000, 3])
@given(snapshots=PLACES)
def test_the_history_folds_back_to_the_members_of_every_snapshot(at_once, snapshots):
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(sets, "_AT_ONCE", at_once)
        root = Folder(Path(folder))
        frames, history = Frames(root, "segments", "s"), History(root, "s")
        files = f"{folder}/analysis/s/*/changes-*.parquet"
        published = [publish(frames, rows, day) for day, rows in enumerate(snapshots)]
        whole = [{(n, t) for n, t in rows if n is not None and t is not None} for rows in snapshots]
        was = set()
        for number, (snapshot, now) in enumerate(zip(published, whole, strict=True)):
            before = published[number - 1] if number else None
            told = record(history, snapshot)
            assert (told.entered, told.left, told.members) == (len(now - was), len(was - now), len(now))
            if before is not None:
                assert turnover(before, snapshot, KEY) == {"entered": told.entered, "left": told.left}
            was = now
        texts = [set(keys_of(snapshot.scan(), KEY).collect()["key"]) for snapshot in published]
        assert [len(text) for text in texts] == [len(now) for now in whole]
        if any(whole):
            for snapshot, text in zip(published, texts, strict=True):
                assert folded(files, snapshot.number) == text


def test_a_column_that_changes_its_type_moves_nobody(tmp_path):
    root = Folder(tmp_path)
    frames, history = Frames(root, "segments", "s"), History(root, "s")
    record(history, publish(frames, [(7,), (8,)], 1, {"id": pl.Int64}), ("id",))
    now = publish(frames, [("7",), ("8",)], 2, {"id": pl.String})
    assert record(history, now, ("id",)).entered == 0


def test_what_lacks_the_key_of_today_has_no_turnover(tmp_path):
    frames = Frames(Folder(tmp_path), "segments", "s")
    before = publish(frames, [(7,)], 1, {"number": pl.Int64})
    assert turnover(before, publish(frames, [(7, "a")], 2), KEY) == {}
    assert turnover(None, before, KEY) == {}


def test_a_run_that_dies_before_a_snapshot_is_recorded_leaves_nothing_of_it(tmp_path, monkeypatch):
    root = Folder(tmp_path)
    frames, history = Frames(root, "segments", "s"), History(root, "s")
    record(history, publish(frames, [(1, "a"), (2, "b")], 1))
    later = publish(frames, [(2, "b"), (3, "c")], 2)
    with monkeypatch.context() as patch:
        patch.setattr(Folder, "adopt", lambda *_, **__: (_ for _ in ()).throw(OSError("the machine stops")))
        with pytest.raises(OSError, match="the machine stops"):
            record(history, later)

    told = record(history, later)

    assert (told.entered, told.left) == (1, 1)
    events = duckdb.sql(f"from '{tmp_path}/analysis/s/*/changes-*.parquet' select key, event").fetchall()
    assert sorted(events) == [("1|a", "entered"), ("1|a", "left"), ("2|b", "entered"), ("3|c", "entered")]


def test_the_keys_of_the_newest_snapshot_alone_are_kept_beside_the_changes(tmp_path):
    root = Folder(tmp_path)
    frames, history = Frames(root, "segments", "s"), History(root, "s")
    for day in (1, 2, 3):
        record(history, publish(frames, [(1, "a")], day))
    names = sorted(
        str(file.relative_to(tmp_path / "analysis" / "s")) for file in tmp_path.glob("analysis/s/*/*")
    )
    assert names == [
        "00000001/changes-00000.parquet",
        "00000001/recorded.json",
        "00000002/recorded.json",
        "00000003/members-00000.parquet",
        "00000003/recorded.json",
    ]


def test_d6_a_history_in_a_bucket_is_recorded_by_its_last_object(front, tmp_path, monkeypatch):
    root = home("bucket", front, tmp_path, monkeypatch)
    frames, history = Frames(root, "segments", "s"), History(root, "s")
    record(history, publish(frames, [(1, "a"), (2, "b")], 1))
    later = publish(frames, [(2, "b"), (3, "c")], 2)
    # What a run leaves whose upload broke off: nobody counts it, and the next one takes it away.
    history.folder.write(f"{later.number:08}/changes-00007.parquet", b"half a file")
    assert history.newest.snapshot == 1

    told = record(history, later)

    assert history.newest == told
    assert (told.entered, told.left, told.members) == (1, 1, 2)
    names = {name: (history.folder / name).names() for name in ("00000001", "00000002")}
    assert names == {
        "00000001": ["changes-00000.parquet", "recorded.json"],
        "00000002": ["changes-00000.parquet", "members-00000.parquet", "recorded.json"],
    }
    events = pl.read_parquet((history.folder / "00000002").file("changes-00000.parquet"))
    assert sorted(events.select("key", "event").rows()) == [("1|a", "left"), ("3|c", "entered")]
