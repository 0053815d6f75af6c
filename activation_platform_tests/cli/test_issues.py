"""What is wrong now, or went wrong then: asked for by run, time, kind and what is owed; by reason, with masked samples."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from activation_platform.components.storage import storage_root
from activation_platform.sandbox.faults import Kind, Rule

INVALID = "$email_address is not an e-mail address"


def asked(activation, *words):
    """The reasons of one ledger: how many of what, and which keys as samples."""
    (told,) = json.loads(activation("issues", "newsletter", *words, "--json").stdout)
    return {
        (one["kind"], one["reason"]): (one["count"], [sample["key"] for sample in one["samples"]])
        for one in told["reasons"]
    }


@pytest.fixture
def wrong(project, activation, sandbox):
    """Two records that cannot be sent, one that is rejected."""
    sandbox.world.add_fault(Rule(Kind.POISON, identifier="p2", reason="no room for blaise@example.com"))
    activation("run", "newsletter")


@pytest.fixture
def mended(wrong, project, activation):
    """A second run, before which one of those that cannot be sent was taken out of the warehouse."""
    project.warehouse_holds("delete from people where id = 'person-number-5'")
    activation("run", "newsletter")


def test_issues_are_counted_by_reason_with_masked_samples_of_each(wrong, activation):
    said = activation("issues", "newsletter").stdout

    assert "2 source issue" in " ".join(said.split())
    assert "1 destination issue write owed insert MALFORMED_REQUEST: no room for b•••@e•••" in " ".join(
        said.split()
    )
    assert INVALID in said
    assert "p•••5" in said
    assert "person-number-5" not in said
    assert "blaise@" not in said


def test_issues_in_clear_are_shown_and_do_nothing(wrong, activation):
    said = activation("issues", "newsletter", "--show-values").stdout

    assert "p4␛[2J[red]" in said
    assert "person-number-5" in said
    assert "no room for blaise@example.com" in said


def test_issues_as_json_are_grouped_and_masked_too(wrong, activation):
    masked = activation("issues", "newsletter", "--json")
    clear = asked(activation, "--show-values")

    assert "person-number-5" not in masked.stdout
    assert sum(one["records"] for one in json.loads(masked.stdout)) == 3
    assert clear["source issue", INVALID] == (2, ["p4\x1b[2J[red]", "person-number-5"])
    assert clear["destination issue", "MALFORMED_REQUEST: no room for blaise@example.com"][0] == 1


def test_what_is_left_out_of_the_samples_is_told(wrong, activation):
    assert "and 1 more: --samples" in activation("issues", "newsletter", "--samples", 1).stdout
    (told,) = json.loads(activation("issues", "newsletter", "--samples", 1, "--json").stdout)
    assert [(one["count"], len(one["samples"]), one["more"]) for one in told["reasons"]] == [
        (2, 1, 1),
        (1, 1, 0),
    ]
    assert "key" not in activation("issues", "newsletter", "--samples", 0).stdout


def test_many_reasons_are_cut_in_the_table_alone(project, activation, sandbox):
    rows = ", ".join(f"('p{number}', 'a{number}@example.com', 'Ada')" for number in range(25))
    project.warehouse_holds(f"delete from people; insert into people values {rows}")
    for number in range(25):
        sandbox.world.add_fault(
            Rule(Kind.POISON, identifier=f"p{number}", reason=f"no shelf {chr(97 + number)}")
        )
    activation("run", "newsletter")

    assert "and 5 more, of 5 reasons: --json" in activation("issues", "newsletter").stdout
    assert len(asked(activation)) == 25


def test_what_went_wrong_in_a_run_stays_when_it_is_mended(mended, activation):
    assert asked(activation)["source issue", INVALID] == (1, ["p•••]"])
    assert asked(activation, "--run", 1)["source issue", INVALID][0] == 2
    assert ("source issue", INVALID) not in asked(activation, "--run", 2)
    assert "kept are 1 to 2" in activation("issues", "newsletter", "--run", 3, fails=2).stderr


@pytest.mark.parametrize(
    ("words", "counts"),
    [
        ((), {"source issue": 1, "destination issue": 1}),
        (("--kind", "source"), {"source issue": 1}),
        (("--kind", "destination"), {"destination issue": 1}),
        (("--kind", "source", "--kind", "destination"), {"source issue": 1, "destination issue": 1}),
        (("--status", "set aside"), {"source issue": 1}),
        (("--status", "write owed", "--status", "delete owed"), {"destination issue": 1}),
        (("--since", "1h"), {"source issue": 2, "destination issue": 2}),
        (("--since", "1h", "--kind", "standing"), {"source issue": 1, "destination issue": 2}),
        (("--since", "1h", "--kind", "standing", "--kind", "source"), {"source issue": 1}),
        (("--since", "1h", "--status", "write owed"), {"destination issue": 2}),
        (("--run", "1", "--kind", "source"), {"source issue": 2}),
        (("--until", "1h"), {}),
        (("--since", f"{datetime.now(UTC) + timedelta(hours=1):%Y-%m-%dT%H:%M}"), {}),
    ],
)
def test_issues_are_those_that_are_asked_for(mended, activation, words, counts):
    told = asked(activation, *words)

    assert {kind: count for (kind, _), (count, _) in told.items()} == counts
    assert activation("issues", "newsletter", *words).stdout


def test_an_activation_is_asked_by_its_name_whatever_its_ledgers_are_called(wrong, activation):
    kept = Path(str(storage_root() / "ledgers"))
    shutil.copytree(kept / "newsletter", kept / "newsletter~example.org")
    both = json.loads(activation("issues", "newsletter", "--json").stdout)
    assert [(one["ledger"], one["records"]) for one in both] == [
        ("newsletter", 3),
        ("newsletter~example.org", 3),
    ]
    assert "newsletter~example.org" in activation("issues", "newsletter").stdout

    shutil.rmtree(kept / "newsletter")
    (other,) = json.loads(activation("issues", "newsletter", "--json").stdout)
    assert other["ledger"] == "newsletter~example.org"
    assert 'Did you mean "newsletter"?' in activation("issues", "newslettr", fails=2).stderr


def test_nothing_wrong_is_said_in_words(project, activation):
    project.warehouse_holds("delete from people where email not like '%@%'")
    activation("run", "newsletter")

    assert "Nothing is wrong with newsletter now." in activation("issues", "newsletter").stdout
    assert "Nothing went wrong in run 1" in activation("issues", "newsletter", "--run", 1).stdout
    assert (
        "Nothing went wrong with newsletter then."
        in activation("issues", "newsletter", "--since", "1h").stdout
    )
    assert "no such issue" in activation("issues", "newsletter", "--kind", "source").stdout


def test_the_vendors_words_are_shown_and_do_nothing(project, activation, sandbox):
    words = "\x1b]8;;https://example.com\x07[bold]no[/bold] to blaise@example.com"
    sandbox.world.add_fault(Rule(Kind.POISON, identifier="p2", reason=words))

    activation("run", "newsletter")
    said = activation("issues", "newsletter").stdout

    assert "destination issue" in said
    assert "[bold]no[/bold]" in said
    assert "\x1b" not in said
    assert "blaise@" not in said
