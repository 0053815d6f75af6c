"""`activation ledger`, `adopt` and `reset`: what a ledger holds, how to go on with one, how to start over."""

import errno
import json
import os
import shutil

import duckdb
import polars as pl
import pytest

from activation_platform.sandbox.faults import Kind, Rule
from activation_platform.sync.folder import Folder
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.manifest import Manifest


@pytest.fixture
def root(project):
    return project.folder / ".activation"


@pytest.fixture
def folder(root):
    return root / "ledgers" / "newsletter"


@pytest.fixture
def ran(project, activation):
    """The newsletter, run once: three people accepted, two set aside."""
    activation("run", "newsletter")


def files(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# What a ledger holds


def test_a_ledger_is_counted_with_its_target_and_newest_run(ran, activation, sandbox):
    said = activation("ledger", "newsletter").stdout

    assert f"batch.profiles of sandbox-project at {sandbox.base_url('batch').split('/')[2]}" in said
    for words in (
        "newest run 1",
        "mode upsert",
        "key id",
        "present 3",
        "set aside 2",
        "manifest.json",
        "base-1-",
    ):
        assert words in " ".join(said.split())


def test_a_ledger_is_counted_as_json(ran, activation, folder):
    told = json.loads(activation("ledger", "newsletter", "--json").stdout)

    assert (told["entries"], told["debts"]) == ({"present": 3}, {"set aside": 2})
    assert (told["ledger"], told["sealed"], told["unsealed_run"]) == ("newsletter", 1, None)
    assert told["target"]["account"] == "sandbox-project"
    (base,) = folder.glob("base-1-*.arrow")
    assert told["files"][base.name] == base.stat().st_size


def test_all_ledgers_are_listed_and_a_damaged_one_stands_out(ran, activation, root, folder):
    shutil.copytree(folder, root / "ledgers" / "torn")
    (root / "ledgers" / "torn" / "manifest.json").write_text("{")

    said = activation("ledger").stdout

    assert "batch.profiles of sandbox-project" in said
    assert "damaged" in said
    assert [one["ledger"] for one in json.loads(activation("ledger", "--json").stdout)] == [
        "newsletter",
        "torn",
    ]
    assert "activation reset torn" in activation("ledger", "torn", fails=1).stderr


def test_without_a_ledger_there_is_nothing_to_list(project, activation):
    assert "There is no ledger under" in activation("ledger").stdout
    assert activation("ledger", "--json").stdout.strip() == "[]"


def test_a_key_tells_its_entry_and_its_history_and_hides_other_values(ran, activation, project):
    project.warehouse_holds("update people set first_name = 'Ada L.' where id = 'p1'")
    activation("run", "newsletter")

    said = " ".join(activation("ledger", "newsletter", "--key", "p1").stdout.split())
    told = json.loads(activation("ledger", "newsletter", "--key", "p1", "--show-values", "--json").stdout)

    assert "present" in said
    assert [row["operation"] for row in told["history"]] == ["insert", "update"]
    assert (told["entry"]["state"], told["entry"]["identifier"], told["debts"]) == ("present", "p1", [])


def test_a_key_that_is_set_aside_tells_why(ran, activation):
    said = activation("ledger", "newsletter", "--key", "person-number-5").stdout
    told = json.loads(activation("ledger", "newsletter", "--key", "person-number-5", "--json").stdout)

    assert "The ledger holds no entry of person-number-5." in said
    assert "not an e-mail address" in said
    assert (told["entry"], told["debts"][0]["kind"]) == (None, "set aside")


def test_a_keys_identifier_is_masked_unless_it_is_asked_for(ran, project, activation):
    project.warehouse_holds("update people set id = 'a-long-identifier' where id = 'p1'")
    activation("run", "newsletter")

    masked = activation("ledger", "newsletter", "--key", "a-long-identifier", "--json").stdout
    clear = activation("ledger", "newsletter", "--key", "a-long-identifier", "--json", "--show-values").stdout

    assert json.loads(masked)["entry"]["identifier"] == "a•••r"
    assert json.loads(clear)["entry"]["identifier"] == "a-long-identifier"


def test_what_stands_in_a_ledger_is_shown_and_does_nothing(ran, activation, project, sandbox):
    sandbox.world.add_fault(
        Rule(Kind.POISON, identifier="p2", reason="\x1b]8;;https://example.com\x07[bold]no")
    )
    project.warehouse_holds("update people set first_name = 'new' where id = 'p2'")
    activation("run", "newsletter")

    said = activation("ledger", "newsletter", "--key", "p2").stdout
    own = activation("ledger", "newsletter", "--key", "p4\x1b[2J[red]").stdout

    assert "[bold]no" in said
    assert "p4␛[2J[red]" in own
    assert "\x1b" not in said + own


def test_a_key_that_nobody_knows_is_said_to_be_unknown(ran, activation):
    assert "holds no entry of nobody" in activation("ledger", "newsletter", "--key", "nobody").stdout


def test_entries_are_exported_with_readable_states(ran, activation, tmp_path):
    to = tmp_path / "entries.parquet"

    assert "3 entries" in activation("ledger", "newsletter", "--export", to).stdout

    assert sorted(pl.read_parquet(to).select("key", "state", "identifier").rows()) == [
        ("p1", "present", "p1"),
        ("p2", "present", "p2"),
        ("p3", "present", "p3"),
    ]
    assert duckdb.sql(f"select count(*), max(since) > date '2020-01-01' from '{to}'").fetchall() == [
        (3, True)
    ]
    assert not list(tmp_path.glob(".*part*"))


def test_what_is_owed_is_exported_too(ran, activation, tmp_path):
    to = tmp_path / "owed.parquet"

    assert "2 debts" in activation("ledger", "newsletter", "--export", to, "--debts").stdout

    owed = pl.read_parquet(to)
    assert owed["kind"].to_list() == ["set aside", "set aside"]
    assert "person-number-5" in owed["key"].to_list()


# What it held


@pytest.fixture
def changed(ran, project, activation):
    """The newsletter again, twice: one has another name, then one is gone and another is new."""
    project.warehouse_holds("update people set first_name = 'Ada L.' where id = 'p1'")
    activation("run", "newsletter")
    project.warehouse_holds("update people set id = 'p6' where id = 'p2'")
    activation("run", "newsletter")


def test_what_a_ledger_held_after_a_run_is_counted_and_exported(changed, activation, tmp_path):
    to = tmp_path / "then.parquet"
    held = {}
    for run in ("1", "2", "3"):
        activation("ledger", "newsletter", "--at", run, "--export", to)
        held[run] = sorted(pl.read_parquet(to).filter(pl.col("state") == "present")["key"])

    assert held == {"1": ["p1", "p2", "p3"], "2": ["p1", "p2", "p3"], "3": ["p1", "p3", "p6"]}
    told = json.loads(activation("ledger", "newsletter", "--at", "2", "--json").stdout)
    assert told == {"ledger": "newsletter", "run": 2, "entries": {"present": 3}}
    said = " ".join(activation("ledger", "newsletter", "--at", "1").stdout.split())
    assert "newsletter after run 1" in said
    assert "present 3" in said


def test_a_key_is_told_as_it_was_after_a_run(changed, activation):
    def told(*at):
        return json.loads(activation("ledger", "newsletter", "--key", "p1", "--json", *at).stdout)

    assert told("--at", "1")["entry"]["raw"] != told()["entry"]["raw"]
    assert told("--at", "2")["entry"] == told()["entry"]
    assert [row["operation"] for row in told("--at", "1")["history"]] == ["insert"]
    assert activation("ledger", "newsletter", "--at", "2", "--key", "p6").stdout.startswith(
        "The ledger holds no"
    )


def test_a_partition_stands_for_its_newest_run(changed, activation):
    runs = json.loads(activation("history", "newsletter", "--json").stdout)
    (partition,) = {run["partition"] for run in runs}
    assert json.loads(activation("ledger", "newsletter", "--at", partition, "--json").stdout)["run"] == 3


@pytest.mark.parametrize("at", ["9", "0", "yesterday"])
def test_a_run_or_partition_that_never_was_is_said_to_be_unknown(ran, activation, at):
    said = activation("ledger", "newsletter", "--at", at, fails=1).stderr
    assert f"the ledger newsletter has no sealed run {at}, and none of a partition {at}" in said
    assert "activation history" in said


def test_all_files_are_held_against_their_checksums(changed, activation, folder):
    assert "files are what was written" in activation("ledger", "newsletter", "--verify").stdout
    (base,) = folder.glob("base-*.arrow")
    whole = base.read_bytes()
    base.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    said = activation("ledger", "newsletter", "--verify", fails=1).stderr
    assert f"{base.name} is not what was written" in said
    assert "activation reset newsletter" in said
    base.rename(base.with_name("base-3.arrow"))
    manifest = Manifest.read(Folder(folder))
    manifest.base = "base-3.arrow"
    manifest.place(Folder(folder))
    assert "1 have no checksum" in activation("ledger", "newsletter", "--verify").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["newslettr"], 'Did you mean "newsletter"?'),
        (["newsletter", "--debts"], "--debts goes with --export"),
        (["--key", "p1"], "go with the name of a ledger"),
        (["--at", "1"], "go with the name of a ledger"),
        (["--verify"], "go with the name of a ledger"),
        (["newsletter", "--at", "1", "--export", "x.parquet", "--debts"], "--at shows entries"),
        (["newsletter", "--export", "/nowhere/at/all.parquet"], "there is no folder /nowhere/at"),
        (["newsletter", "--export", "."], "is a folder"),
    ],
    ids=str,
)
def test_a_question_that_makes_no_sense_ends_with_two(ran, activation, arguments, words):
    assert words in activation("ledger", *arguments, fails=2).stderr


