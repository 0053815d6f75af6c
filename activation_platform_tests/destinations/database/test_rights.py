"""What a user must be granted is told before anything is written: all of it, nothing more, and it is enough."""

import re
import uuid

import duckdb
import pytest

from activation_platform.contracts.errors import CredentialsRefused, DeclarationError, NotFound
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.destinations.database.acknowledgements import Acknowledgements
from activation_platform.destinations.database.destination import Database
from activation_platform.destinations.database.events import Events
from activation_platform.destinations.database.table import Table, TableOptions
from activation_platform_tests.destinations.database.place import PEOPLE, Desk, Place, batch, pass_
from activation_platform_tests.other_user import another_user, open_folder

MAPPED = ["id", "email", "name"]
PEOPLE_OF = {
    Mode.UPSERT: 'INSERT, UPDATE ON "public"."people"',
    Mode.UPDATE_ONLY: 'UPDATE ON "public"."people"',
    Mode.INSERT_ONLY: 'INSERT ON "public"."people"',
    Mode.MIRROR: 'INSERT, UPDATE, DELETE ON "public"."people"',
    Mode.SNAPSHOT: 'INSERT, DELETE ON "public"."people"',
}


@pytest.fixture
def hers(postgres, clerk, tmp_path):
    """The clerk's desk, in a place whose acknowledgements somebody else has made."""
    postgres.run(Acknowledgements("postgres", "public").creation().sql)
    return Desk(Place(clerk[1], postgres.run, postgres.rows), tmp_path)


def table(desk, schema=""):
    return Table(desk.place.destination, TableOptions("people", "id", schema))


def told(desk, mode, mapped=MAPPED, **options):
    """The statements with which an owner grants what is missing."""
    try:
        desk.ask(table(desk, **options).require_rights(mode, mapped))
    except CredentialsRefused as refused:
        found = re.findall(r"GRANT .+?;", refused.remedy)
        assert found
        return found
    return []


def keeps(desk, mode):
    """Let the mode do everything that it ever does, on a table in which there is one row."""
    desk.place.run("delete from people", "insert into people (id, name) values (1, 'Nobody')")
    ann = {"id": 1, "email": "ann@example.org", "name": "Ann"}
    if mode is Mode.SNAPSHOT:
        stage = desk.ask(table(desk).begin(pass_(uuid.uuid4().hex)))
        desk.load(table(desk), batch(ann, mode=mode, token=stage))
        desk.ask(table(desk).finish(stage))
        return
    for person in (ann, ann | {"name": "Anne"}, {"id": 2, "email": "bob@example.org", "name": "Bob"}):
        desk.load(table(desk), batch(person, mode=mode))
    if mode is Mode.MIRROR:
        desk.load(table(desk), batch({"id": 2}, mode=mode, operation=Operation.DELETE))


@pytest.mark.parametrize("mode", list(PEOPLE_OF))
def test_what_is_told_is_enough_and_nothing_of_it_can_be_left_out(mode, postgres, clerk, hers):
    name = clerk[0]
    place = ['GRANT CREATE ON SCHEMA "public" TO'] if mode is Mode.SNAPSHOT else []

    granted = told(hers, mode)

    assert granted == [
        *(f'{one} "{name}";' for one in place),
        f'GRANT SELECT, {PEOPLE_OF[mode]} TO "{name}";',
        f'GRANT SELECT, INSERT, UPDATE, DELETE ON "public"."activation_acknowledgements" TO "{name}";',
    ]
    postgres.run(*granted)
    assert told(hers, mode) == []
    keeps(hers, mode)

    for statement in granted:
        rights, on = re.fullmatch(r"GRANT (.+) (ON .+) TO .+;", statement).groups()
        for right in rights.split(", "):
            postgres.run(f"revoke {right} {on} from {name}")
            assert told(hers, mode) == [f'GRANT {right} {on} TO "{name}";']
            with pytest.raises(CredentialsRefused):
                keeps(hers, mode)
            postgres.run(f"grant {right} {on} to {name}")


def test_nothing_is_written_by_asking(postgres, clerk, tmp_path):
    name, destination = clerk
    postgres.run(f"grant all on people to {name}", f"grant create on schema public to {name}")
    desk = Desk(Place(destination, postgres.run, postgres.rows), tmp_path)
    assert [told(desk, mode) for mode in PEOPLE_OF] == [[]] * len(PEOPLE_OF)
    tables = "select count(*) from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'"
    assert postgres.rows(tables) == [(1,)]
    assert postgres.people() == []


