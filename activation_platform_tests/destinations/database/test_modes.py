"""SEMANTICS, part C, at a real table: what each mode does to rows that are there, that are not, and that are not ours."""

import pytest

from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import ACCEPTED, CREATED, DELETED, UPDATED, ignored, rejected
from activation_platform_tests.destinations.database.place import batch

ANN = {"id": 1, "email": "ann@example.org", "name": "Ann"}
BOB = {"id": 2, "email": "bob@example.org", "name": "Bob"}
THEIRS = "insert into people (id, name, score) values (1, 'theirs', 1.50), (9, 'theirs', 9)"


@pytest.mark.parametrize("mode", [Mode.UPSERT, Mode.MIRROR])
@pytest.mark.parametrize("operation", [Operation.INSERT, Operation.UPDATE])
def test_c_upsert_and_mirror_update_what_is_there_and_create_what_is_not(
    place, people, desk, mode, operation
):
    place.run(THEIRS)

    assert desk.load(people, batch(ANN, BOB, mode=mode, operation=operation)) == [UPDATED, CREATED]
    assert place.people() == [
        (1, "ann@example.org", "Ann", "1.50"),
        (2, "bob@example.org", "Bob", None),
        (9, None, "theirs", "9.00"),
    ]


def test_c_update_only_creates_nothing(place, people, desk):
    place.run(THEIRS)

    outcomes = desk.load(people, batch(ANN, BOB, mode=Mode.UPDATE_ONLY))

    assert outcomes == [UPDATED, ignored("unknown at the destination")]
    assert [row[:3] for row in place.people()] == [(1, "ann@example.org", "Ann"), (9, None, "theirs")]


def test_c_insert_only_overwrites_nothing(place, people, desk):
    place.run(THEIRS)

    outcomes = desk.load(people, batch(ANN, BOB, mode=Mode.INSERT_ONLY))

    assert outcomes == [ignored("already there"), CREATED]
    assert [row[:3] for row in place.people()] == [
        (1, None, "theirs"),
        (2, "bob@example.org", "Bob"),
        (9, None, "theirs"),
    ]


def test_c_mirror_deletes_and_takes_not_found_for_success(place, people, desk):
    place.run(THEIRS)

    outcomes = desk.load(people, batch({"id": 1}, {"id": 2}, mode=Mode.MIRROR, operation=Operation.DELETE))

    assert outcomes == [DELETED, ACCEPTED]
    assert [row[0] for row in place.people()] == [9]


def test_b5_update_only_moves_the_row_that_has_the_identifier_last_sent(place, people, desk):
    place.run(THEIRS)
    moved = {"id": 5, "name": "Ann", "_previous_identifier": "1"}
    fresh = {"id": 9, "name": "Nine", "_previous_identifier": "7"}
    nobody = {"id": 8, "name": "Eight", "_previous_identifier": "6"}

    outcomes = desk.load(
        people, batch(moved, fresh, nobody, mode=Mode.UPDATE_ONLY, operation=Operation.UPDATE)
    )

    assert outcomes == [UPDATED, UPDATED, ignored("unknown at the destination")]
    assert [row[::2] for row in place.people()] == [(5, "Ann"), (9, "Nine")]


def test_b5_upsert_writes_under_the_new_identifier_and_leaves_the_old_row(place, people, desk):
    place.run(THEIRS)

    assert desk.load(people, batch({"id": 5, "name": "Ann", "_previous_identifier": "1"})) == [CREATED]
    assert [row[0] for row in place.people()] == [1, 5, 9]


def test_b6_a_null_clears_a_column_unless_it_is_to_keep_it(place, people, desk):
    place.run(
        "insert into people (id, email, name) values (1, 'a@example.org', 'theirs'), (2, 'b@example.org', 'theirs')"
    )
    empty, full = {"id": 1, "email": None, "name": None}, {"id": 2, "email": None, "name": "Bob"}
    new = {"id": 3, "email": None, "name": None}

    outcomes = desk.load(people, batch(empty, full, new, keeps_null=["name"]))

    assert outcomes == [UPDATED, UPDATED, CREATED]
    assert [row[:3] for row in place.people()] == [(1, None, "theirs"), (2, None, "Bob"), (3, None, "nobody")]


def test_several_rows_of_one_identifier_are_a_record_that_is_refused(place, desk, people):
    place.run("drop table people", "create table people (id bigint, name varchar)")
    place.run("insert into people values (1, 'one'), (1, 'two')")

    outcomes = desk.load(people, batch({"id": 1, "name": "x"}, {"id": 2, "name": "y"}))

    assert outcomes == [rejected("several rows of the table have this identifier"), CREATED]
    assert place.rows("select name from people order by name") == [("one",), ("two",), ("y",)]
