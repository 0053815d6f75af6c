"""Why a row that stays in its warehouse belongs or not: what is told of it there is what is told of frames."""

from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activation_platform.components.staying import ChosenThere, There
from activation_platform.contracts.source import Source
from activation_platform.segmentation.conditions import read
from activation_platform.segmentation.evaluate import Snapshots
from activation_platform.segmentation.scope import Model, Scope
from activation_platform.segmentation.shown import shown
from activation_platform.segmentation.why import Chosen, ChosenHere, why
from activation_platform.sources.duckdb import DuckDB
from activation_platform.sources.postgres import Postgres
from activation_platform.sources.relation import Relation
from activation_platform.sync.fingerprint import key_text
from activation_platform_tests.segmentation.documents import Described
from activation_platform_tests.segmentation.test_related import NOW
from activation_platform_tests.segmentation.test_related_agreement import FIELDS, SETTINGS, folder, frames  # noqa: F401  # a fixture


def there(source: Source, tables: dict[str, pl.DataFrame], declared: Scope, key: str) -> ChosenThere:
    relations = {}
    for name, frame in tables.items():
        columns = ", ".join(
            f'cast("{column}" as numeric({dtype.precision}, {dtype.scale})) as "{column}"'
            if isinstance(dtype, pl.Decimal)
            else f'"{column}"'
            for column, dtype in frame.schema.items()
        )
        relations[name] = Relation.of(source, f"select {columns} from {name}", None)
    return ChosenThere(source, There(relations, declared), key)


def in_duckdb(file: Path, tables: dict[str, pl.DataFrame]) -> DuckDB:
    with duckdb.connect(file) as connection:
        for name, frame in tables.items():
            connection.register("given", frame.to_arrow())
            connection.execute(f"create or replace table {name} as select * from given")
    return DuckDB(path=str(file))


def told(condition, rows: Chosen, now) -> tuple[int, list[str]]:
    """How many rows there are, and the verdicts in words, in any order."""
    verdicts = why(condition, rows, now=now, most=10)
    return verdicts.rows, sorted(repr(shown(verdict, clear=True)) for verdict in verdicts.told)


def agree(folder: Path, put, dice: Described) -> None:  # noqa: F811
    dice.define(dice.random.randint(0, FIELDS))
    tables, key = frames(dice.shop()), dice.random.randint(1, 5)
    condition = read(dice.tree("customers", 4))
    files = {name: [folder / f"{name}.parquet"] for name in tables}
    for name, frame in tables.items():
        frame.write_parquet(files[name][0])
    here = ChosenHere(Snapshots(files, dice.scope), pl.col("id") == key)

    found = told(condition, there(put(tables), tables, dice.scope, str(key)), dice.now)

    assert found == told(condition, here, dice.now)


@settings(max_examples=8, **SETTINGS)
@given(random=st.randoms(use_true_random=True))
def test_duckdb_tells_of_its_rows_what_is_told_of_frames(folder, random):  # noqa: F811
    agree(folder, lambda tables: in_duckdb(folder / "shop.duckdb", tables), Described(random))


@settings(max_examples=3, **SETTINGS)
@given(random=st.randoms(use_true_random=True))
def test_postgres_tells_of_its_rows_what_is_told_of_frames(
    folder,  # noqa: F811
    postgres_server,
    postgres_database,
    random,
):
    from adbc_driver_postgresql import dbapi

    def put(tables):
        with (
            dbapi.connect(postgres_server.uri(postgres_database)) as connection,
            connection.cursor() as cursor,
        ):
            for name, frame in tables.items():
                cursor.adbc_ingest(name, frame.to_arrow(), mode="replace")
            connection.commit()
        server = postgres_server
        return Postgres(
            host=server.host,
            port=server.port,
            database=postgres_database,
            user=server.user,
            password=server.password,
        )

    agree(folder, put, Described(random))


KEYED = {
    "name": ["a|b", "a", "a", "A", None, "it's\\"],
    "day": [None, None, None, None, None, None],
    "number": [1, 1, 1, 1, 1, 2],
}


@pytest.mark.parametrize(
    ("columns", "key", "rows"),
    [
        (("name", "number"), "a\\|b|1", 1),
        (("name", "number"), "a|b|1", 0),
        (("name", "number"), "it's\\\\|2", 1),
        (("name", "number"), "|1", 0),
        (("name",), "a", 2),
        (("name",), "null", 0),
        (("day",), "", 0),
        (("number",), "1", 5),
        (("number",), "01", 0),
        (("number",), "1' or '1'='1", 0),
    ],
    ids=str,
)
def test_a_key_is_the_text_that_ledgers_know(tmp_path, columns, key, rows):
    table = pl.DataFrame(KEYED, schema={"name": pl.String, "day": pl.Date, "number": pl.Int64})
    table.write_parquet(tmp_path / "keyed.parquet")
    declared = Scope("keyed", {"keyed": Model(None, columns)})
    condition = read({"field": "number", "equals": 1})
    source = in_duckdb(tmp_path / "keyed.duckdb", {"keyed": table})

    found = told(condition, there(source, {"keyed": table}, declared, key), NOW)

    snapshots = Snapshots({"keyed": [tmp_path / "keyed.parquet"]}, declared)
    chosen = key_text(columns, table.schema) == pl.lit(key)
    assert found == told(condition, ChosenHere(snapshots, chosen), NOW)
    assert found[0] == rows
