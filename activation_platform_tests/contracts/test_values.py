"""The value types as tables: what goes in, what is sent, and why something cannot be."""

import string
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal as Exact

import phonenumbers
import polars as pl
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given, settings
from hypothesis import strategies as st

from activation_platform.contracts import contact
from activation_platform.contracts.values import (
    Boolean,
    Choice,
    Day,
    Decimal,
    Email,
    Fit,
    Instant,
    Integer,
    Number,
    Phone,
    Text,
    TextList,
    TimeZone,
    value_type_for,
)

NOON = datetime(2026, 1, 31, 12, 0, 0, 250_000, tzinfo=UTC)
RECENT = Instant(within_last=timedelta(hours=2)).at(NOON)
EVERY_TYPE = [
    Text(min=1, max=5, pattern="[a-z]+", words="small letters", trim=True),
    Choice(("a", "b")),
    TimeZone(),
    Integer(0, 10),
    Number(),
    Decimal(5, 2),
    Decimal(),
    Boolean(),
    Day(),
    Instant(),
    RECENT,
    TextList(3, 5),
    Email(),
    Phone(),
]
EVERY_COLUMN = [
    pl.Series([None, "x"]),
    pl.Series([None, 1]),
    pl.Series([None, 1], dtype=pl.UInt64),
    pl.Series([None, 2**100], dtype=pl.Int128),
    pl.Series([None, 1.5]),
    pl.Series([None, True]),
    pl.Series([None, date(2026, 1, 31)]),
    pl.Series([None, NOON]),
    pl.Series([None, NOON.replace(tzinfo=None)]),
    pl.Series([None, NOON]).dt.convert_time_zone("Asia/Kolkata"),
    pl.Series([None, time(12)]),
    pl.Series([None, timedelta(hours=1)]),
    pl.Series([None, Exact("1.50")]),
    pl.Series([None, b"x"]),
    pl.Series([None, ["x"]]),
    pl.Series([None, [1]]),
    pl.Series([None, ["x"]], dtype=pl.Array(pl.String, 1)),
    pl.Series([None, {"a": 1}]),
    pl.Series([None, "x"], dtype=pl.Categorical),
    pl.Series([None, "x"], dtype=pl.Enum(["x"])),
    pl.Series([None, None], dtype=pl.Null),
]


@pytest.mark.parametrize("type_", EVERY_TYPE, ids=lambda t: t.label)
@pytest.mark.parametrize("raw", EVERY_COLUMN, ids=lambda s: str(s.dtype))
def test_every_type_takes_every_column(type_, raw):
    cleaned = type_.clean(raw)
    assert cleaned.values.dtype == type_.dtype
    assert cleaned.reasons.dtype == pl.String
    assert (len(cleaned.values), len(cleaned.reasons)) == (2, 2)
    assert cleaned.values[0] is None
    assert cleaned.reasons[0] is None
    for value, was, reason in zip(cleaned.values, raw, cleaned.reasons, strict=True):
        assert (value is None) == (was is None or reason is not None), "sent or explained"
    empty = type_.clean(raw.clear())
    assert (len(empty.values), empty.values.dtype) == (0, type_.dtype)


@pytest.mark.parametrize(
    "type_",
    [Text(), Integer(), Number(), Decimal(), Boolean(), Day(), Instant(), TextList()],
    ids=lambda t: t.label,
)
@pytest.mark.parametrize("raw", EVERY_COLUMN, ids=lambda s: str(s.dtype))
def test_a_type_says_of_a_column_what_becomes_of_its_values(type_, raw):
    refused = type_.clean(raw).reasons[1] is not None
    fit = type_.fit(raw.dtype)
    if raw.dtype != pl.Int128 or not isinstance(type_, Integer):  # right by its type, and too large
        assert refused is (fit is not Fit.GOOD) or fit is Fit.DEPENDS


def test_nothing_that_is_sent_comes_from_a_column_that_never_fits():
    fits = [type_.fit(pl.Series([raw]).dtype) for type_, raw, _ in GOOD]
    assert Fit.NEVER not in fits


