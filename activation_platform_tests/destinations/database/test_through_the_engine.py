"""A table through the whole engine: run after run, with crashes in between, the table holds exactly what the mode promises."""

import pytest

from activation_platform.contracts.modes import Mode
from activation_platform.destinations.database.table import Table, TableOptions
from activation_platform.sync.carrier_sql import SqlCarrier
from activation_platform.sync.history import Status
from activation_platform.sync.states import State
from activation_platform_tests.sync.world import Workshop, thing

PEOPLE = "create table people (id varchar primary key, email varchar unique, name varchar, theirs varchar default 'default')"
AUDIT = (
    "create table log (id varchar, name varchar)",
    "create function note() returns trigger language plpgsql as "
    "$$begin insert into log values (new.id, new.name); return new; end$$",
    "create trigger noted after insert or update on people for each row execute function note()",
)


@pytest.fixture
def workshop(place, tmp_path):
    place.run(PEOPLE)
    made = Workshop(tmp_path, shop=place.destination)
    made.service = lambda shop: Table(shop, TableOptions(table="people", key="id"))
    return made


@pytest.fixture
def names(place):
    return lambda: dict(place.rows("select id, name from people order by id"))


@pytest.fixture
def dying(monkeypatch):
    """The process dies at the nth transaction of a table's batch: before its commit, or after."""

    def at(number, *, after):
        carried, seen = SqlCarrier._carried, []

        def dies(self, said):
            if getattr(said, "once", False):
                seen.append(said)
                if len(seen) == number:
                    if after:
                        carried(self, said)
                    raise SystemExit("the process dies")
            return carried(self, said)

        monkeypatch.setattr(SqlCarrier, "_carried", dies)

    yield at
    monkeypatch.undo()


def test_c_each_mode_keeps_its_promise_run_after_run(place, workshop, names):
    expected = {
        Mode.UPSERT: ({"a": "new", "b": "x", "c": "x", "z": "theirs"}, (1, 1, 0)),
        Mode.MIRROR: ({"a": "new", "c": "x", "z": "theirs"}, (1, 1, 1)),
        Mode.INSERT_ONLY: ({"a": "x", "b": "x", "c": "x", "z": "theirs"}, (1, 0, 0)),
        Mode.UPDATE_ONLY: ({"a": "new", "b": "x", "z": "theirs"}, (0, 1, 0)),
        Mode.SNAPSHOT: ({"a": "new", "c": "x"}, None),
    }
    for mode, (held, figures) in expected.items():
        place.run("delete from people", "insert into people (id, name) values ('z', 'theirs')")
        if mode is Mode.UPDATE_ONLY:
            place.run("insert into people (id) values ('a'), ('b')")
        workshop.mode, workshop.root = mode, workshop.root / str(mode)

        workshop.run(thing("a"), thing("b"))
        run = workshop.run(thing("a", name="new"), thing("c"))

        assert names() == held, mode
        if figures is not None:
            assert (run.figures.inserted, run.figures.updated, run.figures.deleted) == figures, mode
        if mode is not Mode.SNAPSHOT:
            assert workshop.run(thing("a", name="new"), thing("c")).status is Status.NOTHING_TO_DO


def test_c_what_was_deleted_there_behind_our_back_is_created_by_the_update(place, workshop, names):
    workshop.run(thing("a"), thing("b"))
    place.run("delete from people")

    run = workshop.run(thing("a", name="new"), thing("b"))

    assert (run.figures.inserted, run.figures.updated) == (1, 0)
    assert names() == {"a": "new"}


def test_b5_an_identifier_that_changes_moves_the_row_as_the_mode_says(place, workshop, names):
    for mode, held in (
        (Mode.MIRROR, {"B": "x"}),
        (Mode.UPSERT, {"A": "x", "B": "x"}),
        (Mode.UPDATE_ONLY, {"B": "x"}),
    ):
        place.run("delete from people", "insert into people (id) values ('A')")
        workshop.mode, workshop.root = mode, workshop.root / str(mode)
        workshop.run(thing("k", id="A"))
        workshop.run(thing("k", id="B"))
        assert names() == held, mode


