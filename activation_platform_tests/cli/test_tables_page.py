"""The page of the technical tables: it names every column, and its commands and queries do what they say."""

import re
from pathlib import Path

import dagster as dg
import duckdb
import polars as pl
import pytest

from activation_platform.cli.project import Project
from activation_platform.cli.running import QUIET, without_notices
from activation_platform.components.technical.schema import TABLES
from activation_platform_tests.cli.conftest import DECLARED

PAGE = (Path(__file__).parents[2] / "docs" / "tables.md").read_text()
WORDS = {
    pl.String(): "text",
    pl.Int64(): "whole number",
    pl.Float64(): "number",
    pl.Boolean(): "true or false",
    pl.Date(): "date",
    pl.Datetime("us", "UTC"): "timestamp, UTC",
}
SEGMENT = """---
type: activation_platform.SegmentComponent
attributes:
  name: named
  model: people
  where: {field: first_name, is_null: false}
  analysis: {history: true}
"""


def section(table):
    head = f"### `{table.name}`, version {table.version}\n\n{table.meaning}\n\n| column | type | what |\n|---|---|---|\n"
    told = [(one.name, WORDS[one.dtype], one.meaning.replace("|", "\\|")) for one in table.columns]
    return head + "".join(f"| `{name}` | {word} | {meaning} |\n" for name, word, meaning in told)


def test_the_page_tells_every_column_of_every_table():
    for table in TABLES.values():
        assert section(table) in PAGE


@pytest.fixture
def ran(project, activation):
    """Two runs of the newsletter, the second of which changes one record, while another one leaves a segment."""
    project.declare(DECLARED + SEGMENT)
    for statement in ("select 1", "update people set first_name = null where id = 'p2'"):
        project.warehouse_holds(statement)
        activation("run", "newsletter")
        with without_notices():
            keys = ("models/people", "segments/named", "analysis/named/history")
            job = Project.here(project.folder).definitions.resolve_implicit_global_asset_job_def()
            job.execute_in_process(
                asset_selection=[dg.AssetKey(key.split("/")) for key in keys], run_config={"loggers": QUIET}
            )


def test_every_command_and_query_of_the_page_does_what_it_says(ran, activation, monkeypatch):
    commands = re.findall(r"^activation (.*?) *(?:#.*)?$", PAGE, re.MULTILINE)
    assert len(commands) == 3
    commands.reverse()  # so that the last one hashes what is in the storage root, as the queries take it
    for words in commands:
        activation(*words.split())
    assert {file.parts[2] for file in Path("bi").rglob("*.parquet")} == set(TABLES)

    monkeypatch.chdir(".activation")
    queries = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    ended, slow, wrong, sent, of_one, members, stays = (duckdb.sql(query).fetchall() for query in queries)
    assert {row[1:3] for row in ended} == {
        ("newsletter", "succeeded with issues"),
        ("newsletter", "succeeded"),
    }
    assert [sum(row[column] for row in ended) for column in (3, 4, 5)] == [2, 4, 2]
    assert len(slow) <= 1
    assert [(kind, records) for _, kind, _, records in wrong] == [("source issue", 2)]
    assert sum(row[-1] for row in sent) == 4
    assert {(ledger, run, event) for _, ledger, run, _, event, *_ in of_one} == {
        ("newsletter", 1, "accepted")
    }
    assert len(members) == 4
    assert [(segment, records) for segment, _, records in stays] == [("named", 1)]
