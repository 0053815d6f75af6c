"""A ledger for each host, and one owner of a target, through Dagster: pointed at a sandbox and back, shared, renamed."""

import json
import shutil

import dagster as dg
import pytest

from activation_platform.components.witness import BEGUN, HOST
from activation_platform.sandbox.server import running
from activation_platform.sync.folder import Folder
from activation_platform.sync.history import read_runs
from activation_platform.sync.ledgers import adopt, ledgers, reset
from activation_platform.sync.manifest import Manifest
from activation_platform_tests.components.project import (
    FIRST,
    LEADS,
    LETTERS,
    SECOND,
    THIRD,
    Project,
    fill,
    person,
    refusal,
    succeeded,
    told,
)


@pytest.fixture(scope="module")
def _rehearsal():
    with running(limits=False, seed=7) as server:
        yield server


@pytest.fixture
def rehearsal(_rehearsal):
    """Another Attio, whose workspace is not the real one's; for Batch it takes the same project."""
    _rehearsal.world.reset()
    return _rehearsal


def holds(server, name):
    return name in json.dumps(server.world.state()["attio"])


def test_a2_pointed_at_a_sandbox_and_back_an_activation_goes_on_where_it_was(
    runner, storage, sandbox, rehearsal, warehouse, monkeypatch
):
    succeeded(runner.run(LEADS, partition=SECOND))
    monkeypatch.setenv("ATTIO_BASE_URL", rehearsal.base_url("attio"))
    fill(warehouse, [person(1), person(7, first_name="Rehearsed")])
    figures = told(succeeded(runner.run(LEADS, partition=FIRST)), LEADS)
    assert (figures["inserted"], figures["ledger_sequence"]) == (2, 1)
    assert holds(rehearsal, "Rehearsed")
    assert not holds(sandbox, "Rehearsed")
    monkeypatch.setenv("ATTIO_BASE_URL", sandbox.base_url("attio"))
    figures = told(succeeded(runner.run(LEADS, partition=THIRD)), LEADS)
    assert (figures["inserted"], figures["ledger_sequence"]) == (1, 2)
    assert holds(sandbox, "Rehearsed")
    assert len(ledgers(Folder(storage), "leads")) == 2
    assert [run.number for run in read_runs(Folder(storage), "leads")] == [1, 1, 2]


def test_a3_the_ledger_of_each_host_is_witnessed_by_itself(
    runner, storage, sandbox, rehearsal, instance, monkeypatch
):
    succeeded(runner.run(LEADS))
    succeeded(runner.run(LEADS, partition=SECOND))
    monkeypatch.setenv("ATTIO_BASE_URL", rehearsal.base_url("attio"))
    succeeded(runner.run(LEADS))
    records = instance.fetch_observations(dg.AssetKey(LEADS.split("/")), limit=50).records
    seen = [
        {name: value.value for name, value in record.asset_observation.metadata.items()} for record in records
    ]
    numbers = {(one[HOST], one[BEGUN]) for one in seen if HOST in one}
    real, other = (server.base_url("attio").split("/")[2] for server in (sandbox, rehearsal))
    assert numbers == {(real, 1), (real, 2), (other, 1)}


def test_a2_another_address_of_the_same_account_stops_and_names_both_ways(
    runner, storage, sandbox, rehearsal, monkeypatch
):
    succeeded(runner.run(LETTERS))
    monkeypatch.setenv("BATCH_BASE_URL", rehearsal.base_url("batch"))
    words = refusal(runner.run(LETTERS, partition=SECOND))
    port = rehearsal.base_url("batch").split("/")[2].split(":")[1]
    assert "activation adopt letters --from letters." in words
    assert f"activation reset letters~127.0.0.1_{port}" in words
    assert rehearsal.world.part("batch", "profiles") == {}
    reset(Folder(storage), f"letters~127.0.0.1_{port}")
    assert told(succeeded(runner.run(LETTERS, partition=SECOND)), LETTERS)["inserted"] == 4
    monkeypatch.setenv("BATCH_BASE_URL", sandbox.base_url("batch"))
    assert told(succeeded(runner.run(LETTERS, partition=SECOND)), LETTERS)["status"] == "nothing to do"


def test_a3_a_ledger_that_is_adopted_goes_on_from_the_numbers_that_dagster_knows(runner, storage, tmp_path):
    for partition in (FIRST, SECOND):
        succeeded(runner.run(LETTERS, partition=partition))
    folder = storage / "ledgers" / "letters"
    target, older = Manifest.read(Folder(folder)).target, storage / "ledgers" / "older"
    shutil.copytree(folder, older)
    manifest = Manifest.read(Folder(older))
    manifest.sequence = manifest.sealed = 1
    manifest.write(Folder(older))
    shutil.rmtree(folder)
    adopt(Folder(storage), "letters", of="older", target=target, key=("id",))
    figures = told(succeeded(runner.run(LETTERS, partition=THIRD)), LETTERS)
    assert (figures["status"], figures["ledger_sequence"]) == ("nothing to do", 3)


SECOND_SHOP = """\
type: activation_platform.ActivationComponent
attributes:
  name: others
  segment: loyal
  destination: crm
  service: people
  mode: upsert
  mapping:
    email_addresses: email
    name.first_name: first_name
  schedule: {cron: "0 6 * * 1", start: 2024-01-01}
"""
OTHERS = "activations/crm/others"


def test_a4_who_overwrites_whom_stands_in_the_notes_of_both_runs(project, loaded):
    runner = loaded(project.also(SECOND_SHOP))
    succeeded(runner.run(LEADS))
    notes = told(succeeded(runner.run(OTHERS)), OTHERS)["notes"]
    assert "others" in notes
    assert "leads" in notes
    assert "whichever runs later wins" in notes
    assert "whichever runs later wins" in told(succeeded(runner.run(LEADS, partition=SECOND)), LEADS)["notes"]


def test_a4_an_owner_in_another_workspace_of_the_storage_root_stops_the_run(
    runner, loaded, tmp_path, sandbox
):
    succeeded(runner.run(LETTERS))
    other = Project(tmp_path / "elsewhere").replaced("name: letters", "name: mailing")
    words = refusal(loaded(other).run("activations/mail/mailing"))
    assert "the ledger letters was written for the same target by the activation letters" in words
    assert "activation adopt mailing --from letters" in words
    assert set(sandbox.world.part("batch", "received").values()) == {1}
