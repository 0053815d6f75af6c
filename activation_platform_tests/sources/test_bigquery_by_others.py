"""BigQuery's source and conditions against a stand-in that others wrote: through Google's client, with what it can do."""

import polars as pl
import pytest

from activation_platform.contracts.errors import DeclarationError, NotFound
from activation_platform.sources.bigquery import BigQuery
from activation_platform_tests.sources.bigquery_project import LOCATION, PROJECT
from activation_platform_tests.sources.carried_out import (
    Engine,
    test_every_reviewed_condition_takes_the_rows_that_a_plain_evaluator_takes,
    test_random_conditions_take_the_rows_that_a_plain_evaluator_takes,
)
from activation_platform_tests.sources.test_bigquery import (
    LIVE,
    test_a_large_result_arrives_page_by_page_in_one_schema,
    test_a_type_arrives_exactly,
    test_a_type_without_a_home_is_refused_with_the_cast,
    test_an_empty_result_is_one_empty_frame,
    test_nothing_can_be_written,
    test_rows_arrive_in_the_order_of_the_query,
)

__all__ = [
    "test_a_large_result_arrives_page_by_page_in_one_schema",
    "test_a_type_arrives_exactly",
    "test_a_type_without_a_home_is_refused_with_the_cast",
    "test_an_empty_result_is_one_empty_frame",
    "test_every_reviewed_condition_takes_the_rows_that_a_plain_evaluator_takes",
    "test_nothing_can_be_written",
    "test_random_conditions_take_the_rows_that_a_plain_evaluator_takes",
    "test_rows_arrive_in_the_order_of_the_query",
]

pytestmark = pytest.mark.bqemulator


@pytest.fixture
def source(bqemulator, bigquery_project, bigquery_key, monkeypatch) -> BigQuery:
    """A source whose tokens come from our stand-in, which checks them, and whose answers do not."""
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", bqemulator.url)
    bqemulator.ask(
        "create or replace table shop.customers as select 0 as id, 'c0' as name union all select 1, 'c1' union all select 2, 'c2'"
    )
    key = bigquery_project.key(bigquery_key["pem"])
    return BigQuery(project=PROJECT, location=LOCATION, credentials=key, retry_seconds=5)


@pytest.fixture
def engine(bqemulator) -> Engine:
    letters_beyond_ascii, only_the_first_of_two_keys = " AS BYTES)", "PARSE_JSON("
    return Engine(
        "bigquery", bqemulator.put, bqemulator.ask, (letters_beyond_ascii, only_the_first_of_two_keys)
    )


@pytest.mark.parametrize(
    ("query", "kind"),
    [("select * from shop.nope", NotFound), ("select nope from shop.customers", DeclarationError)],
)
def test_a_wrong_query_is_told_apart(source, query, kind):
    with pytest.raises(kind, match="nope"):
        list(source.read(query))


THEIRS = ("json", "numeric '", "timestamp")


@pytest.mark.parametrize(
    ("expression", "dtype", "value"), [cell for cell in LIVE if cell[0].startswith(THEIRS)]
)
def test_a_type_that_our_stand_in_lacks_arrives_exactly(source, expression, dtype, value):
    frame = pl.concat(source.read(f"select {expression} as x"))

    assert frame.schema == {"x": dtype}
    assert frame["x"].to_list() == [value]


def test_the_check_names_the_datasets(source):
    assert [(step.name, step.passed) for step in source.check()] == [
        ("connection", True),
        ("access", True),
        ("schemas", True),
    ]
