"""Each warehouse gets the conditions that were reviewed."""

import pytest

from activation_platform.sources.dialect import DIALECTS
from activation_platform_tests.sources import golden


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_warehouse_gets_the_reviewed_sql_of_every_operator(dialect):
    reviewed = (golden.FOLDER / f"{dialect}.sql").read_text(encoding="utf-8")

    assert golden.said(dialect) == reviewed, f"read it, then run python -m {golden.__name__}"
