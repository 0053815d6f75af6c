"""Patience: how long the loader waits before it asks again."""

import asyncio
from datetime import UTC, datetime

import httpx
import pytest

from activation_platform.contracts.waiting import retry_after
from activation_platform.sync.patience import Patience

NOW = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("Sat, 31 Jan 2026 12:00:30 GMT", 31.0),
        ("Saturday, 31-Jan-26 12:00:30 GMT", 31.0),
        ("Sat, 31 Jan 2026 13:00:30 +0100", 31.0),
        ("Sat, 31 Jan 2026 11:00:00 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
    ],
)
def test_retry_after_is_read_in_both_forms(header, seconds):
    assert retry_after(httpx.Response(429, headers={"Retry-After": header}), NOW) == seconds


def test_no_header_says_nothing():
    assert retry_after(httpx.Response(503), NOW) is None


def test_waits_double_up_to_the_longest_and_are_spread():
    low = Patience(asyncio.sleep, random=lambda: 0.0, first_wait=1.0, longest_wait=10.0)
    high = Patience(asyncio.sleep, random=lambda: 1.0, first_wait=1.0, longest_wait=10.0)
    assert [low.backoff(n) for n in range(6)] == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]
    assert [high.backoff(n) for n in range(6)] == [1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
