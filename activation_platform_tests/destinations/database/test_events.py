"""SEMANTICS E3 at a real table: an event is added once, whatever changes, crashes or was there already."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.modes import Mode, RunType
from activation_platform.contracts.statement import Transaction
from activation_platform.destinations.database.events import Events as EventTable
from activation_platform.destinations.database.table import TableOptions
from activation_platform.sync.carrier_sql import SqlCarrier
from activation_platform.sync.mapping import FieldMapping
from activation_platform.sync.order import Events, Window
from activation_platform_tests.sync.world import Workshop

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def window(day):
    return Window(START + (day - 1) * DAY, START + day * DAY)


def happenings(*rows):
    """Events by key, the day (with fractions) at which they happened, and what they say."""
    schema = {"key": pl.String, "at": pl.Datetime("us", "UTC"), "what": pl.String}
    return pl.DataFrame([(key, START + day * DAY, what) for key, day, what in rows], schema, orient="row")


@pytest.fixture
def told(place, tmp_path):
    place.run("create table happenings (id varchar primary key, moment timestamptz not null, what varchar)")
    made = Workshop(tmp_path, shop=place.destination, mode=Mode.INSERT_ONLY, run_type=RunType.INCREMENTAL)
    made.service = lambda shop: EventTable(shop, TableOptions(table="happenings", key="id"))
    made.mapping = (FieldMapping("id", "key"), FieldMapping("moment", "at"), FieldMapping("what", "what"))
    made.settings["events"] = Events("at")
    return made


def test_e3_each_event_is_added_once_by_the_run_that_owns_its_window(place, told):
    told.run(happenings(("a", 0.5, "x"), ("b", 1.5, "x")), window=window(1))
    run = told.run(happenings(("a", 0.5, "changed"), ("b", 1.5, "x")), window=window(2))

    assert run.figures.inserted == 1
    assert place.rows("select id, what from happenings order by id") == [("a", "x"), ("b", "x")]


def test_e3_an_event_that_is_there_already_is_left_as_it_is(place, told):
    place.run("insert into happenings values ('a', current_timestamp, 'theirs')")

    run = told.run(happenings(("a", 0.5, "ours"), ("b", 0.6, "ours")), window=window(1))

    assert (run.figures.inserted, run.figures.ignored) == (1, 1)
    assert place.rows("select id, what from happenings order by id") == [("a", "theirs"), ("b", "ours")]


def test_d4_a_crash_after_the_commit_adds_no_event_twice(place, told, monkeypatch):
    carried = SqlCarrier._carried

    def dies(self, said):
        answer = carried(self, said)
        if isinstance(said, Transaction):
            raise SystemExit("the process dies")
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(SqlCarrier, "_carried", dies)
        told.dies(happenings(("a", 0.5, "x")), window=window(1))
    place.run("delete from happenings")  # so that saying it again would show

    run = told.run(happenings(("a", 0.5, "x")), window=window(1))

    assert run.figures.inserted == 0
    assert place.rows("select id from happenings") == []


def test_an_event_that_lacks_what_the_table_insists_on_stops_the_run(told):
    told.mapping = told.mapping[:1]

    failed = told.fails(happenings(("a", 0.5, "x")), window=window(1))

    assert isinstance(failed.error, DeclarationError)
    assert "no new row without moment" in failed.run.error
