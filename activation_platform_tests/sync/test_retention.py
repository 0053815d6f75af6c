"""Retention of what runs leave behind: what goes, what stays whatever its age, and that nobody who reads it minds."""

import os
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from activation_platform.sync import history, ledgers, retention
from activation_platform.sync.folder import Folder
from activation_platform.sync.history import Figures, Run, Status, write_run
from activation_platform.sync.ledgers import reset
from activation_platform.sync.retention import Spans, outlived_by, prune, remove
from activation_platform_tests.sync.homes import home

DAY = 86_400.0
FILES = {"runs": "{}.json", "changes": "{}.parquet", "issues": "{}.parquet"}
SPAN = st.none() | st.integers(0, 10).map(lambda days: timedelta(days=days))
RUN = st.tuples(st.integers(0, 12), st.booleans(), st.booleans())
"""How many days and a half ago it was, whether it changed anything, whether something went wrong."""


def leave(root, number, *, changed=True, wrong=True, ledger="letters"):
    """What a run leaves beside its ledger."""
    folder = root / "ledgers" / ledger
    rows = pl.DataFrame({"run": [number], "key": [f"k{number % 3}"]}, schema_overrides={"run": pl.Int32})
    row = history._LOG.to_frame().clear(1).with_columns(rows["run"], rows["key"])
    for kind, left in (("changes", changed), ("issues", wrong)):
        if left:
            folder.keep(f"{kind}/{number}.parquet", row.write_parquet)
    run = Run(
        number=number,
        activation="letters",
        destination="mail",
        partition="2026-01-30",
        run_id=f"run-{number}",
        status=Status.SUCCEEDED,
        figures=Figures(),
        started=float(number),
        seconds=1.0,
    )
    write_run(folder, run)


def aged(folder, number, days):
    """Make what a run left so old."""
    for kind, name in FILES.items():
        path = folder.path / kind / name.format(number)
        if path.exists():
            os.utime(path, times=(time.time() - days * DAY,) * 2)


def kept(root, kind, ledger="letters"):
    return {*history.numbered((root / "ledgers" / ledger / kind).names())}


def everything(root):
    """All files, with their content."""
    return {path: path.read_bytes() for path in root.path.rglob("*") if path.is_file()}


@given(st.lists(RUN, max_size=12), SPAN, SPAN, SPAN, st.integers(1, 4))
def test_what_is_older_than_its_span_goes_but_for_the_newest_and_nothing_else_does(
    runs, figures, changes, issues, stay
):
    spans = Spans(runs=figures, changes=changes, issues=issues, set_aside=None)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setitem(retention._STAY, "runs", stay)
        patch.setattr(os, "fsync", lambda _: None)  # nobody pulls a plug here
        root = Folder(Path(folder))
        ledger = root / "ledgers" / "letters"
        ages = {}
        for number, (days, changed, wrong) in enumerate(runs, 1):
            leave(root, number, changed=changed, wrong=wrong)
            aged(ledger, number, days + 0.5)
            ages[number] = timedelta(days=days + 0.5)
        for name in (
            "manifest.json",
            "base-1-C.arrow",
            "journal-9.log",
            "past/1-2-abcdefgh.parquet",
            "runs/notes",
        ):
            ledger.write(name, b"as it was")
            os.utime(ledger.path / name, times=(0, 0))
        before, there = everything(root), {kind: kept(root, kind) for kind in FILES}
        newest = history.newest_runs(root, "letters", stay)
        changed_then = history.changes(root, "letters", "k1")

        found = list(outlived_by(root, "letters", spans))
        assert everything(root) == before, "to look for it touches nothing"
        remove(found)

        for kind, span in (("runs", figures), ("changes", changes), ("issues", issues)):
            always = sorted(there[kind])[-(stay if kind == "runs" else 1) :]
            young = {number for number in there[kind] if span is None or ages[number] <= span}
            assert kept(root, kind) == {*always} | young
        gone = {one.folder.path / one.name for one in found}
        assert everything(root) == {path: content for path, content in before.items() if path not in gone}
        assert history.newest_runs(root, "letters", stay) == newest
        assert history.newest_of_each(root, ["letters"]) == ({"letters": newest[0]} if newest else {})
        still = changed_then.filter(pl.col("run").is_in(list(kept(root, "changes"))))
        assert history.changes(root, "letters", "k1").equals(still)
        assert list(outlived_by(root, "letters", spans)) == []


