"""The demo: that it runs as a user runs it, and that its comparison can fail."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb

from activation_platform.cli.demo.expectation import Expectation, differences
from activation_platform.cli.demo.warehouse import build_warehouse


def test_the_demo_ends_with_the_sandbox_exactly_as_expected(tmp_path):
    command = [str(Path(sys.executable).with_name("activation")), "demo", "--port", "0"]

    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600)

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.count("exactly as expected") == 2
    assert "make ui" in ended.stdout


def test_a_missing_a_surplus_and_a_wrong_record_are_all_told():
    expected = {"a": {"n": 1}, "b": {"n": 1}, "c": {"n": 1}}
    found = {"b": {"n": 2}, "c": {"n": 1}, "d": {}}

    told = differences(expected, found)

    assert told == ["a is missing", "b: n is 2, expected 1", "d should not be there"]


def test_the_warehouse_moves_forward_and_only_forward_in_time(tmp_path):
    path = tmp_path / "shop.duckdb"
    counts = []
    for day in (date(1997, 2, 3), date(1997, 2, 10)):
        build_warehouse(path, day)
        with duckdb.connect(str(path), read_only=True) as connection:
            counts.append(connection.execute("select count(*), max(ordered_on) from orders").fetchone())
    (before, last_before), (after, last_after) = counts
    assert before < after
    assert last_before == date(1997, 2, 2)
    assert last_after == date(1997, 2, 9)


def test_the_expectation_keeps_who_departed_and_who_became_invalid(tmp_path):
    path = tmp_path / "shop.duckdb"
    expectation = Expectation()
    for day in (date(1997, 10, 6), date(1997, 10, 13)):
        build_warehouse(path, day)
        before = dict(expectation.batch), dict(expectation.attio)
        expectation.advance(path, day)
    profiles, people = before
    assert set(profiles) - set(expectation.batch), "somebody left the mirror"
    assert set(people) <= set(expectation.attio), "nobody leaves under upsert and insert only"
    moved_away = [name for name in expectation.batch if int(name) % 83 == 0]
    assert moved_away
    assert all("@" in expectation.batch[name]["$email_address"] for name in moved_away)
