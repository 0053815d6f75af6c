"""Values within JSON, valid, odd and malformed: DuckDB and PostgreSQL find those that Python's own parser finds."""

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from activation_platform.segmentation.compile import compile_condition
from activation_platform.segmentation.conditions import read
from activation_platform.segmentation.evaluate import Snapshots, _engine
from activation_platform.segmentation.scope import Scope, alone
from activation_platform.sources.dialect import dialect_of
from activation_platform_tests.segmentation.documents import Documents
from activation_platform_tests.segmentation.reference import holds
from activation_platform_tests.segmentation.reference_json import TYPES, value_at
from activation_platform_tests.segmentation.shops import NOWS

AT_ONCE = 40
ROWS = 30
_JSON = "CREATE TABLE held AS SELECT row, CAST(CASE WHEN {} THEN profile END AS {}) AS profile FROM documents"
HELD = {
    "text": "CREATE TABLE held AS TABLE documents",
    "json": _JSON.format("profile IS JSON", "JSON"),
    "jsonb": _JSON.format("PG_INPUT_IS_VALID(profile, 'jsonb')", "JSONB"),
}
"""The documents in a column of each type that can hold them; what is no JSON stays text alone."""
SCHEMA = {"row": pl.Int64(), "profile": pl.String()}
SETTINGS = {"phases": [Phase.generate], "suppress_health_check": [HealthCheck.function_scoped_fixture]}


def expected(documents: list, conditions: list, now) -> list[list[int]]:
    return [
        [
            number
            for number, document in enumerate(documents)
            if holds(leaf, value_at(document, leaf.path.steps, str(leaf.as_)), TYPES[str(leaf.as_)], now)
        ]
        for leaf in conditions
    ]


def asked(conditions: list, now, scope: Scope, **naming) -> list[exp.Expr]:
    compiled = [compile_condition(one, scope, now=now, **naming) for one in conditions]
    return [
        exp.Coalesce(this=one, expressions=[exp.false()]).as_(f"a{number}")
        for number, one in enumerate(compiled)
    ]


def told(rows: list[tuple]) -> list[list[int]]:
    return [sorted(row[0] for row in rows if row[1 + number]) for number in range(AT_ONCE)]


def thrown(random, *, nul: bool) -> tuple[Documents, list, list, list]:
    dice = Documents(random)
    documents = [dice.document() for _ in range(ROWS)]
    if not nul:  # no text of the database holds it
        documents = [None if one is None else one.replace("\0", "\x01") for one in documents]
    trees = [dice.json_leaf("profile", documents) for _ in range(AT_ONCE)]
    return dice, documents, trees, [read(tree) for tree in trees]


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    return tmp_path_factory.mktemp("documents") / "rows.parquet"


def frame(documents: list) -> pl.DataFrame:
    return pl.DataFrame({"row": list(range(len(documents))), "profile": documents}, schema=SCHEMA)


@settings(max_examples=16, **SETTINGS)
@given(random=st.randoms(use_true_random=True))
def test_duckdb_finds_the_values_that_a_plain_reader_finds(snapshot, random):
    dice, documents, trees, conditions = thrown(random, nul=True)
    frame(documents).write_parquet(snapshot)
    snapshots = Snapshots.alone(snapshot)

    with _engine(snapshots, trust_statistics=False) as (engine, _):
        answers = asked(conditions, dice.now, snapshots.scope, naming=snapshots)
        query = exp.select(snapshots.column("model", "row"), *answers).from_(snapshots.rows("model"))
        taken = told(engine.execute(query.sql(dialect="duckdb")).fetchall())

    for tree, found, right in zip(trees, taken, expected(documents, conditions, dice.now), strict=True):
        assert found == right, (tree, [documents[number] for number in {*found} ^ {*right}])


@pytest.mark.parametrize("held_as", ["text", "json", "jsonb"])
@settings(max_examples=5, **SETTINGS)
@given(random=st.randoms(use_true_random=True))
def test_postgres_finds_the_values_that_a_plain_reader_finds(
    postgres_server, postgres_database, held_as, random
):
    from adbc_driver_postgresql import dbapi

    dice, documents, trees, conditions = thrown(random, nul=False)
    postgres = dialect_of("postgres")
    query = exp.select(exp.column("row"), *asked(conditions, dice.now, alone(SCHEMA))).from_("held")
    statement = postgres.written(postgres.conditions(query))

    with dbapi.connect(postgres_server.uri(postgres_database)) as connection, connection.cursor() as cursor:
        cursor.adbc_ingest("documents", frame(documents).to_arrow(), mode="replace")
        cursor.execute("DROP TABLE IF EXISTS held")
        cursor.execute(HELD[held_as])
        cursor.execute("SELECT CAST(profile AS TEXT) FROM held ORDER BY row")
        documents = [document for (document,) in cursor.fetchall()]
        cursor.execute(statement)
        taken = told(cursor.fetchall())

    for tree, found, right in zip(trees, taken, expected(documents, conditions, dice.now), strict=True):
        assert found == right, (tree, [documents[number] for number in {*found} ^ {*right}])


@pytest.mark.parametrize("name", ["value", "element", "step", "j"])
def test_no_column_name_is_special_to_postgres(postgres_server, postgres_database, name):
    postgres = dialect_of("postgres")
    leaves = [{"field": name, "path": "$.a", "as": kind, "is_null": False} for kind in TYPES]
    said = [compile_condition(read(leaf), alone({name: pl.String()}), now=NOWS[0]) for leaf in leaves]
    told = postgres.written(postgres.conditions(exp.select(*said).from_("held")))
    postgres_server.run(
        f"""CREATE TABLE held AS SELECT '{{"a": 1}}' AS "{name}" """, database=postgres_database
    )

    assert postgres_server.rows(told, database=postgres_database) == [
        tuple(kind in ("integer", "number") for kind in TYPES)
    ]
