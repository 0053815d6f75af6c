"""The ledger's files: a process may die at any operation on them, and nothing is lost and nothing lies around."""

import copy
import shutil

import pytest

from activation_platform.sync.ledger import Ledger
from activation_platform.sync.manifest import Manifest
from activation_platform_tests.sync.interruptions import Interruption, interrupted
from activation_platform_tests.sync.vendor import Vendor
from activation_platform_tests.sync.world import Workshop, thing

BEFORE = [thing("same"), thing("changed"), thing("gone"), thing("moved"), thing("bad")]
AFTER = [
    thing("same"),
    thing("changed", name="y"),
    thing("moved", id="moved-2"),
    thing("bad", email="no"),
    thing("new"),
]
EXPECTED = {"same": "x", "changed": "y", "moved-2": "x", "bad": "x", "new": "x"}


def files_in_force(ledger: Ledger) -> set[str]:
    manifest = ledger.manifest
    return {"manifest.json", "changes", "issues", "past", "runs", *manifest.files}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A workshop after its first run, to be copied."""
    workshop = Workshop(tmp_path_factory.mktemp("prepared"))
    with interrupted(None):
        workshop.run(*BEFORE)
    return workshop


def copied(prepared: Workshop, tmp_path) -> Workshop:
    shutil.copytree(prepared.root, tmp_path / "copy")
    return Workshop(tmp_path / "copy", Vendor(copy.deepcopy(prepared.vendor.things)), day=prepared.day)


def interruptions(prepared: Workshop, tmp_path, how: str) -> list[Interruption]:
    """Every third operation (before and after it: others), or every write to the journal."""
    with interrupted(None) as seen:
        copied(prepared, tmp_path).run(*AFTER)
    assert len(seen) > 20
    if how == "torn":
        syncs = [number for number, name in enumerate(seen, start=1) if name == "fdatasync"]
        return [
            Interruption(number, torn=torn)
            for number, torn in zip(syncs, [1, 200] * len(syncs), strict=False)
        ]
    after = how == "after"
    return [Interruption(number, after=after) for number in range(1 + after, len(seen) + 1, 3)]


@pytest.mark.parametrize("how", ["before", "after", "torn"])
def test_a_run_that_dies_at_any_operation_on_its_files_is_completed_by_the_next(prepared, tmp_path, how):
    for interruption in interruptions(prepared, tmp_path / "whole", how):
        number = interruption.number
        workshop = copied(prepared, tmp_path / str(number))
        with interrupted(interruption):
            workshop.dies(*AFTER)
        with interrupted(None):
            workshop.run(*AFTER)
            assert workshop.vendor.names == EXPECTED, number
            workshop.run(*AFTER)
            assert workshop.vendor.writes == [], number
        ledger = workshop.ledger()
        assert {path.name for path in ledger.folder.path.iterdir()} == files_in_force(ledger), number


def test_a_journal_left_behind_by_a_sealed_run_is_removed_and_not_read(workshop):
    workshop.run(thing("a"))
    ledger = workshop.ledger()
    left = ledger.folder.file(f"journal-{ledger.manifest.sealed}.log")
    left.write_bytes(b"left behind after sealing")
    assert workshop.ledger().recovered == 0
    assert not left.exists()


def test_a_recovered_run_is_sealed_once(workshop):
    workshop.vendor.answers = ["dies after"]
    workshop.dies(thing("a"))
    assert workshop.ledger().recovered == 1
    entries = workshop.entries()
    assert workshop.ledger().recovered == 0
    assert workshop.entries() == entries
    assert [event for _, _, event, _ in workshop.issues()] == ["unknown"]


def test_the_manifest_comes_back_as_it_was_written(workshop):
    workshop.run(thing("a"), thing(None))
    folder = workshop.ledger().folder
    manifest = Manifest.read(folder)
    assert (manifest.sequence, manifest.sealed, manifest.null_keys, manifest.full_done) == (1, 1, 1, True)
    assert manifest.partition == "day-1"
    manifest.write(folder)
    assert Manifest.read(folder) == manifest
