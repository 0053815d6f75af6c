"""The log of a run, and what a run remembers in memory: the same whether little or much has happened, and after a crash."""

import resource
from concurrent.futures import wait

import polars as pl
import pytest

from activation_platform.sync import change_log, journal
from activation_platform.sync.disk import storage_failure
from activation_platform.sync.fingerprint import text_hash
from activation_platform.sync.folder import Folder
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.states import NO_EVENTS, Event, State, events_of

WORDS = (Event.ACCEPTED, Event.INTENT, Event.REJECTED, Event.EQUAL, Event.UNKNOWN, Event.UNSENT)
UNTOLD = (Event.INTENT, Event.EQUAL, Event.UNSENT)


def happened(batches: int) -> list[pl.DataFrame]:
    """Batches of seven events each, one or none of a kind."""
    return [
        events_of(
            pl.DataFrame({"key": [f"k{batch}-{number}" for number in range(7)]}).with_columns(
                key64=text_hash(pl.col("key")), identifier="key"
            ),
            WORDS[batch % len(WORDS)],
            state=State.PRESENT,
            at=batch + 1,
        )
        for batch in range(batches)
    ]


def left(folder: Folder) -> tuple[list[tuple], list[tuple], list[tuple]]:
    """The log of changes and that of issues, and the entries, once what a crash left is sealed."""
    entries = pl.concat(Ledger(folder).head.in_order()).select("key", "state")
    logs = [
        pl.concat(
            [
                NO_EVENTS.select("key", "event"),
                *(pl.read_parquet(file).select("key", "event") for file in (folder.path / kind).glob("*")),
            ]
        )
        for kind in ("changes", "issues")
    ]
    return tuple(frame.rows() for frame in (*logs, entries))


def lived(folder: Folder, batches: int, *, dies: bool = False) -> tuple:
    ledger = Ledger(folder)
    ledger.begin()
    for events in happened(batches):
        ledger.record(events)
    if dies:
        ledger._journal.close()
    else:
        ledger.seal()
    return left(folder)


@pytest.mark.parametrize("dies", [False, True])
@pytest.mark.parametrize(("group", "remembered"), [(10, 1 << 27), (10, 5_000), (1 << 15, 5_000), (7, 0)])
def test_what_a_run_leaves_does_not_depend_on_how_much_of_it_is_held_in_memory(
    tmp_path, monkeypatch, group, remembered, dies
):
    plain = lived(Folder(tmp_path / "plain"), 13)
    monkeypatch.setattr(change_log, "_GROUP", group)
    monkeypatch.setattr(journal, "_REMEMBERED", remembered)
    assert lived(Folder(tmp_path / "other"), 13, dies=dies) == plain
    changes, issues, entries = plain
    told = [batch for batch in range(13) if WORDS[batch % len(WORDS)] not in UNTOLD]
    doubts = [batch for batch in range(13) if WORDS[batch % len(WORDS)] is Event.INTENT]
    assert [key for key, _ in changes] == [
        f"k{batch}-{number}" for batch in told + doubts for number in range(7)
    ]
    assert {event for _, event in issues} == {Event.REJECTED, Event.UNKNOWN}
    assert len(entries) == 7 * 13


@pytest.mark.parametrize("kinds", [(), (Event.EQUAL,), (Event.ACCEPTED,)])
def test_a_log_that_would_say_nothing_is_not_kept(tmp_path, monkeypatch, kinds):
    monkeypatch.setattr(f"{__name__}.WORDS", kinds or WORDS)
    changes, issues, _ = lived(Folder(tmp_path / "ledger"), len(kinds))
    assert bool(changes) is (Event.ACCEPTED in kinds)
    assert not issues
    assert (tmp_path / "ledger" / "changes").exists() is bool(changes)
    assert not (tmp_path / "ledger" / "issues").exists()


def test_d4_a_log_that_finds_no_room_lets_the_run_go_on_and_its_end_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(change_log, "_GROUP", 7)
    folder = Folder(tmp_path / "ledger")
    ledger = Ledger(folder)
    ledger.begin()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    first, *others = happened(13)
    ledger.record(first)
    ledger._log._written[0].result()
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))
    try:
        for events in others:
            ledger._log.note(events)
        wait(ledger._log._written)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    with pytest.raises(OSError, match="File too large") as error:
        ledger.seal()
    assert storage_failure(error.value, folder).remedy.startswith("Make room")
    changes, _, entries = left(folder)
    assert [key for key, _ in changes] == [key for key, _ in sorted(entries)] == list(first["key"])
