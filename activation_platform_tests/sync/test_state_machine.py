"""Whatever happens in a history of runs, the destination ends as the mode promises, and then there is nothing to do.

`HISTORIES` histories in all, in shards that can run side by side; `make soak` lives through many more, each time others.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from activation_platform_tests.sync.machine import Histories

HISTORIES = int(os.environ.get("HISTORIES", "2000"))
SHARDS = 8
FIRST_SEED = int(os.environ.get("HISTORIES_SEED", "0"))


@pytest.mark.parametrize("shard", range(SHARDS))
def test_the_destination_ends_as_the_mode_promises(shard, record_property):
    machine = seed(FIRST_SEED * SHARDS + shard)(
        type(f"Histories{shard}", (Histories,), {"lived": 0, "ran": 0})
    )
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=HISTORIES // SHARDS,
            stateful_step_count=5,
            deadline=None,
            database=None,
            # A failing history is short enough to read; shrinking one takes minutes.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
    record_property("histories", machine.lived)
    record_property("runs", machine.ran)
    assert machine.lived >= HISTORIES // SHARDS
