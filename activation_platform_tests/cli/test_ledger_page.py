"""The page of the ledger: its commands and its lines for other tools do what it says, on a ledger that runs have left."""

import re
from pathlib import Path

import duckdb
import polars as pl
import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "ledger.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def ran(project, activation):
    """Three runs of the newsletter: a first one, one that changes much, one that changes little."""
    project.warehouse_holds(
        "insert into people select 'q' || n, 'q' || n || '@example.com', 'Q' from range(27) as numbers (n)"
    )
    activation("run", "newsletter")
    project.warehouse_holds("update people set first_name = 'Quentin' where id like 'q%'")
    activation("run", "newsletter")
    project.warehouse_holds("update people set first_name = 'Ada L.' where id = 'p1'")
    activation("run", "newsletter")


def test_every_line_of_the_page_does_what_it_says(ran, project, activation):
    commands = [line.partition("#")[0].split() for block in blocks("console") for line in block.splitlines()]
    assert len(commands) > 8
    for _, *words in commands:
        activation(*words)

    happened, of_one_key, wrong, states = (duckdb.sql(query).fetchall() for query in blocks("sql"))
    assert sorted(happened) == [
        ("accepted", "insert", 30),
        ("accepted", "update", 28),
        ("set_aside", None, 2),
    ]
    assert [event for _, event, _ in of_one_key] == ["accepted", "accepted"]
    assert [count for _, count in wrong] == [2]
    assert states == [("present", 30)]
    assert pl.read_parquet("then.parquet").height == 30

    names: dict[str, object] = {}
    head, changes = blocks("python")
    exec(head, names)
    entries = names["entries"]
    assert isinstance(entries, pl.DataFrame)
    assert entries["key"].n_unique() == entries.height == 30
    assert eval(changes, names)["len"].sum() == 60


def test_every_file_that_the_page_names_is_there(ran, project):
    ledger = project.folder / ".activation" / "ledgers" / "newsletter"
    named = re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE)
    patterns = {name: re.sub(r"\b[NFTC]\b", "*", name) for name in named}
    missing = {name for name, pattern in patterns.items() if not list(ledger.glob(pattern))}
    assert missing == {"journal-N.log"}
