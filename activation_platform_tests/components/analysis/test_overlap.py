"""The overlap of segments is set algebra, whichever engine counts."""

from unittest.mock import patch

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activation_platform.components.analysis import sets
from activation_platform.components.analysis.overlap import overlap_of, shares_of
from activation_platform.sources.counting import combinations, keys_there, values_there
from activation_platform.sources.relation import Relation, column
from activation_platform_tests.sources.redshift_cluster import serving
from activation_platform_tests.sync.warehouses import in_duckdb, in_postgres, in_redshift, in_snowflake

PEOPLE = st.lists(st.sets(st.integers(0, 12).map(str)), min_size=2, max_size=8)


def algebra(groups):
    """The exclusive intersections of sets, in plain Python."""
    found = {}
    for key in set().union(*groups):
        flags = tuple(key in group for group in groups)
        found[flags] = found.get(flags, 0) + 1
    return found


@pytest.mark.parametrize("at_once", [4_000_000, 5])
@given(groups=PEOPLE, twice=st.booleans())
def test_an_overlap_is_set_algebra(at_once, groups, twice):
    frames = [pl.LazyFrame({"key": [*group] * (1 + twice)}, schema={"key": pl.String}) for group in groups]
    names = [f"s{number}" for number in range(len(groups))]

    with patch.object(sets, "_AT_ONCE", at_once):
        found = overlap_of(names, shares_of(frames, sum(map(len, groups))))

    assert dict(found.within) == algebra(groups)
    assert [keys for _, keys in found.within] == sorted(algebra(groups).values(), reverse=True)
    for number, group in enumerate(groups):
        assert found.size(number) == len(group)
        assert found.shared(number) == len(group & groups[0])


ROWS = st.lists(
    st.tuples(st.none() | st.integers(0, 5), st.sampled_from(["a", "b", "", None])), min_size=1, max_size=12
)
LIMITS = st.lists(st.integers(0, 6), min_size=2, max_size=4)


def asked(staying, rows, limits):
    frame = pl.DataFrame(rows, schema={"id": pl.Int64, "kind": pl.String}, orient="row")
    staying.put(frame)
    whole = Relation.of(staying.source, "select * from things", None)
    parts = [
        Relation(whole.query, whole.dialect, whole.columns, whole.schema, column("id") >= limit)
        for limit in limits
    ]
    flags = [f"in_{number}" for number in range(len(parts))]

    found = overlap_of(flags, combinations(staying.source, parts, ["id"], flags))
    fetched = pl.concat(keys_there(staying.source, parts[0], ["id"]))["key"]
    values = values_there(staying.source, whole, "kind").rows()

    ids = {number for number, _ in rows if number is not None}
    assert dict(found.within) == algebra([{one for one in ids if one >= limit} for limit in limits])
    assert sorted(fetched) == sorted(str(one) for one, _ in rows if one is not None and one >= limits[0])
    kinds = [kind for _, kind in rows]
    assert sorted(values, key=str) == sorted(((kind, kinds.count(kind)) for kind in {*kinds}), key=str)


SHARED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=10, suppress_health_check=SHARED)
@given(rows=ROWS, limits=LIMITS)
def test_duckdb_counts_what_stays_in_it_as_set_algebra_does(tmp_path, rows, limits):
    asked(in_duckdb(tmp_path), rows, limits)


@settings(max_examples=10, suppress_health_check=SHARED)
@given(rows=ROWS, limits=LIMITS)
def test_postgres_counts_what_stays_in_it_as_set_algebra_does(
    postgres_server, postgres_database, rows, limits
):
    asked(in_postgres(postgres_server, postgres_database), rows, limits)


@settings(max_examples=5, suppress_health_check=SHARED)
@given(rows=ROWS, limits=LIMITS)
def test_redshift_counts_what_stays_in_it_as_set_algebra_does(
    postgres_server, postgres_database, rows, limits
):
    with serving(postgres_server, None) as cluster:
        asked(in_redshift(cluster, postgres_database), rows, limits)


@settings(max_examples=3, suppress_health_check=SHARED)
@given(rows=ROWS, limits=LIMITS)
def test_snowflake_counts_what_stays_in_it_as_set_algebra_does(snowflake_account, rows, limits):
    asked(in_snowflake(snowflake_account), rows, limits)