def test_rights_on_the_mapped_columns_alone_are_enough(postgres, clerk, hers):
    name = clerk[0]
    columns = 'select ("id"), insert ("id", "name"), update ("name")'
    postgres.run(
        f"grant {columns} on people to {name}",
        f"grant select, insert, update, delete on activation_acknowledgements to {name}",
    )
    assert told(hers, Mode.UPSERT, ["id", "name"]) == []
    assert told(hers, Mode.UPSERT) == [
        f'GRANT INSERT ("email"), UPDATE ("email") ON "public"."people" TO "{name}";'
    ]
    for person in ({"id": 1, "name": "Ann"}, {"id": 1, "name": "Anne"}):
        hers.load(table(hers), batch(person))
    assert [row[2] for row in postgres.people()] == ["Anne"]


def test_schema_temporary_tables_and_sequences_are_asked_for_where_they_are_not_everybodys(
    postgres, clerk, hers
):
    name = clerk[0]
    database = postgres.rows("select current_database()")[0][0]
    postgres.run(
        "alter table people add column number serial",
        f"grant all on people, activation_acknowledgements to {name}",
        f'revoke temporary on database "{database}" from public',
        "revoke usage on schema public from public",
    )

    def asked(mode):
        return told(hers, mode, schema="public")

    with pytest.raises(NotFound, match=r"no schema is open to the user.*GRANT USAGE"):
        told(hers, Mode.UPSERT)
    place = [
        f'GRANT TEMPORARY ON DATABASE "{database}" TO "{name}";',
        f'GRANT USAGE ON SCHEMA "public" TO "{name}";',
    ]
    assert asked(Mode.UPSERT) == place
    postgres.run(*place)
    sequence = [f'GRANT USAGE ON SEQUENCE public.people_number_seq TO "{name}";']
    assert asked(Mode.UPSERT) == sequence
    assert asked(Mode.UPDATE_ONLY) == []
    with pytest.raises(CredentialsRefused, match="sequence"):
        keeps(hers, Mode.UPSERT)
    postgres.run(*sequence)
    assert asked(Mode.UPSERT) == []
    keeps(hers, Mode.UPSERT)


def test_events_need_the_right_to_add_alone(postgres, clerk, hers):
    events = Events(hers.place.destination, TableOptions("people", "id"))
    with pytest.raises(CredentialsRefused) as refused:
        hers.ask(events.require_rights(Mode.INSERT_ONLY, MAPPED))
    assert f'GRANT SELECT, INSERT ON "public"."people" TO "{clerk[0]}";' in refused.value.remedy


def test_a_server_that_takes_no_writes_is_told(postgres, tmp_path):
    postgres.run(PEOPLE, Acknowledgements("postgres", "public").creation().sql)
    replica = Database(
        url=postgres.destination.url + "?options=-c%20default_transaction_read_only%3Don",
        password=postgres.destination.password,
    )
    with pytest.raises(DeclarationError, match="primary server"):
        told(Desk(Place(replica, postgres.run, postgres.rows), tmp_path), Mode.UPSERT)


def test_a_new_row_that_lacks_what_the_table_insists_on_is_told(place, desk):
    place.run(PEOPLE.replace("email varchar unique", "email varchar not null"))
    with pytest.raises(DeclarationError, match="takes no new row without email"):
        told(desk, Mode.UPSERT, ["id", "name"])
    assert told(desk, Mode.UPDATE_ONLY, ["id", "name"]) == []


@pytest.mark.parametrize(("file", "folder"), [(0o444, 0o777), (0o666, 0o755)], ids=["file", "folder"])
def test_a_duckdb_file_that_is_closed_to_us_is_told_before_anything_is_written(file, folder, tmp_path):
    with open_folder() as there:
        path = there / "place.duckdb"
        with duckdb.connect(path) as made:
            made.execute(PEOPLE)
        path.chmod(file)
        there.chmod(folder)
        destination = Database(url=f"duckdb://{path}")
        with another_user(), pytest.raises(CredentialsRefused, match="write the file and its folder"):
            destination.connect()
        there.chmod(0o777)
