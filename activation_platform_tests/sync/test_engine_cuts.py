"""A look or a merge that ends in its middle: whatever the warehouse has kept of it, the next look passes nothing over."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import polars as pl
import pytest

from activation_platform.contracts.errors import ConnectionFailed
from activation_platform.contracts.warehouse import Asked
from activation_platform.sources.delta import DeltaTable
from activation_platform.sources.relation import Relation


class Wire:
    """The wire to a warehouse, which can be cut before any statement that writes."""

    def __init__(self, patch: pytest.MonkeyPatch, bench: Any) -> None:
        self.left: int | None = None
        run = bench.run

        def counting(bench: Any, statement: str) -> None:
            if self.left == 0:
                raise ConnectionFailed("The wire is cut", remedy="Mend it.")
            self.left = None if self.left is None else self.left - 1
            run(bench, statement)

        patch.setattr(bench, "run", counting)

    @contextmanager
    def cut(self, after: int | None) -> Iterator[None]:
        """Cut after so many statements; None: never."""
        self.left = after
        try:
            yield
        finally:
            self.left = None


@pytest.mark.parametrize("staying", ["bigquery", "databricks", "duckdb", "snowflake"], indirect=True)
@pytest.mark.parametrize("part", ["compare", "merge"])
def test_what_is_cut_off_at_any_statement_is_made_good_by_the_next_look(staying, tmp_path, monkeypatch, part):
    staying.put(frame(0))
    wire = Wire(monkeypatch, type(staying.bench()))
    runs = count(1)
    touched = pl.DataFrame({"key": ["b"]})  # by somebody else, as the ledger says each time
    relation = Relation.of(staying.source, staying.query, None)

    def lived(cut: int | None = None) -> tuple[list[str], list[str]]:
        """What a run fetches and misses."""
        run = next(runs)
        table = DeltaTable(staying.source, relation, "things")
        columns = ("key", "value")
        asked = Asked(
            "token",
            run,
            run - 1,
            ("key",),
            columns,
            ("value",),
            "",
            0,
            False,
            lambda clock: iter([touched]),
            tmp_path,
        )
        with wire.cut(cut if part == "compare" else None):
            found = table.compare(asked)
        with wire.cut(cut if part == "merge" else None):
            table.merge("token", run, run, [])
        return sorted(pl.read_parquet(found.parts)["key"]), found.gone.to_list()

    lived()
    for day in count(1):  # pragma: no branch -- it ends where no statement is left to cut
        staying.put(frame(day))
        differing = (["a", "b", f"day {day}"], [f"day {day - 1}"])
        try:
            assert lived(cut=day - 1) == differing
            break
        except ConnectionFailed:
            is_merged = staying.seen.get(f"day {day}") is False
            assert lived() == ((["b"], []) if is_merged else differing)
    assert day > 5


def frame(day: int) -> pl.DataFrame:
    """One row that is as it was, one that has changed, one that is new; one is gone."""
    return pl.DataFrame({"key": ["a", "b", f"day {day}"], "value": [day, 0, 0]})
