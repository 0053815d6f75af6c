"""What is told to whom, and when: tick by tick, over runs of a real project, with Slack on loopback."""

import json
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from activation_platform.components.alerting import delivery, observing
from activation_platform.components.standing import newest_finished, report
from activation_platform.sandbox.faults import Extent, Kind, Rule
from activation_platform_tests.components.alerting.conftest import OPS
from activation_platform_tests.components.alerting.slack_stand_in import slack
from activation_platform_tests.components.project import LEADS, LETTERS, SECOND

DEAD = OPS.replace("ops", "dead").replace("SLACK_WEBHOOK_URL", "DEAD_URL")


@pytest.fixture
def dead(monkeypatch):
    """A second Slack, which answers nothing useful."""
    with slack() as made:
        made.answer = (500, "rollup_error")
        monkeypatch.setenv("DEAD_URL", f"{made.url}/services/T0/B0/other-secret")
        yield made


def heads(channel):
    return [text.split("*")[1] for text in channel.texts()]


def fail(sandbox, **changes):
    rule = {"path": "/batch/*/profiles/*", "status": 401, **changes}
    return sandbox.world.add_fault(Rule(Kind.STATUS, **rule))


def test_a_dead_channel_holds_up_no_other_and_learns_all_of_it_once_it_is_back(
    telling, people, dead, sandbox
):
    told = telling(OPS, DEAD)
    fail(sandbox)
    told.run(LETTERS)
    assert heads(people) == ["Broken: letters (Bad credentials or insufficient permissions)"]
    assert (
        "the alerts dead could not be delivered: Connection: Slack answered 500: rollup_error" in told.reason
    )
    sandbox.world.faults.clear()
    told.run(LETTERS)
    told.tick()
    assert [head.split(" (")[0] for head in heads(people)] == ["Broken: letters", "Recovered: letters"]

    dead.answer = None
    told.tick(after=timedelta(minutes=16))
    (late,) = dead.texts()
    assert late.index("Broken: letters") < late.index("Recovered: letters")
    told.tick()
    assert (len(people.posts), len(dead.posts)) == (2, 1)
    assert told.reason == "everything is told"


def test_a_channel_that_does_not_answer_at_all_is_given_up_in_time(
    telling, people, dead, sandbox, monkeypatch
):
    monkeypatch.setattr(delivery, "_DEADLINE", 0.5)
    dead.speaks.clear()
    told = telling(OPS, DEAD)
    fail(sandbox)
    told.run(LETTERS)
    assert len(people.posts) == 1
    assert "the alerts dead could not be delivered: Timeout" in told.reason


def test_a_channel_is_tried_again_no_sooner_than_it_asks_for_and_at_growing_distances(
    telling, people, sandbox
):
    told = telling()
    fail(sandbox)
    people.answer, people.headers = (429, "rate_limited"), {"Retry-After": "300"}
    told.run(LETTERS)
    assert "could not be delivered: Rate limit: Slack answered 429" in told.reason
    told.tick(after=timedelta(seconds=295))
    assert people.asked == 1
    people.answer, people.headers = (503, ""), {}
    told.tick(after=timedelta(seconds=6))
    told.tick()  # the second failure in a row: a minute
    assert people.asked == 2
    people.answer = None
    told.tick()
    told.tick()
    assert heads(people) == ["Broken: letters (Bad credentials or insufficient permissions)"]
    assert (people.asked, told.reason) == (3, "everything is told")


def test_what_asks_for_more_than_a_quarter_of_an_hour_is_tried_again_after_that(telling, people, sandbox):
    told = telling()
    fail(sandbox)
    people.answer, people.headers = (429, "rate_limited"), {"Retry-After": "1000000"}
    told.run(LETTERS)
    people.answer = None
    told.tick(after=timedelta(minutes=15, seconds=1))
    assert len(people.posts) == 1


def test_a_failure_that_is_mended_between_two_looks_is_told_with_its_end(telling, people, sandbox):
    told = telling()
    fail(sandbox)
    told.runner.run(LETTERS)
    sandbox.world.faults.clear()
    told.run(LETTERS)
    (text,) = people.texts()
    assert text.index("Broken: letters") < text.index("Recovered: letters")


def test_what_warns_is_told_by_its_check_unless_only_what_is_broken_is_wanted(telling, people, dead, sandbox):
    dead.answer = None
    told = telling(OPS, DEAD + "  warnings: false\n")
    poison = {"extent": Extent.RECORD, "reason": "<!channel> *no*\nroom for p@example.org"}
    sandbox.world.add_fault(Rule(Kind.POISON, path="/batch/*", identifier="2", **poison))
    told.run(LETTERS)
    (text,) = people.texts()
    assert "*Warning: letters (destination_issues)*\nWhat: 1 of 4 records of this run were refused" in text
    sandbox.world.faults.clear()
    told.run(LETTERS, partition=SECOND)
    assert heads(people)[1:] == ["Over: letters (destination_issues)"]
    assert dead.posts == []


def test_words_of_others_neither_mention_nor_link_nor_add_lines_nor_tell_values(telling, people, sandbox):
    told = telling()
    fail(
        sandbox,
        reason="<!channel> see <https://evil.example|here> &\n*Recovered* sandbox-rest-key p@example.org +33612345678",
    )
    told.run(LETTERS)
    (text,) = people.texts()
    assert "&lt;!channel&gt; see &lt;https://evil.example|here&gt; &amp; *Recovered* •••" in text
    said = json.dumps(people.posts[0]["body"], ensure_ascii=False) + str(told.cursor) + told.reason
    assert [
        one for one in ("sandbox-rest-key", "p@example.org", "33612345678", "secret-part") if one in said
    ] == []
    assert all(block["text"]["verbatim"] for block in people.posts[0]["body"]["blocks"])


