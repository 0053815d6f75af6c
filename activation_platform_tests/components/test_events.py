"""Events through Dagster: each run sends those of its own window, each once (SEMANTICS E3)."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import duckdb
import pytest

from activation_platform.sources.duckdb import DuckDB
from activation_platform.sync.folder import Folder
from activation_platform.sync.manifest import Manifest
from activation_platform_tests.components.eventful import TOLD, eventful, open_shop
from activation_platform_tests.components.project import Runner, evaluations, refusal, succeeded, told

MIDNIGHT = datetime(2026, 1, 1, tzinfo=UTC)
OP = "activations__archive__told"


def key(hour):
    return (MIDNIGHT + timedelta(hours=hour)).strftime("%Y-%m-%d-%H:%M")


def order(number, hour):
    """An order with the number, at half past the hour."""
    return number, MIDNIGHT + timedelta(hours=hour, minutes=30)


@pytest.fixture
def shop(tmp_path, monkeypatch, storage):
    shop = open_shop(tmp_path, monkeypatch)
    shop.happened([order(hour, hour) for hour in range(10)])
    return shop


@pytest.fixture
def workspace(tmp_path):
    return eventful(tmp_path)


@pytest.fixture
def opened(shop, instance):
    return lambda project: Runner(project.load(), instance)


@pytest.fixture
def runner(workspace, opened):
    return opened(workspace)


def told_at(runner, hour, **config):
    return told(succeeded(runner.run(TOLD, partition=key(hour), **({OP: config} if config else {}))), TOLD)


def test_e3_a_partition_sends_the_interval_that_ends_at_its_key(runner, shop):
    figures = told_at(runner, 5)
    assert shop.told() == [4]
    assert figures["window"] == "2026-01-01 04:00+00:00 to 2026-01-01 05:00+00:00 (not included), by ts"


def test_e3_an_event_carries_the_computed_fields_that_are_mapped(workspace, opened, shop):
    computed = "  computed: {said: {formula: \"upper(what) || '!'\"}, same: {related: said, of: itself}}\n"
    workspace.replaced(
        "  event_time: ts\n",
        f"  event_time: ts\n  relations: {{itself: {{model: orders, match: {{id: id}}}}}}\n{computed}",
    )
    runner = opened(workspace.replaced("{id: id, what: what}", "{id: id, what: same}"))

    told_at(runner, 5)

    with duckdb.connect(str(shop.archive)) as connection:
        assert connection.execute("select id, what from told").fetchall() == [(4, "ORDER 4!")]


def test_e3_windows_in_any_order_send_every_event_once(runner, shop):
    figures = [told_at(runner, hour) for hour in (3, 8, 5, 4, 8, 6, 7)]
    assert shop.told() == [2, 3, 4, 5, 6, 7]
    assert sum(one["inserted"] for one in figures) == 6
    assert {one["status"] for one in figures} == {"succeeded", "nothing to do"}


def test_e3_the_run_of_a_range_owns_all_of_its_windows(runner, shop):
    tags = {"dagster/asset_partition_range_start": key(3), "dagster/asset_partition_range_end": key(6)}
    result = succeeded(runner.run(TOLD, partition=None, tags=tags))
    assert shop.told() == [2, 3, 4, 5]
    status = {
        event.partition: event.materialization.metadata["status"].value
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(TOLD.split("/"))
    }
    assert status == {**dict.fromkeys(map(key, (3, 4, 5)), "superseded"), key(6): "succeeded"}


def test_e3_late_rows_are_found_by_looking_back(runner, shop):
    told_at(runner, 5)
    shop.happened([*(order(hour, hour) for hour in range(10)), order(104, 4)])
    told_at(runner, 6)
    assert shop.told() == [4, 5, 104]


def test_e3_the_first_run_begins_where_start_from_says(workspace, opened, shop):
    workspace.replaced("  late: 1h\n", "  late: 1h\n  start_from: 2025-12-31\n")
    runner = opened(workspace)
    shop.happened([order(-20, -20), *(order(hour, hour) for hour in range(10))])
    figures = told_at(runner, 5)
    assert shop.told() == [-20, 0, 1, 2, 3, 4]
    assert figures["window"].startswith("2025-12-31 00:00+00:00 to 2026-01-01 05:00+00:00")
    assert told_at(runner, 8)["window"].startswith("2026-01-01 07:00+00:00")
    assert shop.told() == [-20, 0, 1, 2, 3, 4, 6, 7]  # the hour before was late


def test_e3_a_first_run_that_failed_begins_there_again(workspace, opened, shop, monkeypatch):
    workspace.replaced("  late: 1h\n", "  late: 1h\n  start_from: 2025-12-31\n")
    runner = opened(workspace)
    moved = shop.archive.rename(shop.archive.with_suffix(".away"))
    assert not runner.run(TOLD, partition=key(5)).success
    shop.archive.unlink(missing_ok=True)
    moved.rename(shop.archive)
    told_at(runner, 6)
    assert shop.told() == [0, 1, 2, 3, 4, 5]


def test_e3_a_window_older_than_what_is_remembered_is_refused_but_for_a_full_run(runner, shop, storage):
    told_at(runner, 5)
    ledger = Folder(storage / "ledgers" / "told")
    manifest = Manifest.read(ledger)
    manifest.forgotten_before = int(datetime(2026, 2, 1, tzinfo=UTC).timestamp() * 1e6)
    manifest.place(ledger)
    assert "full: true" in refusal(runner.run(TOLD, partition=key(7)))
    assert shop.told() == [4]
    told_at(runner, 7, full=True)
    assert shop.told() == [4, 5, 6]


@pytest.fixture
def staying(workspace):
    return workspace.replaced("  kind: events\n", "  kind: events\n  engine: warehouse\n")


def test_e3_events_that_stay_in_their_warehouse_are_told_window_by_window_all_the_same(staying, opened, shop):
    runner = opened(staying)
    assert told_at(runner, 8)["window"].startswith("2026-01-01 07:00+00:00 to 2026-01-01 08:00+00:00 (not")
    told_at(runner, 3)
    shop.happened([*(order(hour, hour) for hour in range(10)), order(102, 2), (200, None)])

    figures = told_at(runner, 4)

    assert shop.told() == [2, 3, 7, 102]
    assert (figures["inserted"], figures["source_issues"]) == (2, 1)
    frames = opened(staying.replaced("  engine: warehouse\n", ""))
    assert told_at(frames, 4)["status"] == "nothing to do"  # both remember the same


def test_e3_of_a_segment_of_events_that_stay_in_their_warehouse_those_of_the_window_are_told(
    staying, opened, shop, monkeypatch
):
    fetched, read = [], DuckDB.read
    monkeypatch.setattr(DuckDB, "read", lambda *asked: (fetched.append(row) or row for row in read(*asked)))
    staying.replaced("  event_time: ts\n", '  event_time: ts\n  computed: {said: {formula: "upper(what)"}}\n')
    staying.replaced("  model: orders\n  destination", "  segment: few\n  destination").also(FEW)
    staying.replaced("{id: id, what: what}", "{id: id, what: said}")

    told_at(opened(staying), 5)

    with duckdb.connect(str(shop.archive)) as connection:
        assert connection.execute("select id, what from told").fetchall() == [(4, "ORDER 4")]
    assert fetched[-1].columns == ["id", "ts", "said"]


FEW = """\
type: activation_platform.SegmentComponent
attributes:
  name: few
  model: orders
  where:
    any: [{field: id, equals: 4}, {field: id, equals: 8}]
