"""Models through Dagster: what is read, what is checked, what a frame that fails a check does to everything downstream."""

import weakref
from datetime import UTC, date, datetime
from decimal import Decimal

import dagster as dg
import duckdb
import polars as pl
import pytest

from activation_platform.components.frames import Frames
from activation_platform.sync.folder import Folder
from activation_platform_tests.components import warehouses
from activation_platform_tests.components.project import (
    LETTERS,
    SECOND,
    THIRD,
    Project,
    evaluations,
    fill,
    materialised,
    person,
    refusal,
    succeeded,
    told,
)

PEOPLE = "models/people"


def only(attributes: str) -> str:
    """A workspace of one source and one model."""
    return (
        "type: activation_platform.SourceComponent\n"
        "attributes: {name: shop, kind: duckdb, settings: {path: 'env:SHOP_FILE'}}\n---\n"
        f"type: activation_platform.ModelComponent\nattributes:\n  name: people\n  source: shop\n{attributes}"
    )


@pytest.fixture
def model(tmp_path, loaded):
    """Makes a runner of a workspace with one model."""
    return lambda attributes, **files: loaded(Project(tmp_path, {"defs.yaml": only(attributes), **files}))


@pytest.fixture
def frames(storage):
    return Frames(Folder(storage), "models", "people")


def rows(frames):
    return frames.newest().scan().collect()


def test_a_model_of_a_table_has_all_its_columns(model, frames):
    result = succeeded(model("  table: people\n  primary_key: id\n").run(PEOPLE, partition=None))
    assert rows(frames).columns == ["id", "email", "first_name", "orders"]
    assert told(result, PEOPLE)["dagster/row_count"] == 5
    assert [column.name for column in told(result, PEOPLE)["dagster/column_schema"].columns] == rows(
        frames
    ).columns


def test_a_model_of_a_sql_file_reads_the_file_beside_the_yaml(model, frames):
    files = {"people.sql": "select id, upper(email) as mail from people where id < 3 -- the first two\n"}
    succeeded(model("  sql_file: people.sql\n  primary_key: id\n", **files).run(PEOPLE, partition=None))
    assert rows(frames).rows() == [(1, "PERSON1@EXAMPLE.COM"), (2, "PERSON2@EXAMPLE.COM")]


def test_columns_are_exposed_renamed_and_typed(model, frames):
    attributes = (
        "  sql: select id, email, 1 as secret from people\n  primary_key: id\n"
        "  columns: {id: integer, mail: {column: email, type: text}}\n"
    )
    succeeded(model(attributes).run(PEOPLE, partition=None))
    assert rows(frames).columns == ["id", "mail"]


def test_a_categorical_column_is_declared_as_one(project):
    changed = project.replaced("first_name: text", "first_name: {type: text, categorical: true}").load()
    assert changed.resolve_asset_graph().has(dg.AssetKey(["models", "people"]))


def test_relations_name_another_model_and_its_columns(project):
    relation = "kind: users\n  relations: {invited_by: {model: people, match: {id: id}}}"
    assert project.replaced("kind: users", relation).load()


def test_every_type_of_column_comes_through_unchanged(model, frames):
    succeeded(
        model(
            "  sql: select 1 as id, 1.50::decimal(10,2) as money, date '2024-02-29' as day, true as active, [1, 2] as list\n"
            "  primary_key: id\n"
            "  columns: {id: integer, money: 'decimal(10, 2)', day: date, active: boolean, list: list of integer}\n"
        ).run(PEOPLE, partition=None)
    )
    assert rows(frames).rows() == [(1, Decimal("1.50"), date(2024, 2, 29), True, [1, 2])]


def test_a_key_of_several_columns_is_unique_as_a_whole(model, warehouse):
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "create table visits as select * from (values (1, 'a'), (1, 'b'), (2, 'a')) t(id, page)"
        )
    result = succeeded(model("  table: visits\n  primary_key: [id, page]\n").run(PEOPLE, partition=None))
    assert evaluations(result)["key_unique"].passed


