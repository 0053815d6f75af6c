"""The right ledger: Dagster knows which run was the newest, so that a lost or old one stops before its first request."""

import shutil

import dagster as dg

from activation_platform.components.witness import BEGUN, SEALED
from activation_platform.sandbox.faults import Kind, Rule
from activation_platform.sync.folder import Folder
from activation_platform.sync.ledgers import reset
from activation_platform_tests.components.project import (
    FIRST,
    LETTERS,
    SECOND,
    THIRD,
    Runner,
    fill,
    person,
    refusal,
    succeeded,
    told,
)

ASSET = dg.AssetKey(LETTERS.split("/"))


def witnessed(instance):
    """Run numbers begun and sealed, oldest observation first."""
    records = instance.fetch_observations(ASSET, limit=50, ascending=True).records
    seen = [record.asset_observation.metadata for record in records]
    return [(one[BEGUN].value, one[SEALED].value) for one in seen if SEALED in one]


def requests(sandbox):
    return sum(counted["count"] for counted in sandbox.world.requests() if counted["method"] == "POST")


def test_a3_every_run_is_witnessed_when_it_begins_and_when_it_is_sealed(runner, instance):
    succeeded(runner.run(LETTERS))
    succeeded(runner.run(LETTERS, partition=SECOND))
    assert witnessed(instance) == [(1, 0), (1, 1), (2, 1), (2, 2)]


def test_a3_a_run_that_fails_is_witnessed_too(runner, instance, sandbox):
    sandbox.world.add_fault(Rule(Kind.STATUS, path="/batch/*/profiles/*", status=401))
    assert not runner.run(LETTERS).success
    assert witnessed(instance)[-1] == (1, 1)


