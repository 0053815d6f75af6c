"""Two engines, one definition: what is sent does not depend on where the difference was computed."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from activation_platform.contracts.errors import ConnectionFailed, DeclarationError
from activation_platform.contracts.modes import Mode
from activation_platform.sources.delta import DeltaTable
from activation_platform.sources.dialect import Dialect
from activation_platform.sync.activate import RunFailed
from activation_platform.sync.states import State
from activation_platform_tests.sync.shop import Members, OnceThings, Things
from activation_platform_tests.sync.warehouses import (
    Staying,
    in_bigquery,
    in_databricks,
    in_duckdb,
    in_postgres,
    in_redshift,
    in_snowflake,
)
from activation_platform_tests.sync.world import Workshop, thing, things

WATCHED = (State.PRESENT, State.IGNORED, State.UNKNOWN, State.PARTIAL)
AS_FOUND = (Phase.explicit, Phase.generate)
"""To shrink a life takes minutes."""
KEYS = ("1", "2", "3", "4", "5", "a|b", "é")

rows = st.builds(
    lambda key, name, email, twin, rank: thing(key, name, email=email, rank=rank, id=twin or key),
    st.sampled_from([*KEYS, *KEYS, *KEYS, None]),
    st.sampled_from(["x", "y", "", None]),
    st.sampled_from(["a@example.org", "A@example.org", "b@example.org", "none", None]),
    st.sampled_from([None, None, None, None, "1", "twin", ""]),
    st.integers(0, 3),
)


@dataclass(frozen=True)
class Day:
    """What is other than the day before, how it is run, and what the vendor does that day.

    Rows of the keys in `gone` leave; then each new row takes the place of those with its key, or stands beside them (`beside`).
    """

    gone: frozenset[str | None]
    new: list[dict[str, Any]]
    beside: bool
    full: bool
    refuse: frozenset[str]
    partly: frozenset[str]
    answers: tuple[str, ...]


days = st.builds(
    Day,
    st.frozensets(st.sampled_from([*KEYS, None]), max_size=2),
    st.lists(rows, max_size=3),
    st.sampled_from([False, False, False, True]),
    st.sampled_from([False, False, False, False, True]),
    st.frozensets(st.sampled_from(KEYS), max_size=2),
    st.frozensets(st.sampled_from(KEYS), max_size=1),
    st.sampled_from([(), (), (), ("",), ("lost",), ("", "answer lost"), ("dies",), ("", "dies after")]),
)


@dataclass(frozen=True)
class Life:
    """An activation, and what happens to it day by day."""

    mode: Mode
    service: type[Things]
    settings: dict[str, Any]
    first: list[dict[str, Any]]
    days: list[Day]


def lives(length: int) -> st.SearchStrategy[Life]:
    policies = st.sampled_from(["set_aside", "set_aside", "rank"])
    kinds = [
        (mode, service) for service in (Things, OnceThings, Members) for mode in Mode if mode in service.modes
    ]
    chosen = st.sampled_from(kinds)
    return st.builds(
        lambda kind, policy, first, days: Life(
            *kind, {"on_shared_identifier": policy, "retries": 1}, first, days
        ),
        chosen,
        policies,
        st.lists(rows, min_size=3, max_size=7, unique_by=lambda row: row["key"]),
        st.lists(days, min_size=2, max_size=length),
    )


def lived(life: Life, root: Path, staying: Staying | None) -> list[Any]:
    """What was said and remembered, day by day."""
    root.mkdir()
    workshop = Workshop(root, mode=life.mode, service=life.service, settings=life.settings, staying=staying)
    told: list[Any] = []
    frame = life.first
    for day in life.days:
        new = () if day.beside else {row["key"] for row in day.new}
        frame = [row for row in frame if row["key"] not in {*day.gone, *new}] + day.new
        vendor = workshop.vendor
        vendor.refuse = dict.fromkeys(sorted(day.refuse), "no")
        vendor.partly = dict.fromkeys(sorted(day.partly), "in part")
        vendor.answers[:] = day.answers
        try:
            run = workshop.run(things(*frame), full=day.full)
            told.append((run.status, run.figures, run.notes))
            merged = True
        except RunFailed as failed:
            told.append((str(failed), failed.run.figures))
            merged = False
        except SystemExit:
            told.append("died")
            merged = False
        entries = workshop.entries()
        watched = sorted(key for key, entry in entries.items() if State(entry["state"]) in WATCHED)
        if staying is not None and merged:
            assert sorted(staying.seen) == watched
        known = {key: {**entry, "since": 0} for key, entry in entries.items()}
        told.append((list(vendor.writes), dict(vendor.things), known, workshop.debts()))
    return told


def same_in(life: Life, warehouse: Callable[[Path], Staying]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        assert lived(life, root / "there", warehouse(root)) == lived(life, root / "here", None)


@pytest.fixture(autouse=True)
def _no_power_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda descriptor: None)
    monkeypatch.setattr("os.fdatasync", lambda descriptor: None)


@settings(max_examples=25, phases=AS_FOUND)
@given(lives(4))
def test_the_operations_are_the_same_where_the_rows_stay_in_duckdb(life: Life):
    same_in(life, in_duckdb)


@settings(max_examples=8, phases=AS_FOUND, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(life=lives(3))
def test_the_operations_are_the_same_where_the_rows_stay_in_postgres(
    life: Life, postgres_server, postgres_database
):
    same_in(life, lambda folder: in_postgres(postgres_server, postgres_database))


@settings(max_examples=4, phases=AS_FOUND, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(life=lives(3))
def test_the_operations_are_the_same_where_the_rows_stay_in_databricks(life: Life, databricks_workspace):
    same_in(life, lambda folder: in_databricks(databricks_workspace))


@settings(max_examples=4, phases=AS_FOUND, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(life=lives(3))
def test_the_operations_are_the_same_where_the_rows_stay_in_bigquery(
    life: Life, bigquery_project, bigquery_key
):
    same_in(life, lambda folder: in_bigquery(bigquery_project, bigquery_key))


@settings(max_examples=4, phases=AS_FOUND, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(life=lives(3))
def test_the_operations_are_the_same_where_the_rows_stay_in_redshift(
    life: Life, redshift_cluster, postgres_database
):
    same_in(life, lambda folder: in_redshift(redshift_cluster, postgres_database))


@settings(max_examples=4, phases=AS_FOUND, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(life=lives(3))
def test_the_operations_are_the_same_where_the_rows_stay_in_snowflake(life: Life, snowflake_account):
    same_in(life, lambda folder: in_snowflake(snowflake_account))


def test_only_rows_that_may_differ_are_fetched(warehouse, staying):
    warehouse.run(thing("a"), thing("b"), thing("c"), thing(None))
    warehouse.run(thing("a"), thing("b", "new"), thing("d"))
    warehouse.run(thing("a"), thing("b", "new"), thing("d"))

    assert staying.fetched == [3, 2, 0]
    assert warehouse.vendor.names == {"a": "x", "b": "new", "d": "x"}


def test_changing_the_engine_sends_nothing_but_true_changes(warehouse, staying):
    frame = [thing("a"), thing("b"), thing("c")]
    warehouse.staying = None
    warehouse.run(*frame)

    warehouse.staying = staying
    warehouse.run(*frame[:2], thing("c", "new"))
    assert (warehouse.vendor.sent, staying.fetched) == (["c"], [3])
    warehouse.run(*frame)
    assert (warehouse.vendor.sent, staying.fetched) == (["c"], [3, 1])

    warehouse.staying = None
    warehouse.run(*frame[:2], thing("c", "newer"))
    assert warehouse.vendor.sent == ["c"]
    warehouse.staying = staying
    warehouse.run(*frame)  # the warehouse saw this very frame last, but not what was sent since
    assert warehouse.vendor.names == {"a": "x", "b": "x", "c": "x"}


def test_what_a_crash_kept_from_the_warehouse_is_made_good_by_the_next_run(warehouse, staying, monkeypatch):
    warehouse.run(thing("a"), thing("b"), thing("c"))
    with monkeypatch.context() as patch:
        patch.setattr(DeltaTable, "merge", _unreachable)
        run = warehouse.run(thing("a", "new"), thing("d"), thing("c"))
    assert "fetches it again" in run.notes[-1]

    warehouse.run(thing("a"), thing("d"), thing("c"))  # as it was when the warehouse last heard of it

    assert warehouse.vendor.sent == ["a"]
    assert warehouse.vendor.names == {"a": "x", "c": "x", "d": "x"}
    assert staying.seen == {"a": False, "c": False, "d": False}
    warehouse.run(thing("c"))
    assert warehouse.vendor.of("delete") == ["a", "d"]


def test_a_merge_that_is_said_again_changes_nothing(warehouse, staying, monkeypatch):
    merged: list[Any] = []
    merge = DeltaTable.merge

    def twice(self: DeltaTable, token: str, run: int, clock: int, exceptions: Any) -> None:
        merge(self, token, run, clock, exceptions)
        merged.append(staying.mark)
        merge(self, token, run, clock, [])
        merged.append(staying.mark)

    monkeypatch.setattr(DeltaTable, "merge", twice)
    warehouse.run(thing("a"), thing("b", email="none"))

    assert merged[0] == merged[1]
    assert staying.seen == {"a": False}


def test_a_table_that_somebody_meddled_with_is_noticed_and_made_anew(warehouse, staying):
    warehouse.run(thing("a"), thing("b"), thing("c"))
    staying.run(f"delete from {staying.table} where key = 'b'")

    warehouse.run(thing("a"), thing("c"))

    assert warehouse.vendor.of("delete") == ["b"]
    assert staying.fetched == [3, 2]


@pytest.mark.parametrize("merged", [True, False])
def test_a_key_that_is_taken_over_unseen_is_looked_at_again(warehouse, monkeypatch, merged):
    warehouse.settings["on_shared_identifier"] = "rank"
    warehouse.run(thing("a", "old", id="X", rank=2))
    with monkeypatch.context() as patch:
        if not merged:
            patch.setattr(DeltaTable, "merge", _unreachable)
        warehouse.run(thing("a", "old", id="X", rank=2), thing("b", "new", id="X", rank=1))
    assert warehouse.vendor.names == {"X": "new"}

    warehouse.run(thing("a", "old", id="X", rank=2))

    assert warehouse.vendor.names == {"X": "old"}


def test_fewer_rows_than_the_warehouse_counted_are_an_error_and_delete_nobody(
    warehouse, staying, monkeypatch
):
    warehouse.run(thing("a"), thing("b"))
    bench = type(staying.bench())
    read = bench.read

    def losing(self: Any, query: str) -> Iterator[pl.DataFrame]:
        return (frame.head(frame.height - ("text_of_key" in query.lower())) for frame in read(self, query))

    with monkeypatch.context() as patch:
        patch.setattr(bench, "read", losing)
        failed = warehouse.fails(thing("a", "new"), thing("b", "new"))
    assert "counted 2 rows that differ, and 1 arrived" in str(failed)
    assert warehouse.vendor.names == {"a": "x", "b": "x"}

    warehouse.run(thing("a", "new"), thing("b", "new"))
    assert warehouse.vendor.names == {"a": "new", "b": "new"}


def test_a_key_that_the_warehouse_writes_unlike_us_is_refused(warehouse, monkeypatch):
    monkeypatch.setattr(Dialect, "key", lambda self, column, dtype, name: exp.func("UPPER", column))

    assert "cast the key to text" in str(warehouse.fails(thing("a"))).lower()
    assert warehouse.vendor.names == {}


def test_c3_a_model_that_has_become_empty_stops_the_run(warehouse, staying):
    warehouse.run(thing("a"))

    def empty() -> None:
        raise DeclarationError("the model has no rows any more", remedy="Declare may_be_empty.")

    staying.empty = empty
    assert "no rows any more" in str(warehouse.fails())
    assert warehouse.vendor.names == {"a": "x"}


def _unreachable(*_: object) -> None:
    raise ConnectionFailed("The warehouse is suspended", remedy="Resume it.")
