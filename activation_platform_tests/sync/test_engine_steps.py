"""Warehouses without sessions: what a dead process still says there makes no later run pass a row over."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from typing import Any

import polars as pl
import pytest

from activation_platform.contracts.errors import ActivationError
from activation_platform.contracts.warehouse import Asked
from activation_platform.sources.delta import DeltaTable
from activation_platform.sources.relation import Relation

CHANGING = ("CREATE OR", "DELETE", "MERGE", "UPDATE")
"""How statements begin that change what a look finds; the others fill tables that nobody reads any more, or drop them."""


class Dies(BaseException):
    """The process is gone, and a statement of it is on its way."""


def frame(day: int) -> pl.DataFrame:
    """One row that is as it was, one that has changed, one that is new; one is gone."""
    return pl.DataFrame({"key": ["a", "b", f"day {day}"], "value": [day, 0, 0]})


def nothing(_: int) -> Iterator[pl.DataFrame]:
    return iter(())


def everything(_: int) -> Iterator[pl.DataFrame]:
    yield pl.DataFrame({"key": ["a", "b", "day 0"]})


class Lives:
    """Runs of one ledger, of which one dies on the way to a statement that writes."""

    def __init__(self, staying: Any, folder: Any, patch: pytest.MonkeyPatch) -> None:
        self.staying, self.folder, self.patch = staying, folder, patch
        self.runs = count(1)
        self.run = 0

    def look(self, **more: Any) -> Any:
        self.run = next(self.runs)
        relation = Relation.of(self.staying.source, self.staying.query, None)
        self.table = DeltaTable(self.staying.source, relation, "things")
        given = {"everything": False, "touched": nothing} | more
        columns = ("key", "value")
        return self.table.compare(
            Asked(
                "token",
                self.run,
                self.run - 1,
                ("key",),
                columns,
                ("value",),
                "",
                0,
                into=self.folder,
                **given,
            )
        )

    def merge(self) -> None:
        exceptions = [pl.DataFrame({"key": ["b"], "held": [True], "settled": [False], "ignored": [None]})]
        self.table.merge("token", self.run, self.run, exceptions)

    def dies(self, at: int, **more: Any) -> str | None:
        """A look and a merge, of which the statement `at` is only on its way; None where there is none any more."""
        bench = type(self.staying.bench())
        run, left = bench.run, at

        def dying(working: Any, statement: str) -> None:
            nonlocal left
            if statement.startswith(CHANGING):
                if left == 0:
                    raise Dies(statement)
                left -= 1
            run(working, statement)

        with self.patch.context() as patch:
            patch.setattr(bench, "run", dying)
            try:
                self.look(**more)
                self.merge()
            except Dies as death:
                return str(death)
        return None

    def late(self, statement: str) -> None:
        """The statement arrives, and maybe can no longer be carried out."""
        with suppress(ActivationError), self.staying.source.bench() as bench:
            bench.run(statement)


def found(compared: Any) -> tuple[set[str], set[str]]:
    return set(pl.read_parquet(compared.parts)["key"]), set(compared.gone)


DOUBTS, WHOLE = {"touched": everything}, {"everything": True}


@pytest.mark.parametrize("staying", ["bigquery", "databricks"], indirect=True)
@pytest.mark.parametrize(("more", "at"), [*((DOUBTS, at) for at in range(9)), (WHOLE, 1)])
def test_a_statement_of_a_dead_run_that_arrives_late_makes_nobody_be_passed_over(
    staying, tmp_path, monkeypatch, more, at
):
    lives = Lives(staying, tmp_path, monkeypatch)
    lives.staying.put(frame(0))
    lives.look()
    lives.merge()
    lives.staying.put(frame(1))
    statement = lives.dies(at, **more)
    assert statement is not None
    asked = found(lives.look())  # and sends what it found, and dies, too

    lives.late(statement)

    again = lives.look()
    keys, gone = found(again)
    assert again.known != 3 or (asked[0] <= keys and asked[1] <= gone), statement
