"""Two engines, one definition, of events: what is told does not depend on whether they stay in their warehouse (SEMANTICS E3)."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from activation_platform.components.happened import fetched_once, perhaps_owned
from activation_platform.contracts.errors import ConnectionFailed
from activation_platform.contracts.modes import Mode, RunType
from activation_platform.sources.dialect import DIALECTS
from activation_platform.sources.duckdb import DuckDB
from activation_platform.sources.relation import Relation
from activation_platform.sync.activate import RunFailed
from activation_platform.sync.mapping import FieldMapping
from activation_platform.sync.order import Events, Window
from activation_platform_tests.sync.shop import Happenings
from activation_platform_tests.sync.warehouses import Staying, in_duckdb, in_postgres
from activation_platform_tests.sync.world import Workshop

AS_FOUND = (Phase.explicit, Phase.generate)
"""To shrink a life takes minutes."""
START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
LATE = timedelta(hours=12)
KEYS = ("1", "2", "3", "4", "5", "6", "7", "8")
KINDS = (pl.Datetime("us", "UTC"), pl.Datetime("us"), pl.Date())
ENDS = [START + DAY * day + step for day in range(4) for step in (-LATE, timedelta(0))]
"""Where a window or its look-back begins or ends."""
STEP = timedelta(microseconds=1)


def window(day: int) -> Window:
    return Window(START + (day - 1) * DAY, START + day * DAY)


moments = st.one_of(
    st.none(),
    st.sampled_from([*ENDS, *(end - STEP for end in ENDS)]),
    st.timedeltas(-2 * DAY, 4 * DAY).map(lambda since: START + since),
)
happenings = st.builds(
    lambda key, twin, at, rank: {"key": key, "id": twin or key, "at": at, "rank": rank},
    st.sampled_from([*KEYS, *KEYS, *KEYS, None]),
    st.sampled_from([None, None, None, None, None, "1", "twin", ""]),
    moments,
    st.integers(0, 3),
)


@dataclass(frozen=True)
class Visit:
    """What came meanwhile, and the run of a window, and what the vendor does."""

    new: list[dict[str, Any]]
    day: int
    full: bool
    refuse: frozenset[str]
    answers: tuple[str, ...]


@dataclass(frozen=True)
class Life:
    """Events of a column's type, and the runs over them, in whichever order."""

    kind: pl.DataType
    policy: str
    visits: list[Visit]


visits = st.builds(
    Visit,
    st.lists(happenings, min_size=1, max_size=8),
    st.integers(1, 3),
    st.sampled_from([False, False, False, True]),
    st.frozensets(st.sampled_from(KEYS), max_size=3),
    st.sampled_from([(), (), (), ("lost",), ("", "answer lost"), ("dies",), ("dies after",)]),
)
lives = st.builds(
    Life,
    st.sampled_from(KINDS),
    st.sampled_from(["set_aside", "set_aside", "rank"]),
    st.lists(visits, min_size=3, max_size=5),
)


def frame_of(rows: list[dict[str, Any]], kind: pl.DataType) -> pl.DataFrame:
    schema = {"key": pl.String, "id": pl.String, "at": pl.Datetime("us", "UTC"), "rank": pl.Int64}
    at = pl.col("at") if kind == KINDS[0] else pl.col("at").dt.replace_time_zone(None).cast(kind)
    return pl.DataFrame(rows, schema=schema).with_columns(at)


def telling(root: Path, policy: str = "set_aside") -> Workshop:
    """Events are told, once each."""
    root.mkdir(exist_ok=True)
    events = Events("at", late=LATE, keep=timedelta(days=10))
    return Workshop(
        root,
        mode=Mode.INSERT_ONLY,
        service=Happenings,
        run_type=RunType.INCREMENTAL,
        mapping=(FieldMapping("id", "id"), FieldMapping("rank", "rank")),
        settings={"events": events, "on_shared_identifier": policy, "retries": 1},
    )


