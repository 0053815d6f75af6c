"""A store: its two homes behave alike, whoever reads, writes, lists, locks or appends."""

import threading
import time

import polars as pl
import pytest

from activation_platform.contracts.errors import Cancelled, TimedOut
from activation_platform.sync.base_file import open_base
from activation_platform.sync.files import as_ipc
from activation_platform_tests.sync.homes import home


@pytest.fixture(params=["folder", "bucket"])
def store(request, front, tmp_path, monkeypatch):
    return home(request.param, front, tmp_path, monkeypatch)


def at_once(count: int, act) -> list:
    """What `act(n)` returns in as many threads."""
    results: list = [None] * count

    def one(number):
        results[number] = act(number)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_what_is_written_is_read_and_replaced_whole(store):
    assert store.read("a/b.json") is None
    store.write("a/b.json", b"one")
    store.write("a/b.json", b"two")
    assert (store.read("a/b.json"), (store / "a").read("b.json")) == (b"two", b"two")
    store.write_json("c", {"n": [1, "é"]})
    assert store.read_json("c") == {"n": [1, "é"]}
    assert store.read_json("d") is None


def test_a_place_knows_its_name_and_its_equals(store):
    place = store / "ledgers" / "letters"
    assert place.name == "letters"
    assert str(place).endswith("/ledgers/letters")
    assert place == store / "ledgers/letters"
    assert place != store / "ledgers"


def test_only_the_first_creates_a_file(store):
    assert store.create("key", b"mine")
    assert not store.create("key", b"yours")
    assert store.create("key", b"mine"), "the answer to a first try may have been lost"
    assert store.read("key") == b"mine"


def test_of_many_that_create_a_file_at_once_one_does(store):
    assert at_once(8, lambda n: store.create("key", b"%d" % n)).count(True) == 1


def test_changes_are_made_one_after_the_other(store):
    def count(_):
        for _ in range(3):
            store.change("counter", lambda kept: b"%d" % (int(kept or 0) + 1), durable=False)

    at_once(4, count)
    assert store.read("counter") == b"12"


def test_a_change_that_fails_leaves_the_file_as_it_was(store):
    store.write("file", b"before")
    with pytest.raises(ZeroDivisionError):
        store.change("file", lambda kept: b"%d" % (1 // 0))
    assert store.read("file") == b"before"
    store.change("file", lambda kept: kept + b" and after")
    assert store.read("file") == b"before and after"


def test_names_are_those_of_files_and_folders_in_this_place_only(store):
    assert (store.names(), store.files()) == ([], {})
    for name in ("b", "a/1", "a/2", "a/c/3", "ab/4"):
        store.write(name, b"x" * 5)
    assert store.names() == ["a", "ab", "b"]
    assert (store / "a").names() == ["1", "2", "c"]
    files = (store / "a").files()
    assert set(files) == {"1", "2"}
    assert files["1"].size == 5
    assert abs(files["1"].written - time.time()) < 60


def test_several_are_read_in_their_order_without_those_that_are_gone(store):
    for name in "abc":
        store.write(name, name.encode())
    assert list(store.read_each(["c", "nobody", "a"])) == [b"c", b"a"]
    assert list(store.read_each([])) == []


def test_a_file_or_a_folder_is_deleted_with_what_is_in_it_and_nothing_else(store):
    for name in ("a", "f/1", "f/g/2", "f2/3"):
        store.write(name, b"x")
    store.delete("a")
    store.delete("f")
    store.delete("nobody")
    assert store.names() == ["f2"]
    assert (store / "f2").names() == ["3"]


def test_a_file_that_is_kept_can_be_mapped_and_is_read_anew_when_it_was_replaced(store):
    for values in ([1, 2, 3], [4]):
        frame = pl.DataFrame({"a": values})
        store.keep("base.arrow", as_ipc(frame))
        assert open_base(store.file("base.arrow"))["a"].to_pylist() == values
        assert store.file("base.arrow") == store.file("base.arrow")


def test_a_kept_file_that_is_gone_is_an_error_of_the_system(store):
    store.keep("base.arrow", as_ipc(pl.DataFrame({"a": [1]})))
    store.delete("base.arrow")
    with pytest.raises(OSError):
        open_base(store.file("base.arrow"))


def test_a_large_file_is_kept_whole(store):
    content = b"0123456789" * 2_500_000
    store.keep("large", lambda path: path.write_bytes(content) and None)
    assert store.files()["large"].size == len(content)
    assert store.file("large").read_bytes() == content


def test_a_scratch_folder_is_empty_and_its_files_appear_under_a_name_at_once(store):
    folder = store.scratch(".draft")
    assert list(folder.iterdir()) == []
    (folder / "part-0").write_bytes(b"0")
    (folder / "done.json").write_bytes(b"{}")
    assert store.names() == []
    store.adopt(folder, "00000001", last="done.json")
    assert (store / "00000001").names() == ["done.json", "part-0"]
    assert (store / "00000001").file("part-0").read_bytes() == b"0"
    assert not folder.exists()
    assert list(store.scratch(".draft").iterdir()) == []


def test_a_folder_moves_with_all_that_is_in_it(store):
    for name in ("old/manifest.json", "old/changes/1", "older/2"):
        store.write(name, name.encode())
    store.move("old", "away/new", last="manifest.json")
    assert store.names() == ["away", "older"]
    assert (store / "away" / "new").names() == ["changes", "manifest.json"]
    assert store.read("away/new/changes/1") == b"old/changes/1"
    store.move("nobody", "away/nobody", last="manifest.json")
    assert (store / "away").names() == ["new"]


def test_a_log_holds_what_was_appended_in_order_and_goes_on_when_it_is_opened_again(store):
    assert store.read_log("journal-1.log") is None
    for pieces in ([b"a", b"bc"], [b"", b"d"]):
        log = store.log("journal-1.log")
        for piece in pieces:
            log.append(piece)
        log.close()
    assert bytes(store.read_log("journal-1.log") or b"") == b"abcd"
    assert store.names() == ["journal-1.log"]
    store.delete("journal-1.log")
    assert store.read_log("journal-1.log") is None


def test_what_was_appended_stays_when_a_log_is_ended(store):
    log = store.log("journal-1.log")
    log.append(b"a")
    log.close()
    store.end_log("journal-1.log")
    store.end_log("journal-1.log")
    assert bytes(store.read_log("journal-1.log") or b"") == b"a"


def test_of_many_who_want_a_lock_one_at_a_time_has_it(store):
    inside, most = [], []

    def work(number):
        with store.lock("locks/letters", wait=30) as hold:
            inside.append(number)
            most.append(len(inside))
            hold.require()
            inside.remove(number)

    at_once(3, work)
    assert most == [1, 1, 1]


def test_who_waits_for_a_lock_in_vain_is_told_who_has_it(store):
    with store.lock("locks/letters", wait=0):
        with pytest.raises(TimedOut, match="another run of letters"), store.lock("locks/letters", wait=0):
            pass
        with (
            pytest.raises(Cancelled, match="waiting for letters"),
            store.lock("locks/letters", wait=9, cancelled=lambda: True),
        ):
            pass
        with store.lock("locks/others", wait=0):
            pass
    with store.lock("locks/letters", wait=0):
        pass
