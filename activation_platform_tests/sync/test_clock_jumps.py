"""A clock that jumps by years, between runs and in the middle of them, while some of them die: nothing is forgotten."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from activation_platform.contracts.modes import Mode
from activation_platform_tests.sync.shop import LookedUpThings, Things
from activation_platform_tests.sync.world import Workshop, thing

RUNS = 25
KEYS = 24
EPOCHS = [datetime(year, 1, 1, tzinfo=UTC) for year in (1999, 2019, 2031, 2070)]


class Lives:
    """Runs at moments that the dice choose, of which every third dies; what was acknowledged and said again is counted."""

    def __init__(self, workshop: Workshop, seed: int) -> None:
        self.workshop, self.dice = workshop, random.Random(seed)
        self.rows: dict[str, str] = {}
        self.told: Counter[str] = Counter()

    def live(self) -> None:
        """A run, or two of which the first dies."""
        for key in self.dice.sample(range(KEYS), 6):
            if self.dice.random() < 0.3:
                self.rows.pop(f"k{key}", None)
            else:
                self.rows[f"k{key}"] = f"x{self.dice.randrange(1000)}"
        heard: set[str] = set()
        if self.dice.random() < 0.3:
            self.workshop.vendor.answers = ["", "dies after"]
            heard = self.run(dies=True)
        again = self.run() & heard
        in_flight = len(heard) and Things.batch_size
        self.told.update(
            {
                "acknowledged despite clocks": len(heard) - min(in_flight, len(heard)) + len(self.sent),
                "sent again despite clocks": len(again),
                "forgotten by clocks": max(0, len(again) - in_flight),
            }
        )

    def run(self, *, dies: bool = False) -> set[str]:
        """Run with a clock that jumps once more while it is under way; returns what the vendor was told."""
        rows: list[dict[str, Any]] = [thing(key, name=name) for key, name in self.rows.items()]
        with time_machine.travel(self.dice.choice(EPOCHS)) as clock:

            def jump(_name: str) -> None:
                clock.move_to(self.dice.choice(EPOCHS) + timedelta(hours=self.dice.randrange(99)))
                self.told["clock jumps"] += 1

            self.workshop.vendor.watch_delete = jump
            jump("")
            try:
                self.workshop.run(*rows)
                assert not dies or not self.workshop.vendor.answers
            except SystemExit:
                assert dies
            self.workshop.vendor.answers = []
        self.sent = self.workshop.vendor.sent
        return set(self.sent)


@pytest.mark.parametrize("service", [Things, LookedUpThings])
def test_d4_a_clock_that_jumps_by_years_forgets_nothing(workshop, service, record_property):
    workshop.mode, workshop.service = Mode.MIRROR, service
    lives = Lives(workshop, seed=11)
    for _ in range(RUNS):
        lives.live()
        assert workshop.vendor.names == lives.rows
        assert lives.told["forgotten by clocks"] == 0
    assert lives.run() == set(), "what is unchanged is not sent, whatever the time"
    assert lives.told["clock jumps"] > RUNS
    for name, count in lives.told.items():
        record_property(name, count)