def stay(workshop: Workshop, warehouse: Staying, owned: Window) -> None:
    """From now on the workshop's events stay in a warehouse, and a run fetches those that it may own."""

    def there(frame: pl.DataFrame) -> tuple[pl.LazyFrame, None]:
        warehouse.put(frame)
        rows = Relation.of(warehouse.source, warehouse.query, None)
        room = Path(tempfile.mkdtemp(dir=workshop.root))
        return fetched_once(
            perhaps_owned(rows, owned, workshop.settings["events"]), warehouse.source, room
        ), None

    workshop.staying = there


def lived(life: Life, root: Path, warehouse: Staying | None) -> list[Any]:
    """What was said and remembered, run by run."""
    workshop = telling(root, life.policy)
    told: list[Any] = []
    rows: list[dict[str, Any]] = []
    for visit in life.visits:
        rows = rows + visit.new
        vendor = workshop.vendor
        vendor.refuse = dict.fromkeys(sorted(visit.refuse), "no")
        vendor.answers[:] = visit.answers
        if warehouse is not None:
            stay(workshop, warehouse, window(visit.day))
        try:
            run = workshop.run(frame_of(rows, life.kind), window=window(visit.day), full=visit.full)
            told.append((run.status, run.figures, run.notes))
        except RunFailed as failed:
            told.append((str(failed), failed.run.figures))
        except SystemExit:
            told.append("died")
        known = {key: {**entry, "since": 0} for key, entry in workshop.entries().items()}
        told.append((list(vendor.writes), dict(vendor.things), dict(vendor.told), known, workshop.debts()))
    return told


def same_in(life: Life, warehouse: Callable[[Path], Staying]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        assert lived(life, root / "there", warehouse(root)) == lived(life, root / "here", None)


@pytest.fixture(autouse=True)
def _no_power_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda descriptor: None)
    monkeypatch.setattr("os.fdatasync", lambda descriptor: None)


@settings(max_examples=10, phases=AS_FOUND)
@given(lives)
def test_e3_the_operations_are_the_same_where_events_stay_in_duckdb(life: Life):
    same_in(life, in_duckdb)


