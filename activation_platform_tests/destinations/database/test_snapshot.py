"""SEMANTICS C1 at a real table: a snapshot stands beside what is there, and takes its place at once."""

import pytest

from activation_platform.contracts.errors import NotFound
from activation_platform.contracts.modes import Mode
from activation_platform.contracts.outcomes import CREATED, Verdict
from activation_platform.contracts.service import Doubt
from activation_platform.destinations.database.table import Table, TableOptions
from activation_platform_tests.destinations.database.place import Desk, batch, pass_

THEIRS = "insert into people (id, name, score) values (1, 'theirs', 1.50), (9, 'theirs', 9)"


def snapshot(*rows, token, **more):
    return batch(*rows, mode=Mode.SNAPSHOT, token=token, **more)


def stages(place):
    return [
        name
        for (name,) in place.rows("select table_name from information_schema.tables")
        if "__activation_" in name
    ]


def test_c1_the_old_rows_stand_until_the_new_ones_are_complete(place, people, desk):
    place.run(THEIRS)
    token = desk.ask(people.begin(pass_()))

    assert desk.load(people, snapshot({"id": 1, "name": "Ann"}, token=token)) == [CREATED]
    assert [row[0] for row in place.people()] == [1, 9]
    desk.load(people, snapshot({"id": 2, "name": None}, token=token, keeps_null=["name"]))
    desk.ask(people.finish(token))

    assert place.people() == [(1, None, "Ann", None), (2, None, "nobody", None)]
    assert stages(place) == []


def test_c1_finishing_twice_is_finishing_once(place, people, desk):
    token = desk.ask(people.begin(pass_()))
    desk.load(people, snapshot({"id": 1}, token=token))
    desk.ask(people.finish(token))
    place.run(THEIRS.replace("(1,", "(3,"))

    desk.ask(Table(place.destination, people.options).finish(token))

    assert [row[0] for row in place.people()] == [1, 3, 9]


def test_c1_an_abandoned_snapshot_leaves_everything_as_it_was(place, people, desk):
    place.run(THEIRS)
    token = desk.ask(people.begin(pass_()))
    desk.load(people, snapshot({"id": 1}, token=token))

    desk.ask(people.abandon(token))

    assert [row[0] for row in place.people()] == [1, 9]
    assert stages(place) == []


def test_c1_a_snapshot_of_nothing_empties_the_table(place, people, desk):
    place.run(THEIRS)

    desk.ask(people.finish(desk.ask(people.begin(pass_()))))

    assert place.people() == []


def test_c1_what_dead_passes_left_is_taken_away_by_the_next(place, people, desk):
    place.run("create table people__activation_notes (id int)")
    dead = desk.ask(people.begin(pass_("pass-1")))
    token = desk.ask(people.begin(pass_("pass-2")))

    assert dead != token
    assert sorted(stages(place)) == sorted([token, "people__activation_notes"])
    desk.ask(people.finish(token))


def test_a_stage_that_vanished_does_not_empty_the_table(place, people, desk):
    place.run(THEIRS)
    token = desk.ask(people.begin(pass_()))
    place.run(f'drop table "{token}"')

    with pytest.raises(NotFound):
        desk.ask(people.finish(token))
    assert [row[0] for row in place.people()] == [1, 9]


def test_a_record_that_the_table_refuses_is_refused_alone_and_before_the_swap(place, people, desk):
    token = desk.ask(people.begin(pass_()))
    rows = [
        {"id": 1, "email": "a@example.org"},
        {"id": 2, "email": "a@example.org"},
        {"id": 3, "email": None},
    ]

    outcomes = desk.load(people, snapshot(*rows, token=token))
    desk.ask(people.finish(token))

    assert sorted(outcome.verdict for outcome in outcomes) == [
        Verdict.ACCEPTED,
        Verdict.ACCEPTED,
        Verdict.REJECTED,
    ]
    assert len(place.people()) == 2


def test_c1_what_was_staged_counts_as_carried_out_only_once_the_stage_is_in_place(place, people, desk):
    token = desk.ask(people.begin(pass_()))
    said = snapshot({"id": 1}, token=token)
    desk.load(people, said)
    doubt = [Doubt(said.operation, "0", "1", said.id)]

    assert desk.ask(people.look_up(doubt)) == [False]
    desk.ask(people.finish(token))
    assert desk.ask(people.look_up(doubt)) == [True]


def test_long_names_of_tables_leave_room_for_the_name_of_the_stage(place, desk):
    long = "kundenstammdatentabelle_für_überregionale_vertriebspartner_é"
    other = long[:-1] + "x"
    place.run(*(f'create table "{name}" (id bigint primary key)' for name in (long, other)))
    services = [Table(place.destination, TableOptions(table=name, key="id")) for name in (long, other)]
    tokens = [desk.ask(service.begin(pass_())) for service in services]

    assert len(set(tokens)) == 2
    assert all(len(token.encode()) <= 63 for token in tokens)
    for service, token in zip(services, tokens, strict=True):
        desk.load(service, snapshot({"id": 1}, token=token))
        desk.ask(service.finish(token))
        assert place.rows(f'select id from "{service.options.table}"') == [(1,)]


def test_a_snapshot_keeps_grants_views_indexes_and_the_numbering_of_the_table(postgres, tmp_path):
    place, desk = postgres, Desk(postgres, tmp_path)
    place.run(
        "create table items (id bigint primary key, number bigint generated always as identity, twice bigint generated always "
        "as (id * 2) stored, name text not null check (name <> ''))",
        "create view names as select name from items",
        "create index by_name on items (name)",
        "create role clerk",
        "grant select on items to clerk",
        "insert into items (id, name) values (1, 'old')",
    )
    items = Table(place.destination, TableOptions(table="items", key="id"))
    try:
        token = desk.ask(items.begin(pass_()))
        desk.load(items, snapshot({"id": 5, "name": "new"}, {"id": 6, "name": ""}, token=token))
        desk.ask(items.finish(token))

        assert place.rows("select id, twice, name from items") == [(5, 10, "new")]
        assert place.rows("select name from names") == [("new",)]
        assert place.rows("select has_table_privilege('clerk', 'items', 'select')") == [(True,)]
        assert place.rows("select count(*) from pg_indexes where tablename = 'items'") == [(2,)]
    finally:
        place.run("drop owned by clerk", "drop role clerk")