def test_a3_a_run_is_witnessed_before_its_first_writing_request(runner, instance, sandbox, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise OSError("Dagster's storage is down")

    succeeded(runner.run("segments/loyal"))
    monkeypatch.setattr("dagster.AssetObservation.__new__", refuse)
    assert "OSError" in refusal(runner.run(LETTERS, upstream=False))
    assert requests(sandbox) == 0


def test_a3_a_lost_ledger_stops_the_run_before_its_first_request(runner, storage, sandbox, warehouse):
    succeeded(runner.run(LETTERS))
    before = requests(sandbox)
    shutil.rmtree(storage / "ledgers")
    words = refusal(runner.run(LETTERS, partition=SECOND))
    assert words.startswith("Configuration: this is not the ledger that the last run left")
    assert "activation reset letters" in words
    assert requests(sandbox) == before


def test_a3_an_old_ledger_stops_the_run_before_its_first_request(
    runner, storage, sandbox, warehouse, tmp_path
):
    succeeded(runner.run(LETTERS))
    shutil.copytree(storage / "ledgers" / "letters", tmp_path / "backup")
    fill(warehouse, [person(1, first_name="New"), person(2)])
    succeeded(runner.run(LETTERS, partition=SECOND))
    before = requests(sandbox)
    shutil.rmtree(storage / "ledgers" / "letters")
    shutil.copytree(tmp_path / "backup", storage / "ledgers" / "letters")
    words = refusal(runner.run(LETTERS, partition=THIRD))
    assert "Dagster knows of run 2, it ends with run 1" in words
    assert requests(sandbox) == before


def test_a3_a_ledger_newer_than_what_dagster_knows_is_trusted(runner, storage, sandbox):
    succeeded(runner.run(LETTERS))
    with dg.DagsterInstance.ephemeral() as forgetful:
        result = succeeded(Runner(runner.defs, forgetful).run(LETTERS, partition=SECOND))
    assert told(result, LETTERS)["status"] == "nothing to do"


def test_a3_starting_over_is_the_only_way_on_and_is_remembered(runner, storage):
    succeeded(runner.run(LETTERS))
    succeeded(runner.run(LETTERS, partition=SECOND))
    shutil.rmtree(storage / "ledgers")
    assert not runner.run(LETTERS, partition=THIRD).success
    assert reset(Folder(storage), "letters") is None
    figures = told(succeeded(runner.run(LETTERS, partition=FIRST)), LETTERS)
    assert (figures["inserted"], figures["ledger_sequence"]) == (4, 3)
    figures = told(succeeded(runner.run(LETTERS, partition=SECOND)), LETTERS)
    assert (figures["status"], figures["ledger_sequence"]) == ("nothing to do", 4)


def test_a3_the_ledger_that_was_set_aside_is_too_old_once_its_successor_ran(runner, storage):
    succeeded(runner.run(LETTERS))
    aside = reset(Folder(storage), "letters").path
    succeeded(runner.run(LETTERS, partition=SECOND))
    shutil.rmtree(storage / "ledgers" / "letters")
    aside.rename(storage / "ledgers" / "letters")
    assert "Dagster knows of run 2, it ends with run 1" in refusal(runner.run(LETTERS, partition=THIRD))


def test_a3_a_reset_is_undone_by_putting_the_old_ledger_back_before_the_next_run(runner, storage):
    succeeded(runner.run(LETTERS))
    aside = reset(Folder(storage), "letters").path
    shutil.rmtree(storage / "ledgers" / "letters")
    aside.rename(storage / "ledgers" / "letters")
    assert told(succeeded(runner.run(LETTERS, partition=SECOND)), LETTERS)["status"] == "nothing to do"


def test_a3_a_run_that_fails_before_it_knows_its_target_does_not_use_the_reset_up(
    runner, storage, sandbox, monkeypatch
):
    succeeded(runner.run(LETTERS))
    reset(Folder(storage), "letters")
    monkeypatch.setenv("BATCH_REST_API_KEY", "wrong")
    assert not runner.run(LETTERS, partition=SECOND).success
    monkeypatch.setenv("BATCH_REST_API_KEY", "sandbox-rest-key")
    assert told(succeeded(runner.run(LETTERS, partition=SECOND)), LETTERS)["inserted"] == 4


def test_a3_a_storage_root_pointed_elsewhere_stops_and_pointed_back_goes_on(
    runner, storage, tmp_path, sandbox, monkeypatch
):
    succeeded(runner.run(LETTERS))
    before = requests(sandbox)
    monkeypatch.setenv("ACTIVATION_STORAGE", str(tmp_path / "elsewhere"))
    words = refusal(runner.run(LETTERS, partition=SECOND))
    assert "Point ACTIVATION_STORAGE at the storage root of the earlier runs" in words
    assert requests(sandbox) == before
    monkeypatch.setenv("ACTIVATION_STORAGE", str(storage))
    assert told(succeeded(runner.run(LETTERS, partition=SECOND)), LETTERS)["status"] == "nothing to do"


def test_a3_a_ledger_brought_back_without_its_frames_stops_and_is_not_taken_for_superseded(
    runner, storage, tmp_path
):
    for partition in (FIRST, SECOND):
        succeeded(runner.run(LETTERS, partition=partition))
    frames = storage / "frames"
    frames.rename(tmp_path / "frames")
    words = refusal(runner.run(LETTERS, partition=THIRD))
    assert "has applied snapshot 4, but the newest of this storage root is 2" in words
    shutil.rmtree(frames)
    (tmp_path / "frames").rename(frames)
    assert told(succeeded(runner.run(LETTERS, partition=THIRD)), LETTERS)["status"] == "nothing to do"


def test_a3_what_was_started_over_elsewhere_is_the_newer_ledger(runner, storage, tmp_path, monkeypatch):
    succeeded(runner.run(LETTERS))
    elsewhere = tmp_path / "elsewhere"
    monkeypatch.setenv("ACTIVATION_STORAGE", str(elsewhere))
    reset(Folder(elsewhere), "letters")
    succeeded(runner.run(LETTERS, partition=SECOND))
    monkeypatch.setenv("ACTIVATION_STORAGE", str(storage))
    assert "Dagster knows of run 2, it ends with run 1" in refusal(runner.run(LETTERS, partition=THIRD))


def test_a3_what_others_observe_of_the_asset_does_not_hide_the_number(runner, instance, storage):
    succeeded(runner.run(LETTERS))
    for _ in range(25):
        instance.report_runless_asset_event(dg.AssetObservation(ASSET, metadata={"seen": 1}))
    shutil.rmtree(storage / "ledgers")
    assert "not the ledger" in refusal(runner.run(LETTERS, partition=SECOND))
