"""Beside DuckDB: `EXCEPT` on all columns, and a full join with DuckDB's own hash, which another version computes otherwise."""

from typing import Any

import duckdb

from benchmarks import people
from benchmarks.cell import call, interleaved, middle
from benchmarks.engine import ours, without_libraries
from benchmarks.registry import Result, figure

__all__ = ["except_on_all_columns", "full_join_on_a_hash", "remember_hashes"]

_ROWS = 10_000_000
_COLUMNS = ", ".join((people.KEY, *people.COLUMNS))


def except_on_all_columns(today: str, yesterday: str) -> list[Any]:
    """What is in today's frame and not in yesterday's, and the keys that are gone. It needs the whole of yesterday's frame."""
    connection = duckdb.connect()
    connection.execute(f"create table changed as from {_files(today)} except from {_files(yesterday)}")
    connection.execute(
        f"create table gone as select {people.KEY} from {_files(yesterday)} except select {people.KEY} from {_files(today)}"  # noqa: S608
    )
    return [connection.table(name).count("*").fetchall()[0][0] for name in ("changed", "gone")]


def remember_hashes(yesterday: str, state: str) -> None:
    """The state of the full join: every key with the hash of its row."""
    with duckdb.connect(state) as connection:
        connection.execute(
            f"create or replace table state as select {people.KEY}, hash({_COLUMNS}) as hash from {_files(yesterday)}"  # noqa: S608
        )


def full_join_on_a_hash(today: str, state: str) -> list[Any]:
    """Changed rows with all their columns, and the keys that are gone."""
    connection = duckdb.connect(state, read_only=True)
    connection.execute(
        f"create temp table changed as select today.*, state.{people.KEY} as was "  # noqa: S608
        f"from (select *, hash({_COLUMNS}) as hash from {_files(today)}) as today "
        f"full join state on today.{people.KEY} = state.{people.KEY} where today.hash is distinct from state.hash"
    )
    counted = f"select count({people.KEY}), count(*) - count({people.KEY}) from changed"  # noqa: S608
    return list(connection.execute(counted).fetchall()[0])


@figure("vs_except_duckdb", "vs_duckdb_unstable_hash")
def beside_duckdb() -> list[Result]:
    """Our plan and commit, both of DuckDB's ways, and again."""
    today, yesterday = people.path(_ROWS, "today"), people.path(_ROWS, "yesterday")
    state = people.cache() / f"people-{_ROWS}" / "state.duckdb"
    remember_hashes(str(yesterday), str(state))
    cells = interleaved(
        {
            "plan": ours(_ROWS),
            "except": call(except_on_all_columns, today, yesterday),
            "hash": call(full_join_on_a_hash, today, state),
        }
    )
    found = [people.updated(_ROWS) + people.new(_ROWS), people.gone(_ROWS)]
    assert all(cell.value == found for name in ("except", "hash") for cell in cells[name])
    mine = without_libraries(cells["plan"])
    theirs = {name: middle(cells[name]) for name in ("except", "hash")}
    said = f"plan and commit among 10 million records: CPU {mine:.2f} s without the normalising libraries"
    return [
        Result(
            "vs_except_duckdb",
            round(theirs["except"].cpu / mine, 2),
            "times",
            f"{said}; EXCEPT on all columns in DuckDB {theirs['except'].cpu:.2f} s, {theirs['except'].anonymous:.1f} GiB, "
            "and it needs the whole of yesterday's frame (CPU of theirs / ours)",
        ),
        Result(
            "vs_duckdb_unstable_hash",
            round(mine / theirs["hash"].cpu, 2),
            "times",
            f"{said}; full join on DuckDB's own hash, which changes between versions, {theirs['hash'].cpu:.2f} s "
            "(CPU of ours / theirs)",
        ),
    ]


def _files(folder: str) -> str:
    return f"read_parquet('{folder}/part-*.parquet')"
