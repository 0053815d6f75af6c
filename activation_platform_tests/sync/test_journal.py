"""The journal: what was appended whole is read back; a torn end is left out, other damage stops."""

import os

import pytest

from activation_platform.contracts.errors import LedgerMismatch
from activation_platform.sync.folder import Folder
from activation_platform.sync.journal import Journal, read_journal
from activation_platform.sync.states import EVENTS, Event, State, events_of
from activation_platform.sync.store import HELD


def events(*keys: str):
    import polars as pl

    rows = pl.DataFrame({"key64": range(len(keys)), "key": keys})
    return events_of(rows, Event.ACCEPTED, state=State.PRESENT, at=1)


def opened(path) -> Journal:
    return Journal(Folder(path.parent), path.name, HELD)


def written(path, count: int) -> list[int]:
    """A journal of `count` frames; the file's size after each."""
    journal, sizes = opened(path), []
    for number in range(count):
        journal.append(events(f"k{number}", f"l{number}"))
        sizes.append(path.stat().st_size)
    journal.close()
    return sizes


def keys(path) -> list[str]:
    return [key for frame in read_journal(Folder(path.parent), path.name) for key in frame["key"]]


def of(frames: int) -> list[str]:
    return [f"{letter}{number}" for number in range(frames) for letter in "kl"]


def test_frames_come_back_in_order(tmp_path):
    written(tmp_path / "j", 3)
    frames = list(read_journal(Folder(tmp_path), "j"))
    assert keys(tmp_path / "j") == of(3)
    assert all(frame.schema == EVENTS for frame in frames)


def test_a_missing_or_empty_journal_has_no_frames(tmp_path):
    assert keys(tmp_path / "j") == []
    (tmp_path / "j").touch()
    assert keys(tmp_path / "j") == []


def test_nothing_is_written_for_no_events(tmp_path):
    journal = opened(tmp_path / "j")
    journal.append(EVENTS.to_frame())
    journal.close()
    assert (tmp_path / "j").stat().st_size == 0


def test_a_cut_anywhere_leaves_the_whole_frames_before_it(tmp_path, record_property):
    sizes = written(tmp_path / "j", 3)
    whole = (tmp_path / "j").read_bytes()
    cuts = {
        *range(0, sizes[-1], 97),
        *sizes,
        *(size - 1 for size in sizes),
        *(size + 1 for size in sizes[:-1]),
    }
    record_property("torn journals", len(cuts))
    for cut in cuts:
        (tmp_path / "cut").write_bytes(whole[:cut])
        assert keys(tmp_path / "cut") == of(sum(size <= cut for size in sizes))


def flipped(path, place):
    damaged = bytearray(path.read_bytes())
    damaged[place] ^= 1 << (place % 8)
    (path.parent / "flipped").write_bytes(damaged)
    return path.parent / "flipped"


def test_a_flipped_bit_in_the_last_frame_leaves_those_before_it(tmp_path, record_property):
    sizes = written(tmp_path / "j", 3)
    places = {*range(sizes[1], sizes[2], 89), *range(sizes[1], sizes[1] + 12), sizes[2] - 1}
    record_property("flipped bits", len(places))
    for place in places:
        assert keys(flipped(tmp_path / "j", place)) == of(2)


def test_a_flipped_bit_before_whole_frames_would_forget_them_so_it_stops(tmp_path, record_property):
    sizes = written(tmp_path / "j", 3)
    places = {*range(0, sizes[1], 89), *range(12), *range(sizes[0], sizes[0] + 12), sizes[1] - 1}
    record_property("flipped bits", len(places))
    for place in places:
        with pytest.raises(LedgerMismatch, match="flipped is torn"):
            keys(flipped(tmp_path / "j", place))


@pytest.mark.parametrize("symptom", ["write", "sync"])
def test_a_full_disk_leaves_a_journal_that_goes_on(tmp_path, monkeypatch, symptom):
    journal = opened(tmp_path / "j")
    journal.append(events("a"))

    class Full:
        """The file, on a disk that takes the beginning of a frame."""

        def __init__(self, file):
            self.file = file

        def write(self, data):
            return self.file.write(data[:40])

        def __getattr__(self, name):
            return getattr(self.file, name)

    def cannot_sync(descriptor):
        raise OSError(28, "No space left on device")

    real = journal._log._file
    with monkeypatch.context() as patch:
        if symptom == "write":
            patch.setattr(journal._log, "_file", Full(real))
        else:
            patch.setattr(os, "fdatasync", cannot_sync)
        with pytest.raises(OSError, match=r"only 40 of|No space left"):
            journal.append(events("lost"))
    journal.append(events("b"))
    journal.close()
    assert keys(tmp_path / "j") == ["a", "b"]
