"""What is told of single batches is remembered together, and counts for nobody before it is."""

import asyncio

import polars as pl
import pytest

from activation_platform.contracts.modes import Operation
from activation_platform.contracts.outcomes import ACCEPTED
from activation_platform.sync.together import Together
from activation_platform_tests.sync.test_loader import batch_of, names


class Desk:
    """Remembers what was told, group by group, and can refuse to."""

    def __init__(self, *, apart: bool = False, full: bool = False):
        self.remembered: list[tuple[str, list[str]]] = []
        self.full = full
        self.together = Together(
            lambda batch: self.keep("before", batch),
            lambda batch, outcomes: self.keep("after", batch, outcomes),
            lambda batch: self.keep("unsent", batch),
            self.durable,
            apart=apart,
        )

    def keep(self, what, batch, outcomes=()):
        if self.full:
            raise OSError("the disk is full")
        assert len(outcomes) in (0, len(batch))
        self.remembered.append((what, names(batch)))

    async def durable(self):
        await asyncio.sleep(0)

    async def worker(self, name):
        self.together.before(batch_of(name))
        await self.together.durable()
        assert any(name in ids for what, ids in self.remembered if what == "before")
        self.together.after(batch_of(name), [ACCEPTED])
        await self.together.durable()
        assert any(name in ids for what, ids in self.remembered if what == "after")

    def run(self, names):
        async def work():
            return await asyncio.gather(*map(self.worker, names), return_exceptions=True)

        return asyncio.run(work())


def test_what_is_ready_together_is_remembered_together():
    desk = Desk()
    assert desk.run("abcdef") == [None] * 6
    assert desk.remembered == [("before", list("abcdef")), ("after", list("abcdef"))]


def test_batches_that_acknowledge_themselves_stay_apart():
    async def work(desk):
        for name in "ab":
            batch = batch_of(name)
            desk.together.before(type(batch)(batch.operation, batch.mode, batch.rows, batch.fields, id=name))
        await desk.together.durable()

    desk = Desk(apart=True)
    asyncio.run(work(desk))
    assert desk.remembered == [("before", ["a"]), ("before", ["b"])]


def test_operations_and_columns_are_not_mixed():
    async def work(desk):
        a, b, c = map(batch_of, "abc")
        desk.together.after(a, [ACCEPTED])
        desk.together.after(type(b)(Operation.DELETE, b.mode, b.rows), [ACCEPTED])
        desk.together.after(c.of(c.frame.with_columns(pl.lit(1).alias("more"))), [ACCEPTED])
        await desk.together.durable()

    desk = Desk()
    asyncio.run(work(desk))
    assert desk.remembered == [("after", ["a"]), ("after", ["b"]), ("after", ["c"])]


def test_batches_cut_from_the_same_and_from_other_rows_stay_in_the_order_in_which_they_were_told():
    async def work(desk):
        (first, second), other = batch_of(["a", "b"]).halves(), batch_of("c")
        for batch in (second, other, first):
            desk.together.after(batch, [ACCEPTED])
        await desk.together.durable()

    desk = Desk()
    asyncio.run(work(desk))
    assert desk.remembered == [("after", ["b", "c", "a"])]


def test_nobody_goes_on_when_what_it_told_could_not_be_remembered():
    results = Desk(full=True).run("abc")
    assert [type(result) for result in results] == [OSError] * 3


def test_what_nobody_waits_for_is_remembered_at_the_end():
    desk = Desk()
    desk.together.unsent(batch_of("a"))
    desk.together.finish()
    assert desk.remembered == [("unsent", ["a"])]
    desk.full = True
    desk.together.unsent(batch_of("b"))
    with pytest.raises(OSError, match="full"):
        desk.together.finish()
    desk.together.finish()  # it was raised, and is not raised again
