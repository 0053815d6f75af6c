"""SEMANTICS E3, on vendors' age limits: they are source issues, judged by the clock at the moment of the run."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from activation_platform.contracts.fields import Field
from activation_platform.contracts.values import Instant
from activation_platform.sync.mapping import FieldMapping
from activation_platform_tests.sync.shop import Things
from activation_platform_tests.sync.world import MAPPING, thing

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
OLD, FUTURE = "happened is not within the last 24 hours", "happened lies in the future"


class FreshThings(Things):
    """Keep things that happened within the last 24 hours."""

    fields = (*Things.fields, Field("happened", Instant(within_last=timedelta(hours=24)), required=True))


@pytest.fixture
def shop(workshop):
    workshop.service = FreshThings
    workshop.mapping = (*MAPPING, FieldMapping("happened", "name"))
    return workshop


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def happened(key, ago):
    return thing(key, name=(NOON - ago).isoformat())


def test_e3_what_is_too_old_for_the_vendor_is_a_source_issue_and_not_retried(shop, clock):
    rows = [happened("a", timedelta(hours=23)), happened("b", timedelta(hours=24))]

    run = shop.run(*rows)
    assert (shop.vendor.sent, run.figures.source_issues) == (["a"], 1)
    assert shop.issues() == [(1, "b", "set_aside", OLD)]

    clock.shift(timedelta(hours=5))
    run = shop.run(*rows)
    assert (shop.vendor.sent, run.figures.source_issues, run.figures.standing) == ([], 0, 1)


def test_e3_what_lies_in_the_future_is_sent_once_it_has_happened(shop, clock):
    row = happened("a", -timedelta(minutes=1))

    shop.run(row)
    assert (shop.vendor.sent, shop.issues()) == ([], [(1, "a", "set_aside", FUTURE)])

    clock.shift(timedelta(minutes=2))
    shop.run(row)
    assert (shop.vendor.sent, shop.debts()) == (["a"], [])


def test_e3_the_instant_that_a_run_stands_for_does_not_judge_age(shop, clock):
    row = happened("a", timedelta(hours=1))

    shop.run(row, instant=NOON - timedelta(days=30))

    assert shop.vendor.sent == ["a"]


def test_e3_what_was_sent_in_time_stays_sent_when_it_grows_old(shop, clock):
    row = happened("a", timedelta(hours=1))
    shop.run(row)

    clock.shift(timedelta(days=3))
    run = shop.run(row)

    assert (shop.vendor.sent, run.figures.extracted) == ([], 0)
