"""Limit headers: what vendors say is left, in the forms that are in use."""

import httpx
import pytest

from activation_platform.contracts.pace import Left, in_seconds, in_windows, limit_left

NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("headers", "left"),
    [
        ({"RateLimit": '"default";r=50;t=30'}, Left(50, 30)),
        ({"RateLimit": '"burst";r=9;t=1, "daily";r=100;t=86400'}, Left(100, 86400)),
        ({"RateLimit": '"burst"; r=9 ;t=1;pk=:YWJj:'}, Left(9, 1)),
        ({"RateLimit": "limit=100, remaining=50, reset=30"}, Left(50, 30)),
        ({"RateLimit-Limit": "100", "RateLimit-Remaining": "7", "RateLimit-Reset": "3"}, Left(7, 3)),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "12"}, Left(0, 12)),
        ({"x-ratelimit-remaining": "5", "x-ratelimit-reset": str(int(NOW) + 8)}, Left(5, 8)),
        ({"X-Rate-Limit-Remaining": "5", "X-Rate-Limit-Reset": str(int(NOW + 8) * 1000)}, Left(5, 8)),
        ({"RateLimit": '"a";r=50;t=10', "X-RateLimit-Remaining": "1", "X-RateLimit-Reset": "9"}, Left(1, 9)),
    ],
)
def test_what_is_left_is_read_in_every_form(headers, left):
    assert limit_left(httpx.Headers(headers), NOW) == left


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"RateLimit": ""},
        {"RateLimit": "r=5"},
        {"RateLimit": '"default";q=100;w=60'},
        {"RateLimit": '"default";r=5;t=0'},
        {"X-RateLimit-Remaining": "5"},
        {"X-RateLimit-Remaining": "5", "X-RateLimit-Reset": "soon"},
        {"X-RateLimit-Remaining": "nan", "X-RateLimit-Reset": "5"},
        {"X-RateLimit-Remaining": "-1", "X-RateLimit-Reset": "5"},
        {"X-RateLimit-Remaining": "5", "X-RateLimit-Reset": str(NOW - 8)},
        {"X-RateLimit-Remaining": "5", "X-RateLimit-Reset": "Sat, 31 Jan 2026 12:00:30 GMT"},
    ],
)
def test_what_cannot_be_used_says_nothing(headers):
    assert limit_left(httpx.Headers(headers), NOW) is None


@pytest.mark.parametrize("limit", [2, 3, 5, 10, 100])
def test_no_second_sees_more_than_its_limit_wherever_it_begins(limit):
    budget = in_seconds("calls", limit)

    assert budget.burst >= 1
    assert budget.burst + budget.per_second * 1 <= limit
    assert budget.per_second >= limit / 2


def test_no_second_and_no_minute_sees_more_than_its_limit():
    budget = in_windows("calls", a_second=10, a_minute=150)

    assert budget.burst + budget.per_second * 1 <= 10
    assert budget.burst + budget.per_second * 60 <= 150 + 1e-9
