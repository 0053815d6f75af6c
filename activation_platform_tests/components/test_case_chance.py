"""Tests of segments by chance: whatever is given is a row or a fault, never a traceback; and what has no fault is carried out."""

from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activation_platform.components.cells import cell, unquoted
from activation_platform.components.rows import rows_of
from activation_platform.components.trials import tried
from activation_platform.components.types import read_type
from activation_platform_tests.components.test_case_rows import COLUMNS, segment, workspace

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**40), 10**40),
    st.floats(),
    st.text(st.characters(), max_size=5),
    st.sampled_from(["2026-01-31", "2026-02-30", "2026-01-31T25:00", "10:00", "NaN", "é|\\", "\ud800", "\0", "9999-12-31"]),
    st.dates(),
    st.datetimes(),
    st.binary(max_size=3),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
)
ROWS = st.lists(
    st.dictionaries(st.sampled_from([*COLUMNS, "nmae", 5]), VALUES, max_size=4) | VALUES, max_size=4
)


@settings(max_examples=500)
@given(
    st.sampled_from([*COLUMNS.values(), "bytes", "nothing", "list of list of date", "decimal(38, 37)"]),
    VALUES,
)
def test_a_value_is_held_by_the_column_as_it_is_or_refused(words, value):
    dtype = read_type(words)
    try:
        held = cell(value, dtype)
    except ValueError:
        return
    (again,) = pl.Series([held], dtype=dtype).to_list()
    assert repr(again) == repr(held) or again == held


@settings(max_examples=150)
@given(ROWS | VALUES, st.lists(VALUES, max_size=3), VALUES, st.sampled_from(["id", ["id", "name"]]))
def test_whatever_is_given_and_expected_is_carried_out_or_told(rows, expect, now, key):
    where = {"any": [{"field": "id", "above": 0}, {"field": "born", "in_last": "2 days"}, {"has": "orders"}]}
    made = workspace(segment(where, {"people": rows}, expect, now=now), key=key)
    one = made.find("segment", "some")

    faults = [*one.faults(made)]

    assert all(fault.message and fault.path[:2] == ("tests", 0) for fault in faults)
    if not faults:
        trial = tried(one, made, one.spec.tests[0])
        assert trial.rows == len(rows)
        assert trial.passed is (trial.keys(expected=True) == trial.keys(expected=False) == [])


@pytest.mark.parametrize("suffix", ["csv", "yaml"])
@settings(max_examples=200)
@given(
    content=st.binary(max_size=40)
    | st.text(st.sampled_from('ab,"\n\r- {}[]:&*!|\t1'), max_size=40).map(str.encode)
)
def test_whatever_a_file_holds_is_rows_or_faults(suffix, content):
    with TemporaryDirectory() as folder:
        (Path(folder) / f"rows.{suffix}").write_bytes(content)
        found = [*rows_of(f"rows.{suffix}", Path(folder), ())]

    assert all(getattr(one, "message", "told") for one in found)


@settings(max_examples=300)
@given(
    st.text(st.sampled_from("0123456789-:.TZ[]{},&*!#'\"eE+_ ayn"), max_size=12),
    st.sampled_from([*COLUMNS.values()]),
)
def test_whatever_a_cell_of_a_csv_file_holds_is_a_value_or_stays_text(text, words):
    value = unquoted(text, read_type(words))

    assert (value is None) is (text == "")
    assert value in (None, text) or "list" in words or float(text) == value