def hundred(model, warehouse, *, duplicates, nulls=0):
    """A model of 100 rows with a key, so many of them duplicates, and rows without one."""
    numbers = [*range(100 - duplicates), *range(duplicates), *([None] * nulls)]
    fill(warehouse, [person(number) for number in numbers])
    return model("  table: people\n  primary_key: id\n").run(PEOPLE, partition=None)


@pytest.mark.parametrize(
    ("duplicates", "nulls"), [(1, 0), (5, 0), (0, 7)], ids=["few", "exactly the limit", "null keys"]
)
def test_a_few_doubtful_keys_warn_and_the_frame_is_used(duplicates, nulls, model, warehouse):
    result = succeeded(hundred(model, warehouse, duplicates=duplicates, nulls=nulls))
    found = evaluations(result)["key_unique"]
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    metadata = {name: value.value for name, value in found.metadata.items()}
    assert (metadata["rows"], metadata["null_keys"], metadata["duplicate_percent"]) == (
        100 + nulls,
        nulls,
        duplicates,
    )


def test_too_many_duplicates_block(model, warehouse, frames):
    result = hundred(model, warehouse, duplicates=6)
    found = evaluations(result)["key_unique"]
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert "more than 5 % blocks" in refusal(result)
    assert frames.newest() is None


def test_the_limit_of_duplicates_is_the_models_own(model, warehouse):
    fill(warehouse, [person(1), person(1)])
    assert succeeded(
        model("  table: people\n  primary_key: id\n  most_duplicates: 50\n").run(PEOPLE, partition=None)
    )


def test_an_empty_model_blocks_unless_it_may_be_empty(model, warehouse, frames):
    fill(warehouse, [])
    attributes = "  table: people\n  primary_key: id\n"
    assert "may_be_empty: true" in refusal(model(attributes).run(PEOPLE, partition=None))
    assert frames.newest() is None
    succeeded(model(attributes + "  may_be_empty: true\n").run(PEOPLE, partition=None))
    assert frames.newest().rows == 0


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("id bigint", "Missing: email"),
        ("id bigint, mail text", "Altered: email (perhaps now mail"),
        ("id bigint, email bigint", "Wrong Type: email is integer, was text"),
        ("email text", "Missing: id"),
    ],
)
def test_a_changed_schema_blocks_and_says_what_changed(table, words, model, warehouse, frames):
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "create or replace table people as select 1::bigint as id, 'a@example.com' as email"
        )
    runner = model("  table: people\n  primary_key: id\n")
    succeeded(runner.run(PEOPLE, partition=None))
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(f"create or replace table people ({table})")
        connection.execute(f"insert into people values ({', '.join('7' for _ in table.split(','))})")
    result = runner.run(PEOPLE, partition=None)
    assert words in refusal(result)
    assert not evaluations(result)["schema_unchanged"].passed
    assert frames.newest().number == 1


def test_a_new_column_is_welcome(model, warehouse):
    runner = model("  table: people\n  primary_key: id\n")
    succeeded(runner.run(PEOPLE, partition=None))
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("alter table people add column city text")
    assert evaluations(succeeded(runner.run(PEOPLE, partition=None)))["schema_unchanged"].passed


def test_an_accepted_schema_is_what_the_source_is_held_to(model, warehouse):
    attributes = "  table: people\n  primary_key: id\n"
    accepted = "id: integer\nemail: text\nfirst_name: text\norders: text\n"
    result = model(attributes, **{"people.schema.yaml": accepted}).run(PEOPLE, partition=None)
    assert "orders is integer, was text" in refusal(result)


def test_a_key_that_is_not_there_is_missing_and_nothing_else_is_said(model):
    result = model("  table: people\n  primary_key: customer\n").run(PEOPLE, partition=None)
    assert "Missing: customer" in refusal(result)


def test_e1_a_blocked_frame_is_kept_apart_and_nothing_downstream_runs(runner, warehouse, frames, sandbox):
    succeeded(runner.run(LETTERS))
    fill(warehouse, [person(1, orders=5)] * 3)
    result = runner.run(LETTERS, partition=SECOND)
    assert "is not published" in refusal(result)
    assert materialised(result) == []
    assert evaluations(result)["key_unique"].passed is False
    assert len(list((frames.folder.path / "rejected").iterdir())) == 1
    assert frames.newest().number == 1


