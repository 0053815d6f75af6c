"""Two primary keys with one hash: found, and never taken for one key."""

import polars as pl
import pytest

from activation_platform.contracts.errors import LedgerMismatch
from activation_platform.sync import survey
from activation_platform_tests.sync.world import thing


@pytest.fixture(autouse=True)
def one_hash_for_all(monkeypatch):
    monkeypatch.setattr(
        survey, "text_hash", lambda key: pl.when(key.is_not_null()).then(pl.lit(7, dtype=pl.UInt64))
    )


def test_a_key_that_has_the_hash_of_another_key_of_the_ledger_stops_the_run_before_its_first_request(
    workshop,
):
    workshop.run(thing("a"))

    for rows in ([thing("b")], [thing("a"), thing("b")], [thing("b"), thing("a")]):
        failed = workshop.fails(*rows)

        assert isinstance(failed.error, LedgerMismatch)
        assert "same 64-bit hash" in str(failed.error)
        assert workshop.vendor.writes == []
    assert workshop.vendor.names == {"a": "x"}


def test_new_keys_that_share_a_hash_are_set_aside(workshop):
    run = workshop.run(thing("a"), thing("b"))

    assert (run.figures.inserted, run.figures.source_issues, workshop.vendor.names) == (0, 2, {})
