"""Spans of time follow the calendar."""

from datetime import UTC, date, datetime

import pytest

from activation_platform.segmentation.spans import Span, Unit


@pytest.mark.parametrize(
    ("text", "count", "unit"),
    [
        ("90 days", 90, Unit.DAY),
        ("1 month", 1, Unit.MONTH),
        (" 15  Minutes ", 15, Unit.MINUTE),
        ("1 years", 1, Unit.YEAR),
    ],
)
def test_a_span_is_a_number_and_a_unit(text, count, unit):
    assert Span.parse(text) == Span(count, unit)


@pytest.mark.parametrize(
    "text", ["90", "days", "", "1.5 days", "-1 days", "1 day 2 hours", "3 fortnights", "٣ days", 90, None]
)
def test_what_is_no_span_is_refused_with_the_units(text):
    with pytest.raises(ValueError, match=r"is no span of time.*minutes, hours, days, weeks, months, years"):
        Span.parse(text)


@pytest.mark.parametrize("text", ["0 days", "501 years", "999999999 weeks"])
def test_a_span_that_leaves_the_calendar_is_refused(text):
    with pytest.raises(ValueError, match="out of range"):
        Span.parse(text)


@pytest.mark.parametrize("text", ["500 years", "262800000 minutes"])
def test_the_longest_spans_stay_in_the_calendar(text):
    now = datetime(2024, 2, 29, tzinfo=UTC)

    assert Span.parse(text).before(now) < now < Span.parse(text).after(now)


@pytest.mark.parametrize(
    ("day", "text", "earlier", "later"),
    [
        (date(2024, 3, 31), "1 month", date(2024, 2, 29), date(2024, 4, 30)),
        (date(2023, 3, 31), "1 month", date(2023, 2, 28), date(2023, 4, 30)),
        (date(2024, 2, 29), "1 year", date(2023, 2, 28), date(2025, 2, 28)),
        (date(2024, 2, 29), "4 years", date(2020, 2, 29), date(2028, 2, 29)),
        (date(2024, 1, 15), "1 month", date(2023, 12, 15), date(2024, 2, 15)),
        (date(2024, 12, 31), "2 months", date(2024, 10, 31), date(2025, 2, 28)),
        (date(2024, 3, 1), "1 day", date(2024, 2, 29), date(2024, 3, 2)),
        (date(2024, 3, 1), "2 weeks", date(2024, 2, 16), date(2024, 3, 15)),
    ],
)
def test_months_end_on_their_last_day_and_leap_days_are_kept_where_they_exist(day, text, earlier, later):
    span = Span.parse(text)

    assert (span.before(day), span.after(day)) == (earlier, later)


def test_months_keep_the_time_of_day():
    now = datetime(2024, 3, 31, 23, 59, 59, 999_999, tzinfo=UTC)

    assert Span.parse("1 month").before(now) == datetime(2024, 2, 29, 23, 59, 59, 999_999, tzinfo=UTC)


def test_a_span_prints_as_it_is_written():
    assert [str(Span.parse(text)) for text in ("1 day", "2 months")] == ["1 day", "2 months"]
