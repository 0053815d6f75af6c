"""Names, texts and paths are never read as anything else, and the engine reaches nothing but the snapshot."""

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest

from activation_platform.segmentation.conditions import read
from activation_platform.segmentation.evaluate import Snapshots, _engine, evaluate

NOW = datetime(2025, 3, 30, 1, 30, tzinfo=UTC)


def people(folder: Path, **columns: object) -> Path:
    path = folder / "people.parquet"
    pl.DataFrame(columns).write_parquet(path)
    return path


def taken(tree: dict, snapshot: Path) -> list[int]:
    return evaluate(read(tree), Snapshots.alone(snapshot), now=NOW).collect()["id"].to_list()


def test_columns_that_differ_in_case_alone_are_two_columns(tmp_path):
    snapshot = people(tmp_path, id=[0, 1], Email=["a", "b"], email=["b", "a"], EMAIL=["c", "a"])

    assert taken({"field": "email", "equals": "a"}, snapshot) == [1]
    assert taken({"field": "Email", "equals": "a"}, snapshot) == [0]
    assert taken({"field": "EMAIL", "equals": "c"}, snapshot) == [0]


@pytest.mark.parametrize(
    "name",
    [
        "file_row_number",
        "filename",
        "rowid",
        "c0",
        "C1",
        "",
        " ",
        "answer",
        "snapshot",
        "___",
        'a"b',
        "x'; --",
        "a.b",
        "ſ",  # noqa: RUF001 - lower-cases to itself, folds to s
        "select",
    ],
)
def test_no_column_name_is_special(name, tmp_path):
    snapshot = people(tmp_path, id=[0, 1, 2], **{name: ["x", "y", None]}, __=[1, 1, 1])

    assert taken({"field": name, "equals": "y"}, snapshot) == [1]
    frame = evaluate(read({"field": name, "equals": "y"}), Snapshots.alone(snapshot), now=NOW)
    assert frame.collect_schema().names() == ["id", name, "__"]


@pytest.mark.parametrize(
    "text",
    [
        "' OR TRUE --",
        "'; DROP TABLE snapshot; --",
        "\\'",
        '"',
        "%",
        "_",
        "$1",
        "?",
        "{}",
        "\n",
        "\\x00",
        "E'\\n'",
    ],
)
def test_text_is_only_ever_text(text, tmp_path):
    snapshot = people(tmp_path, id=[0, 1, 2], name=[text, "other", None])

    for operator in ("equals", "contains", "starts_with", "ends_with"):
        assert taken({"field": "name", operator: text}, snapshot) == [0]
    assert taken({"field": "name", "in": [text, "'"]}, snapshot) == [0]


@pytest.mark.parametrize("name", ["x[1]*.parquet", "a?.parquet", "o'neill.parquet", "id=7", "ü $1.parquet"])
def test_no_path_is_a_pattern_or_a_partition(name, tmp_path):
    folder = tmp_path / "key=value"
    folder.mkdir()
    pl.DataFrame({"id": [1, 2]}).write_parquet(folder / name)
    for decoy in ("x1y.parquet", "ab.parquet"):
        pl.DataFrame({"id": [9, 9]}).write_parquet(folder / decoy)

    found = evaluate(read({"field": "id", "above": 1}), Snapshots.alone(folder / name), now=NOW)

    assert found.collect().to_dict(as_series=False) == {"id": [2]}


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM read_csv('/etc/hostname')",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET memory_limit = '99GB'",
        "COPY (SELECT 1) TO 'elsewhere.csv'",
    ],
)
def test_the_engine_reaches_nothing_but_the_snapshot(query, tmp_path):
    with (
        _engine(Snapshots.alone(people(tmp_path, id=[1])), trust_statistics=True) as (engine, _),
        pytest.raises(duckdb.Error, match=r"disabled (by|through) configuration|locked"),
    ):
        engine.execute(query)
