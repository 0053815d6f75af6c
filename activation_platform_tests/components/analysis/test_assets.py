"""The analysis of segments, through Dagster: what its assets tell, of which snapshots, and when they are made."""

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import dagster as dg
import duckdb
import polars as pl
import pytest

from activation_platform.components.frames import Frames
from activation_platform.sync.folder import Folder
from activation_platform_tests.components.analysis.workspaces import (
    BREAKDOWNS,
    COMPUTED,
    HISTORY,
    LOYAL,
    OVERLAP,
    analysed,
    picture,
    segment,
)
from activation_platform_tests.components.project import (
    fill,
    materialised,
    person,
    refusal,
    succeeded,
    told,
)

ALL = "{breakdowns: [first_name], overlap_with: [few], history: true}"
LATER = [person(1), person(2, orders=1), person(3), person(8), person(9)]
"""Of the loyal 1 to 4, 2 and 4 left; 8 and 9 entered."""
WAREHOUSE = ("kind: users", "kind: users\n  engine: warehouse")


def test_a_segment_tells_its_size_its_share_and_who_entered_and_left(runner, warehouse):
    first = told(succeeded(runner.run(LOYAL)), LOYAL)
    fill(warehouse, LATER)
    second = told(succeeded(runner.run(LOYAL)), LOYAL)

    assert (first["dagster/row_count"], first["share_of_model"]) == (4, 0.8)
    assert "entered" not in first, "there is nothing to compare the first snapshot with"
    assert (second["dagster/row_count"], second["entered"], second["left"]) == (4, 2, 2)


def test_nobody_enters_or_leaves_a_snapshot_that_is_used_again(runner, warehouse):
    succeeded(runner.run(LOYAL))
    fill(warehouse, LATER)
    config = {"as_of": "2024-01-08T06:00:00+00:00"}
    succeeded(runner.run(LOYAL, segments__loyal=config))

    again = told(succeeded(runner.run(LOYAL, upstream=False, segments__loyal=config)), LOYAL)

    assert (again["reused"], again["entered"], again["left"]) == (True, 0, 0)


def test_a_breakdown_counts_each_value_absolutely_and_in_percent(project, loaded, warehouse):
    names = ["Ada", "Ada", "Bo", None, "Ada"]
    fill(warehouse, [person(number, first_name=name) for number, name in enumerate(names)])
    runner = loaded(analysed(project, "{breakdowns: [first_name]}"))

    metadata = told(succeeded(runner.run(BREAKDOWNS)), BREAKDOWNS)

    assert metadata["first_name"].splitlines() == [
        "| first\\_name | rows | percent |",
        "|---|---|---|",
        "| Ada | 3 | 60.0 % |",
        "| Bo | 1 | 20.0 % |",
        "| *null* | 1 | 20.0 % |",
    ]
    assert [text.text for text in ElementTree.fromstring(picture(metadata["first_name (picture)"])).iter()][
        2::3
    ] == [
        "Ada",
        "Bo",
        "null",
    ]
    numbers = {name: value for name, value in metadata.items() if isinstance(value, int)}
    assert numbers == {
        "first_name: Ada": 3,
        "first_name: Bo": 1,
        "first_name (other)": 0,
        "first_name (null)": 1,
    }


@pytest.mark.parametrize("engine", ["frames", "warehouse"])
def test_labels_and_the_categories_of_related_rows_have_breakdowns(project, loaded, warehouse, engine):
    fill(warehouse, [person(1, orders=9), person(2, orders=3, first_name="Ada"), person(3, first_name="Ada")])
    analysed(project, "{breakdowns: [size, named]}").replaced(
        "kind: users\n", f"engine: {engine}\n  {COMPUTED}"
    )

    metadata = told(succeeded(loaded(project).run(BREAKDOWNS)), BREAKDOWNS)

    assert (metadata["size: big"], metadata["size: small"]) == (2, 1)
    assert (metadata["named: Ada"], metadata["named: Name 1"]) == (2, 1)


def test_an_overlap_tells_what_is_in_common_and_what_each_combination_has_to_itself(project, loaded):
    runner = loaded(
        analysed(project, "{overlap_with: [few, rare]}").also(segment("rare", "{field: id, at_least: 4}"))
    )

    metadata = told(succeeded(runner.run(OVERLAP)), OVERLAP)

    assert "| few | 2 | 50.0 % | 100.0 % |" in metadata["in_common"]
    assert "| rare | 1 | 25.0 % | 50.0 % |" in metadata["in_common"]
    assert "| loyal & few | 2 | 40.0 % |" in metadata["combinations"]
    assert "| rare | 1 | 20.0 % |" in metadata["combinations"]
    ElementTree.fromstring(picture(metadata["picture"]))
    assert {name: value for name, value in metadata.items() if isinstance(value, int)} == {
        "keys": 4,
        "shared with few": 2,
        "shared with rare": 1,
        "shared with none": 1,
    }
    assert "| few |" in metadata["made_of"]