def test_d2_a_record_that_the_table_refuses_is_owed_and_tried_again(place, workshop, names):
    place.run("insert into people (id, email) values ('z', 'taken@example.org')")
    run = workshop.run(thing("a", email="taken@example.org"), thing("b"))
    assert (run.figures.inserted, run.figures.destination_issues) == (1, 1)
    ((key, _, _, reason),) = workshop.debts()
    assert key == "a"
    assert "taken" not in reason

    place.run("delete from people where id = 'z'")
    assert workshop.run(thing("a", email="taken@example.org"), thing("b")).figures.inserted == 1
    assert names() == {"a": "x", "b": "x"}


@pytest.mark.parametrize("after", [False, True], ids=["before the commit", "after the commit"])
@pytest.mark.parametrize("mode", [Mode.UPSERT, Mode.MIRROR, Mode.INSERT_ONLY])
def test_d4_a_crash_around_a_commit_carries_nothing_out_twice(
    place, workshop, names, dying, monkeypatch, mode, after
):
    workshop.mode = mode
    dying(1, after=after)
    workshop.dies(thing("a"), thing("b"))
    monkeypatch.undo()
    assert len(names()) == (2 if after else 0)
    place.run("update people set theirs = 'touched'")

    run = workshop.run(thing("a"), thing("b"))

    assert run.figures.inserted == (0 if after else 2)
    assert names() == {"a": "x", "b": "x"}
    assert {row[0] for row in place.rows("select theirs from people")} == {"touched" if after else "default"}
    assert set(workshop.states().values()) == {State.PRESENT}


def test_d4_a_record_that_left_after_the_crash_is_still_deleted(workshop, names, dying, monkeypatch):
    dying(1, after=True)
    workshop.dies(thing("a"), thing("b"))
    monkeypatch.undo()

    run = workshop.run(thing("b"))

    assert run.figures.deleted == 1
    assert names() == {"b": "x"}


def test_d4_a_trigger_fires_once_for_each_record_whatever_crashes(postgres, tmp_path, dying, monkeypatch):
    postgres.run(PEOPLE, *AUDIT)
    workshop = Workshop(tmp_path, shop=postgres.destination)
    workshop.service = lambda shop: Table(shop, TableOptions(table="people", key="id"))
    dying(1, after=True)
    workshop.dies(thing("a"), thing("b"))
    monkeypatch.undo()
    dying(1, after=True)
    workshop.dies(thing("a", name="new"), thing("b"))
    monkeypatch.undo()

    workshop.run(thing("a", name="new"), thing("b"))

    assert sorted(postgres.rows("select id, name from log")) == [("a", "new"), ("a", "x"), ("b", "x")]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", [1, 2, 3], ids=["begin", "batch", "finish"])
def test_c1_a_crash_anywhere_in_a_snapshot_leaves_the_old_rows_or_all_the_new(
    place, workshop, names, dying, monkeypatch, step, after
):
    workshop.mode = Mode.SNAPSHOT
    workshop.run(thing("a"), thing("old"))
    dying(step, after=after)
    workshop.dies(thing("a", name="new"), thing("b"))
    monkeypatch.undo()
    assert names() == ({"a": "new", "b": "x"} if step == 3 and after else {"a": "x", "old": "x"})

    workshop.run(thing("a", name="newer"), thing("b"))

    assert names() == {"a": "newer", "b": "x"}
    assert set(workshop.states().values()) == {State.PRESENT}
    assert not place.rows(
        "select 1 from information_schema.tables where table_name like 'people__activation%'"
    )


def test_c1_a_snapshot_that_fails_leaves_the_table_and_nothing_beside_it(place, workshop, names, monkeypatch):
    workshop.mode = Mode.SNAPSHOT
    workshop.run(thing("a"))
    place.run(
        "create table orders (person varchar references people (id))", "insert into orders values ('a')"
    )

    failed = workshop.fails(thing("b"))

    assert "foreign key" in failed.run.error
    assert names() == {"a": "x"}
