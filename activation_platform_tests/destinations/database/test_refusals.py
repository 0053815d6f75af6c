"""What a database refuses is told apart: a record's fault, the account's, the declaration's; and no message holds a value."""

import re
import socket

import pytest

from activation_platform.contracts.errors import (
    ConnectionFailed,
    CredentialsRefused,
    DeclarationError,
    NotFound,
    TimedOut,
)
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import ACCEPTED, CREATED, Verdict
from activation_platform.destinations.database.destination import Database
from activation_platform.destinations.database.table import Table, TableOptions
from activation_platform_tests.destinations.database.place import PEOPLE, SECRET, Desk, Place, batch, pass_


def ids(place):
    return [row[0] for row in place.people()]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ({"id": 7, "email": "taken@example.org"}, "unique"),
        ({"id": 7, "visits": None}, "(?i)not[- ]null"),
        ({"id": 7, "visits": 99_999}, "out of range"),
        ({"id": 7, "score": "9123456789.55"}, "(?i)overflow|could not"),
        ({"id": 7, "score": 'o\'Neil\n"secret"'}, "(?i)numeric|could not"),
        ({"id": 7, "name": "forbidden"}, "(?i)check"),
    ],
)
def test_one_record_that_is_refused_stops_none_of_its_neighbours(place, people, desk, rows, reason):
    place.run(
        "drop table people",
        PEOPLE.replace("default 0", "default 0, check (name <> 'forbidden')"),
        "insert into people (id, email) values (99, 'taken@example.org')",
    )
    base = {"email": None, "name": "x", "score": None, "visits": 1}
    said = batch(*({"id": n, **base} for n in range(5)), {**base, **rows}, {"id": 8, **base})

    outcomes = desk.load(people, said)

    (refused,) = [outcome for outcome in outcomes if outcome.verdict is Verdict.REJECTED]
    assert outcomes.count(CREATED) == 6
    assert ids(place) == [0, 1, 2, 3, 4, 8, 99]
    assert re.search(reason, refused.reason), refused.reason
    for value in ("taken@", "99999", "9123456789", "Neil", "secret", "99_999"):
        assert value not in refused.reason


def test_a_delete_that_is_refused_is_refused_alone(place, people, desk):
    place.run(
        "create table orders (person bigint references people (id))",
        "insert into people (id) values (1), (2), (3)",
        "insert into orders values (2)",
    )

    outcomes = desk.load(
        people,
        batch({"id": 1}, {"id": 2}, {"id": 3}, {"id": 4}, mode=Mode.MIRROR, operation=Operation.DELETE),
    )

    assert [outcome.verdict for outcome in outcomes].count(Verdict.REJECTED) == 1
    assert outcomes.count(ACCEPTED) == 1
    assert ids(place) == [2]


def test_a_nul_character_is_a_record_that_is_refused_where_the_database_has_none(place, people, desk):
    outcomes = desk.load(people, batch({"id": 1, "name": "a\0b"}, {"id": 2, "name": "x"}))

    if place.dialect == "duckdb":
        assert outcomes == [CREATED, CREATED]
    else:
        assert [outcome.verdict for outcome in outcomes] == [Verdict.REJECTED, Verdict.ACCEPTED]
        (name,) = [field for field in desk.ask(people.account_fields()) if field.name == "name"]
        assert name.type.rule == "text, text without NUL characters"


def test_a_deferred_constraint_that_fails_at_the_commit_is_a_records_fault(postgres, tmp_path):
    postgres.run(
        "create table parents (id bigint primary key)",
        "create table things (id bigint primary key, parent bigint references parents deferrable initially deferred)",
        "insert into parents values (1)",
    )
    things = Table(postgres.destination, TableOptions(table="things", key="id"))

    outcomes = Desk(postgres, tmp_path).load(things, batch({"id": 1, "parent": 1}, {"id": 2, "parent": 2}))

    assert [outcome.verdict for outcome in outcomes] == [Verdict.ACCEPTED, Verdict.REJECTED]
    assert "foreign key" in outcomes[1].reason
    assert postgres.rows("select id from things") == [(1,)]


def test_a_triggers_own_refusal_is_a_records_fault(postgres, tmp_path):
    postgres.run(
        PEOPLE,
        "create function no() returns trigger language plpgsql as "
        "$$begin if new.id = 2 then raise exception 'not \"%\" <ann@example.org>', new.id; end if; return new; end$$",
        "create trigger no before insert on people for each row execute function no()",
    )
    people = Table(postgres.destination, TableOptions(table="people", key="id"))

    outcomes = Desk(postgres, tmp_path).load(people, batch({"id": 1}, {"id": 2}, {"id": 3}))

    (refused,) = [outcome.reason for outcome in outcomes if outcome.verdict is Verdict.REJECTED]
    assert ids(postgres) == [1, 3]
    assert refused.startswith("not ")
    assert "ann@" not in refused