def test_what_pauses_several_activations_is_told_once_with_their_names(telling, people):
    def connect(*, passed):
        words = (
            "connection: Bad credentials or insufficient permissions: the login is refused. Give it another."
        )
        result = dg.AssetCheckResult(passed=passed, description=words)
        report(told.runner.instance, dg.AssetKey(["sources", "shop"]), "connection", result)
        told.tick()

    told = telling()
    connect(passed=False)
    connect(passed=False)
    (text,) = people.texts()
    assert "*Paused: leads, letters (Bad credentials or insufficient permissions)*" in text
    assert "What to do: Mend the source shop; what is paused goes on by itself." in text
    assert "<https://dagster.example.org/assets/sources/shop|" in text
    connect(passed=True)
    assert len(people.posts) == 2
    assert all(f"Recovered: {name}" in people.texts()[1] for name in ("leads", "letters"))


def test_a_mapping_that_does_not_fit_is_one_trouble_and_so_is_its_end(telling, people):
    def fits(*, passed):
        words = "Configuration: there is no field first_name. Correct the mapping."
        result = dg.AssetCheckResult(passed=passed, description=words)
        report(told.runner.instance, dg.AssetKey(LETTERS.split("/")), "mapping_fits", result)
        told.tick(after=timedelta(minutes=11))

    told = telling()
    fits(passed=False)
    assert [text.count("*") // 2 for text in people.texts()] == [1]
    assert heads(people) == ["Paused: letters (Configuration)"]
    assert f"<https://dagster.example.org/assets/{LETTERS}|" in people.texts()[0]
    fits(passed=True)
    assert heads(people)[1:] == ["Recovered: letters (Configuration)"]


def test_a_check_that_no_run_evaluated_is_told_within_ten_minutes(telling, people):
    told = telling()
    result = dg.AssetCheckResult(passed=False, severity=dg.AssetCheckSeverity.WARN, description="too many")
    report(told.runner.instance, dg.AssetKey(LETTERS.split("/")), "turnover", result)
    told.tick(after=timedelta(minutes=10))
    assert heads(people) == ["Warning: letters (turnover)"]


def test_a_look_asks_for_the_checks_of_activations_alone_that_have_run(telling, people, monkeypatch):
    asked = []

    def newest(instance, keys):
        asked.append({key.asset_key.to_user_string() for key in keys})
        return newest_finished(instance, keys)

    told = telling()
    monkeypatch.setattr(observing, "newest_finished", newest)
    told.tick()
    told.run(LETTERS)
    told.tick()
    assert asked == [set(), {LETTERS}, set()]


def test_an_activation_says_whom_it_tells_or_that_it_tells_nobody(telling, people, dead, project, sandbox):
    dead.answer = None
    project.replaced(
        "  segment: loyal\n  destination: mail", "  alerts: [dead]\n  segment: loyal\n  destination: mail"
    )
    project.replaced(
        "  segment: loyal\n  destination: crm", "  alerts: off\n  segment: loyal\n  destination: crm"
    )
    told = telling(OPS, DEAD + "  everything: false\n")
    fail(sandbox)
    fail(sandbox, path="/attio/*")
    told.runner.run(LEADS)
    told.run(LETTERS)
    assert people.posts == []
    assert [head.split(" (")[0] for head in heads(dead)] == ["Broken: letters"]


def test_a_name_that_no_alerts_have_is_refused_with_its_place_and_the_nearest_one(project):
    project.also(OPS).replaced(
        "  segment: loyal\n  destination: mail", "  alerts: [opps]\n  segment: loyal\n  destination: mail"
    )
    text = project.refusal()
    assert f"shop/defs.yaml:{project.line('alerts: [opps]')}" in text
    assert 'Did you mean "ops"?' in text


def test_a_run_that_dagster_tries_again_is_not_judged_and_one_that_was_cancelled_neither(telling, people):
    told = telling()
    instance = told.runner.instance
    for tags, end in (
        ({"dagster/will_retry": "true"}, instance.report_run_failed),
        ({}, instance.report_run_canceled),
    ):
        end(create_run_for_test(instance, tags={"activation": "letters", **tags}))
    told.tick()
    assert people.posts == []
    instance.report_run_failed(create_run_for_test(instance, tags={"activation": "letters"}))
    told.tick()
    assert heads(people) == ["Broken: letters (Not carried out)"]


def test_the_digest_comes_once_a_day_and_says_how_things_stand(telling, people, sandbox):
    now = datetime.now(UTC)
    told = telling(OPS + f'  digest: "{now - timedelta(minutes=5):%H:%M}"\n  warnings: false\n')
    assert people.posts == []
    fail(sandbox)
    told.run(LETTERS)
    told.tick(after=timedelta(days=1))
    told.tick()
    _, text = people.texts()
    assert "Daily digest: 1 of 2 activations are well" in text
    assert "letters: Bad credentials or insufficient permissions" in text
    assert "Runs: 0 succeeded, 1 failed" in text


def test_a_cursor_that_cannot_be_read_begins_anew_with_what_is_broken(telling, people, sandbox):
    told = telling()
    fail(sandbox)
    told.runner.run(LETTERS, tags={"activation": "letters"})
    told.cursor = "{not ours"
    told.tick()
    assert [head.split(" (")[0] for head in heads(people)] == ["Broken: letters"]
