"""The engine's SQL for BigQuery against a stand-in that others wrote: keys and values are told apart."""

import pytest

from activation_platform.sources.bigquery import BigQuery
from activation_platform_tests.sources.bigquery_project import LOCATION, PROJECT
from activation_platform_tests.sync.test_engine_types import (
    test_a_key_of_every_family_is_found_again,
    test_a_key_of_several_columns_is_found_again,
    test_every_change_of_a_value_is_noticed_and_nothing_else,
)
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
