"""Whole runs against Iterable's stand-in: modes, deletions that take their time, and what is told before anything is said."""

from contextlib import suppress

import pytest

from activation_platform.contracts.errors import CredentialsRefused, DeclarationError
from activation_platform.contracts.modes import Mode
from activation_platform.destinations.iterable.destination import Iterable
from activation_platform.destinations.iterable.people import Identified
from activation_platform.destinations.iterable.users import Users
from activation_platform.sandbox.faults import Kind, Rule, When
from activation_platform.sync.activate import RunFailed
from activation_platform.sync.history import Status
from activation_platform_tests.destinations.running import Runs

ADA = {"key": 1, "email": "ada@acme.com", "plan": "gold"}
JOE = {"key": 2, "email": "joe@acme.com", "plan": "free"}
DELETIONS = "/iterable/api/users/*"


@pytest.fixture
def run(tmp_path, account, fields):
    return Runs(tmp_path, Users(account), Mode.MIRROR)


@pytest.fixture
def plans(held):
    return lambda: {one["email"]: one.get("plan") for one in held()}


def writes(sandbox):
    return sum(one["count"] for one in sandbox.world.requests() if one["method"] != "GET")


def test_d7_who_left_is_asked_for_until_they_are_gone_and_counted_once(run, plans, sandbox):
    run(ADA, JOE)
    second = run(ADA)
    assert (second.figures.deleted, plans()) == (1, {"ada@acme.com": "gold", "joe@acme.com": "free"})
    run(ADA)
    sandbox.world.finish_erasures()
    before = writes(sandbox)

    last = run(ADA)

    assert plans() == {"ada@acme.com": "gold"}
    assert (last.status, writes(sandbox)) == (Status.NOTHING_TO_DO, before)


def test_d7_who_is_back_before_the_deletion_is_done_is_written_after_it(run, plans, sandbox):
    run(ADA, JOE)
    sandbox.world.add_fault(Rule(Kind.DROP, when=When.AFTER, method="DELETE", path=DELETIONS))
    with suppress(RunFailed):
        run(ADA)
    sandbox.world.clear_faults()

    run(ADA, {**JOE, "plan": "gold"})
    assert plans()["joe@acme.com"] == "free"  # what is written now would be deleted
    sandbox.world.finish_erasures()
    run(ADA, {**JOE, "plan": "gold"})

    assert plans() == {"ada@acme.com": "gold", "joe@acme.com": "gold"}


def test_b5_under_mirror_another_address_is_another_user_and_the_old_one_goes(run, plans, sandbox):
    run(ADA, JOE)
    run(ADA, {**JOE, "email": "joseph@acme.com"})
    sandbox.world.finish_erasures()

    assert plans() == {"ada@acme.com": "gold", "joseph@acme.com": "free"}


def test_an_address_that_changes_is_a_field_where_the_user_is_known_by_an_id(tmp_path, account, fields, held):
    run = Runs(tmp_path, Users(account, Identified("userId")), Mode.MIRROR, keeps=frozenset({"email"}))
    run({"key": 1, "userId": "C1", "email": "ada@acme.com"})

    second = run({"key": 1, "userId": "C1", "email": "ada@new.com"})

    assert second.figures.updated == 1
    assert held() == [{"email": "ada@new.com", "userId": "C1"}]


def test_of_two_who_ask_for_one_address_the_first_has_it_and_the_other_is_an_issue(
    tmp_path, account, fields, held
):
    run = Runs(tmp_path, Users(account, Identified("userId")), Mode.UPSERT, keeps=frozenset({"email"}))

    result = run(*({"key": n, "userId": f"C{n}", "email": "ada@acme.com"} for n in (1, 2)))

    assert (result.figures.inserted, result.figures.destination_issues) == (1, 1)
    assert held() == [{"userId": "C1", "email": "ada@acme.com"}]


def test_update_only_makes_nobody_and_asks_again_about_who_was_unknown(tmp_path, account, fields, ask, plans):
    run = Runs(tmp_path, Users(account), Mode.UPDATE_ONLY)
    ask("POST", "/api/users/bulkUpdate", users=[{"email": "ada@acme.com"}])

    first = run(ADA, JOE)
    ask("POST", "/api/users/bulkUpdate", users=[{"email": "joe@acme.com"}])
    run(ADA, {**JOE, "plan": "gold"})

    assert (first.figures.updated, first.figures.ignored) == (1, 1)
    assert plans() == {"ada@acme.com": "gold", "joe@acme.com": "gold"}


def test_a_field_that_nobody_made_stops_the_run_before_anything_is_said(run, plans, sandbox):
    before = writes(sandbox)

    with pytest.raises(RunFailed) as failed:
        run({"key": 1, "email": "ada@acme.com", "plam": "gold"})

    assert isinstance(failed.value.__cause__, DeclarationError)
    assert 'the account has no field "plam". Did you mean "plan"' in str(failed.value)
    assert (plans(), writes(sandbox)) == ({}, before)


def test_a_value_of_another_type_is_set_aside_before_anything_is_said(run, held):
    result = run(
        {"key": 1, "email": "ada@acme.com", "visits": "many"},
        {"key": 2, "email": "eve@acme.com", "visits": "2"},
    )

    assert result.figures.source_issues == 1
    assert held() == [{"email": "eve@acme.com", "visits": 2}]


def test_a_field_of_texts_takes_a_list_of_them_or_one(run, held):
    run({"key": 1, "email": "ada@acme.com", "plan": ["gold", "trial"]})
    run(
        {"key": 1, "email": "ada@acme.com", "plan": []},
        {"key": 2, "email": "joe@acme.com", "plan": ["x", None]},
    )
    assert held() == [{"email": "ada@acme.com", "plan": []}]

    run({"key": 1, "email": "ada@acme.com", "plan": "gold"})

    assert held() == [{"email": "ada@acme.com", "plan": "gold"}]


def test_d3_a_key_that_is_refused_stops_the_run_and_blames_nobody(tmp_path, sandbox):
    account = Iterable(api_key="wrong", base_url=sandbox.base_url("iterable"))

    with pytest.raises(RunFailed) as failed:
        Runs(tmp_path, Users(account), Mode.UPSERT)(ADA)

    assert isinstance(failed.value.__cause__, CredentialsRefused)
    assert failed.value.run.figures.destination_issues == 0


def test_users_are_said_a_thousand_at_a_time(tmp_path, account, fields, held, sandbox):
    people = [{"key": n, "email": f"p{n}@acme.com"} for n in range(1_001)]

    result = Runs(tmp_path, Users(account), Mode.UPSERT)(*people)

    asked = {one["path"]: one["count"] for one in sandbox.world.requests() if one["method"] == "POST"}
    assert result.figures.inserted == len(held()) == 1_001
    assert asked["/api/users/bulkUpdate"] == 3  # one of them made the fields
