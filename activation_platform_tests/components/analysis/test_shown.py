"""How an analysis is shown: whatever the values are, a table stays a table and a picture a picture."""

import re
from xml.etree import ElementTree

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from activation_platform.components.analysis.breakdown import breakdown_of
from activation_platform.components.analysis.drawing import Bar, bars, upset
from activation_platform.components.analysis.overlap import Overlap
from activation_platform.components.analysis.words import percent, shown
from activation_platform_tests.components.analysis.workspaces import picture

NASTY = [
    "a|b",
    "<script>alert(1)</script>",
    "`code` **bold**",
    "[words](https://example.org)",
    "two\nlines\r\n| and | a | row |",
    "\\",
    "\\|",
    "👩‍👩‍👧",
    "nul\0 \x1b[31m \ufffe",
    "\u202egnirts",
    "x" * 1_000_000,
    "",
    " ",
    "&lt;b&gt;",
    "'\"/>",
]
_SVG = "{http://www.w3.org/2000/svg}"


def counted(values):
    return pl.DataFrame(
        {"value": values, "rows": [1] * len(values)}, schema={"value": pl.String, "rows": pl.UInt32}
    )


def texts(svg):
    return [text.text or "" for text in ElementTree.fromstring(svg).iter(f"{_SVG}text")]


def cells(table):
    """The rows of a Markdown table, each as its cells."""
    return [re.split(r"(?<!\\)(?:\\\\)*\|", line)[1:-1] for line in table.splitlines()]


@pytest.mark.parametrize("value", NASTY, ids=lambda value: repr(value[:12]))
def test_a_value_is_shown_and_does_nothing(value):
    metadata = dict(breakdown_of("fi|eld <b>", counted([value])).metadata())

    table = metadata["fi|eld <b>"].value
    head, line, row = cells(table)
    assert [len(head), len(line), len(row)] == [3, 3, 3]
    assert not re.search(r"(?<!\\)[<`*\[]", table.replace("|", "")), "nothing is markup"
    assert len(table) < 300
    label, told = texts(picture(metadata["fi|eld <b> (picture)"].value))
    assert (label, told) == (shown(value), "100.0 %")
    assert not re.search("[\0-\x1f\u202e\ufffe]", label)


@given(st.text(max_size=80))
def test_no_text_breaks_the_picture(text):
    assert texts(picture(bars([Bar(shown(text), 1, "all")])))[1:] == ["all"]


def test_two_emoji_that_are_joined_stay_one():
    assert shown("👩‍👩‍👧") == "👩‍👩‍👧"


def test_a_value_without_a_mark_has_a_name_and_a_long_one_is_cut():
    assert (shown(""), shown(" \n")) == ("(empty)", "(empty)")
    assert shown("x" * 33) == "x" * 32 + "…"
    assert shown("x" * 32) == "x" * 32


def test_beyond_ten_values_are_others_and_null_is_a_line_of_its_own():
    values = [*(f"v{number:02}" for number in range(12)), None]
    counts = pl.DataFrame(
        {"value": values, "rows": [*range(20, 8, -1), 5]}, schema={"value": pl.String, "rows": pl.UInt32}
    )

    metadata = dict(breakdown_of("plan", counts).metadata())

    table = metadata["plan"].value.splitlines()
    assert len(table) == 2 + 12
    assert table[2:4] == ["| v00 | 20 | 11.2 % |", "| v01 | 19 | 10.6 % |"]
    assert table[-2:] == ["| *2 other values* | 19 | 10.6 % |", "| *null* | 5 | 2.8 % |"]
    assert (metadata["plan: v00"], metadata["plan (other)"], metadata["plan (null)"]) == (20, 19, 5)


def test_a_tie_is_told_in_the_order_of_the_values():
    assert [value for value, _ in breakdown_of("plan", counted(["b", "c", "a"])).top] == ["a", "b", "c"]


def test_the_dots_of_an_upset_plot_say_which_sets_have_the_keys_in_common():
    svg = picture(
        upset(["one", "two", "three"], [((True, False, True), 1_234_567), ((False, True, False), 12)])
    )

    tree = ElementTree.fromstring(svg)
    assert texts(svg) == ["one", "two", "three", "1.2M", "12"]
    dark = [dot.get("fill") != "#d8d4cf" for dot in tree.iter(f"{_SVG}circle")]
    assert dark == [True, False, True, False, True, False]
    tall = [int(box.get("height")) for box in tree.iter(f"{_SVG}rect") if box.get("rx")]
    assert tall == [140, 0]


def test_combinations_beyond_twenty_are_told_together():
    flags = [tuple(bool(number >> bit & 1) for bit in range(5)) for number in range(1, 32)]
    overlap = Overlap(tuple("abcde"), tuple((one, 100 - number) for number, one in enumerate(flags)))

    metadata = dict(overlap.metadata())

    table = metadata["combinations"].value.splitlines()
    assert len(table) == 2 + 21
    assert table[-1].startswith("| *11 smaller combinations* | 825 |")
    assert len(list(ElementTree.fromstring(picture(metadata["picture"].value)).iter(f"{_SVG}path"))) == 20


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (0, "0"),
        (9999, "9999"),
        (10_000, "10.0k"),
        (999_999, "999.9k"),
        (1_000_000, "1.0M"),
        (2_500_000_000, "2.5G"),
    ],
)
def test_a_count_is_short_above_a_bar(amount, words):
    svg = picture(upset(["one"], [((True,), amount)]))
    assert texts(svg)[1] == words


def test_a_share_of_nothing_is_no_number():
    assert (percent(0, 0), percent(1, 3)) == ("-", "33.3 %")
