"""A writer that was taken over on object storage: wherever it was asleep, it harms nothing when it wakes, by no clock at all."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from activation_platform.contracts.errors import LeaseLost
from activation_platform.sync.bucket import Bucket
from activation_platform.sync.cache import Cache
from activation_platform.sync.objects import Objects
from activation_platform.sync.store import Hold
from activation_platform_tests.sync.test_journal import events
from activation_platform_tests.sync.vendor import Vendor
from activation_platform_tests.sync.world import Workshop, thing

BEFORE = [thing("same"), thing("changed"), thing("gone"), thing("moved"), thing("bad")]
AFTER = [
    thing("same"),
    thing("changed", name="y"),
    thing("moved", id="moved-2"),
    thing("bad", email="no"),
    thing("new"),
]
EXPECTED = {"same": "x", "changed": "y", "moved-2": "x", "bad": "x", "new": "x"}


class Fence(Hold):
    """A lock that says nothing when it is lost."""

    def __init__(self, fence: int) -> None:
        self.fence = fence


@dataclass
class Drowsy:
    """Objects, before one operation on which (number `asleep_at`) something else happens."""

    objects: Objects
    asleep_at: int = 0
    meanwhile: Callable[[], None] = lambda: None
    seen: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        real = getattr(self.objects, name)
        if not callable(real):
            return real

        def operation(*arguments: Any) -> Any:
            self.seen.append(name)
            if len(self.seen) == self.asleep_at:
                self.meanwhile()
            return real(*arguments)

        return operation


@dataclass
class Office:
    """Writers of one ledger in memory, one after the other, each with a fence of its own."""

    folder: Path
    vendor: Vendor = field(default_factory=Vendor)
    objects: Objects = field(default_factory=lambda: Objects("memory:///"))
    day: int = 0

    def writer(self, fence: int, objects: Any = None) -> Workshop:
        bucket = Bucket(objects or self.objects, Cache(self.folder))
        self.day += 1
        return Workshop(self.folder, self.vendor, day=self.day, elsewhere=bucket, hold=Fence(fence))


def in_a_thread(act: Callable[[], Any]) -> None:
    """Do it where no event loop runs; what it raises is raised here."""
    errors: list[BaseException] = []

    def caught() -> None:
        try:
            act()
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    thread = threading.Thread(target=caught)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]


def taken_over_at(number: int, folder: Path) -> tuple[int, bool]:
    """Run, be taken over before an operation, wake up; returns how many operations there were, and whether it was noticed."""
    office = Office(folder)
    office.writer(1).run(*BEFORE)

    def take_over() -> None:
        office.writer(3).run(*AFTER)
        assert office.vendor.names == EXPECTED

    drowsy = Drowsy(office.objects, number, lambda: in_a_thread(take_over))
    noticed = False
    try:
        office.writer(2, drowsy).run(*AFTER)
    except LeaseLost:
        noticed = True
    for _ in range(2):
        office.writer(4).run(*AFTER)
        assert office.vendor.names == EXPECTED
    assert office.vendor.writes == []
    return len(drowsy.seen), noticed


def test_d6_wherever_a_writer_was_asleep_when_it_was_taken_over_it_harms_nothing(tmp_path):
    operations, noticed = taken_over_at(0, tmp_path / "0")
    assert operations > 30
    assert not noticed
    for number in range(1, operations + 1, 3):
        _, noticed = taken_over_at(number, tmp_path / str(number))
        assert noticed or number > operations / 2, "only a run that was sealed already may end well"


def test_d6_who_was_taken_over_can_neither_append_nor_seal_nor_begin(tmp_path):
    office = Office(tmp_path)
    office.writer(1).run(*BEFORE)
    old = office.writer(2).ledger()
    old.begin()
    new = office.writer(3).ledger()
    assert new.recovered == 2
    for forbidden in (lambda: old.record(events("lost")), old.seal, old.begin):
        with pytest.raises(LeaseLost):
            forbidden()
    with pytest.raises(LeaseLost):
        office.writer(2).ledger()
    assert office.writer(3).ledger().recovered == 0
