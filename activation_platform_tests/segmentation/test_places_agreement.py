"""Limits and arms over fields and keys of every type that a frame has: DuckDB takes the rows that a plain evaluator takes."""

from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from activation_platform.segmentation.conditions import read
from activation_platform.segmentation.evaluate import Snapshots, answers
from activation_platform.segmentation.fields import Kind, kind_of
from activation_platform.segmentation.scope import Model, Scope
from activation_platform.segmentation.splits import Split
from activation_platform_tests.segmentation import test_agreement as agreement
from activation_platform_tests.segmentation.reference_world import World
from activation_platform_tests.segmentation.test_related_agreement import asked

SCHEMA = agreement.SCHEMA
ORDERED = [name for name, dtype in SCHEMA.items() if kind_of(dtype) is not Kind.LIST]
KEYS = [name for name in ORDERED if name not in ("float", "single", "nano")]
SPLIT = Split("rows", "x", {"a": Decimal("33.3"), "b": Decimal("66.7")})
ORDERS = st.builds(
    lambda word, field, nulls: {word: field, "nulls": nulls},
    st.sampled_from(["ascending", "descending"]),
    st.sampled_from(ORDERED),
    st.sampled_from(["first", "last"]),
)
LIMITS = st.fixed_dictionaries({"top": st.integers(1, 5), "by": st.lists(ORDERS, min_size=1, max_size=2)})


@settings(
    max_examples=25,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
    ],
)
@given(
    rows=st.lists(agreement.ROWS, min_size=1, max_size=8),
    keys=st.lists(st.sampled_from(KEYS), min_size=1, max_size=2, unique=True),
    limits=st.lists(LIMITS, min_size=8, max_size=8),
    now=st.sampled_from(agreement.NOWS),
)
def test_duckdb_orders_and_hashes_as_a_plain_evaluator_does(tmp_path, rows, keys, limits, now):
    agreement.frame_of(rows).write_parquet(tmp_path / "rows.parquet")
    held = [agreement.as_held(row) for row in rows]
    scope = Scope("rows", {"rows": Model(SCHEMA, tuple(keys))}, {}, {"test": SPLIT})
    snapshots = Snapshots({"rows": [tmp_path / "rows.parquet"]}, scope)
    trees = [{"limit": limit} for limit in limits]
    trees += [{"split": "test", "arm": "a"}, {"limit": {"sample": 3, "seed": "a"}}]
    conditions = [read(tree) for tree in trees]

    columns = asked(conditions, now, snapshots.scope, naming=snapshots)
    query = exp.select("file_row_number", *columns).from_(snapshots.rows("rows"))
    found = answers(query, snapshots).sort("file_row_number")

    world = World(scope, {"rows": held}, now)
    for number, condition in enumerate(conditions):
        assert found[f"a{number}"].to_list() == [world.belongs(condition, row, "rows") for row in held], (
            trees[number]
        )
