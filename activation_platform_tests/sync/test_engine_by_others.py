"""The engine's SQL for BigQuery against a stand-in that others wrote: keys and values are told apart, the same is sent."""

import pytest
from hypothesis import HealthCheck, given, settings

from activation_platform.sources.bigquery import BigQuery
from activation_platform_tests.sources.bigquery_project import LOCATION, PROJECT
from activation_platform_tests.sync.test_engine_types import (
    test_a_key_of_every_family_is_found_again,
    test_a_key_of_several_columns_is_found_again,
    test_every_change_of_a_value_is_noticed_and_nothing_else,
)
from activation_platform_tests.sync.test_engines import AS_FOUND, Life, lives, same_in
from activation_platform_tests.sync.warehouses import QUERY, Staying

__all__ = [
    "test_a_key_of_every_family_is_found_again",
    "test_a_key_of_several_columns_is_found_again",
    "test_every_change_of_a_value_is_noticed_and_nothing_else",
]

pytestmark = pytest.mark.bqemulator


@pytest.fixture
def staying(bqemulator, bigquery_project, bigquery_key, monkeypatch) -> Staying:
    """A project without what others left of ours; its tokens come from our stand-in, which checks them."""
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", bqemulator.url)
    bqemulator.forget()
    source = BigQuery(
        project=PROJECT, location=LOCATION, credentials=bigquery_project.key(bigquery_key["pem"])
    )
    return Staying(
        source,
        lambda frame: bqemulator.put("things", frame),
        bqemulator.ask,
        bqemulator.ask,
        query=QUERY.replace("things", "shop.things"),
    )


@settings(max_examples=6, phases=AS_FOUND, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(life=lives(3))
def test_the_operations_are_the_same_where_the_rows_stay_there(life: Life, staying, bqemulator):
    def emptied(_: object) -> Staying:
        bqemulator.forget()
        return staying

    same_in(life, emptied)
