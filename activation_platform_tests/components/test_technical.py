"""The technical tables, by themselves: which days are made anew, what the rows are, and what of a person they tell."""

import hashlib
from datetime import timedelta

import polars as pl
import pytest
import time_machine

from activation_platform.components.technical.schema import TABLES, Keys
from activation_platform.components.technical.writing import written
from activation_platform.contracts.errors import StorageFailed
from activation_platform.sync.folder import Folder
from activation_platform.sync.retention import Spans, prune
from activation_platform_tests.components.runs_left import AT, leave_page, leave_run
from activation_platform_tests.sync.homes import home

NEXT = AT + timedelta(minutes=20)
PINNED = {
    "runs": "0a3eca46c430",
    "operations": "dd57f021b2c6",
    "issues": "0f4beacff798",
    "memberships": "63861578a1af",
}
"""Of the columns of each newest version, names and types: they never change; another schema is another version."""


def read(root, table):
    return pl.read_parquet(root / "tables" / table / "v1" / "*.parquet")


def counts(found):
    return {one.table: (one.days, one.made, one.removed) for one in found}


@pytest.fixture
def root(tmp_path):
    """Two runs, the first of which ended before midnight, and a key that enters a segment and leaves it."""
    leave_run(tmp_path, 1)
    leave_run(tmp_path, 2, NEXT)
    leave_run(tmp_path, 1, NEXT, "letters~sandbox")
    leave_page(tmp_path, 1, {"a1": "entered", "b1": "entered"})
    leave_page(tmp_path, 2, {"a1": "left"}, NEXT)
    return tmp_path


def bring_up(root, keys=None):
    return written(Folder(root), Folder(root), keys)


def test_the_columns_of_a_version_never_change():
    told = {
        name: hashlib.sha256(f"{table.version} {table.schema}".encode()).hexdigest()[:12]
        for name, table in TABLES.items()
    }
    assert told == PINNED


def test_rows_have_the_columns_of_their_table_and_say_what_happened(root):
    bring_up(root, Keys.CLEAR)

    assert all(read(root, name).schema == table.schema for name, table in TABLES.items())
    runs = read(root, "runs").sort("ledger", "run")
    assert runs["ledger"].to_list() == ["letters", "letters", "letters~sandbox"]
    assert set(runs["activation"]) == {"letters"}
    assert runs.select("loaded", "status", "seconds", "notes", "started_at").row(0) == (
        1, "succeeded with issues", 1.1, "one\ntwo", AT,
    )  # fmt: skip
    (first,) = read(root, "operations").filter(key="a1", ledger="letters").to_dicts()
    assert (first["happened_at"], first["event"], first["identifier"]) == (
        AT + timedelta(microseconds=125), "accepted", "a1@example.com",
    )  # fmt: skip
    assert set(read(root, "issues")["kind"]) == {"source issue"}
    assert read(root, "memberships").select("segment", "snapshot", "event", "key").rows() == [
        ("loyal", 1, "entered", "a1"), ("loyal", 1, "entered", "b1"), ("loyal", 2, "left", "a1"),
    ]  # fmt: skip


def test_only_days_whose_sources_changed_are_made_anew_and_what_is_pruned_goes(root):
    whole = dict.fromkeys(TABLES, (2, 2, 0))
    assert counts(bring_up(root)) == whole
    assert counts(bring_up(root)) == dict.fromkeys(TABLES, (2, 0, 0))

    leave_run(root, 3, NEXT)
    later = counts(bring_up(root))
    assert later == {**dict.fromkeys(TABLES, (2, 1, 0)), "memberships": (2, 0, 0)}

    (root / "ledgers" / "letters" / "changes" / "1.parquet").unlink()
    assert counts(bring_up(root))["operations"] == (1, 0, 1)
    assert read(root, "operations")["run"].to_list() == [2, 2, 3, 3, 1, 1]
    assert read(root, "runs").height == 4


def test_what_retention_prunes_leaves_the_tables_and_memberships_stay(root):
    bring_up(root)
    spans = Spans(runs=None, changes=timedelta(days=90), issues=timedelta(days=90), set_aside=None)
    with time_machine.travel(NEXT + timedelta(days=91)):
        assert len(prune(Folder(root), "letters", spans)) == 2

    assert counts(bring_up(root)) == {
        "runs": (2, 0, 0), "operations": (1, 0, 1), "issues": (1, 0, 1), "memberships": (2, 0, 0),
    }  # fmt: skip
    assert {*read(root, "operations").select("ledger", "run").rows()} == {
        ("letters", 2),
        ("letters~sandbox", 1),
    }
    assert read(root, "memberships").height == 3


def test_keys_are_hashed_unless_somebody_asks_for_them_and_stay_as_they_were_asked_for(root):
    bring_up(root)
    hashed = hashlib.sha256(b"a1").hexdigest()
    assert all(hashed in read(root, name)["key"] for name in ("operations", "memberships"))
    files = b"".join(file.read_bytes() for file in (root / "tables").rglob("*.parquet"))
    assert b"ada@example.com" not in files
    assert set(read(root, "issues")["reason"].str.contains("it's empty; ask a•••@e•••")) == {True}

    assert counts(bring_up(root, Keys.CLEAR))["operations"] == (2, 2, 0)
    assert counts(bring_up(root))["operations"] == (2, 0, 0)
    assert "a1@example.com" in read(root, "operations")["identifier"]


def test_a_page_of_a_history_that_is_not_complete_is_not_told(root):
    (root / "analysis" / "loyal" / "00000002" / "recorded.json").unlink()
    bring_up(root)
    assert read(root, "memberships").height == 2


@pytest.mark.parametrize("file", ["runs/1.json", "changes/1.parquet"])
def test_a_damaged_file_is_named_and_leaves_the_tables_as_they_were(root, file):
    bring_up(root)
    damaged = root / "ledgers" / "letters" / file
    damaged.write_bytes(damaged.read_bytes()[:40])

    with pytest.raises(StorageFailed, match=f"letters/{file} is not what was written"):
        bring_up(root)
    assert read(root, "runs").height == 3
    assert read(root, "operations").height == 6


def test_a_file_that_somebody_removed_is_made_anew(root):
    bring_up(root)
    (root / "tables" / "runs" / "v1" / "2026-01-30.parquet").unlink()
    assert counts(bring_up(root))["runs"] == (2, 1, 0)
    assert read(root, "runs").height == 3


def test_nothing_kept_is_no_file(tmp_path):
    assert counts(bring_up(tmp_path)) == dict.fromkeys(TABLES, (0, 0, 0))


def test_the_tables_can_stand_in_a_bucket(root, front, tmp_path, monkeypatch):
    bucket = home("bucket", front, tmp_path, monkeypatch)

    first, second = (counts(written(Folder(root), bucket)) for _ in range(2))

    assert first == dict.fromkeys(TABLES, (2, 2, 0))
    assert second == dict.fromkeys(TABLES, (2, 0, 0))
    folder = bucket / "tables" / "runs" / "v1"
    assert sum(pl.read_parquet(folder.file(name)).height for name in folder.names()) == 3