@settings(max_examples=3, phases=AS_FOUND, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(life=lives)
def test_e3_the_operations_are_the_same_where_events_stay_in_postgres(
    life: Life, postgres_server, postgres_database
):
    same_in(life, lambda folder: in_postgres(postgres_server, postgres_database))


@pytest.mark.parametrize("staying", ["bigquery", "databricks", "redshift", "snowflake"], indirect=True)
def test_e3_the_operations_are_the_same_where_events_without_a_zone_stay_elsewhere(staying, tmp_path):
    hours = (-12, 0, 5, 24, 36)  # where the look-back, the first window and the next begin, and between
    moments = [(f"{n}{word}", n, step) for n in hours for word, step in (("", 0 * STEP), ("-", STEP))]
    rows = [
        {"key": name, "id": name, "at": START + timedelta(hours=n) - step, "rank": n}
        for name, n, step in moments
    ]
    runs = [Visit(rows, 2, False, frozenset({"36"}), ()), Visit([], 1, False, frozenset(), ())]
    life = Life(KINDS[1], "set_aside", runs)

    assert lived(life, tmp_path / "there", staying) == lived(life, tmp_path / "here", None)


@pytest.fixture
def told(tmp_path) -> tuple[Workshop, Staying]:
    """Events that stay in DuckDB."""
    workshop, warehouse = telling(tmp_path), in_duckdb(tmp_path)
    stay(workshop, warehouse, window(2))
    return workshop, warehouse


def hourly(count: int) -> pl.DataFrame:
    """An event an hour from a day before the first window, and one that says no moment."""
    rows = [
        {"key": f"{n}", "id": f"{n}", "at": START + timedelta(hours=n - 24), "rank": 0} for n in range(count)
    ]
    return frame_of([*rows, {"key": "never", "id": "never", "at": None, "rank": 0}], KINDS[0])


def test_e3_one_statement_fetches_what_the_window_may_own_and_no_more(told, monkeypatch):
    workshop, _ = told
    asked, read = [], DuckDB.read
    monkeypatch.setattr(DuckDB, "read", lambda self, query: asked.append(query) or read(self, query))

    workshop.run(hourly(96), window=window(2))

    (room,) = [path for path in workshop.root.iterdir() if path.name.startswith("tmp")]
    fetched = pl.read_parquet(room / "*.parquet")["key"]
    assert len(asked) == 1
    assert sorted(fetched) == sorted(["never", *(f"{n}" for n in range(48 - 12, 72 + 1))])
    assert workshop.vendor.sent == sorted(f"{n}" for n in range(48, 72))


def test_e3_a_warehouse_that_ends_in_the_middle_fails_the_run_and_the_next_one_goes_on(told, monkeypatch):
    workshop, warehouse = told
    read = DuckDB.read

    def suspended(self: DuckDB, query: str) -> Iterator[pl.DataFrame]:
        yield next(read(self, query)).head(1)
        raise ConnectionFailed("The warehouse is suspended", remedy="Resume it.")

    with monkeypatch.context() as patch:
        patch.setattr(DuckDB, "read", suspended)
        failed = workshop.fails(hourly(96), window=window(2))
    assert isinstance(failed.error, ConnectionFailed)
    assert workshop.vendor.writes == []

    stay(workshop, warehouse, window(3))
    workshop.run(hourly(96), window=window(3))
    assert workshop.vendor.sent == sorted(
        f"{n}" for n in range(72 - 12, 96)
    )  # the first window came to nothing


@pytest.mark.parametrize("as_is", [pl.col("at").cast(pl.String), pl.col("at").alias("when")])
def test_e3_an_event_time_that_is_no_moment_stops_the_run_before_a_row_is_asked_for(told, monkeypatch, as_is):
    workshop, _ = told
    monkeypatch.setattr(DuckDB, "read", lambda self, query: pytest.fail(query))

    failed = workshop.fails(hourly(3).select("key", "id", "rank", as_is), window=window(2))

    assert "event_time" in failed.error.remedy or "is no moment" in failed.error.what


@pytest.mark.parametrize("dialect", DIALECTS)
def test_e3_a_window_is_said_in_the_type_of_the_event_time(dialect):
    schemas = [pl.Schema({"key": pl.String(), "at": kind}) for kind in (*KINDS, pl.String())]
    all_rows = [Relation("select 1", dialect, {"key": "key", "at": "at"}, schema) for schema in schemas]
    owned = Window(START, START + timedelta(hours=1))

    said = [
        perhaps_owned(rows, owned, Events("at", late=LATE)).sql.partition("WHERE ")[2].replace("`", '"')
        for rows in all_rows
    ]

    zoned, plain = TYPES.get(dialect, ("TIMESTAMPTZ", "TIMESTAMP"))
    assert said == [
        f"(\"at\" >= CAST('2026-02-28 12:00:00+00:00' AS {zoned}) AND "
        f'"at" <= CAST(\'2026-03-01 01:00:00+00:00\' AS {zoned})) OR "at" IS NULL',
        f"(\"at\" >= CAST('2026-02-28 12:00:00' AS {plain}) AND "
        f'"at" <= CAST(\'2026-03-01 01:00:00\' AS {plain})) OR "at" IS NULL',
        '("at" >= CAST(\'2026-02-28\' AS DATE) AND "at" <= CAST(\'2026-03-01\' AS DATE)) OR "at" IS NULL',
        "",  # no moment: the engine refuses it before it looks at a row
    ]


TYPES = {
    "bigquery": ("TIMESTAMP", "DATETIME"),
    "databricks": ("TIMESTAMP", "TIMESTAMP_NTZ"),
    "redshift": ("TIMESTAMP WITH TIME ZONE", "TIMESTAMP"),
}
