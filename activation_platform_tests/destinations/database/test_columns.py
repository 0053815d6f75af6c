"""The columns of a table as fields: their names letter by letter, what they take, which of them must be given."""

import polars as pl
import pytest

from activation_platform.contracts.errors import DeclarationError, NotFound
from activation_platform.contracts.modes import Mode
from activation_platform.contracts.outcomes import CREATED, UPDATED
from activation_platform.contracts.values import (
    Boolean,
    Choice,
    Day,
    Decimal,
    Instant,
    Integer,
    Number,
    Text,
    TextList,
)
from activation_platform.destinations.database.table import Table, TableOptions
from activation_platform_tests.destinations.database.place import Desk, batch, fields_of

NASTY = [
    'select "from" where',
    "Robert'); DROP TABLE people;--",
    "ünï😀",
    "a.b",
    "identifier",
    "position",
    "$1",
    "c0",
    "%s",
]


def table(place, name="things", key="id", schema=""):
    return Table(place.destination, TableOptions(table=name, key=key, schema=schema))


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def test_every_type_of_column_takes_its_own_values(place, desk):
    enum = {"postgres": "mood", "duckdb": "enum ('sad', 'o''k')"}[place.dialect]
    if place.dialect == "postgres":
        place.run("create type mood as enum ('sad', 'o''k')")
    place.run(
        f"create table things (id bigint primary key, small smallint, money numeric(10, 2), ratio double precision, yes boolean, "
        f"day date, moment timestamp, instant timestamptz, name varchar, tags varchar[], feeling {enum}, key uuid)"
    )

    types = {field.name: field.type for field in desk.ask(table(place).account_fields())}

    text = Text() if place.dialect == "duckdb" else types["name"]
    assert types == {
        "id": Integer(-(2**63), 2**63 - 1),
        "small": Integer(-(2**15), 2**15 - 1),
        "money": Decimal(10, 2),
        "ratio": Number(),
        "yes": Boolean(),
        "day": Day(),
        "moment": Instant(),
        "instant": Instant(),
        "name": text,
        "tags": TextList(),
        "feeling": Choice(("sad", "o'k")),
        "key": text,
    }


def test_every_type_of_column_keeps_what_it_is_sent(place, desk):
    place.run(
        "create table things (id bigint primary key, small smallint, money numeric(20, 2), ratio double precision, yes boolean, "
        "day date, moment timestamp, instant timestamptz, name varchar, tags varchar[], key uuid)"
    )
    things = table(place)
    raw = {
        "id": pl.Series([1, 2]),
        "small": pl.Series([7, None]),
        "money": pl.Series(["123456789012345678.90", None]),
        "ratio": pl.Series([0.1, None]),
        "yes": pl.Series([True, None]),
        "day": pl.Series(["2024-02-29", None]),
        "moment": pl.Series(["2024-02-29T12:00:00+02:00", None]),
        "instant": pl.Series(["2024-02-29T12:00:00.123456+02:00", None]),
        "name": pl.Series(["Zoë 😀\n\t'\"\\", None]),
        "tags": pl.Series([["a", 'b,"c"'], None], dtype=pl.List(pl.String)),
        "key": pl.Series(["7f8d6a1c-7a9e-4c43-9f1c-0b1a2c3d4e5f", None]),
    }
    said = batch(*fields_of(desk.ask(things.account_fields()), raw))

    assert desk.load(things, said) == [CREATED, CREATED]
    assert desk.load(things, batch(*fields_of(desk.ask(things.account_fields()), raw))) == [UPDATED, UPDATED]
    texts = ", ".join(f"cast({name} as varchar)" for name in raw if name != "tags")
    full, empty = place.rows(f"select {texts}, tags from things order by id")
    assert full == (
        *("1", "7", "123456789012345678.90", "0.1", "true", "2024-02-29", "2024-02-29 10:00:00"),
        *(full[7], "Zoë 😀\n\t'\"\\", "7f8d6a1c-7a9e-4c43-9f1c-0b1a2c3d4e5f", ["a", 'b,"c"']),
    )
    assert full[7].startswith("2024-02-29 10:00:00.123456+00")
    assert set(empty[1:]) == {None}


