"""Whatever happens in a history of runs, the destination ends as the mode promises, and then there is nothing to do.

`HISTORIES` histories in all, in shards that can run side by side; `make soak` lives through many more, each time others.
"""

import os

import pytest

from activation_platform_tests.sync.machine import Histories, live_through

HISTORIES = int(os.environ.get("HISTORIES", "2000"))
SHARDS = max(8, HISTORIES // 1_000)
FIRST = int(os.environ.get("HISTORIES_SEED", "0")) * SHARDS


@pytest.mark.parametrize("shard", range(SHARDS))
def test_the_destination_ends_as_the_mode_promises(shard, record_property):
    live_through(Histories, FIRST + shard, HISTORIES // SHARDS, record_property)
