"""Whole runs against Klaviyo's stand-in: what a deletion without an answer means for who left, and for who is back."""

from contextlib import suppress

import pytest

from activation_platform.contracts.modes import Mode
from activation_platform.destinations.klaviyo.profiles import Profiles
from activation_platform.sandbox.faults import Kind, Rule, When
from activation_platform.sync.activate import RunFailed
from activation_platform.sync.history import Status
from activation_platform_tests.destinations.running import Runs

ADA = {"key": 1, "email": "ada@acme.com", "title": "Cook"}
JOE = {"key": 2, "email": "joe@acme.com", "title": "Judge"}


@pytest.fixture
def run(tmp_path, account):
    return Runs(tmp_path, Profiles(account), Mode.MIRROR)


@pytest.fixture
def held(sandbox):
    return lambda: {one["email"]: one["title"] for one in sandbox.world.part("klaviyo", "profiles").values()}


@pytest.fixture
def without_an_answer(sandbox):
    """Klaviyo is asked to delete, and nobody hears that it will."""

    def order(when):
        path = "/klaviyo/api/data-privacy-deletion-jobs"
        sandbox.world.add_fault(Rule(Kind.DROP, when=when, path=path))

    return order


@pytest.mark.parametrize("when", When)
def test_d7_who_left_without_an_answer_is_waited_for_and_counted_once(
    run, held, without_an_answer, sandbox, when
):
    run(ADA, JOE)
    without_an_answer(when)
    with suppress(RunFailed):
        run(ADA)
    sandbox.world.clear_faults()
    run(ADA)
    sandbox.world.finish_erasures()

    last = run(ADA)

    assert held() == {"ada@acme.com": "Cook"} | ({"joe@acme.com": "Judge"} if when is When.BEFORE else {})
    assert last.status is Status.NOTHING_TO_DO


def test_d7_who_is_back_before_the_deletion_is_done_is_written_after_it(
    run, held, without_an_answer, sandbox
):
    run(ADA, JOE)
    without_an_answer(When.AFTER)
    with suppress(RunFailed):
        run(ADA)
    sandbox.world.clear_faults()

    run(ADA, {**JOE, "title": "Guide"})
    assert held()["joe@acme.com"] == "Judge"  # what is written now would be deleted
    sandbox.world.finish_erasures()
    run(ADA, {**JOE, "title": "Guide"})

    assert held() == {"ada@acme.com": "Cook", "joe@acme.com": "Guide"}