def test_names_are_only_names(place, desk):
    columns = ", ".join(f"{quoted(name)} varchar" for name in NASTY)
    for name in NASTY[:4]:
        place.run(f"create table {quoted(name)} ({quoted('The Key')} bigint primary key, {columns})")
        things = table(place, name, key="The Key")
        assert {field.name for field in desk.ask(things.account_fields())} == {"The Key", *NASTY}

        said = batch({"The Key": 1, **{each: f"'{each}'" for each in NASTY}}, identified_by="The Key")
        assert desk.load(things, said) == [CREATED]

        ((found, *_),) = place.rows(f"select * from {quoted(name)}")
        assert found == 1


def test_values_are_only_values(place, people, desk):
    evil = "x'); drop table people; --"

    assert desk.load(people, batch({"id": 1, "name": evil}, {"id": 2, "name": "x" * 2**20})) == [CREATED] * 2
    assert place.people()[0][2] == evil
    assert len(place.people()[1][2]) == 2**20


def test_a_table_lies_in_the_schema_that_is_named(place, desk):
    place.run(
        'create schema "Odd one"', 'create table "Odd one".things (id bigint primary key, name varchar)'
    )
    things = table(place, schema="Odd one")

    desk.load(things, batch({"id": 1, "name": "x"}))

    assert place.rows('select id from "Odd one".things') == [(1,)]
    assert place.rows('select records from "Odd one".activation_acknowledgements') == [(1,)]
    assert things.target == "Odd one.things"


def test_computed_columns_cannot_be_written_and_required_ones_are_known(place, desk):
    place.run(
        "create table things (id bigint primary key, name varchar not null, kind varchar not null default 'x', note varchar, "
        f"twice bigint generated always as (id * 2) {'stored' if place.dialect == 'postgres' else ''})"
    )
    things = table(place)

    fields = {field.name: field for field in desk.ask(things.account_fields())}

    assert set(fields) == {"id", "name", "kind", "note"}
    assert {name for name, field in fields.items() if field.required} == {"id", "name"}
    assert fields["id"].key
    with pytest.raises(DeclarationError, match=r"no new row without name.*Map these columns"):
        desk.load(things, batch({"id": 1, "note": "x"}))
    with pytest.raises(DeclarationError, match="computed by the database"):
        desk.load(things, batch({"id": 1, "name": "x", "twice": 2}))


def test_update_only_needs_no_column_that_new_rows_need(place, desk):
    place.run("create table things (id bigint primary key, name varchar not null, note varchar)")
    place.run("insert into things values (1, 'theirs', null)")

    assert desk.load(table(place), batch({"id": 1, "note": "x"}, mode=Mode.UPDATE_ONLY)) == [UPDATED]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"name": "People"}, NotFound, 'no table "People" in the schema.*upper and lower case'),
        ({"name": ""}, NotFound, "no table"),
        ({"name": "people", "schema": "nope"}, NotFound, 'no schema "nope"'),
        ({"name": "people", "key": "idd"}, DeclarationError, 'no column "idd". Did you mean "id"'),
        ({"name": "people'; drop table people; --"}, NotFound, "no table"),
    ],
)
def test_what_does_not_exist_is_told_by_its_name(place, people, desk, options, error, words):
    with pytest.raises(error, match=words):
        desk.ask(table(place, **options).account_fields())
    with pytest.raises(error, match=words):
        desk.load(table(place, **options), batch({"id": 1}))


def test_a_column_that_vanished_since_is_told_by_its_name(place, people, desk):
    with pytest.raises(DeclarationError, match=r'no column "emial"\. Did you mean "email"'):
        desk.load(people, batch({"id": 1, "emial": "x"}))
    assert place.people() == []


def test_a_domain_takes_what_lies_beneath_it_and_keeps_its_rule(postgres, tmp_path):
    postgres.run(
        "create domain short as varchar(3) check (value <> 'bad')",
        "create table things (id bigint primary key, code short, ch character(2), v varchar(3))",
    )
    desk, things = Desk(postgres, tmp_path), table(postgres)
    types = {field.name: field.type for field in desk.ask(things.account_fields())}

    outcomes = desk.load(
        things,
        batch(
            {"id": 1, "code": "ab", "ch": "xy"},
            {"id": 2, "code": "bad", "ch": None},
            {"id": 3, "code": "toolong", "ch": None},
            {"id": 4, "code": None, "ch": "xyz"},
        ),
    )

    assert (types["code"].max, types["ch"].max, types["v"].max) == (3, 2, 3)
    assert postgres.rows("select id, code, ch from things") == [(1, "ab", "xy")]
    assert [outcome.reason.partition(" ")[0] for outcome in outcomes[1:]] == ["value", "value", "value"]
