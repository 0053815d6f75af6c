"""Related rows and values within JSON, several models deep: DuckDB and PostgreSQL take the rows that a plain evaluator takes."""

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from activation_platform.segmentation.compile import compile_condition, compile_source
from activation_platform.segmentation.conditions import read
from activation_platform.segmentation.evaluate import Snapshots, _engine
from activation_platform.sources.dialect import dialect_of
from activation_platform_tests.segmentation.documents import Described
from activation_platform_tests.segmentation.reference_world import World
from activation_platform_tests.segmentation.shops import SCHEMAS, Dice
from activation_platform_tests.segmentation.test_agreement import as_held, frame_of
from activation_platform_tests.sources.naming import Spoken

AT_ONCE = 50
FIELDS = 8
SETTINGS = {"phases": [Phase.generate], "suppress_health_check": [HealthCheck.function_scoped_fixture]}


def frames(shop: dict) -> dict[str, pl.DataFrame]:
    found = {name: frame_of(rows, SCHEMAS[name]) for name, rows in shop.items()}
    return found | {"customers": found["customers"].with_row_index("row").cast({"row": pl.Int64})}


def world_of(shop: dict, dice: Dice) -> World:
    held = {name: [as_held(row, SCHEMAS[name]) for row in rows] for name, rows in shop.items()}
    return World(dice.scope, held, dice.now, dice.computed)


def expected(shop: dict, conditions: list, dice: Dice) -> list[list[int]]:
    world = world_of(shop, dice)
    rows = [*enumerate(world.rows["customers"])]
    return [[number for number, row in rows if world.belongs(one, row, "customers")] for one in conditions]


def asked(conditions: list, now, scope, **naming) -> list[exp.Expr]:
    """One column of answers for every condition."""
    compiled = [compile_condition(one, scope, now=now, **naming) for one in conditions]
    return [
        exp.Coalesce(this=one, expressions=[exp.false()]).as_(f"a{number}")
        for number, one in enumerate(compiled)
    ]


def told(rows: list[tuple], count: int) -> list[list[int]]:
    return [sorted(row[0] for row in rows if row[1 + number]) for number in range(count)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("shops")


@settings(max_examples=30, **SETTINGS)
@given(random=st.randoms(use_true_random=True))
def test_duckdb_takes_the_rows_that_a_plain_evaluator_takes(folder, random):
    dice = Described(random)
    dice.define(random.randint(0, FIELDS))
    shop, now, wanted = dice.shop(), dice.now, [dice.tree("customers", 4) for _ in range(AT_ONCE)]
    files = {}
    for name, frame in frames(shop).items():
        files[name] = [folder / f"{name}.parquet"]
        frame.write_parquet(files[name][0])
    snapshots = Snapshots(files, dice.scope)
    conditions = [read(tree) for tree in wanted]

    with _engine(snapshots, trust_statistics=False) as (engine, _):
        answers = asked(conditions, now, snapshots.scope, naming=snapshots)
        source = compile_source(snapshots.scope, *answers, now=now, naming=snapshots)
        query = exp.select(snapshots.column("customers", "row"), *answers).from_(source)
        taken = told(engine.execute(query.sql(dialect="duckdb")).fetchall(), AT_ONCE)

    for tree, found, right in zip(wanted, taken, expected(shop, conditions, dice), strict=True):
        assert found == right, tree


@settings(max_examples=16, **SETTINGS)
@given(random=st.randoms(use_true_random=True))
def test_postgres_takes_the_rows_that_a_plain_evaluator_takes(postgres_server, postgres_database, random):
    from adbc_driver_postgresql import dbapi

    dice = Described(random)
    dice.define(random.randint(0, FIELDS))
    shop, now, wanted = dice.shop(), dice.now, [dice.tree("customers", 4) for _ in range(AT_ONCE)]
    conditions = [read(tree) for tree in wanted]
    postgres = dialect_of("postgres")
    naming = Spoken(postgres)
    answers = asked(conditions, now, dice.scope, naming=naming)
    source = compile_source(dice.scope, *answers, now=now, naming=naming)
    query = exp.select(exp.column("row"), *answers).from_(source)
    statement = postgres.written(postgres.conditions(query))

    with dbapi.connect(postgres_server.uri(postgres_database)) as connection, connection.cursor() as cursor:
        for name, frame in frames(shop).items():
            cursor.adbc_ingest(name, frame.to_arrow(), mode="replace")
        cursor.execute(statement)
        taken = told(cursor.fetchall(), AT_ONCE)

    for tree, found, right in zip(wanted, taken, expected(shop, conditions, dice), strict=True):
        assert found == right, tree
