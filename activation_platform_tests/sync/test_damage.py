"""Lost and damaged ledgers: each stops the run with words that name the file and the ways out; what is there is left alone."""

import re
import threading

import pytest

from activation_platform.contracts.errors import LedgerMismatch
from activation_platform.contracts.redaction import mask_text
from activation_platform.sync.folder import Folder
from activation_platform.sync.inventory import verify
from activation_platform.sync.manifest import Manifest
from activation_platform.sync.reader import read_ledger
from activation_platform.sync.states import State
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


def test_a_flipped_bit_anywhere_in_the_manifest_stops_the_run(workshop, folder, record_property):
    path = folder / "manifest.json"
    whole = path.read_bytes()
    places = range(0, len(whole), 1 + len(whole) // 40)
    record_property("flipped bits", len(places))
    for place in places:
        path.write_bytes(flipped(whole, place))
        refused(workshop, r"manifest\.json is torn or not a manifest")


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
    refused(workshop, r"manifest\.json is missing, though base-\d-\w+\.arrow is there")


@pytest.mark.parametrize("harm", [cut, garble, remove])
@pytest.mark.parametrize("kind", ["base", "delta", "debts"])
def test_a_ledger_file_that_is_cut_in_half_garbled_or_missing_stops_the_run(workshop, folder, kind, harm):
    (path,) = folder.glob(f"{kind}-*.arrow")
    harm(path)
    refused(workshop, path.name)


@pytest.mark.parametrize("kind", ["delta", "debts"])
def test_a_flipped_bit_anywhere_in_what_a_run_left_stops_the_next_run(
    workshop, folder, kind, record_property
):
    (path,) = folder.glob(f"{kind}-*.arrow")
    whole = path.read_bytes()
    places = range(0, len(whole), 1 + len(whole) // 12)
    record_property("flipped bits", len(places))
    for place in places:
        path.write_bytes(flipped(whole, place))
        refused(workshop, rf"{path.name} is not what was written \(its checksum differs\)")


def test_a_flipped_bit_in_the_base_is_noticed_before_it_is_folded_into_the_next(workshop, folder):
    (base,) = folder.glob("base-*.arrow")
    whole = base.read_bytes()
    base.write_bytes(flipped(whole, whole.index(b"k17") + 1))
    with pytest.raises(LedgerMismatch, match=r"base-\d-\w+\.arrow is not what was written") as error:
        verify(workshop.store, "things")
    assert "activation reset things" in error.value.remedy
    newer = [thing(f"k{number}", name="newer" if number < 10 else "x") for number in range(50)]
    failed = workshop.fails(*newer)
    assert isinstance(failed.error, LedgerMismatch)
    assert workshop.vendor.names["k1"] == "newer"
    base.write_bytes(whole)
    workshop.run(*newer)
    assert workshop.vendor.writes == []
    assert verify(workshop.store, "things")[1] == 0


def test_the_name_of_a_file_stands_in_messages_as_it_is(workshop, folder):
    names = [path.name for path in folder.glob("*-*-*.arrow")]
    assert len(names) == 3
    assert [mask_text(name) for name in names] == names
    assert all(re.fullmatch(r"[a-z]+-\d-[a-p]{8}\.arrow", name) for name in names)


def test_files_of_earlier_versions_have_no_checksum_and_open_all_the_same(workshop, folder):
    text = re.sub(r' "checksum": "[a-p]{8}",\n', "", (folder / "manifest.json").read_text())
    assert "checksum" not in text
    for path in folder.glob("*-*-*.arrow"):
        plain = f"{path.stem.rpartition('-')[0]}.arrow"
        text = text.replace(path.name, plain)
        path.rename(path.with_name(plain))
    (folder / "manifest.json").write_text(text)
    assert verify(workshop.store, "things") == (0, 3)
    workshop.run(*(thing(f"k{number}", name="newer") for number in range(50)))
    assert len(workshop.vendor.sent) == 50
    assert verify(workshop.store, "things")[1] == 0


def flipped(whole: bytes, place: int) -> bytes:
    return whole[:place] + bytes([whole[place] ^ (1 << place % 8)]) + whole[place + 1 :]


def test_a_flipped_bit_in_what_a_crashed_run_had_heard_stops_the_run_before_anything_is_forgotten(
    workshop, folder
):
    workshop.vendor.answers = ["", "", "dies"]
    workshop.dies(*(thing(f"k{number}", name="newer") for number in range(50)))
    (path,) = folder.glob("journal-*.log")
    whole = path.read_bytes()
    path.write_bytes(flipped(whole, 100))
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
            counts.add(reading.head.count(*State))

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(8):
        workshop.run(*(thing(f"k{n}", name=f"x{number}") for n in range(50)))
    done.set()
    reader.join()
    assert counts == {50}
