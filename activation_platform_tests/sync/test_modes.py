"""The engine does what the table of modes says, cell by cell, and what no mode can keep is refused."""

from pathlib import Path

import pytest

from activation_platform.contracts.modes import MODES_OF, Mode, ObjectKind
from activation_platform_tests.sync.shop import Things
from activation_platform_tests.sync.table_of_modes import COLUMNS, EXPECTED, ROWS, happens, page

PAGE = Path(__file__).parents[2] / "docs" / "modes.md"


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.title)
def test_c_every_case_of_the_table(workshop, row, column):
    assert happens(column, row, workshop) == EXPECTED[row][column.title]


def test_c_the_table_has_a_column_for_every_mode_that_a_kind_can_keep():
    assert {(c.kind, c.mode) for c in COLUMNS} == {
        (kind, mode) for kind in ObjectKind for mode in MODES_OF[kind]
    }


def test_c_the_page_is_the_table():
    assert PAGE.read_text() == page(), "run make docs"


@pytest.mark.parametrize(
    ("kind", "mode"),
    [(kind, mode) for kind in ObjectKind for mode in sorted(set(Mode) - MODES_OF[kind])],
)
def test_c_a_service_cannot_offer_what_its_kind_cannot_keep(kind, mode):
    with pytest.raises(TypeError, match=f"keeps {kind}s, which cannot keep the promise of {mode}"):
        type("Impossible", (Things,), {"__doc__": "Impossible.", "object": kind, "modes": frozenset({mode})})
