"""Exports through Dagster: what is in a run's file, when there is none, and what is refused before anything runs."""

import gzip

import pytest

from activation_platform_tests.components.pages import example_of
from activation_platform_tests.components.project import (
    SECOND,
    THIRD,
    Project,
    Runner,
    fill,
    person,
    refusal,
    succeeded,
    told,
)
from activation_platform_tests.destinations.files.sftp_server import USER, Server, serving

IN_PARIS = "2024-01-01-06:00+0100"
PEOPLE, CHANGES = "activations/drop/people", "activations/drop/changes"

DROP = """\
type: activation_platform.DestinationComponent
attributes:
  name: drop
  platform: files
  settings:
    url: env:DROP_URL
---
type: activation_platform.ActivationComponent
attributes:
  name: people
  segment: loyal
  destination: drop
  service: export
  mode: snapshot
  options: {path: people.csv}
  mapping: {id: id, email: email, key: orders}
  schedule: {cron: "0 6 * * 1", start: 2024-01-01}
---
type: activation_platform.ActivationComponent
attributes:
  name: changes
  segment: loyal
  destination: drop
  service: export
  mode: mirror
  options:
    path: "changes/{YYYY}-{MM}-{DD}.jsonl"
    format: jsonl
  mapping: {id: id, name: first_name}
  schedule: {cron: "0 6 * * 1", start: 2024-01-01}
"""


@pytest.fixture
def drop(tmp_path, monkeypatch):
    folder = tmp_path / "drop"
    folder.mkdir()
    monkeypatch.setenv("DROP_URL", folder.as_uri())
    return folder


@pytest.fixture
def files(project: Project, warehouse, storage, sandbox, drop, instance) -> Runner:
    return Runner(project.also(DROP).load(), instance)


def test_a_snapshot_is_the_whole_segment_every_run(files, warehouse, drop):
    first = told(succeeded(files.run(PEOPLE)), PEOPLE)
    header, *rows = (drop / "people.csv").read_text().splitlines()
    assert header == "id,email,key"
    assert sorted(rows) == [f"{n},person{n}@example.com,5" for n in range(1, 5)]
    assert (first["inserted"], first["status"]) == (4, "succeeded")

    fill(warehouse, [person(1), person(9)])
    second = told(succeeded(files.run(PEOPLE, partition=SECOND, activations__drop__people=ALL)), PEOPLE)
    assert sorted((drop / "people.csv").read_text().splitlines()[1:]) == [
        "1,person1@example.com,5",
        "9,person9@example.com,5",
    ]
    assert second["status"] == "succeeded"


ALL = {"allow": {"deletes": 1000}}


def test_a_mirror_writes_what_is_new_changed_and_gone_and_else_nothing(files, warehouse, drop):
    succeeded(files.run(CHANGES))
    folder = drop / "changes"
    assert len((folder / "2024-01-01.jsonl").read_text().splitlines()) == 4

    unchanged = told(succeeded(files.run(CHANGES, partition=SECOND)), CHANGES)
    assert unchanged["status"] == "nothing to do"
    assert [path.name for path in folder.iterdir()] == ["2024-01-01.jsonl"]

    fill(warehouse, [person(1), person(2, first_name='Ann "A"'), person(3), person(6)])
    third = told(succeeded(files.run(CHANGES, partition=THIRD)), CHANGES)
    assert sorted((folder / "2024-01-15.jsonl").read_text().splitlines()) == [
        '{"id":2,"_operation":"update","name":"Ann \\"A\\""}',
        '{"id":4,"_operation":"delete","name":null}',
        '{"id":6,"_operation":"insert","name":"Name 6"}',
    ]
    assert (third["inserted"], third["updated"], third["deleted"]) == (1, 1, 1)


def test_a_run_whose_file_is_there_already_acknowledges_nothing(files, drop):
    (drop / "changes").mkdir()
    (drop / "changes" / "2024-01-01.jsonl").write_text("not read yet\n")

    words = refusal(files.run(CHANGES))

    assert "already has a file changes/2024-01-01.jsonl" in words
    (drop / "changes" / "2024-01-01.jsonl").unlink()
    assert told(succeeded(files.run(CHANGES)), CHANGES)["inserted"] == 4


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("url: env:DROP_URL", "url: s4://bucket", '"url" starts with one of file://, s3://'),
        ("url: env:DROP_URL", "url: sftp://example.org/in", 'sftp:// needs "known_host_key"'),
        ("url: env:DROP_URL", "url: sftp://me:secret@example.org/in", "they are settings of their own"),
        ("path: people.csv", "path: ../people.csv", 'a part that is empty, "." or ".."'),
        ("path: people.csv", "path: 'people_{YYY}.csv'", "no variable {YYY}"),
        ("path: people.csv", "path: people.parquet", "path ends in .parquet, but format is csv"),
        ("path: people.csv", "file: people.csv", 'no option "file"'),
        ('path: "changes/{YYYY}-{MM}-{DD}.jsonl"', "path: changes.jsonl", "would replace the one before"),
        ("mode: snapshot", "mode: update_only", "cannot keep the promise of update_only"),
        ("key: orders", "_key: orders", 'does not start with "_"'),
    ],
)
def test_what_cannot_be_is_refused_when_definitions_load(project, warehouse, drop, old, new, words):
    refused = project.also(DROP.replace(old, new)).refusal()

    assert words in refused
    assert "secret" not in refused


def test_a4_two_snapshots_of_one_name_are_refused(project, warehouse, drop):
    other = DROP.split("---\n")[1].replace("name: people", "name: rivals")

    words = project.also(DROP + "---\n" + other).refusal()

    assert 'writes to the same target as the activation "people"' in words


def test_an_address_from_the_environment_that_leads_nowhere_stops_the_run_with_what_to_do(files, monkeypatch):
    monkeypatch.setenv("DROP_URL", "s4://me:a-secret@bucket")

    words = refusal(files.run(PEOPLE))

    assert words.startswith("Configuration")
    assert '"url" starts with one of file://, s3://' in words
    assert "a-secret" not in words


def test_a_folder_that_went_away_is_not_found(files, drop):
    drop.rmdir()

    assert refusal(files.run(PEOPLE)).startswith("Resource not found")


def test_the_example_of_the_page_puts_a_file_on_a_server(project, loaded, tmp_path, monkeypatch):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    url, user = "sftp://files.example.org:22/~/inbox", "    user: shop\n"
    example = example_of("files")
    assert (example.count(url), example.count(user)) == (1, 1)
    with serving(Server(tmp_path)) as server:
        monkeypatch.setenv("PARTNER_PRIVATE_KEY", server.user_key.export_private_key().decode())
        monkeypatch.setenv("PARTNER_HOST_KEY", server.public_key)
        there = example.replace(url, f"sftp://127.0.0.1:{server.port}/inbox")
        runner = loaded(project.also(there.replace(user, f"    user: {USER}\n")))
        succeeded(runner.run("activations/partner/loyal_for_partner", partition=IN_PARIS))

    (file,) = (inbox / "loyal").iterdir()
    header, *rows = gzip.decompress(file.read_bytes()).decode().splitlines()
    assert (file.name, header) == ("2024-01-01.csv.gz", "id,consent,first_name")
    assert sorted(rows) == [f"{n},marketing,Name {n}" for n in range(1, 5)]
