"""State on object storage through Dagster: frames, ledger and budgets under one `s3://` root; and folders nobody shares."""

from http import HTTPStatus
from types import SimpleNamespace

import pytest

from activation_platform.components import launchers
from activation_platform.components.frames import Frames
from activation_platform.components.launchers import require_shared_storage
from activation_platform.components.storage import storage_root
from activation_platform.contracts.errors import DeclarationError
from activation_platform.sync.history import read_runs
from activation_platform.sync.ledgers import ledgers, reset
from activation_platform_tests.components.project import (
    FIRST,
    LETTERS,
    SECOND,
    THIRD,
    fill,
    person,
    refusal,
    succeeded,
    told,
)
from activation_platform_tests.sync.homes import new_bucket


@pytest.fixture
def root(storage, front, tmp_path, monkeypatch):
    """The storage root in a bucket; comes after `storage`, which names a folder."""
    monkeypatch.setenv("ACTIVATION_STORAGE", new_bucket(front, tmp_path / "cache", monkeypatch))
    return storage_root()


def test_d6_everything_a_run_remembers_is_in_the_bucket_and_nothing_beside_it(
    runner, root, storage, sandbox, warehouse
):
    first = told(succeeded(runner.run(LETTERS, partition=FIRST)), LETTERS)
    fill(warehouse, [person(1, first_name="Renamed"), person(2), person(9)])
    second = told(succeeded(runner.run(LETTERS, partition=SECOND)), LETTERS)
    third = told(succeeded(runner.run(LETTERS, partition=THIRD)), LETTERS)
    assert [run["status"] for run in (first, second, third)] == ["succeeded", "succeeded", "nothing to do"]
    assert (first["inserted"], second["inserted"], second["updated"]) == (4, 1, 1)
    assert second["deleted"] == 2
    assert [run.status for run in read_runs(root)] == ["succeeded", "succeeded", "nothing to do"]
    assert root.names() == ["budgets", "frames", "ledgers", "locks"]
    assert not storage.exists()


def test_d6_a_frame_is_published_by_its_last_object(runner, root):
    succeeded(runner.run("models/people", partition=None))
    people = Frames(root, "models", "people")
    newest = people.newest()
    # What a run leaves whose upload broke off, and what is under way: parts, and nobody sees them.
    people.folder.write(f"{newest.number + 1:08}/part-00000.parquet", b"half a part")
    assert people.newest() == newest
    succeeded(runner.run("models/people", partition=None))
    assert people.newest().number > newest.number
    assert people.newest().scan().collect().height == newest.rows


def test_d6_starting_over_moves_the_ledger_aside_within_the_bucket(runner, root, sandbox):
    succeeded(runner.run(LETTERS))
    aside = reset(root, "letters")
    assert "manifest.json" in aside.names()
    again = told(succeeded(runner.run(LETTERS, partition=SECOND)), LETTERS)
    assert (again["inserted"], ledgers(root)) == (4, ["letters"])


def test_d6_a_store_that_refuses_ends_the_run_in_words(runner, root, front):
    front.faults.update({verb: [HTTPStatus.FORBIDDEN] * 50 for verb in ("GET", "PUT", "HEAD")})
    words = refusal(runner.run(LETTERS))
    assert "refuses us" in words
    assert "read, write, list and delete" in words


class Elsewhere:
    """A launcher of runs on other machines."""


@pytest.fixture
def far():
    """An instance of Dagster whose launcher is not its own."""
    return SimpleNamespace(run_launcher=Elsewhere())


def test_a3_a_folder_is_refused_where_runs_are_launched_elsewhere(storage, far):
    with pytest.raises(
        DeclarationError, match=r"storage is a folder, but Elsewhere .*s3://.*ACTIVATION_STORAGE_SHARED=1"
    ):
        require_shared_storage(far)


def test_a3_a_folder_that_is_a_shared_volume_is_declared_so(storage, far, monkeypatch):
    monkeypatch.setenv("ACTIVATION_STORAGE_SHARED", "1")
    require_shared_storage(far)


def test_a3_a_bucket_can_be_seen_from_everywhere(root, far):
    require_shared_storage(far)


def test_a3_a_run_is_refused_before_it_reads_anything(runner, storage, sandbox, monkeypatch):
    monkeypatch.setattr(launchers, "_HERE", ())
    words = refusal(runner.run(LETTERS))
    assert "may launch runs on other machines" in words
    assert not storage.exists()
