"""What stays in a warehouse is told apart there, value by value and key by key, as it is told apart here."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from activation_platform.contracts.warehouse import Asked
from activation_platform.sources.delta import DeltaTable
from activation_platform.sources.relation import Relation


def naive(*parts: int) -> datetime:
    """A moment without a zone."""
    return datetime(*parts, tzinfo=UTC).replace(tzinfo=None)  # type: ignore[misc, arg-type]


KEYS: dict[str, list[Any]] = {
    "integer": [1, -2, 2**62],
    "text": ["a", "A", "é|\\'"],
    "date": [date(2026, 1, 31), date(1, 1, 1), date(9999, 12, 31)],
    "boolean": [True, False, None],
    "timestamp": [naive(2026, 1, 31, 7), naive(2026, 1, 31, 7, 0, 0, 1), naive(1, 1, 1)],
    "instant": [datetime(2026, 1, 31, 7, tzinfo=UTC), datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC), None],
}
APART: dict[str, list[Any]] = {
    "text": ["", None, "1:a", "a", "a ", "A"],
    "integer": [0, None, 1, -1, 2**63 - 1, -(2**63)],
    "number": [0.1, 0.30000000000000004, 0.3, None, 1e300, float("inf"), float("nan")],
    "boolean": [True, False, None],
    "date": [date(2026, 1, 1), date(2026, 1, 2), None],
    "timestamp": [naive(2026, 1, 1), naive(2026, 1, 1, 0, 0, 0, 1), None],
    "instant": [datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 0, 0, 0, 1, UTC), None],
    "texts": [[], None, ["a, b"], ["a", "b"], ["'a'", "b"], ["NULL"], [None], [""]],
    "bytes": [b"", None, b"\\x41", b"A", b"\x00"],
}


def rows(keys: list[Any], name: str) -> pl.DataFrame:
    ids = [str(number) for number in range(len(keys))]
    return pl.DataFrame({"key": keys, "id": ids, "email": None, "name": name}).cast({"email": pl.String})


@pytest.mark.parametrize("family", KEYS)
def test_a_key_of_every_family_is_found_again(warehouse, staying, family):
    keys = KEYS[family]
    known = sum(key is not None for key in keys)
    warehouse.run(rows(keys, "x"))
    warehouse.run(rows(keys, "x"))
    warehouse.run(rows(keys[1:], "y"))

    assert staying.fetched == [known, 0, known - 1]
    assert sorted(warehouse.vendor.names.values()) == ["x"] * (known < len(keys)) + ["y"] * (known - 1)


def test_a_key_of_several_columns_is_found_again(warehouse, staying):
    warehouse.key = ("key", "day", "number")

    def frame(name: str) -> pl.DataFrame:
        return rows(["a|b", "a\\", "c"], name).with_columns(
            day=date(2026, 1, 1), number=pl.Series([1, 2, None])
        )

    warehouse.run(frame("x"))
    warehouse.run(frame("x"))
    warehouse.run(frame("y")[:1])

    assert staying.fetched == [2, 0, 1]


def test_a_key_that_ends_with_a_blank_is_found_again_or_refused(warehouse, staying):
    keys = ["a", "a "]
    if staying.source.kind == "redshift":  # which takes them for equal
        assert "cast the key" in str(warehouse.fails(rows(keys, "x"))).lower()
        return
    warehouse.run(rows(keys, "x"))
    warehouse.run(rows(keys, "x"))

    assert staying.fetched == [2, 0]


@pytest.mark.parametrize("kind", APART)
def test_every_change_of_a_value_is_noticed_and_nothing_else(staying, tmp_path, kind):
    if kind == "texts" and staying.source.kind in ("redshift", "snowflake"):
        pytest.skip("it has no lists but in JSON, which its stand-in does not")
    values = pl.Series(APART[kind])
    if kind == "texts" and staying.source.kind == "bigquery":  # where no list holds a null, and none is one
        values = values.drop_nulls().filter(~values.drop_nulls().list.eval(pl.element().is_null()).list.any())
    pairs = [(one, other) for one in range(len(values)) for other in range(len(values))]
    keys = pl.Series("key", range(len(pairs)), dtype=pl.Int64)

    def look(run: int, of: int) -> list[int]:
        staying.put(pl.DataFrame({"key": keys, "value": values.gather([pair[of] for pair in pairs])}))
        table = DeltaTable(staying.source, Relation.of(staying.source, staying.query, None), "things")
        asked = Asked(
            "token", run, run - 1, ("key",), ("key", "value"), ("value",), "", 0, False, _nothing, tmp_path
        )
        found = table.compare(asked)
        table.merge("token", run, run, [])
        return sorted(pl.read_parquet(found.parts)["key"])

    assert look(1, 0) == list(keys)
    assert look(2, 0) == []
    assert look(3, 1) == [number for number, (one, other) in enumerate(pairs) if one != other]


def _nothing(_: int) -> Iterator[pl.DataFrame]:
    return iter(())
