"""Each warehouse gets the conditions that were reviewed."""

import pytest

from activation_platform.sources.dialect import DIALECTS
from activation_platform_tests.sources import golden


@pytest.mark.parametrize(
    ("dialect", "kind"), [(dialect, kind) for dialect in DIALECTS for kind in golden.kinds(dialect)]
)
def test_a_warehouse_gets_the_reviewed_sql_of_every_operator(dialect, kind):
    reviewed = (golden.FOLDER / f"{kind}{dialect}.sql").read_text(encoding="utf-8")

    assert golden.said(dialect, kind) == reviewed, f"read it, then run python -m {golden.__name__}"