def test_a_run_under_way_or_crashed_is_mentioned_and_not_disturbed(ran, activation, root, folder):
    ledger = Ledger(Folder(folder))
    ledger.begin()
    before = files(folder)
    with Folder(root).lock("locks/newsletter", wait=0):
        said = activation("ledger", "newsletter").stdout
        told = json.loads(activation("ledger", "newsletter", "--json").stdout)
        activation("ledger", "newsletter", "--key", "p1")
    assert "Run 2 has begun and is not sealed" in said
    assert (told["unsealed_run"], told["entries"]) == (2, {"present": 3})
    assert files(folder) == before
    ledger.seal()


# Start over


def test_reset_asks_and_does_nothing_without_a_yes(ran, activation, folder):
    before = files(folder)
    activation("reset", "newsletter", fails=1)
    assert files(folder) == before


def test_reset_sets_the_ledger_aside_and_the_next_run_sends_everything_as_new(ran, activation, root):
    said = activation("reset", "newsletter", "--yes").stdout

    assert "starts over with its next run" in said
    (aside,) = (root / "ledgers-set-aside").iterdir()
    assert str(aside) in "".join(said.split("\n"))
    told = json.loads(activation("run", "newsletter", "--json").stdout)
    assert (told["number"], told["figures"]["inserted"]) == (2, 3)