def test_the_history_tells_who_entered_and_who_left_and_when(project, loaded, warehouse, storage):
    runner = loaded(analysed(project, "{history: true}"))
    days = ("2024-01-01T06:00:00+00:00", "2024-01-08T06:00:00+00:00")
    first = told(succeeded(runner.run(HISTORY, segments__loyal={"as_of": days[0]})), HISTORY)
    fill(warehouse, LATER)
    second = told(succeeded(runner.run(HISTORY, segments__loyal={"as_of": days[1]})), HISTORY)

    assert (first["entered"], first["left"], first["members"]) == (4, 0, 4)
    assert (second["entered"], second["left"], second["members"]) == (2, 2, 4)
    rows = pl.read_parquet(second["files"]).with_columns(pl.col("at").dt.date().cast(pl.String)).rows()
    assert sorted(rows) == sorted(
        [(key, "entered", "2024-01-01", 2) for key in "1234"]
        + [(key, "left", "2024-01-08", 4) for key in "24"]
        + [(key, "entered", "2024-01-08", 4) for key in "89"]
    )
    query = f"select key from '{second['files']}' group by key having arg_max(event, snapshot) = 'entered'"
    assert {key for (key,) in duckdb.sql(query).fetchall()} == {"1", "3", "8", "9"}
    assert not set("1389") & set(str(second["changes"]).split("|")[-1]), "no key is shown"


def test_a_snapshot_is_recorded_once_however_often_the_history_is_made(project, loaded, storage):
    runner = loaded(analysed(project, "{history: true}"))
    succeeded(runner.run(HISTORY))
    before = sorted(storage.glob("analysis/loyal/*/*"))

    again = told(succeeded(runner.run(HISTORY, upstream=False)), HISTORY)

    assert (again["recorded_snapshots"], again["entered"], again["left"], again["members"]) == (0, 0, 0, 4)
    assert sorted(storage.glob("analysis/loyal/*/*")) == before


def test_the_history_goes_through_every_snapshot_that_it_missed(project, loaded, warehouse, storage):
    runner = loaded(analysed(project, "{history: true}"))
    for people in ([person(1)], [person(2)], [person(1)]):
        fill(warehouse, people)
        succeeded(runner.run(LOYAL))

    metadata = told(succeeded(runner.run(HISTORY, upstream=False)), HISTORY)

    assert (metadata["recorded_snapshots"], metadata["entered"], metadata["left"]) == (3, 3, 2)
    events = pl.read_parquet(metadata["files"]).sort("snapshot", "key").select("key", "event").rows()
    assert events == [("1", "entered"), ("1", "left"), ("2", "entered"), ("1", "entered"), ("2", "left")]


def test_the_history_outlives_the_snapshots(project, loaded, warehouse, storage, monkeypatch):
    kept = "type: activation_platform.RetentionComponent\nattributes: {snapshots: 0d}\n"
    runner = loaded(analysed(project, "{history: true}").also(kept))
    succeeded(runner.run(HISTORY))
    monkeypatch.setattr("activation_platform.components.frames._KEEP_NEWEST", 2)
    first = Frames(Folder(storage), "segments", "loyal").numbers()
    fill(warehouse, LATER)
    for _ in range(2):
        succeeded(runner.run(LOYAL))
    assert not {*first} & {*Frames(Folder(storage), "segments", "loyal").numbers()}

    metadata = told(succeeded(runner.run(HISTORY, upstream=False)), HISTORY)

    assert (metadata["entered"], metadata["left"], metadata["members"]) == (2, 2, 4)
    assert pl.read_parquet(metadata["files"]).height == 8


def test_snapshots_that_are_older_than_the_key_are_passed_over(project, loaded, warehouse):
    succeeded(loaded(analysed(project, ALL)).run(LOYAL, "segments/few"))
    project.replaced("table: people", "sql: select *, id * 10 as code from people")
    project.replaced("    id: integer\n", "    id: integer\n    code: integer\n")
    runner = loaded(project.replaced("primary_key: id", "primary_key: code"))

    before = told(succeeded(runner.run(HISTORY, upstream=False)), HISTORY)
    words = refusal(runner.run(OVERLAP, upstream=False))
    after = told(succeeded(runner.run(HISTORY)), HISTORY)

    assert (before["recorded_snapshots"], before["members"]) == (0, 0)
    assert "the primary key's column code is not in the snapshot" in words
    assert {*pl.read_parquet(after["files"])["key"]} == {"10", "20", "30", "40"}


def test_rows_that_stay_in_their_warehouse_are_analysed_as_those_that_are_here(
    project, loaded, warehouse, tmp_path, monkeypatch
):
    words = ALL.replace("few", "few, rare")
    analysed(project, words).also(segment("rare", "{field: id, at_least: 4}"))
    found = []
    for root in ("here", "there"):
        monkeypatch.setenv("ACTIVATION_STORAGE", str(tmp_path / root))
        fill(warehouse, [person(1), person(2), person(3, first_name=None), person(4), person(5, orders=1)])
        runner = loaded(project)
        succeeded(runner.run(BREAKDOWNS, OVERLAP, HISTORY))
        fill(warehouse, LATER)
        result = succeeded(runner.run(BREAKDOWNS, OVERLAP, HISTORY))
        metadata = [told(result, asset) for asset in (BREAKDOWNS, OVERLAP, HISTORY)]
        events = pl.read_parquet(metadata[2]["files"]).sort("snapshot", "key").select("key", "event").rows()
        ignored = ("made_of", "files", "changes")
        found.append(
            [
                *({name: value for name, value in one.items() if name not in ignored} for one in metadata),
                events,
            ]
        )
        project.documents["defs.yaml"] = project.documents["defs.yaml"].replace(*WAREHOUSE)
    here, there = found
    assert here == there


