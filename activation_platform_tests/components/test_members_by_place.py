"""Arms and limits where rows stay in their warehouse: every engine takes the same ones, whatever the key and the order are."""

from datetime import date, timedelta
from decimal import Decimal
from math import nan
from random import Random

import polars as pl
from sqlglot import exp

from activation_platform.components.staying import There
from activation_platform.segmentation.compile import compile_condition
from activation_platform.segmentation.conditions import read
from activation_platform.segmentation.scope import Model, Scope
from activation_platform.segmentation.splits import Split
from activation_platform.sources.dialect import dialect_of
from activation_platform.sources.relation import Relation, column
from activation_platform_tests.segmentation.reference_world import World
from activation_platform_tests.segmentation.test_agreement import as_held, frame_of
from activation_platform_tests.segmentation.test_related import NOW
from activation_platform_tests.sources.redshift_cluster import serving
from activation_platform_tests.sync.warehouses import in_duckdb, in_postgres, in_redshift, in_snowflake

SCHEMA = {
    "text": pl.String(),
    "big": pl.Int64(),
    "float": pl.Float64(),
    "price": pl.Decimal(10, 2),
    "flag": pl.Boolean(),
    "day": pl.Date(),
    "zoned": pl.Datetime("us", "UTC"),
    "naive": pl.Datetime("us"),
}
KEYS = [
    ("big",),
    ("text",),
    ("price",),
    ("day",),
    ("zoned",),
    ("naive",),
    ("text", "price", "flag", "day", "zoned", "big"),
]
SPLIT = Split("things", "spring", {"a": Decimal("33.3"), "b": Decimal("66.7")})


def rows():
    """Forty of each type, with nulls, and with texts that collations order in another way than code points do."""
    random, texts = (
        Random(3),
        ["", "a", "B", "b", "ä", "Z", "z", "a|b", "a\\", "é", "_", "-", "1", "10", "2", "ß", "😀", "ｱ"],
    )

    def moment():
        return timedelta(days=random.randrange(-9_999, 9_999), microseconds=random.randrange(10**10))

    for number in range(40):
        zoned, naive = (moment() // timedelta(microseconds=1) * 1_000 for _ in range(2))
        row = {
            "text": random.choice(texts),
            "big": number * 10**15,
            "float": random.choice([nan, -0.5, 0.0, 2.25, 1e300]),
            "price": Decimal(random.randrange(-300, 300)) / 100,
            "flag": random.random() < 0.5,
            "day": date(2000, 1, 1) + timedelta(days=random.randrange(-3_000, 3_000)),
            "zoned": zoned,
            "naive": naive,
        }
        yield {name: None if random.random() < 0.1 else value for name, value in row.items()}


ROWS = list(rows())


def trees(key):
    """Conditions about places, and for one key the first in every order."""
    yield {"split": "test", "arm": "a"}
    yield {"limit": {"sample": 7, "seed": "é'\\n\\\\ \""}, "of": {"field": "big", "above": 10**15}}
    yield {"none": [{"limit": {"sample": "12.5 %", "seed": "x"}}]}
    yield {"limit": {"top": 9, "by": [{"descending": "flag"}]}}
    for name in SCHEMA if key == KEYS[0] else ():
        flagged = {"of": {"field": "flag", "is_null": False}}
        yield {"limit": {"top": 9, "by": [{"ascending": name}, {"descending": "float", "nulls": "first"}]}}
        yield {"limit": {"top": 5, "by": [{"descending": name, "nulls": "first"}]}, **flagged}


def agree(staying):
    """Each condition is a column of one query for every key."""
    frame = frame_of(ROWS, SCHEMA).with_row_index("row").cast({"row": pl.Int64})
    staying.put(frame)
    plain = ", ".join(f'"{name}"' for name in frame.columns if name != "price")
    query = f'select {plain}, cast("price" as numeric(10, 2)) as "price" from things'
    relation = Relation.of(staying.source, query, None)
    words = dialect_of(relation.dialect)
    held = [as_held(row, SCHEMA) for row in ROWS]
    for key in KEYS:
        asked = list(trees(key))
        scope = Scope("things", {"things": Model(relation.schema, key)}, {}, {"test": SPLIT})
        naming, world = There({"things": relation}, scope), World(scope, {"things": held}, NOW)
        answers = [
            exp.Coalesce(
                this=words.conditions(compile_condition(read(tree), scope, now=NOW, naming=naming)),
                expressions=[exp.false()],
            ).as_(f"a{number}")
            for number, tree in enumerate(asked)
        ]
        answered = (
            pl.concat(staying.source.read(words.written(relation.select(column("row"), *answers))))
            .sort("row")
            .drop("row")
        )
        for tree, found in zip(asked, answered.iter_columns(), strict=True):
            condition = read(tree)
            assert found.to_list() == [world.belongs(condition, row, "things") for row in held], (key, tree)


def test_duckdb_takes_the_rows_that_a_plain_evaluator_takes(tmp_path):
    agree(in_duckdb(tmp_path))


def test_postgres_takes_the_rows_that_a_plain_evaluator_takes(postgres_server, postgres_database):
    agree(in_postgres(postgres_server, postgres_database))


def test_redshift_takes_the_rows_that_a_plain_evaluator_takes(postgres_server, postgres_database):
    with serving(postgres_server, None) as cluster:
        agree(in_redshift(cluster, postgres_database))


def test_snowflake_takes_the_rows_that_a_plain_evaluator_takes(snowflake_account):
    agree(in_snowflake(snowflake_account))
