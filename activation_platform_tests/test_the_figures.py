"""The figures: what the README states is what was measured, and what can be measured again."""

import json
from pathlib import Path

import polars as pl
from polars.testing import assert_frame_equal

from activation_platform.contracts import texts
from activation_platform.sync.folder import Folder
from activation_platform.sync.ledger import Ledger
from benchmarks import __main__ as command
from benchmarks import engine, ledgers, people
from benchmarks.registry import FIGURES
from benchmarks.report import README, RESULTS, table

ROOT = Path(__file__).parents[1]


def test_the_readme_states_the_figures_as_they_were_measured():
    said = README.read_text().partition("<!-- figures -->\n")[2].partition("<!-- /figures -->")[0]
    assert said == table(json.loads(RESULTS.read_text()))


def test_every_figure_says_what_it_measures_on_which_machine_and_how_to_do_it_again():
    for one in json.loads(RESULTS.read_text()):
        assert set(one) == {"name", "value", "unit", "detail", "machine", "command"}
        assert one["command"] == f"python -m benchmarks {one['name']}"
        assert one["name"] in FIGURES


def test_a_ledger_that_a_figure_starts_from_is_the_one_that_a_run_leaves(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCHMARKS", str(tmp_path))
    monkeypatch.setattr(people, "PART_ROWS", 300)
    yesterday = people.path(1_000, "yesterday")
    for library in ledgers.LIBRARIES:  # `seed` puts them aside
        monkeypatch.setattr(texts, library, getattr(texts, library))
    engine.run(yesterday, tmp_path / "ran")
    ledgers.seed(yesterday, tmp_path / "seeded", 1_000)
    ran, seeded = (
        pl.concat(Ledger(Folder(tmp_path / name)).head.in_order()).drop("since") for name in ("ran", "seeded")
    )
    assert seeded.height == 1_000
    assert_frame_equal(ran, seeded)
    assert engine.run(people.path(1_000, "today"), tmp_path / "seeded")["operations"] == {
        "insert": people.new(1_000),
        "update": people.updated(1_000),
        "delete": people.gone(1_000),
    }


def test_make_bench_measures_every_figure():
    assert "-m benchmarks\n" in (ROOT / "Makefile").read_text()
    assert command.MODULES