def test_rows_that_stay_in_their_warehouse_have_no_turnover_but_that_of_their_history(
    project, loaded, warehouse
):
    runner = loaded(analysed(project, "{history: true}").replaced(*WAREHOUSE))
    succeeded(runner.run(LOYAL))
    fill(warehouse, LATER)
    assert "entered" not in told(succeeded(runner.run(LOYAL)), LOYAL)
    assert told(succeeded(runner.run(HISTORY, upstream=False)), HISTORY)["recorded_snapshots"] == 1


def test_an_analysis_is_downstream_of_its_segment_and_of_those_that_overlap(project):
    graph = analysed(project, ALL).load().resolve_asset_graph()

    def upstream(asset):
        return {key.to_user_string() for key in graph.get(dg.AssetKey(asset.split("/"))).parent_keys}

    assert upstream(BREAKDOWNS) == upstream(HISTORY) == {LOYAL}
    assert upstream(OVERLAP) == {LOYAL, "segments/few"}
    assert graph.get(dg.AssetKey(OVERLAP.split("/"))).group_name == "analysis"


@pytest.fixture
def asked(project, loaded, instance):
    """Runs the analysed workspace, and says what a sensor would make after what was run since it was asked last."""
    runner = loaded(analysed(project, ALL))
    seen = [dg.evaluate_automation_conditions(runner.defs, instance)]

    def analyses():
        seen.append(dg.evaluate_automation_conditions(runner.defs, instance, cursor=seen[-1].cursor))
        return {one.key.to_user_string() for one in seen[-1].results if one.true_subset.size}

    return runner, analyses


def test_an_analysis_is_made_in_a_run_of_its_own_whenever_its_segment_was(asked):
    runner, analyses = asked
    assert analyses() == set()

    succeeded(runner.run(LOYAL))
    assert analyses() == {BREAKDOWNS, HISTORY}, "the overlap waits for the other segment"
    job = runner.defs.resolve_job_def("activate_letters")
    assert not {key for key in job.asset_layer.executable_asset_keys if key.path[0] == "analysis"}

    succeeded(runner.run("segments/few", upstream=False))
    assert analyses() == {OVERLAP}


def test_e5_a_snapshot_that_is_used_again_is_not_analysed_again(asked):
    runner, analyses = asked
    tick = datetime(2024, 1, 1, 6, tzinfo=UTC)
    succeeded(runner.run(LOYAL, "segments/few", tick=tick))
    assert analyses() == {BREAKDOWNS, OVERLAP, HISTORY}

    assert told(succeeded(runner.run(LOYAL, tick=tick)), LOYAL)["reused"]
    assert analyses() == set()

    succeeded(runner.run("segments/few", tick=tick + timedelta(days=1)))
    assert analyses() == {OVERLAP}


def test_one_sensor_that_is_on_makes_the_whole_analysis_of_a_segment(project):
    sensors = analysed(project, ALL).load().get_repository_def().sensor_defs
    (found,) = [sensor for sensor in sensors if sensor.name == "analysis__loyal_follows"]
    assert found.default_status is dg.DefaultSensorStatus.RUNNING


def test_an_analysis_of_a_segment_that_was_never_made_says_what_to_do(project, loaded):
    runner = loaded(analysed(project, ALL))
    assert "segments/loyal was never materialised" in refusal(runner.run(BREAKDOWNS, upstream=False))
    succeeded(runner.run(LOYAL))
    assert "segments/few was never materialised" in refusal(runner.run(OVERLAP, upstream=False))


def test_a_field_that_turned_out_to_be_no_category_is_told_plainly(project, loaded):
    analysed(project, "{breakdowns: [first_name]}").replaced("{type: text, categorical", "{categorical")
    project.replaced(
        "table: people", "sql: select id, email, orders * 1.5::double as first_name, orders from people"
    )

    words = refusal(loaded(project).run(BREAKDOWNS))

    assert 'no breakdown of loyal by "first_name", which is number' in words


@pytest.mark.parametrize("words", [ALL, "{breakdowns: [first_name]}"])
def test_an_empty_segment_is_analysed_too(project, loaded, words):
    runner = loaded(analysed(project, words).replaced("at_least: 3", "at_least: 300"))
    result = succeeded(runner.run(BREAKDOWNS, *([OVERLAP, HISTORY] if "few" in words else [])))
    assert told(result, BREAKDOWNS)["first_name"] == "no rows"
    assert "analysis/loyal/breakdowns" in materialised(result)