@pytest.mark.parametrize("type_", EVERY_TYPE, ids=lambda t: t.label)
def test_a_reason_reads_after_a_name_and_never_holds_the_value(type_):
    secret = "Zebra-4711-secret-value"
    reasons = {
        type_.clean(pl.Series([secret])).reasons[0],
        type_.clean(pl.Series([[secret, None]])).reasons[0],
    } - {None}
    assert reasons
    assert all(reason.split()[0] in ("is", "holds", "has") for reason in reasons)
    assert not any(secret in reason or "4711" in reason for reason in reasons)
    assert type_.rule


GOOD = [
    (Text(), "", ""),
    (Text(), " a ", " a "),
    (Text(trim=True), " a ", "a"),
    (Text(max=3), "äöü", "äöü"),
    (Text(), 7, "7"),
    (Text(), True, "true"),
    (Text(), 0.1, "0.1"),
    (Text(), Exact("1.50"), "1.50"),
    (Text(), date(2026, 1, 31), "2026-01-31"),
    (Text(), NOON, "2026-01-31T12:00:00.250Z"),
    (Text(pattern="[a-z]{2}"), "fr", "fr"),
    (Choice(("yes", "no")), "yes", "yes"),
    (TimeZone(), "Europe/Paris", "Europe/Paris"),
    (Integer(), 7, 7),
    (Integer(), " 7 ", 7),
    (Integer(), "-7", -7),
    (Integer(), 7.0, 7),
    (Integer(), Exact("7.00"), 7),
    (Integer(), 2**63 - 1, 2**63 - 1),
    (Integer(min=1, max=3), 3, 3),
    (Number(), 7, 7.0),
    (Number(), "7.5", 7.5),
    (Number(), -0.0, 0.0),
    (Number(), Exact("0.10"), 0.1),
    (Decimal(), "1" * 60 + ".5", "1" * 60 + ".5"),
    (Decimal(), 0.1, "0.1"),
    (Decimal(5, 2), 7, "7"),
    (Decimal(5, 2), " +007.50 ", "7.5"),
    (Decimal(5, 2), "-.5", "-0.5"),
    (Decimal(5, 2), Exact("1.50"), "1.5"),
    (Decimal(5, 2), 0.1 + 0.2, "0.3"),
    (Decimal(5, 2), "000123.4500", "123.45"),
    (Boolean(), True, True),
    (Boolean(), "TRUE ", True),
    (Boolean(), "false", False),
    (Day(), date(2026, 1, 31), date(2026, 1, 31)),
    (Day(), " 2026-01-31 ", date(2026, 1, 31)),
    (Day(), NOON, date(2026, 1, 31)),
    (Instant(), NOON, NOON),
    (Instant(), NOON.replace(tzinfo=None), NOON),
    (Instant(), date(2026, 1, 31), datetime(2026, 1, 31, tzinfo=UTC)),
    (Instant(), "2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
    (Instant(), "2026-01-31 12:00:00.25", NOON),
    (Instant(), "2026-01-31T12:00:00.25Z", NOON),
    (Instant(), "2026-01-31T17:30:00.25+05:30", NOON),
    (TextList(), ["a", "b"], ["a", "b"]),
    (Email(), "Ann.Lee+x@EXAMPLE.org ", "ann.lee+x@example.org"),
    (Email(), "ann@example.co.uk", "ann@example.co.uk"),
    (Phone(), "+33 6 39 98 13 37", "+33639981337"),
    (Phone(), "+1 (202) 555-0123", "+12025550123"),
]
BAD = [
    (Text(min=1), "", "is empty"),
    (Text(min=3), "ab", "is shorter than 3 characters"),
    (Text(max=2), "abc", "is longer than 2 characters"),
    (Text(pattern="[a-z]{2}", words="a language"), "FR", "is not a language"),
    (Text(pattern="[a-z]{2}"), "fr\n", "is not [a-z]{2}"),
    (Text(), b"x", "is not text"),
    (Text(), float("nan"), "is not text"),
    (Choice(("yes", "no")), "maybe", "is not one of yes, no"),
    (TimeZone(), "Mars/Olympus", "is not an IANA time zone"),
    (Integer(), 7.5, "is not a whole number"),
    (Integer(), "7.0", "is not a whole number"),
    (Integer(), "", "is not a whole number"),
    (Integer(), 1e300, "is not a whole number"),
    (Integer(), float("nan"), "is not a whole number"),
    (Integer(), True, "is not a whole number"),
    (Integer(min=1), 0, "is below 1"),
    (Integer(max=1), 2, "is above 1"),
    (Number(), "seven", "is not a number"),
    (Number(), float("nan"), "is not a finite number"),
    (Number(), float("-inf"), "is not a finite number"),
    (Number(), "inf", "is not a finite number"),
    (Decimal(5, 2), "7.123", "has more than 2 digits after the point"),
    (Decimal(5, 2), Exact("7.123"), "has more than 2 digits after the point"),
    (Decimal(5, 2), 1000, "has more than 3 digits before the point"),
    (Decimal(5, 2), 999.999, "has more than 3 digits before the point"),
    (Decimal(5, 2), 1e300, "is not a decimal number"),
    (Decimal(5, 2), "1e2", "is not a decimal number"),
    (Decimal(5, 2), "", "is not a decimal number"),
    (Decimal(), float("nan"), "is not a decimal number"),
    (Decimal(), float("-inf"), "is not a decimal number"),
    (Decimal(), True, "is not a decimal number"),
    (Boolean(), "yes", "is not true or false"),
    (Boolean(), 1, "is not true or false"),
    (Day(), "31.01.2026", "is not a date"),
    (Day(), "2026-02-30", "is not a date"),
    (Day(), 20260131, "is not a date"),
    (Instant(), "yesterday", "is not a timestamp"),
    (Instant(), 1_700_000_000, "is not a timestamp"),
    (TextList(), ["a", None], "holds a null"),
    (TextList(max_items=1), ["a", "b"], "has more than 1 items"),
    (TextList(max=2), ["abc"], "has an item longer than 2 characters"),
    (TextList(), "a", "is not a list of texts"),
    (TextList(), [1], "is not a list of texts"),
    (Email(), "ann@", "is not an e-mail address"),
    (Email(), "Ann <ann@example.org>", "is not an e-mail address"),
    (Email(), "ann@localhost", "is not an e-mail address"),
    (Email(), "", "is not an e-mail address"),
    (Phone(), "06 39 98 13 37", "is not a phone number in international form"),
    (Phone(), "+33 6", "is not a phone number in international form"),
    (Phone(), "call me", "is not a phone number in international form"),
]


@pytest.mark.parametrize(("type_", "value", "sent"), GOOD, ids=str)
def test_what_is_sent(type_, value, sent):
    cleaned = type_.clean(pl.Series([value, None]))
    assert cleaned.values.to_list() == [sent, None]
    assert cleaned.reasons.to_list() == [None, None]


@pytest.mark.parametrize(("type_", "value", "reason"), BAD, ids=str)
def test_what_cannot_be_sent_and_why(type_, value, reason):
    cleaned = type_.clean(pl.Series([value, None]))
    assert cleaned.values.to_list() == [None, None]
    assert cleaned.reasons.to_list() == [reason, None]


def test_an_empty_list_is_a_list():
    cleaned = TextList(max_items=1, max=1).clean(pl.Series([[]], dtype=pl.List(pl.String)))
    assert (cleaned.values.to_list(), cleaned.reasons.to_list()) == ([[]], [None])


@pytest.mark.parametrize("type_", EVERY_TYPE, ids=lambda t: t.label)
def test_what_was_cleaned_is_clean(type_):
    good = [sent for one, _, sent in GOOD if type(one) is type(type_)]
    unbounded = next(one for one, _, _ in GOOD if type(one) is type(type_))
    again = unbounded.clean(pl.Series(good, dtype=unbounded.dtype)) if type(type_) is not Choice else None
    if again is not None and type(type_) is not Text:
        assert again.values.to_list() == good


DAY = timedelta(hours=24)
A_MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("moment", "reason"),
    [
        (NOON, None),
        (NOON - DAY + A_MOMENT, None),
        (NOON - DAY, "is not within the last 24 hours"),
        (NOON + A_MOMENT, "lies in the future"),
        (datetime(1, 1, 1, tzinfo=UTC), "is not within the last 24 hours"),
        (datetime(9999, 12, 31, tzinfo=UTC), "lies in the future"),
        ("soon", "is not a timestamp"),
        (None, None),
    ],
)
def test_a_moment_with_an_age_limit_is_judged_by_the_moment_of_the_run(moment, reason):
    cleaned = Instant(within_last=DAY).at(NOON).clean(pl.Series([moment]))

    assert cleaned.reasons.to_list() == [reason]
    assert cleaned.values.to_list() == [None if reason else moment]


