"""Each warehouse is asked what was reviewed."""

import pytest
from sqlglot import exp

from activation_platform.sources.dialect import DIALECTS, dialect_of
from activation_platform_tests.sources import golden, golden_told


@pytest.mark.parametrize(
    ("dialect", "kind"), [(dialect, kind) for dialect in DIALECTS for kind in golden.SETS]
)
def test_a_warehouse_gets_the_reviewed_sql_of_every_operator(dialect, kind):
    reviewed = (golden.FOLDER / f"{kind}{dialect}.sql").read_text(encoding="utf-8")

    assert golden.said(dialect, kind) == reviewed, f"read it, then run python -m {golden.__name__}"


@pytest.mark.parametrize("kind", golden_told.KINDS)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_warehouse_gets_the_reviewed_sql_of_reasons_and_counts(dialect, kind):
    reviewed = (golden.FOLDER / f"{kind}{dialect}.sql").read_text(encoding="utf-8")

    assert golden_told.said(dialect, kind) == reviewed, f"read it, then run python -m {golden_told.__name__}"


def test_a_decimal_of_bigquery_keeps_every_digit_after_its_point():
    fine, plain = (exp.cast(exp.column("spent"), f"DECIMAL(38, {scale})") for scale in (10, 9))
    said = dialect_of("bigquery").conditions

    assert said(fine).sql("bigquery") == "CAST(spent AS BIGNUMERIC)"
    assert said(plain).sql("bigquery") == "CAST(spent AS NUMERIC)"
