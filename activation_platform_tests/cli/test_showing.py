"""Fields that are allowed by name are shown in clear beside issues and records, and nothing else is (SEMANTICS D9)."""

import json
import shutil
from pathlib import Path

import pytest

from activation_platform.components.storage import storage_root
from activation_platform_tests.cli.conftest import DECLARED

SHOWN = DECLARED.replace("first_name: first_name}", "first_name: first_name}\n  show: [first_name]")


def issue(activation, *words):
    """What is told of the records that cannot be sent."""
    (told,) = json.loads(activation("issues", "newsletter", *words, "--json").stdout)
    return told, told["reasons"][0]["samples"]


def test_d9_a_field_that_an_activation_declares_is_shown_and_nothing_else(project, activation):
    project.declare(SHOWN)
    activation("run", "newsletter")

    told, samples = issue(activation)
    assert told["shown"] == ["first_name"]
    assert [one["values"] for one in samples] == [{"first_name": "Dorothy"}, {"first_name": "Emmy"}]
    for words in (
        ["issues", "newsletter"],
        ["issues", "newsletter", "--run", 1],
        ["record", "newsletter", "person-number-5"],
    ):
        said = activation(*words).stdout
        assert "Emmy" in said
        assert "no address" not in said
    assert "person-number-5" not in activation("issues", "newsletter").stdout


def test_d9_a_field_is_shown_to_whoever_asks_for_it_by_name(project, activation):
    activation("run", "newsletter")

    assert "Emmy" not in activation("issues", "newsletter").stdout
    _, samples = issue(activation, "--show", "first_name", "--show", "$email_address")
    assert samples[1]["values"] == {"$email_address": "no address either", "first_name": "Emmy"}
    assert samples[1]["key"] == "p•••5"
    assert "Ada" in activation("record", "newsletter", "p1", "--show", "first_name").stdout
    for command in (["issues", "newsletter"], ["record", "newsletter", "p1"]):
        assert 'Did you mean "first_name"?' in activation(*command, "--show", "frist_name", fails=2).stderr


def test_d9_a_key_and_an_identifier_are_shown_where_all_that_they_are_made_of_may_be(project, activation):
    activation("run", "newsletter")

    _, samples = issue(activation, "--show", "custom_id")
    assert samples[1]["key"] == "person-number-5"
    (ledger,) = json.loads(activation("record", "newsletter", "p1", "--show", "custom_id", "--json").stdout)[
        "ledgers"
    ]
    assert ledger["entry"]["identifier"] == "p1"
    (ledger,) = json.loads(activation("record", "newsletter", "p1", "--json").stdout)["ledgers"]
    assert ledger["entry"]["identifier"] == "•••"


def test_d9_an_address_in_a_declared_field_is_there_by_mistake_and_masked(project, activation):
    project.declare(SHOWN)
    project.warehouse_holds("update people set first_name = 'emmy@example.com' where id = 'person-number-5'")
    activation("run", "newsletter")

    assert issue(activation)[1][1]["values"] == {"first_name": "e•••@e•••"}
    assert issue(activation, "--show", "first_name")[1][1]["values"] == {"first_name": "emmy@example.com"}


def test_values_do_nothing_in_a_terminal(project, activation):
    project.declare(SHOWN)
    project.warehouse_holds(
        "update people set first_name = chr(27) || '[2J[red]x' where id = 'person-number-5'"
    )
    activation("run", "newsletter")

    for words in (["issues", "newsletter"], ["record", "newsletter", "person-number-5"]):
        assert "␛[2J[red]x" in activation(*words).stdout


def test_values_are_those_of_the_run_in_which_it_happened_for_as_long_as_its_snapshot_is_kept(
    project, activation
):
    project.declare(SHOWN)
    activation("run", "newsletter")
    project.warehouse_holds(
        "update people set first_name = 'Emma', email = 'no' where id = 'person-number-5'"
    )
    activation("run", "newsletter")

    assert issue(activation, "--run", 1)[1][1]["values"] == {"first_name": "Emmy"}
    assert "Emma" in str(issue(activation)[1])
    for snapshot in Path(str(storage_root() / "frames" / "models" / "people")).glob("0*"):
        shutil.rmtree(snapshot)
    told, samples = issue(activation, "--run", 1)
    assert samples[1]["values"] == {"first_name": None}
    assert told["notes"] == ["first_name: the snapshot that run 1 read was pruned."]
    assert "was pruned" in activation("issues", "newsletter", "--run", 1).stdout


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (
            "frist_name",
            'no field "frist_name" is mapped, whose values could be shown. Did you mean "first_name"?',
        ),
        (
            "$email_address",
            "which is personal whatever is declared; leave it out, and ask for it with --show",
        ),
    ],
)
def test_d9_what_cannot_be_declared_to_be_shown_is_told_when_the_workspace_is_loaded(
    project, activation, shown, words
):
    project.declare(SHOWN.replace("show: [first_name]", f"show: [{shown}]"))

    assert words in activation("check", fails=1).stderr