def test_what_must_be_granted_is_told_step_by_step(postgres, clerk, tmp_path):
    name, destination = clerk
    desk = Desk(Place(destination, postgres.run, postgres.rows), tmp_path)

    def attempt(**more):
        return desk.load(
            Table(destination, TableOptions(table="people", key="id")), batch({"id": 1, "name": "x"}, **more)
        )

    with pytest.raises(
        CredentialsRefused, match=r"(?s)may not create the table.*run: create table if not exists"
    ) as said:
        attempt()
    statement = said.value.remedy.partition("run: ")[2]
    postgres.run(statement)
    with pytest.raises(
        CredentialsRefused, match=r"permission denied for table activation_acknowledgements.*GRANT"
    ):
        attempt()
    postgres.run(f"grant select, insert, update, delete on activation_acknowledgements to {name}")
    with pytest.raises(CredentialsRefused, match="permission denied for table people"):
        attempt()
    postgres.run(f"grant select, insert on people to {name}")
    assert attempt(mode=Mode.INSERT_ONLY) == [CREATED]
    with pytest.raises(CredentialsRefused, match="permission denied for table people"):
        attempt()
    postgres.run(f"grant update on people to {name}")
    assert attempt()[0].did == "updated"
    assert SECRET not in str(said.value) + repr(destination)


def test_a_snapshot_without_the_right_to_create_says_so_before_anything_is_sent(postgres, clerk, tmp_path):
    name, destination = clerk
    Desk(postgres, tmp_path).load(Table(postgres.destination, TableOptions("people", "id")), batch({"id": 1}))
    postgres.run(f"grant all on all tables in schema public to {name}")
    desk = Desk(Place(destination, postgres.run, postgres.rows), tmp_path)
    with pytest.raises(CredentialsRefused, match=r"stage.*GRANT CREATE ON SCHEMA"):
        desk.ask(Table(destination, TableOptions("people", "id")).begin(pass_()))


def test_the_account_is_the_database_by_its_own_name(place, desk):
    name = {"duckdb": "place"}.get(place.dialect) or place.destination.url.rpartition("/")[2]
    assert desk.ask(place.destination.account()) == name
    assert place.destination.host.endswith(name if place.dialect == "postgres" else "place.duckdb")


def test_a_wrong_password_is_refused_and_never_told(postgres, account):
    wrong = Database(url=postgres.destination.url, password="hunter2-wrong")
    with pytest.raises(CredentialsRefused, match=r"authentication failed.*url") as said:
        account(wrong)
    assert "hunter2" not in str(said.value) + repr(said.value)


def test_a_server_that_is_not_there_is_told_from_a_database_that_is_not(postgres, account):
    address = postgres.destination.url
    with pytest.raises(NotFound, match='database "nope" does not exist'):
        account(Database(url=address.rpartition("/")[0] + "/nope", password=postgres.destination.password))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: nobody else can open it meanwhile
        with pytest.raises(ConnectionFailed, match=r"Connection refused.*host and port"):
            account(Database(url=f"postgresql://x@127.0.0.1:{taken.getsockname()[1]}/x"))
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(1)
        url = f"postgresql://x@127.0.0.1:{deaf.getsockname()[1]}/x?connect_timeout=1"
        with pytest.raises(TimedOut, match="url"):
            account(Database(url=url))


def test_a_replica_is_told_from_a_server_that_can_be_written_to(postgres, tmp_path):
    postgres.run(PEOPLE)
    replica = Database(
        url=postgres.destination.url + "?options=-c%20default_transaction_read_only%3Don",
        password=postgres.destination.password,
    )
    with pytest.raises(DeclarationError, match="primary server"):
        Desk(Place(replica, postgres.run, postgres.rows), tmp_path).load(
            Table(replica, TableOptions("people", "id")), batch({"id": 1})
        )


def test_a_file_that_is_not_there_or_is_no_database_is_told(account, tmp_path):
    with pytest.raises(NotFound, match="no file"):
        account(Database(url=f"duckdb://{tmp_path}/nope.duckdb"))
    (tmp_path / "text.duckdb").write_text("not a database" * 1000)
    with pytest.raises(ConnectionFailed, match=r"text.duckdb"):
        account(Database(url=f"duckdb://{tmp_path}/text.duckdb"))


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("mysql://x@y/z", "leads to no database"),
        ("", "leads to no database"),
        ("postgresql://x@y:port/z", "leads to no database"),
        ("postgresql://x:secret@y/z", "holds a password"),
        ("postgresql://x@y/z?password=secret", "holds a password"),
        ("duckdb://file.duckdb", "leads to no file"),
        ("duckdb:", "leads to no file"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused_at_load_and_when_it_is_used(account, address, words):
    (said,) = Database.objections({"url": address})
    assert words in said
    with pytest.raises(DeclarationError, match=words) as raised:
        account(Database(url=address))
    assert "secret" not in said + str(raised.value)


def test_an_address_from_the_environment_or_beside_another_one_is_judged_as_far_as_it_is_known():
    assert list(Database.objections({"url": "env:SHOP_URL"})) == []
    (said,) = Database.objections({"url": "env:SHOP_URL", "base_url": "http://localhost"})
    assert '"url"' in said