"""


def test_a2_a_key_of_another_type_is_looked_at_in_all_events_that_stay_in_their_warehouse(
    staying, opened, shop
):
    told_at(opened(staying), 5)
    padded = "select case id when 9 then '009' else id::text end as id, ts, what from orders"
    staying.replaced("  table: orders\n", f"  sql: {padded}\n").replaced("{id: integer", "{id: text")

    assert "primary key id (integer), now id (text)" in refusal(opened(staying).run(TOLD, partition=key(6)))
    assert shop.told() == [4]


def test_c3_an_events_model_without_rows_warns_and_does_not_block(runner, shop):
    shop.happened([])
    result = succeeded(runner.run(TOLD, partition=key(5)))
    empty = evaluations(result)["not_empty"]
    assert (empty.passed, empty.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert told(result, TOLD)["status"] == "nothing to do"


@pytest.mark.parametrize(
    ("kind", "words", "expected"),
    [
        ("timestamp", "by ts, which says no time zone: UTC is assumed", [4]),
        ("date", "by ts, whose days are taken to begin at midnight UTC", []),
    ],
)
def test_e3_moments_without_a_zone_are_taken_as_utc_and_the_run_says_so(
    kind, words, expected, workspace, opened, shop
):
    sql = f"select id, (ts at time zone 'UTC')::{kind} as ts, what from orders"
    workspace.replaced("  table: orders\n", f"  sql: {sql}\n").replaced("timestamp with time zone", kind)
    assert told_at(opened(workspace), 5)["window"].endswith(words)
    assert shop.told() == expected


def test_c3_records_of_an_events_model_that_has_become_empty_in_its_warehouse_are_not_stopped(
    staying, opened, shop
):
    staying.replaced("  late: 1h\n  keep: 9999d\n", "").replaced("service: events", "service: table")
    runner = opened(staying)
    assert told_at(runner, 5)["inserted"] == 10
    shop.happened([])

    assert told_at(runner, 6)["status"] == "nothing to do"

    assert shop.told() == [*range(10)]  # departed


def test_several_partitions_of_events_are_several_runs_and_those_of_records_are_one(runner, workspace):
    policy = runner.defs.resolve_asset_graph().get(dg.AssetKey(TOLD.split("/"))).backfill_policy
    assert policy == dg.BackfillPolicy.multi_run()


FAULTS = {
    "mode": ("  late: 1h", "  mode: upsert\n  late: 1h", "cannot keep the promise of upsert; it offers: insert_only"),
    "run type": ("  late: 1h", "  run_type: full_only\n  late: 1h", "write incremental, or leave run_type out"),
    "follow": ("{every: 1h, start: 2026-01-01}", "{follow: upstream}", "write every, at or cron"),
    "no event time": ("  event_time: ts\n", "", 'the model "orders" does not say when each event happened'),
    "event time": ("event_time: ts", "event_time: tss", 'there is no column "tss". Did you mean "ts"?'),
    "type": ("event_time: ts", "event_time: what", '"what" is text, which is no moment'),
    "kind": ("  kind: events\n", "", "only events happen: write kind: events"),
    "a first day before time": ("  late: 1h\n", "  late: 1h\n  start_from: 0001-01-01\n", "events begin on 1970-01-01 or later"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_what_cannot_be_with_events_is_refused_with_what_can(fault, workspace):
    old, new, words = FAULTS[fault]
    assert words in workspace.replaced(old, new).refusal()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("run_type: incremental", "incremental is for events; table keeps records: write full_then_delta or full_only"),
        ("late: 2h", "late is for events"),
        ("keep: 2d", "keep is for events"),
        ("start_from: 2026-01-01", "start_from is for events"),
    ],
)  # fmt: skip
def test_words_of_events_are_refused_elsewhere(said, words, workspace):
    workspace.replaced("  late: 1h\n  keep: 9999d\n", f"  {said}\n")
    assert words in workspace.replaced("service: events", "service: table").refusal()


@pytest.mark.parametrize("span", ["soon", "1 h", "2w", "1.5h"])
def test_a_span_of_time_is_a_number_and_a_unit(span, workspace):
    text = workspace.replaced("late: 1h", f"late: {span}").refusal()
    assert "late" in text
    assert f"shop/defs.yaml:{workspace.line('late:')}" in text
