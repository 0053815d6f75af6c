"""A batch and its acknowledgement are one transaction: whatever is lost, nothing is carried out twice or forgotten."""

import pytest

from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import CREATED, DELETED, UPDATED, Verdict, ignored
from activation_platform.contracts.service import Doubt
from activation_platform.destinations.database.table import Table, TableOptions
from activation_platform_tests.destinations.database.place import PEOPLE, Desk, batch

ANN, BOB = {"id": 1, "name": "Ann"}, {"id": 2, "name": "Bob"}


def doubts(said, *keys):
    return [Doubt(said.operation, key, None, said.id) for key in keys]


def test_a_batch_that_is_said_again_is_answered_as_it_was_and_touches_nothing(place, people, desk):
    place.run("insert into people (id) values (2)")
    said = batch(ANN, BOB)
    first = desk.load(people, said)
    place.run("update people set name = 'theirs'")

    again = desk.load(Table(place.destination, people.options), said)

    assert first == again == [CREATED, UPDATED]
    assert [row[2] for row in place.people()] == ["theirs", "theirs"]
    assert place.acknowledged() == [("insert", 2, "cu")]


@pytest.mark.parametrize(
    ("mode", "operation", "expected"),
    [
        (Mode.INSERT_ONLY, Operation.INSERT, [ignored("already there"), CREATED]),
        (Mode.UPDATE_ONLY, Operation.UPDATE, [UPDATED, ignored("unknown at the destination")]),
        (Mode.MIRROR, Operation.DELETE, [DELETED]),
    ],
)
def test_what_was_ignored_or_deleted_is_answered_as_it_was_too(
    place, people, desk, mode, operation, expected
):
    place.run("insert into people (id) values (1)")
    rows = [{"id": row["id"]} for row in (ANN, BOB)] if operation is Operation.DELETE else [ANN, BOB]
    said = batch(*rows, mode=mode, operation=operation)
    first = desk.load(people, said)

    assert desk.load(people, said) == first
    assert first[: len(expected)] == expected


def test_d1_halves_of_a_batch_are_acknowledged_each_by_itself(place, people, desk):
    place.run("insert into people (id, email) values (9, 'taken@example.org')")
    rows = [{"id": n, "email": "taken@example.org" if n == 3 else f"{n}@example.org"} for n in range(1, 5)]
    said = batch(*rows)

    outcomes = desk.load(people, said)

    assert [outcome.verdict for outcome in outcomes].count(Verdict.REJECTED) == 1
    assert [row[0] for row in place.people()] == [1, 2, 4, 9]
    assert sorted(place.acknowledged()) == [("insert", 1, "c"), ("insert", 2, "cc")]
    assert desk.load(people, said) == outcomes


def test_a_batch_of_the_same_records_but_another_name_is_another_batch(place, people, desk):
    desk.load(people, batch(ANN))

    assert desk.load(people, batch({**ANN, "name": "Anna"})) == [UPDATED]
    assert len(place.acknowledged()) == 2


def test_d4_a_crash_after_the_commit_is_found_out_by_looking_up(place, people, desk):
    committed, lost = batch(ANN, BOB), batch({"id": 3})
    desk.load(people, committed)

    asked = [*doubts(committed, "0", "1"), *doubts(lost, "0"), *doubts(committed, "7")]

    assert desk.ask(Table(place.destination, people.options).look_up(asked)) == [True, True, False, False]


def test_a_refused_half_and_an_ignored_record_count_as_not_carried_out(place, people, desk):
    place.run("insert into people (id, email) values (9, 'taken@example.org')")
    halved = batch({"id": 1, "email": "taken@example.org"}, {"id": 2, "email": "free@example.org"})
    desk.load(people, halved)
    skipped = batch({"id": 9}, {"id": 10}, mode=Mode.INSERT_ONLY)
    desk.load(people, skipped)

    assert (
        desk.ask(people.look_up([*doubts(halved, "0", "1"), *doubts(skipped, "0", "1")])) == [False, True] * 2
    )


def test_nothing_was_carried_out_where_nothing_was_ever_written_down(place, people, desk):
    assert desk.ask(people.look_up(doubts(batch(ANN), "0"))) == [False]


def test_a_trigger_fires_once_however_often_a_batch_is_said(request, tmp_path):
    place = request.getfixturevalue("postgres")
    desk = Desk(place, tmp_path)
    place.run(
        PEOPLE,
        "create table log (id bigint)",
        "create function note() returns trigger language plpgsql as $$begin insert into log values (new.id); return new; end$$",
        "create trigger noted after insert or update on people for each row execute function note()",
    )
    people = Table(place.destination, TableOptions(table="people", key="id"))
    said = batch(ANN, BOB)
    for _ in range(3):
        desk.load(people, said)

    assert place.rows("select id from log order by id") == [(1,), (2,)]


def test_old_acknowledgements_are_forgotten_by_the_next_run(place, people, desk):
    desk.load(people, batch(ANN))
    place.run("""update activation_acknowledgements set "at" = "at" - interval '31 days'""")
    desk.load(people, batch(BOB))
    assert len(place.acknowledged()) == 2

    desk.load(Table(place.destination, people.options), batch(ANN))

    assert len(place.acknowledged()) == 2
