"""How a model's columns differ from those that it is held to, told column by column: in the UI and by `activation check`."""

import dagster as dg
import duckdb
import pytest

from activation_platform.components.checks import ModelCheck
from activation_platform.components.differences import Kind, differences
from activation_platform.components.frames import Frames
from activation_platform.components.shown import named
from activation_platform.sync.folder import Folder
from activation_platform_tests.components.project import Project, evaluations, refusal, succeeded
from activation_platform_tests.components.test_models import only

PEOPLE = "models/people"
WAS = {"id": "integer", "email": "text", "first_name": "text", "spent": "decimal(10, 2)"}


def found(now, expected=WAS, key=("id",)):
    return {one.column: (one.kind, one.expected, one.found) for one in differences(now, expected, key)}


def test_columns_as_they_were_differ_in_nothing():
    assert differences(dict(reversed(WAS.items())), WAS, ("id",)) == []


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ({"first_name": None}, {"first_name": (Kind.MISSING, "text", "")}),
        ({"email": "integer"}, {"email": (Kind.WRONG_TYPE, "text", "integer")}),
        ({"spent": "decimal(12, 4)"}, {"spent": (Kind.RESIZED, "decimal(10, 2)", "decimal(12, 4)")}),
        ({"spent": "number"}, {"spent": (Kind.WRONG_TYPE, "decimal(10, 2)", "number")}),
        ({"city": "text"}, {"city": (Kind.NEW, "", "text")}),
        (
            {"first_name": None, "given_name": "text"},
            {"first_name": (Kind.ALTERED, "text", ""), "given_name": (Kind.NEW, "", "text")},
        ),
        (
            {"first_name": None, "firstname": "integer"},
            {"first_name": (Kind.MISSING, "text", ""), "firstname": (Kind.NEW, "", "integer")},
        ),
    ],
)
def test_each_column_is_told_with_its_type_as_it_was_and_as_it_is(now, told):
    assert found({name: type_ for name, type_ in {**WAS, **now}.items() if type_}) == told


def test_the_only_new_column_of_a_type_is_taken_for_the_only_one_that_is_gone_whatever_its_name():
    (altered, _) = differences({"id": "integer", "xyz": "text"}, {"id": "integer", "email": "text"}, ("id",))
    assert (altered.column, altered.kind) == ("email", Kind.ALTERED)
    assert altered.means == "perhaps now xyz, which is text"


def test_one_new_column_stands_for_one_that_is_gone():
    told = found({"mail": "text"}, {"mail_one": "text", "mail_two": "text"}, ("mail_one",))
    assert sorted(kind for kind, _, _ in told.values()) == [Kind.ALTERED, Kind.MISSING, Kind.NEW]


def test_a_first_look_misses_the_key_alone():
    assert found({"mail": "text"}, None) == {"id": (Kind.MISSING, "", "")}


NASTY = "<img src=x onerror=alert(1)> | **b** [x](y:z)"


@pytest.fixture
def altered(tmp_path, loaded, warehouse):
    """A model that was made once, and whose table has changed since in every way."""
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "create or replace table people as select 1::bigint as id, 'a@example.com' as email, 'Ann' as first_name, "
            "3::bigint as orders, 1.5::decimal(10, 2) as spent"
        )
    runner = loaded(Project(tmp_path, {"defs.yaml": only("  table: people\n  primary_key: id\n")}))
    succeeded(runner.run(PEOPLE, partition=None))
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "create or replace table people as select 1::bigint as id, 'a@example.com' as e_mail, 'three' as orders, "
            f'1.5::decimal(12, 2) as spent, true as "{NASTY}"'
        )
    return runner


TABLE = """\
| column | difference | expected | found | what it means |
|---|---|---|---|---|
| first\\_name | Missing | text |  | nothing can be made of it, nor sent from it |
| email | Altered | text |  | perhaps now e\\_mail, which is text |
| orders | Wrong Type | integer | text | values of another kind: conditions on it and what is sent from it may not fit them |
| spent | Resized | decimal\\(10, 2\\) | decimal\\(12, 2\\) | values of the same kind: it is used as before |
| e\\_mail | New |  | text | nothing uses it yet |
| \\<img src=x onerror=alert\\(1\\)\\> \\| \\*\\*b\\*\\* \\[x\\]\\(y:z\\) | New |  | boolean | nothing uses it yet |"""


def test_the_check_shows_a_table_of_all_columns_that_differ_in_which_names_do_nothing(altered):
    result = altered.run(PEOPLE, partition=None)
    check = evaluations(result)["schema_unchanged"]
    assert check.metadata["columns"].value == TABLE
    assert (
        refusal(result)
        .partition("schema_unchanged: ")[2]
        .startswith(
            "Missing: first_name. Altered: email (perhaps now e_mail, which is text). Wrong Type: orders is text, was integer"
        )
    )


def test_a_name_that_is_no_word_stands_in_the_sentence_as_code(altered):
    (said,) = [
        found.description
        for name, found in evaluations(altered.run(PEOPLE, partition=None)).items()
        if name == "schema_unchanged"
    ]
    assert f"New: e_mail, `{NASTY}`. If that is right" in said
    (altered_,) = [one for one in differences({"a`\n*b": "text"}, {"ab": "text"}, ()) if one.blocks]
    assert altered_.words == "ab (perhaps now `a' *b`, which is text)"
    assert [named(name) for name in ("__x__", "é-1.b", "_a", "")] == ["`__x__`", "é-1.b", "`_a`", "``"]


def test_the_daily_validation_shows_the_same_table(altered):
    assert altered.defs.resolve_job_def("validate_source_shop").execute_in_process(instance=altered.instance)
    key = dg.AssetCheckKey(dg.AssetKey(["models", "people"]), "schema_unchanged")
    (record,) = altered.instance.event_log_storage.get_asset_check_execution_history(key, limit=1)
    said = record.event.dagster_event.asset_check_evaluation_data
    assert said.metadata["columns"].value == TABLE
    assert not said.passed


def test_what_does_no_harm_is_shown_of_a_check_that_passes_and_is_kept_with_the_frame(
    tmp_path, loaded, warehouse, storage
):
    runner = loaded(Project(tmp_path, {"defs.yaml": only("  table: people\n  primary_key: id\n")}))
    succeeded(runner.run(PEOPLE, partition=None))
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("alter table people add column city text")
    check = evaluations(succeeded(runner.run(PEOPLE, partition=None)))["schema_unchanged"]
    assert check.passed
    assert "| city | New |  | text | nothing uses it yet |" in check.metadata["columns"].value
    kept = ModelCheck.remembered(Frames(Folder(storage), "models", "people").newest().checks[0])
    assert kept.result().metadata["columns"] == check.metadata["columns"]


def test_a_type_may_be_declared_in_capitals_or_without_spaces(tmp_path, loaded, warehouse):
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create or replace table people as select 1 as id, 1.5::decimal(10, 2) as spent")
    columns = "  table: people\n  primary_key: id\n  columns: {id: Integer, spent: 'DECIMAL(10,2)'}\n"
    runner = loaded(Project(tmp_path, {"defs.yaml": only(columns)}))
    check = evaluations(succeeded(runner.run(PEOPLE, partition=None)))["schema_unchanged"]
    assert (check.passed, "columns" in check.metadata) == (True, False)
