"""What holds for every command: help with an example that works, one document of JSON, exit codes, no secret."""

import gc
import json
import re
import shlex
import signal
import sys

import pytest

from activation_platform.cli.demo import story, ui
from activation_platform.cli.demo.story import Story
from activation_platform.sandbox import server
from activation_platform_tests.cli.conftest import DECLARED
from activation_platform_tests.cli.test_starting import ALL, ROOT

COMMANDS = {
    " ".join(path): command
    for path, command in ALL
    if not hasattr(command, "list_commands") or command.invoke_without_command
}
"""Everything that can be called, found by walking the app: a new command cannot be forgotten."""
SERVING = {"sandbox serve", "ui"}
"""Tested where they are interrupted."""
CALLS = {
    "check": ["shop", "people", "messages", "crm"],
    "test": [],
    "run": ["newsletter"],
    "status": [],
    "history": [],
    "issues": ["newsletter"],
    "record": ["newsletter", "p1"],
    "segment": ["everybody", "--explain"],
    "ledger": ["newsletter"],
    "tables": [],
    "adopt": ["newsletter", "--from", "newsletter"],
    "reset": ["newsletter", "--yes"],
    "prune": ["--apply"],
    "services": [],
    "fields": ["crm", "people"],
    "grants": ["shop"],
    "sandbox state": [],
    "sandbox requests": [],
    "sandbox finish-erasures": [],
    "sandbox faults add": ["status"],
    "sandbox faults list": [],
    "sandbox faults clear": [],
    "sandbox limits": [],
    "sandbox limits on": [],
    "sandbox limits set": ["batch", "update", "--rate", "10", "--burst", "10"],
    "sandbox limits off": [],
    "sandbox reset": [],
    "demo": [],
}
"""A call of each, in an order in which all of them succeed."""
SEGMENT = """
---
type: activation_platform.SegmentComponent
attributes:
  name: everybody
  model: people
  where: {field: first_name, is_null: false}
"""


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example_takes_json_and_refuses_what_it_does_not_know(name, activation):
    command, path = COMMANDS[name], name.split()

    called, _, example = (command.epilog or "").partition(f"Example: activation {name}")
    assert (called, example[:1].strip()) == ("", ""), "an example of itself, as its epilog"
    command.make_context(name, shlex.split(example)).close()
    assert "Example: activation" in activation(*path, "--help").stdout
    assert any("--json" in parameter.opts for parameter in command.params)
    assert activation(*path, "--no-such-option", fails=2).stdout == ""


def test_the_page_of_commands_names_each_of_them():
    rows = re.findall(
        r"^\| `activation ([a-z -]+)` \|", (ROOT / "docs" / "commands.md").read_text(), re.MULTILINE
    )

    assert sorted(rows) == sorted(COMMANDS)


def test_every_command_answers_in_one_document_of_json_that_holds_no_secret(
    project, activation, sandbox, monkeypatch
):
    assert set(CALLS) | SERVING == set(COMMANDS)
    project.declare(DECLARED.replace("model: people\n  dest", "segment: everybody\n  dest") + SEGMENT)
    monkeypatch.setattr(story, "tell", lambda console, *, port: Story([], [], 0.1))

    for name, words in CALLS.items():
        where = ["--url", sandbox.url] if name.startswith("sandbox") else []
        said = activation(*name.split(), *words, *where, "--json")
        json.loads(said.stdout)
        for secret in ("sandbox-rest-key", "sandbox-attio-token"):
            assert secret not in said.stdout + said.stderr, name


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["words", "json"])
def test_what_an_account_refuses_is_told_without_the_secret(project, activation, monkeypatch, form, caplog):
    for name in ("BATCH_REST_API_KEY", "ATTIO_ACCESS_TOKEN"):
        monkeypatch.setenv(name, "s3cret-and-wrong")

    for words in (["check", "messages", "crm"], ["fields", "crm", "people"], ["run", "newsletter"]):
        said = activation(*words, *form, fails=1)
        assert "Bad credentials" in said.stdout + said.stderr
        assert "s3cret" not in said.stdout + said.stderr
    gc.collect()
    assert [one for one in caplog.records if one.name.startswith("sqlalchemy")] == []  # nothing is left open


@pytest.mark.parametrize("taken", [True, False], ids=["a file", "nowhere"])
def test_tables_cannot_go_where_there_can_be_no_folder(project, activation, tmp_path, taken):
    (file := tmp_path / "taken").touch()

    said = activation("tables", "--to", file if taken else "/proc/nope", fails=2)

    assert (said.stdout, "there can be no folder" in said.stderr) == ("", True)


def test_a_storage_root_where_there_can_be_no_folder_is_told_without_a_traceback(activation, monkeypatch):
    monkeypatch.setenv("ACTIVATION_STORAGE", "/proc/nope")

    assert "Check that ACTIVATION_STORAGE names a folder" in activation("tables", fails=1).stderr


def test_what_is_impossible_is_told_as_json_too(project, activation):
    project.declare(DECLARED.replace("kind: duckdb", "kind: duckdbb"))

    said = activation("check", "--json", fails=1)

    (fault,) = json.loads(said.stdout)["faults"]
    assert 'Did you mean "duckdb"?' in fault
    assert said.stderr.rstrip().endswith("More in docs/troubleshooting/configuration.md.")


def test_a_served_sandbox_says_where_it_is_as_json(activation, monkeypatch):
    monkeypatch.setattr(server, "serve", lambda *, ready, **_: ready("http://127.0.0.1:8765"))

    told = json.loads(activation("sandbox", "serve", "--json").stdout)

    assert told["platforms"]["batch"] == "http://127.0.0.1:8765/batch"
    assert told["control"] == "http://127.0.0.1:8765/_sandbox"


def test_the_ui_says_where_it_is_as_json_and_leaves_the_rest_to_standard_error(
    activation, tmp_path, monkeypatch
):
    started = []

    class Dagster:
        """A process that ends at once."""

        def __init__(self, command, stdout):
            started.append((command, stdout))

        def __enter__(self):
            return self

        def __exit__(self, *_):
            """Nothing is left of it."""

        def wait(self):
            return 0

        terminate = wait

    (tmp_path / story.DEMO).mkdir()
    monkeypatch.chdir(tmp_path)
    for name in story.environment(""):
        monkeypatch.setenv(name, "")
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(ui.subprocess, "Popen", Dagster)

    told = json.loads(activation("ui", "--sandbox-port", "0", "--json").stdout)

    assert told["ui"] == "http://127.0.0.1:3000"
    assert told["sandbox"].startswith("http://127.0.0.1:")
    ((command, stdout),) = started
    assert command[:4] == [sys.executable, "-m", "dagster", "dev"]
    assert stdout is not sys.stdout
