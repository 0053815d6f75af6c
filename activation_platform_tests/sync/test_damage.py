"""Lost and damaged ledgers: each stops the run with words that name the file and the ways out; what is there is left alone."""

import threading

import pytest

from activation_platform.contracts.errors import LedgerMismatch
from activation_platform.sync.folder import Folder
from activation_platform.sync.manifest import Manifest
from activation_platform.sync.reader import read_ledger
from activation_platform_tests.sync.world import Workshop, thing


@pytest.fixture
def folder(workshop: Workshop):
    """A ledger with a base, a delta and a debt."""
    workshop.run(*(thing(f"k{number}") for number in range(50)), thing("bad", email="no"))
    workshop.run(
        *(thing(f"k{number}", name="new" if number == 0 else "x") for number in range(50)),
        thing("bad", email="no"),
    )
    folder = workshop.ledger().folder
    manifest = Manifest.read(folder)
    assert manifest.base
    assert manifest.deltas
    return folder.path


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def remove(path):
    path.unlink()


def garble(path):
    path.write_bytes(b"\xff\x00 no ledger at all")


def refused(workshop, words):
    """Opening it is refused with these words and both ways out, and so is reading it."""
    folder = workshop.root / "ledgers" / "things"
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(LedgerMismatch, match=words) as error:
        workshop.run(thing("k0"))
    assert "activation reset things" in error.value.remedy
    assert "backup" in error.value.remedy
    assert workshop.vendor.writes == []
    with pytest.raises(LedgerMismatch, match=words):
        read_ledger(workshop.store / "ledgers" / "things")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("harm", [cut, garble])
def test_a_torn_manifest_stops_the_run(workshop, folder, harm):
    harm(folder / "manifest.json")
    refused(workshop, r"manifest\.json is torn")


@pytest.mark.parametrize("text", ["null", "[]", "{}", '"text"', '{"target": 1, "key": null}'])
def test_a_manifest_that_is_something_else_stops_the_run(workshop, folder, text):
    (folder / "manifest.json").write_text(text)
    refused(workshop, r"manifest\.json is (torn|missing)")


def test_a_manifest_of_a_later_version_stops_the_run(workshop, folder):
    text = (folder / "manifest.json").read_text()
    (folder / "manifest.json").write_text(text.replace("{", '{"field_of_tomorrow": 1,', 1))
    refused(workshop, r"manifest\.json is torn or not a manifest")


def test_a_manifest_that_is_missing_beside_a_ledgers_files_stops_the_run(workshop, folder):
    remove(folder / "manifest.json")
    refused(workshop, r"manifest\.json is missing, though base-\d\.arrow is there")


@pytest.mark.parametrize("harm", [cut, garble, remove])
@pytest.mark.parametrize("kind", ["base", "delta", "debts"])
def test_a_ledger_file_that_is_cut_in_half_garbled_or_missing_stops_the_run(workshop, folder, kind, harm):
    (path,) = folder.glob(f"{kind}-*.arrow")
    harm(path)
    refused(workshop, path.name)


def test_a_flipped_bit_in_what_a_crashed_run_had_heard_stops_the_run_before_anything_is_forgotten(
    workshop, folder
):
    workshop.vendor.answers = ["", "", "dies"]
    workshop.dies(*(thing(f"k{number}", name="newer") for number in range(50)))
    (path,) = folder.glob("journal-*.log")
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + bytes([whole[100] ^ 1]) + whole[101:])
    with pytest.raises(LedgerMismatch, match=r"journal-\d\.log is torn"):
        workshop.run(thing("k0"))
    assert workshop.vendor.writes == []
    path.write_bytes(whole)
    workshop.run(*(thing(f"k{number}", name="newer") for number in range(50)))
    assert len(workshop.vendor.sent) == 50 - 2 * workshop.service.batch_size


def test_the_backup_brought_back_goes_on_as_if_nothing_had_happened(workshop, folder):
    (path,) = folder.glob("delta-*.arrow")
    kept = path.read_bytes()
    remove(path)
    refused(workshop, path.name)
    path.write_bytes(kept)
    workshop.run(thing("k0", name="new"), *(thing(f"k{number}") for number in range(1, 50)))
    assert workshop.vendor.writes == []


def test_reading_while_runs_seal_and_fold_sees_a_whole_ledger_each_time(workshop, folder):
    done, counts = threading.Event(), set()

    def read():
        while not done.is_set():
            reading = read_ledger(Folder(folder))
            counts.add(int(reading.head.live.sum()))

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(8):
        workshop.run(*(thing(f"k{n}", name=f"x{number}") for n in range(50)))
    done.set()
    reader.join()
    assert counts == {50}
