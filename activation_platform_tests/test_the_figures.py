"""The figures: what the README states is what was measured, and what can be measured again."""

import json
from pathlib import Path

from benchmarks import __main__ as command
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


def test_make_bench_measures_every_figure():
    assert "-m benchmarks\n" in (ROOT / "Makefile").read_text()
    assert command.MODULES
