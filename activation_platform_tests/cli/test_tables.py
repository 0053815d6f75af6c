"""The tables of the command line: complete at any width."""

import io

import pytest
from rich.console import Console

from activation_platform.cli.tables import history_table
from activation_platform.sync.history import Figures, Run, Status


def drawn(runs, width):
    screen = Console(file=io.StringIO(), width=width)
    screen.print(history_table(runs))
    return screen.file.getvalue()


def a_run(**changes):
    figures = Figures(
        extracted=98765,
        inserted=11111,
        updated=22222,
        deleted=33333,
        source_issues=44444,
        destination_issues=55555,
        requests=77777,
    )
    values = {
        "number": 1,
        "activation": "loyalty_programme",
        "destination": "batch.profiles",
        "partition": "1997-09-29-06:00",
        "run_id": "r",
        "status": Status.WITH_ISSUES,
        "figures": figures,
        "started": 0.0,
        "seconds": 66.6,
    }
    return Run(**{**values, **changes})


@pytest.mark.parametrize("width", [80, 100, 160])
def test_a_history_fits_the_terminal_and_loses_no_figure(width):
    text = drawn([a_run()], width)

    assert max(len(line) for line in text.splitlines()) <= width
    figures = ("98,765", "11,111", "22,222", "33,333", "44,444", "55,555", "66.6", "77,777")
    assert [figure for figure in figures if figure not in text] == []


def test_names_in_a_history_do_nothing():
    assert "[red]␛" in drawn([a_run(activation="[red]\x1b")], 160)


@pytest.mark.parametrize("status", list(Status), ids=str)
def test_every_status_can_be_shown(status):
    assert str(status) in drawn([a_run(status=status)], 160)
