"""What is told of the past: runs that somebody asks for, and everything that ever happened to one record."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from activation_platform.components.storage import storage_root
from activation_platform.sync.history import Figures, Run, Status, write_run
from activation_platform_tests.cli.conftest import DECLARED

NOW = datetime.now(UTC)


@pytest.fixture
def ran(project, activation):
    """Two runs: one that inserts p1, one that updates it, both with records that cannot be sent."""
    activation("run", "newsletter")
    project.warehouse_holds("update people set first_name = 'Ada L.' where id = 'p1'")
    activation("run", "newsletter")


def test_a_record_tells_when_it_was_sent_with_which_fields_and_what_was_answered(ran, activation):
    told = json.loads(activation("record", "newsletter", "p1", "--json").stdout)

    (ledger,) = told["ledgers"]
    happened = [(one["run"], one["operation"], one["event"], one["run_status"]) for one in ledger["history"]]
    assert happened == [
        (1, "insert", "accepted", "succeeded with issues"),
        (2, "update", "accepted", "succeeded"),
    ]
    assert [(run["operations"], run["changed"]) for run in ledger["runs"]] == [
        (["insert"], None),
        (["update"], ["first_name"]),
    ]
    for run in ledger["runs"]:
        assert {one["name"]: one["column"] for one in run["fields"]} == {
            "custom_id": "id",
            "$email_address": "email",
            "first_name": "first_name",
        }
    assert (ledger["entry"]["state"], ledger["debts"]) == ("present", [])
    words = activation("record", "newsletter", "p1").stdout
    assert "accepted" in words
    assert ledger["runs"][1]["run_id"] in words
    assert "Ada" not in words


def test_a_record_that_could_not_be_sent_tells_why_and_what_is_owed(ran, activation):
    told = json.loads(activation("record", "newsletter", "person-number-5", "--json").stdout)

    (ledger,) = told["ledgers"]
    assert ledger["entry"] is None
    assert [debt["kind"] for debt in ledger["debts"]] == ["set aside"]
    assert {one["event"] for one in ledger["history"]} == {"set_aside"}
    assert "$email_address" in ledger["history"][0]["reason"]
    assert "holds nothing of it" in activation("record", "newsletter", "person-number-5").stdout


def test_each_run_tells_the_fields_that_it_sent_itself(ran, project, activation):
    project.declare(DECLARED.replace(", first_name: first_name}", ", nickname: first_name}"))
    activation("run", "newsletter")

    (ledger,) = json.loads(activation("record", "newsletter", "p1", "--json").stdout)["ledgers"]
    names = [
        {one["name"] for one in run["fields"]} - {"custom_id", "$email_address"} for run in ledger["runs"]
    ]
    assert names == [{"first_name"}, {"first_name"}, {"nickname"}]
    assert ledger["runs"][2]["changed"] == ["first_name", "nickname"]
    assert len({run["mapping"] for run in ledger["runs"]}) == 2


def test_what_was_pruned_is_told_and_the_rest_stays(ran, activation):
    kept = Path(str(storage_root()))
    for snapshot in (kept / "frames" / "models" / "people").glob("0*"):
        shutil.rmtree(snapshot)
    (ledger,) = json.loads(activation("record", "newsletter", "p1", "--json").stdout)["ledgers"]
    assert [run["changed"] for run in ledger["runs"]] == [None, None]
    assert len(ledger["runs"][1]["fields"]) == 3

    (kept / "ledgers" / "newsletter" / "runs" / "1.json").unlink()
    (kept / "ledgers" / "newsletter" / "changes" / "1.parquet").unlink()
    said = activation("record", "newsletter", "p1").stdout
    assert "Runs before 2 are no longer kept" in said
    assert "update" in said


def test_runs_of_an_earlier_version_are_told_without_their_fields(ran, activation):
    for file in Path(str(storage_root() / "ledgers" / "newsletter" / "runs")).iterdir():
        kept = json.loads(file.read_text())
        file.write_text(
            json.dumps({name: kept[name] for name in kept if name not in ("frame", "mapping", "fields")})
        )

    (ledger,) = json.loads(activation("record", "newsletter", "p1", "--json").stdout)["ledgers"]
    assert [(run["run_status"], run["fields"]) for run in ledger["runs"]] == [
        ("succeeded with issues", None),
        ("succeeded", None),
    ]
    assert "?" in activation("record", "newsletter", "p1").stdout
    assert len(json.loads(activation("history", "--json").stdout)) == 2


def test_of_a_damaged_ledger_the_logs_are_told_and_that_it_is_damaged(ran, activation):
    (Path(str(storage_root())) / "ledgers" / "newsletter" / "manifest.json").write_text("{")

    said = activation("record", "newsletter", "p1", fails=1)

    assert "manifest.json is torn" in said.stderr
    assert "accepted" in said.stdout
    assert "cannot be read" in said.stdout
    assert "None" not in said.stdout


def test_every_ledger_of_an_activation_tells_of_the_record(ran, activation):
    kept = Path(str(storage_root() / "ledgers"))
    shutil.copytree(kept / "newsletter", kept / "newsletter~example.org")

    told = json.loads(activation("record", "newsletter", "p1", "--json").stdout)
    assert [one["ledger"] for one in told["ledgers"]] == ["newsletter", "newsletter~example.org"]
    told = json.loads(activation("record", "newsletter~example.org", "p1", "--json").stdout)
    assert [one["ledger"] for one in told["ledgers"]] == ["newsletter~example.org"]


def test_personal_values_are_masked_unless_they_are_asked_for(ran, activation):
    hidden = activation("record", "newsletter", "person-number-5")
    shown = activation("record", "newsletter", "person-number-5", "--show-values")

    assert "no address either" not in hidden.stdout
    assert hidden.stdout != shown.stdout


@pytest.mark.parametrize("words", [("newsletter", "p1x"), ("newsletters", "p1")])
def test_a_key_or_a_name_that_nobody_knows_is_a_wrong_call(ran, activation, words):
    said = activation("record", *words, fails=2)
    assert said.stdout == ""
    assert "Usage" in said.stderr


@pytest.fixture
def runs(project, activation):
    """Three runs of two activations, a day apart, without running them."""
    for number, (name, to, status) in enumerate(
        [
            ("letters", "messages", Status.SUCCEEDED),
            ("letters", "messages", Status.FAILED),
            ("people", "crm", Status.SUCCEEDED),
        ],
        start=1,
    ):
        began = (NOW - timedelta(days=4 - number, minutes=1)).timestamp()
        run = Run(number, name, to, "", "", status, Figures(), began, 1.0)
        write_run(storage_root() / "ledgers" / name, run)


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ((), [1, 2, 3]),
        (("letters",), [1, 2]),
        (("--status", "failed"), [2]),
        (("--status", "failed", "--status", "succeeded", "--last", "1"), [3]),
        (("--destination", "crm"), [3]),
        (("--since", "48h"), [3]),
        (("--since", "49h", "--until", "36h"), [2]),
        (("--until", f"{NOW - timedelta(days=3):%Y-%m-%dT%H:%M:%S}"), [1]),
        (("letters", "--since", "1d"), []),
    ],
)
def test_the_history_tells_of_the_runs_that_are_asked_for(runs, activation, asked, numbers):
    told = json.loads(activation("history", *asked, "--json").stdout)
    assert [run["number"] for run in told] == numbers
    activation("history", *asked)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (("--since", "yesterday"), "is no moment; write 2026-01-31"),
        (("--until", "999999d"), "is no moment; write 2026-01-31"),
        (("--destination", "crn"), 'Did you mean "crm"?'),
        (("--status", "broken"), "broken"),
    ],
)
def test_what_cannot_be_asked_for_is_a_wrong_call(runs, activation, asked, words):
    assert words in activation("history", *asked, fails=2).stderr