@pytest.fixture(params=["folder", "bucket"])
def root(request, front, tmp_path, monkeypatch):
    return home(request.param, front, tmp_path, monkeypatch)


def test_in_either_home_years_of_runs_go_and_the_newest_stay(root, monkeypatch):
    monkeypatch.setitem(retention._STAY, "runs", 3)
    for number in range(1, 7):
        leave(root, number)
        leave(root, number, ledger="letters~sandbox")
        leave(root, number, ledger="others")
    spans = Spans(*(timedelta(days=90),) * 4)
    assert len(prune(root, "letters", spans, pause=DAY)) == 0

    with time_machine.travel(time.time() + 91 * DAY):
        assert len(prune(root, "letters", spans, pause=DAY)) == 2 * (3 + 5 + 5)

    for ledger in ("letters", "letters~sandbox"):
        assert [kept(root, kind, ledger) for kind in FILES] == [{4, 5, 6}, {6}, {6}]
    assert [len(kept(root, kind, "others")) for kind in FILES] == [6, 6, 6]
    assert [run.number for run in history.newest_runs(root, "letters", 9)] == [6, 5, 4]
    assert history.changes(root, "letters")["run"].to_list() == [6]


def test_in_either_home_what_was_set_aside_goes_whole_once_its_time_has_passed(root):
    spans = Spans(runs=None, changes=None, issues=None, set_aside=timedelta(days=30))
    for days in (0, 20, 40):
        with time_machine.travel(1_800_000_000 + days * DAY):
            for ledger in ("letters", "letters~sandbox", "others"):
                leave(root, 1, ledger=ledger)
                reset(root, ledger)
    place = root / "ledgers-set-aside"
    place.write("letters-notes", b"somebody else's")
    there = place.names()

    with time_machine.travel(1_800_000_000 + 45 * DAY):
        found = [one.name for one in outlived_by(root, "letters", spans)]
        assert len(prune(root, "letters", spans, pause=DAY)) == len(found) == 2

    assert {*there} - {*place.names()} == {*found}
    assert {name.rpartition("-")[0] for name in found} == {"letters", "letters~sandbox"}
    assert all(
        one.since > 1_800_000_000 + 15 * DAY for one in ledgers.set_aside(root) if one.activation == "letters"
    )


def test_it_looks_once_a_day_and_at_once_when_the_spans_are_new(root, monkeypatch):
    monkeypatch.setitem(retention._STAY, "runs", 1)
    for number in (1, 2, 3):
        leave(root, number)
    year, month = Spans(timedelta(days=365), None, None, None), Spans(timedelta(days=30), None, None, None)
    start = time.time() + 364.5 * DAY

    with time_machine.travel(start, tick=False):
        assert len(prune(root, "letters", year, pause=DAY)) == 0
    with time_machine.travel(start + 0.9 * DAY, tick=False):
        assert len(prune(root, "letters", year, pause=DAY)) == 0
    with time_machine.travel(start + 1.1 * DAY, tick=False):
        assert len(prune(root, "letters", year, pause=DAY)) == 2

    leave(root, 4)
    with time_machine.travel(start + 1.2 * DAY, tick=False):
        assert len(prune(root, "letters", year, pause=DAY)) == 0
        assert len(prune(root, "letters", month, pause=DAY)) == 1
    with time_machine.travel(start - 9 * DAY, tick=False):  # a clock that was ahead
        leave(root, 5)
        assert len(prune(root, "letters", month, pause=DAY)) >= 0
        assert (root / "ledgers" / "letters").read_json("pruned.json")["at"] == time.time()


@pytest.mark.parametrize("read", [history.changes, history.issues])
def test_who_reads_a_log_does_not_mind_that_it_is_pruned_meanwhile(tmp_path, monkeypatch, read):
    root = Folder(tmp_path)
    for number in (1, 2, 3):
        leave(root, number)
    names = Folder.names

    def then_pruned(folder):
        found = names(folder)
        if folder.name in ("changes", "issues") and "1.parquet" in found:
            folder.delete("1.parquet")
        return found

    monkeypatch.setattr(Folder, "names", then_pruned)
    assert read(root, "letters")["run"].to_list() == [2, 3]


def test_a_log_that_is_listed_and_cannot_be_opened_is_an_error_and_no_end_without_end(tmp_path):
    root = Folder(tmp_path)
    leave(root, 1)
    (tmp_path / "ledgers" / "letters" / "changes" / "2.parquet").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError):
        history.changes(root, "letters")
