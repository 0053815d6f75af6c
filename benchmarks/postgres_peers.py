"""Beside PostgreSQL: state kept row by row, as engines do that look every record up, and `EXCEPT` on all columns.

The row-by-row engine is a model of what Multiwoven 0.124 does (github.com/Multiwoven/multiwoven: extractors/incremental_delta.rb,
loaders/standard.rb), in five threads: a page of the source by LIMIT and OFFSET on a new connection; per row a SHA-1 of its JSON,
a look-up by its key, and one committed insert or update if it differs; then one committed update per record sent. It is kinder
than the original: no framework, no log lines, prepared statements, and a server that syncs nothing and whose CPU is not counted.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import polars as pl

from activation_platform_tests.postgres_server import SETTINGS, serving
from benchmarks import people
from benchmarks.cell import call, interleaved, middle
from benchmarks.engine import ours
from benchmarks.ledgers import frame
from benchmarks.libpq import Connection, Row
from benchmarks.registry import Result, figure

__all__ = ["except_on_all_columns", "row_by_row"]

_ROWS, _FEW = 1_000_000, 50_000
_PAGE, _THREADS = 10_000, 5
_TABLE = """create table sync_records (
    id bigserial primary key, sync_id int, sync_run_id int, record jsonb, fingerprint varchar, created_at timestamp default now(),
    updated_at timestamp default now(), action int, primary_key varchar, status int default 0, logs jsonb,
    unique (sync_id, fingerprint), unique (sync_id, primary_key))"""
_STATEMENTS = {
    "find": "select * from sync_records where sync_id = 1 and primary_key = $1 limit 1",
    "insert": "insert into sync_records (sync_id, sync_run_id, primary_key, fingerprint, record, action) "
    "values (1, 2, $1, $2, $3, 0)",
    "update": "update sync_records set sync_run_id = 2, fingerprint = $2, record = $3, action = 1, status = 0, "
    "updated_at = now() where sync_id = 1 and primary_key = $1",
    "pending": "select id, primary_key from sync_records where sync_id = 1 and sync_run_id = 2 and status = 0 and id > $1 "
    "order by id limit 1000",
    "sent": "update sync_records set status = 1, logs = $2 where id = $1",
}
_LOGS = json.dumps({"request": "r" * 130, "response": "r" * 130})


def row_by_row(uri: str) -> list[int]:
    """One run of the model; returns how many rows it read, wrote and sent. It never notices what is gone."""
    connections = [_prepared(uri) for _ in range(_THREADS)]
    with ThreadPoolExecutor(_THREADS) as threads:

        def each(work: Callable[[Connection, Row], int], rows: Sequence[Row]) -> int:
            shares = [rows[n::_THREADS] for n in range(_THREADS)]
            done = threads.map(lambda c, share: sum(work(c, row) for row in share), connections, shares)
            return sum(done)

        read = written = sent = 0
        while page := _page(uri, read):
            read += len(page)
            written += each(_extract, page)
        last = "0"
        while pending := connections[0].execute("pending", last):
            last = str(pending[-1][0])
            sent += each(_load, pending)
    for connection in connections:
        connection.close()
    return [read, written, sent]


def _prepared(uri: str) -> Connection:
    connection = Connection(uri)
    for name, statement in _STATEMENTS.items():
        connection.prepare(name, statement)
    return connection


def _page(uri: str, offset: int) -> list[Row]:
    connection = Connection(uri)
    rows = connection.query(f"select * from today limit {_PAGE} offset {offset}")  # noqa: S608
    connection.close()
    return rows


def _extract(connection: Connection, row: Row) -> int:
    record = json.dumps(dict(zip((people.KEY, *people.COLUMNS), row, strict=True)))
    fingerprint = hashlib.sha1(record.encode(), usedforsecurity=False).hexdigest()
    found = connection.execute("find", row[0])
    if found and found[0][4] == fingerprint:
        return 0
    connection.execute("update" if found else "insert", row[0], fingerprint, record)
    return 1


def _load(connection: Connection, row: Row) -> int:
    connection.execute("sent", row[0], _LOGS)
    return 1


def except_on_all_columns(uri: str) -> list[int]:
    """What is in today's table and not in yesterday's, and the keys that are gone."""
    connection = Connection(uri)
    connection.query("create temp table changed as select * from today except select * from yesterday")
    connection.query(
        f"create temp table gone as select {people.KEY} from yesterday except select {people.KEY} from today"  # noqa: S608
    )
    counts = [connection.query(f"select count(*) from {name}")[0][0] for name in ("changed", "gone")]  # noqa: S608
    connection.close()
    return [int(count or 0) for count in counts]


@figure("vs_row_by_row_postgres", "vs_except_postgres")
def beside_postgres() -> list[Result]:
    """Our plan and commit, both of PostgreSQL's ways, and again."""
    roomy = {**SETTINGS, "shared_buffers": "2GB", "work_mem": "1GB"}
    with serving(roomy) as server:
        server.run("create database few", "create database many")
        few, many = server.uri("few"), server.uri("many")
        for day in ("yesterday", "today"):
            _copy(many, day, _ROWS)
        _copy(few, "today", _FEW)
        cells = interleaved(
            {
                "plan": ours(_ROWS),
                "row by row": call(row_by_row, few, prepare=lambda: _remember_yesterday(few)),
                "except": call(except_on_all_columns, many),
            }
        )
    changed = people.updated(_FEW) + people.new(_FEW)
    assert all(cell.value == [_FEW, changed, changed] for cell in cells["row by row"])
    mine, single, whole = (middle(cells[name]) for name in ("plan", "row by row", "except"))
    each, theirs, set_based = mine.wall / _ROWS, single.wall / _FEW, whole.wall / _ROWS
    said = f"{each * 1e6:.2f} µs a record for plan and commit among 1 million, normalising included"
    return [
        Result(
            "vs_row_by_row_postgres",
            round(theirs / each),
            "times",
            f"{said}; {theirs * 1e6:.0f} µs for a model of row-by-row state in PostgreSQL "
            f"among {_FEW:,}, which finds no deletes (wall)",
        ),
        Result(
            "vs_except_postgres",
            round(set_based / each, 1),
            "times",
            f"{said}; {set_based * 1e6:.2f} µs for EXCEPT on all columns in PostgreSQL, both days loaded before (wall)",
        ),
    ]


def _copy(uri: str, day: str, rows: int) -> None:
    frame(people.path(rows, day)).collect().write_database(day, uri, engine="adbc", if_table_exists="replace")


def _remember_yesterday(uri: str) -> None:
    """The state that the model's run of yesterday left."""
    _copy(uri, "yesterday", _FEW)
    connection = Connection(uri)
    connection.query(f"drop table if exists sync_records; {_TABLE}")
    known = [
        (str(row[0]), json.dumps(dict(zip((people.KEY, *people.COLUMNS), row, strict=True))))
        for row in connection.query("select * from yesterday")
    ]
    state: dict[str, Any] = {
        "primary_key": [key for key, _ in known],
        "record": [record for _, record in known],
        "fingerprint": [
            hashlib.sha1(record.encode(), usedforsecurity=False).hexdigest() for _, record in known
        ],
    }
    pl.DataFrame(state).write_database("known", uri, engine="adbc", if_table_exists="replace")
    connection.query(
        "insert into sync_records (sync_id, sync_run_id, primary_key, fingerprint, record, action, status) "
        "select 1, 1, primary_key, fingerprint, record::jsonb, 0, 1 from known; analyze"
    )
    connection.close()