def test_reset_begins_a_ledger_that_is_lost_where_the_activation_is_declared(project, activation, folder):
    activation("reset", "newsletter", "--yes")
    assert Manifest.read(Folder(folder)).placed


def test_reset_of_what_nobody_declared_names_the_nearest(project, activation):
    assert 'Did you mean "newsletter"?' in activation("reset", "newslettr", "--yes", fails=2).stderr


def test_a_disk_without_room_is_told_in_a_line(ran, activation, monkeypatch):
    def full(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    said = activation("reset", "newsletter", "--yes", fails=1).stderr
    assert said.startswith("Connection: the storage root cannot be written (No space left on device).")
    assert "Make room there" in said


def test_reset_mends_a_torn_ledger(ran, activation, folder):
    (folder / "manifest.json").write_text("{")
    assert "activation reset newsletter" in activation("run", "newsletter", fails=1).stderr
    activation("reset", "newsletter", "--yes")
    assert json.loads(activation("run", "newsletter", "--json").stdout)["figures"]["inserted"] == 3


# Go on


def renamed(project, old, new):
    project.declare(project.yaml.read_text().replace(f"name: {old}", f"name: {new}"))


def test_a_renamed_activation_is_stopped_and_goes_on_once_it_adopts(ran, activation, project, sandbox):
    renamed(project, "newsletter", "letters")
    stopped = activation("run", "letters", fails=1)
    assert "activation adopt letters --from newsletter" in stopped.stderr

    said = activation("adopt", "letters", "--from", "newsletter").stdout

    assert "letters goes on with the ledger newsletter" in said
    told = json.loads(activation("run", "letters", "--json").stdout)
    assert told["status"] == "nothing to do"
    assert [run["ledger"] for run in json.loads(activation("history", "letters", "--json").stdout)] == [
        "letters"
    ] * 2


def test_the_only_ledger_that_waits_need_not_be_named(ran, activation, project):
    renamed(project, "newsletter", "letters")
    assert "the ledger newsletter" in activation("adopt", "letters").stdout


def test_of_several_that_wait_one_must_be_named(ran, activation, project, root, folder):
    shutil.copytree(folder, root / "ledgers" / "older")
    renamed(project, "newsletter", "letters")
    assert "any of newsletter, older; write which" in activation("adopt", "letters", fails=2).stderr


def test_where_none_waits_it_says_so(project, activation):
    assert (
        "no ledger of this target waits for newsletter" in activation("adopt", "newsletter", fails=2).stderr
    )
    assert (
        "there is no ledger nobodys" in activation("adopt", "newsletter", "--from", "nobodys", fails=1).stderr
    )
    assert 'Did you mean "newsletter"?' in activation("adopt", "newslettr", fails=2).stderr


def test_the_ledger_of_a_declared_activation_is_not_taken_from_it(ran, activation, project):
    again = project.yaml.read_text().rpartition("---")[2].replace("name: newsletter", "name: letters")
    project.declare(project.yaml.read_text() + "---" + again)
    said = activation("adopt", "letters", "--from", "newsletter", fails=2).stderr
    assert "newsletter is the ledger of newsletter, which is an activation of this workspace" in said