def test_e1_an_activation_run_alone_stops_while_the_check_stands_failed_and_goes_on_when_it_is_mended(
    runner, warehouse, sandbox
):
    succeeded(runner.run(LETTERS))
    fill(warehouse, [person(7)] * 3)
    assert not runner.run("models/people").success
    words = refusal(runner.run(LETTERS, upstream=False, partition=SECOND))
    assert "models/people failed a blocking check (key_unique" in words
    fill(warehouse, [person(7)])
    succeeded(runner.run("segments/loyal"))
    figures = told(succeeded(runner.run(LETTERS, upstream=False, partition=THIRD)), LETTERS)
    assert (figures["inserted"], figures["deleted"]) == (1, 4)


def test_a_segment_run_alone_stops_while_its_models_check_stands_failed(runner, warehouse):
    succeeded(runner.run("segments/loyal"))
    fill(warehouse, [person(7)] * 3)
    assert not runner.run("models/people").success
    assert "failed a blocking check" in refusal(runner.run("segments/loyal", upstream=False))


def test_a_segment_of_frames_asks_for_nothing_of_its_models_source(runner, warehouse, monkeypatch):
    succeeded(runner.run("models/people"))
    monkeypatch.delenv("SHOP_FILE")
    succeeded(runner.run("segments/loyal", upstream=False))


def test_only_the_newest_refused_frames_are_kept(model, warehouse, frames):
    fill(warehouse, [])
    runner = model("  table: people\n  primary_key: id\n")
    for _ in range(5):
        assert not runner.run(PEOPLE, partition=None).success
    assert len(list((frames.folder.path / "rejected").iterdir())) == 3
    assert not list(frames.folder.path.glob(".draft*"))


@pytest.fixture
def memory(monkeypatch, loaded, tmp_path):
    """Makes a runner of a model over frames of the test."""

    def make(frames):
        warehouses.install(monkeypatch, frames)
        text = only("  sql: select 1\n  primary_key: id\n").replace(
            "kind: duckdb, settings: {path: 'env:SHOP_FILE'}", "kind: memory"
        )
        return loaded(Project(tmp_path, {"defs.yaml": text}))

    return make


def test_a_model_is_streamed_a_part_is_in_memory_at_most(memory, monkeypatch, frames):
    monkeypatch.setattr("activation_platform.components.draft.PART_ROWS", 3000)
    living: list[weakref.ref[pl.DataFrame]] = []
    most = 0

    def many():
        nonlocal most
        for number in range(20):
            frame = pl.DataFrame({"id": range(number * 1000, number * 1000 + 1000)})
            living.append(weakref.ref(frame))
            most = max(most, sum(reference() is not None for reference in living))
            yield frame
            del frame

    succeeded(memory(many).run(PEOPLE, partition=None))
    assert frames.newest().rows == 20_000
    assert len(frames.newest().parts) == 7
    assert most <= 4  # the three of a part that is not yet full, and the one being made


def test_a_source_that_breaks_in_the_middle_publishes_nothing(memory, frames):
    def broken():
        yield pl.DataFrame({"id": [1]})
        raise OSError("connection to person1@example.com lost")

    result = memory(broken).run(PEOPLE, partition=None)
    assert refusal(result).startswith("OSError: connection to p")
    assert "person1" not in refusal(result)
    assert frames.newest() is None


def test_e4_a_frame_stands_for_the_instant_that_its_config_says(runner, frames):
    config = {"models__people": {"as_of": "2024-02-29T12:00:00+01:00"}}
    succeeded(runner.run(PEOPLE, partition=None, **config))
    assert frames.newest().instant == datetime(2024, 2, 29, 11, tzinfo=UTC)


def test_an_instant_without_an_offset_is_refused(runner):
    result = runner.run(PEOPLE, partition=None, models__people={"as_of": "2024-02-29T12:00:00"})
    assert "has no offset" in refusal(result)