def test_the_moment_of_the_run_is_no_part_of_what_a_field_declares():
    declared = Instant(within_last=DAY)

    assert declared.at(NOON) == declared.at(NOON).at(NOON) != declared
    assert declared == Instant(within_last=DAY)
    assert declared.rule == "timestamp within the last 24 hours"
    assert all(one.at(NOON) is one for one in EVERY_TYPE if one is not RECENT)


PLAIN = string.ascii_lowercase + string.digits + "._+-"


@st.composite
def addresses(draw):
    word = st.text(PLAIN, min_size=1, max_size=12)
    labels = draw(st.lists(word, min_size=1, max_size=3))
    end = draw(st.sampled_from(["com", "org", "fr", "de", "uk", "co", "io", "test", "c"]))
    return f"{draw(word)}@{'.'.join(labels)}.{end}"


def by_the_library(value: str) -> str | None:
    try:
        return validate_email(value.strip(), check_deliverability=False).normalized
    except EmailNotValidError:
        return None


@settings(max_examples=600)
@given(addresses() | st.from_regex(contact._PLAIN, fullmatch=True, alphabet=st.characters(codec="ascii")))
def test_the_fast_path_for_addresses_agrees_with_the_library(value):
    assert contact.clean_email(value) == by_the_library(value)


@pytest.mark.parametrize(
    "value", ["a" * 30 + "." + "b" * 15 + "." + "c" * 15 + "@" + ("d" * 40 + ".") * 3 + "com", "a@b.co"]
)
def test_the_fast_path_takes_only_what_the_library_takes_at_its_limits(value):
    assert contact._PLAIN.fullmatch(value)
    assert contact.clean_email(value) == by_the_library(value) == value


@settings(max_examples=600)
@given(st.from_regex(contact._E164, fullmatch=True, alphabet=st.characters(codec="ascii")))
def test_the_fast_path_for_phone_numbers_agrees_with_the_library(value):
    number = phonenumbers.parse(value, None)
    assert phonenumbers.is_possible_number(number)
    in_full = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    assert contact.clean_phone(value) == in_full == value


@pytest.mark.parametrize(
    ("dtype", "type_"),
    [
        (pl.Int16(), Integer()),
        (pl.UInt64(), Integer()),
        (pl.Float32(), Number()),
        (pl.Decimal(10, 2), Number()),
        (pl.String(), Text()),
        (pl.Categorical(), Text()),
        (pl.Enum(["a"]), Text()),
        (pl.Boolean(), Boolean()),
        (pl.Date(), Day()),
        (pl.Datetime("ns", "Asia/Tokyo"), Instant()),
        (pl.List(pl.String()), TextList()),
        (pl.List(pl.Int64()), None),
        (pl.Struct({}), None),
        (pl.Binary(), None),
    ],
    ids=str,
)
def test_a_column_that_nobody_declared_gets_the_type_of_its_values(dtype, type_):
    assert value_type_for(dtype) == type_
