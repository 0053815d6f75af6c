"""Bad input through Dagster: what a user is told, and that nothing is lost once it is mended (see docs/bad-input.md)."""

import asyncio
import errno
import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
import duckdb
import httpx
import pytest

from activation_platform.components import asking
from activation_platform.contracts.errors import ErrorClass
from activation_platform.sandbox.faults import Extent, Kind, Rule, When
from activation_platform.sync.history import Status
from activation_platform.sync.patience import Patience
from activation_platform_tests.components.project import (
    FIRST,
    LEADS,
    LETTERS,
    SECOND,
    THIRD,
    fill,
    person,
    refusal,
    succeeded,
    told,
)
from activation_platform_tests.sync.shop import ErasedThings
from activation_platform_tests.sync.world import Workshop, thing

WRITES = "/batch/*/profiles/*"


def alter(warehouse, *statements):
    """Change the warehouse, keeping its people aside."""
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create or replace table kept as select * from people")
        for statement in statements:
            connection.execute(statement)


def mend(warehouse):
    """Bring back the people that were kept aside."""
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create or replace table people as select * from kept")


def profiles(sandbox):
    return sandbox.world.part("batch", "profiles")


@contextmanager
def server(answer: bytes) -> Iterator[str]:
    """The address of somebody who answers everything with these bytes and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(1 << 16)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
    thread.join()


ALTERED = {
    "alter table people drop column first_name": "Missing: first_name",
    "alter table people alter orders type text": "Wrong Type: orders is text, was integer",
    "alter table people alter id type text": "Wrong Type: id is text, was integer",
    "alter table people alter first_name type blob": "Wrong Type: first_name is bytes, was text",
    "drop table people": "Resource not found: DuckDB: Catalog Error: Table with name people",
}


def test_a_column_that_vanished_or_changed_its_type_stops_the_model_and_nothing_is_lost(
    runner, warehouse, sandbox
):
    succeeded(runner.run(LETTERS))
    there = profiles(sandbox)
    for statement, words in ALTERED.items():
        alter(warehouse, statement)
        assert words in refusal(runner.run(LETTERS, partition=SECOND))
        mend(warehouse)
    assert told(succeeded(runner.run(LETTERS, partition=THIRD)), LETTERS)["status"] == "nothing to do"
    assert profiles(sandbox) == there


def test_a_column_of_nothing_but_nulls_clears_and_the_run_says_how_to_keep(runner, warehouse, sandbox):
    succeeded(runner.run(LETTERS))
    alter(warehouse, "update people set first_name = null")
    figures = told(succeeded(runner.run(LETTERS, partition=SECOND)), LETTERS)
    assert (figures["updated"], "first\\_name holds nothing but nulls" in figures["notes"]) == (4, True)
    assert "on\\_null: keep leaves it" in figures["notes"]
    mend(warehouse)
    assert told(succeeded(runner.run(LETTERS, partition=THIRD)), LETTERS)["updated"] == 4
    assert profiles(sandbox)["1"]["first_name"] == "Name 1"


def test_an_identifier_of_nothing_but_nulls_is_not_sent_and_nothing_is_lost(runner, warehouse):
    succeeded(runner.run(LEADS))
    alter(warehouse, "update people set email = null")
    figures = told(succeeded(runner.run(LEADS, partition=SECOND)), LEADS)
    assert (figures["source_issues"], figures["loaded"]) == (4, 0)
    assert "email\\_addresses is missing" in figures["issues"]
    mend(warehouse)
    assert told(succeeded(runner.run(LEADS, partition=THIRD)), LEADS)["status"] == "nothing to do"


def test_keys_of_nothing_but_nulls_delete_nobody(runner, warehouse, sandbox):
    succeeded(runner.run(LETTERS))
    alter(warehouse, "update people set id = null")
    figures = told(succeeded(runner.run(LETTERS, partition=SECOND)), LETTERS)
    assert (figures["source_issues"], figures["withheld"], figures["deleted"]) == (4, 4, 0)
    assert "4 rows have no key" in figures["notes"]
    assert sandbox.world.part("batch", "erasures") == []
    mend(warehouse)
    assert told(succeeded(runner.run(LETTERS, partition=THIRD)), LETTERS)["status"] == "nothing to do"


def test_texts_of_every_kind_arrive_as_they_are_or_are_set_aside_by_name(runner, warehouse, sandbox):
    odd = {
        1: "x" * 1_000_000,
        2: "\U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f600",
        3: "a\0b\x1b[31m\x07\x7f\r\n\u202e",
        4: "",
    }
    fill(warehouse, [person(number, first_name=text) for number, text in odd.items()])
    result = succeeded(runner.run(LETTERS, LEADS))
    assert {key: profile["first_name"] for key, profile in profiles(sandbox).items()} == {
        "2": odd[2],
        "3": odd[3],
    }
    table = told(result, LETTERS)["issues"]
    assert "first\\_name is longer than 300 characters" in table
    assert "first\\_name is empty" in table
    people = json.dumps(sandbox.world.part("attio", "people"), ensure_ascii=False)
    assert odd[1] in people
    assert json.dumps(odd[3], ensure_ascii=False) in people


@pytest.mark.parametrize(
    ("old", "new", "component"),
    [
        ("$email_address: email", '$email_address: {constant: "a\\ud800"}', 'activation "letters"'),
        ("table: people", "sql: \"select 1 as id, '\\ud800' as email\"", 'model "people"'),
        ("at_least: 3", 'equals: "\\ud800"', 'segment "loyal"'),
        ("path: env:SHOP_FILE", 'path: "shop\\ud800"', 'source "shop"'),
    ],
    ids=["constant", "sql", "condition", "setting"],
)
def test_half_a_character_in_the_yaml_is_refused_with_its_line(old, new, component, project):
    words = project.replaced(old, new).refusal()
    assert words.startswith("1 error in the workspace")
    assert f"defs.yaml:{project.line('ud800')} - {component}: " in words
    assert "half a" in words


def test_half_a_character_in_json_text_is_an_error_of_the_model_without_the_text(project, loaded):
    query = """select id, email, json_extract_string('{"n": "secret \\ud800"}', '$.n') as first_name, orders from people"""
    words = refusal(loaded(project.replaced("table: people", f"sql: |\n    {query}")).run(LETTERS))
    assert words.startswith(f"{ErrorClass.CONFIGURATION}: DuckDB")
    assert "no low surrogate in string" in words
    assert "secret" not in words


def test_json_text_that_spells_half_a_character_is_text_like_any_other(runner, warehouse, sandbox):
    fill(warehouse, [person(1, first_name='{"name": "\\ud800"}')])
    succeeded(runner.run(LETTERS))
    assert profiles(sandbox)["1"]["first_name"] == '{"name": "\\ud800"}'


def test_half_a_character_in_a_vendors_words_is_shown_as_a_question_mark(runner, sandbox):
    half = {"extent": Extent.RECORD, "reason": "no \ud800 room"}
    sandbox.world.add_fault(Rule(Kind.POISON, path="/batch/*", identifier="3", **half))
    figures = told(succeeded(runner.run(LETTERS)), LETTERS)
    assert (figures["inserted"], figures["destination_issues"]) == (3, 1)
    assert "no ? room" in figures["issues"]


def test_half_a_character_in_the_name_that_a_vendor_gives_a_request_breaks_nothing(tmp_path):
    workshop = Workshop(tmp_path, service=ErasedThings)
    workshop.run(thing("a"))
    workshop.vendor.answers = [httpx.Response(200, text='["requested:erasure \\ud800"]')]
    assert workshop.run().figures.deletes_requested == 1
    assert workshop.entries()["a"]["request"] == "erasure ?"


def test_a_mapping_of_fifty_columns_is_sent_whole_and_one_of_more_is_refused(
    project, loaded, warehouse, sandbox
):
    names = [f"field_{number}" for number in range(1, 51)]
    columns = ", ".join(f"'{name} of ' || id as {name}" for name in names)
    mapping = "".join(f"    {name}: {name}\n" for name in names)
    project.replaced("table: people", f"sql: select *, {columns} from people")
    project.replaced(
        "    orders: integer\n", "    orders: integer\n" + mapping.replace(": field_", ": text #")
    )
    project.replaced("    $email_address: email\n    first_name: first_name\n", mapping)
    succeeded(loaded(project).run(LETTERS))
    assert profiles(sandbox)["4"] == {name: f"{name} of 4" for name in names}
    project.replaced("    field_1: field_1\n", "    field_1: field_1\n    one_more: email\n")
    assert "51 fields are mapped beside custom_id, the service takes at most 50" in project.refusal()


def test_a_segment_that_refers_to_itself_is_refused_with_its_line(project):
    words = project.replaced("model: people\n  where", "model: loyal\n  where").refusal()
    assert 'segment "loyal": there is no model "loyal". There is: people.' in words
    assert f"defs.yaml:{project.line('model: loyal')}" in words


def test_a_condition_that_contains_itself_is_refused_with_its_line(project):
    project.replaced(
        "    all:\n      - {field: orders, at_least: 3}", "    all: &itself\n      - any: *itself"
    )
    words = project.refusal()
    assert "recursive" in words
    assert f"line {project.line('&itself')}" in words


def test_a_credential_that_is_not_set_is_named(runner, monkeypatch, sandbox):
    monkeypatch.delenv("BATCH_REST_API_KEY")
    with pytest.raises(dg.DagsterInvalidConfigError, match='"BATCH_REST_API_KEY" which is not set'):
        runner.run(LETTERS)
    assert profiles(sandbox) == {}


@pytest.mark.parametrize("key", ["sandbox-rest-key\n", "sandböx-rest-key"])
def test_a_credential_that_no_header_can_hold_is_refused_and_not_repeated(key, runner, monkeypatch, sandbox):
    monkeypatch.setenv("BATCH_REST_API_KEY", key)
    words = refusal(runner.run(LETTERS))
    assert words.startswith(f"{ErrorClass.CREDENTIALS}: what the header Authorization should hold")
    assert "Look at the environment variables" in words
    assert key.strip() not in words


@pytest.mark.parametrize(
    "url", ["not an address", "ftp://shop.example.org", "http://[::1", "http://xn--", "http://"]
)
def test_an_address_that_is_none_is_told(url, runner, monkeypatch):
    monkeypatch.setenv("BATCH_BASE_URL", url)
    words = refusal(runner.run(LETTERS))
    assert words.startswith(f"{ErrorClass.CONFIGURATION}: the address of batch is none")
    assert "https://host" in words


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 \xff\xfe\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n\xff\xfe{",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n" + b"[" * 50_000,
    ],
    ids=["nothing", "no HTTP", "odd status", "half", "no gzip", "no text", "too deep"],
)
def test_who_answers_something_else_than_the_api_is_told(answer, runner, monkeypatch):
    with server(answer) as address:
        monkeypatch.setenv("BATCH_BASE_URL", address)
        words = refusal(runner.run(LETTERS))
    assert words.startswith(f"{ErrorClass.CONNECTION}: batch ")
    assert "base_url" in words


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (Rule(Kind.DROP, path=WRITES), "cannot be reached"),
        (Rule(Kind.DROP, path=WRITES, when=When.AFTER), "cannot be reached"),
        (Rule(Kind.TIMEOUT, path=WRITES), "did not answer within"),
        (Rule(Kind.HTML_200, path=WRITES), "answered something that is not its API"),
        (Rule(Kind.BROKEN_JSON, path=WRITES), "answered something that is not its API"),
        (Rule(Kind.HALF, path=WRITES), "cannot be reached"),
        (Rule(Kind.STATUS, path=WRITES, status=503), "keeps answering 503"),
    ],
    ids=[
        "resets",
        "resets after the work",
        "hangs",
        "HTML with 200",
        "broken JSON",
        "half an answer",
        "down",
    ],
)
def test_what_got_no_usable_answer_is_in_doubt_explained_and_sent_by_the_next_run(
    rule, words, runner, sandbox, monkeypatch
):
    patience = Patience(sleep=lambda _seconds: asyncio.sleep(0), attempts=2, answer_within=0.3)
    monkeypatch.setattr(asking, "PATIENCE", patience)
    sandbox.world.add_fault(rule)
    figures = told(succeeded(runner.run(LETTERS)), LETTERS)
    assert (figures["status"], figures["destination_issues"]) == (str(Status.WITH_ISSUES), 4)
    assert "1 batch got no usable answer" in figures["notes"]
    assert words in figures["notes"]
    sandbox.world.clear_faults()
    figures = told(succeeded(runner.run(LETTERS, partition=SECOND)), LETTERS)
    assert (figures["loaded"], figures["status"]) == (4, "succeeded")
    assert sorted(profiles(sandbox)) == ["1", "2", "3", "4"]


@pytest.mark.parametrize("syncs", [0, 4, 8])
def test_a_full_disk_is_told_with_the_storage_root_and_the_next_run_completes(
    syncs, runner, storage, sandbox, instance, monkeypatch
):
    succeeded(runner.run("segments/loyal"))
    left = syncs

    def full(_descriptor):
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        patch.setattr(os, "fdatasync", full)
        words = refusal(runner.run(LETTERS, upstream=False))
    assert words.startswith(f"{ErrorClass.CONNECTION}: {storage}")
    assert "cannot be written (No space left on device). Make room there" in words
    assert told(succeeded(runner.run(LETTERS, partition=SECOND)), LETTERS)["status"] != "failed"
    assert sorted(profiles(sandbox)) == ["1", "2", "3", "4"]
    assert max(sandbox.world.part("batch", "received").values()) <= 2
    assert told(succeeded(runner.run(LETTERS, partition=THIRD)), LETTERS)["status"] == "nothing to do"


def test_a_full_disk_under_a_model_is_told_and_nothing_is_published(runner, storage, monkeypatch):
    def full(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        words = refusal(runner.run("models/people"))
    assert words.startswith(f"{ErrorClass.CONNECTION}: {storage} cannot be written (No space left on device)")
    succeeded(runner.run(LETTERS))


def test_a_storage_root_that_is_no_folder_is_told(runner, storage):
    storage.write_text("a file")
    words = refusal(runner.run("models/people"))
    assert words.startswith(f"{ErrorClass.CONNECTION}: {storage} cannot be used (")
    assert "Check that ACTIVATION_STORAGE names a folder" in words


@pytest.mark.parametrize("harm", ["cut", "lost"])
def test_a_ledger_file_that_is_cut_in_half_or_lost_stops_the_run_and_names_the_ways_out(
    harm, runner, storage, sandbox, warehouse
):
    succeeded(runner.run(LETTERS, partition=FIRST))
    (file,) = (storage / "ledgers" / "letters").glob("base-*.arrow")
    kept = file.read_bytes()
    file.write_bytes(kept[: len(kept) // 2])
    if harm == "lost":
        file.unlink()
    fill(warehouse, [person(1)])
    words = refusal(runner.run(LETTERS, partition=SECOND))
    assert words.startswith(f"{ErrorClass.CONFIGURATION}: ")
    assert file.name in words
    assert "backup" in words
    assert "activation reset letters" in words
    assert sandbox.world.part("batch", "erasures") == []
    file.write_bytes(kept)
    assert told(succeeded(runner.run(LETTERS, partition=SECOND)), LETTERS)["deleted"] == 3
