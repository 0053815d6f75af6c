"""The databases of the tests: each test that asks for a place runs on PostgreSQL and on DuckDB."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from activation_platform.destinations.database.destination import Database
from activation_platform.destinations.database.table import Table, TableOptions
from activation_platform_tests.destinations.database.place import PEOPLE, SECRET, Desk, Place, duckdb_place
from activation_platform_tests.postgres_server import PostgreSQLServer


@pytest.fixture
def postgres(postgres_server: PostgreSQLServer, postgres_database: str) -> Place:
    """An empty PostgreSQL database, written to by its owner."""
    address = f"postgresql://{postgres_server.user}@{postgres_server.host}:{postgres_server.port}/{postgres_database}"
    destination = Database(url=address, password=postgres_server.password)
    return Place(
        destination,
        lambda *statements: postgres_server.run(*statements, database=postgres_database),
        lambda query: postgres_server.rows(query, database=postgres_database),
    )


@pytest.fixture(params=["postgres", "duckdb"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An empty database."""
    if request.param == "duckdb":
        return duckdb_place(tmp_path / "place.duckdb")
    found: Place = request.getfixturevalue("postgres")
    return found


@pytest.fixture
def people(place: Place) -> Iterator[Table]:
    """The service that keeps an empty table of people."""
    place.run(PEOPLE)
    return Table(place.destination, TableOptions(table="people", key="id"))


@pytest.fixture
def desk(place: Place, tmp_path: Path) -> Desk:
    """A desk at the place."""
    return Desk(place, tmp_path)


@pytest.fixture
def account(tmp_path: Path) -> Callable[[Database], str]:
    """Asks a destination for its account."""
    return lambda to: str(Desk(Place(to, lambda *_: None, lambda _: []), tmp_path).ask(to.account()))


@pytest.fixture
def clerk(postgres: Place, postgres_server: PostgreSQLServer) -> Iterator[tuple[str, Database]]:
    """A user who may do nothing yet; gives her name, and her destination."""
    name = f"clerk_{postgres_server.port}"
    password = "'" + SECRET.replace("'", "''") + "'"
    postgres.run(PEOPLE, f"create role {name} login password {password}")
    address = postgres.destination.url.replace(f"{postgres_server.user}@", f"{name}@")
    yield name, Database(url=address, password=SECRET)
    postgres.run(f"drop owned by {name}", f"drop role {name}")
