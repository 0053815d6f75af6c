"""What a run holds in memory where the rows stay in their warehouse, a PostgreSQL: it must not grow with them."""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from activation_platform.sources.delta import DeltaTable
from activation_platform.sources.postgres import Postgres
from activation_platform.sources.relation import Relation
from activation_platform.sync.folder import Folder
from activation_platform.sync.in_warehouse import InWarehouse
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.mapping import bind
from activation_platform.sync.order import RunOrder
from activation_platform.sync.planning import make_plan
from activation_platform_tests.postgres_server import SETTINGS, PostgreSQLServer, serving
from benchmarks import people
from benchmarks.cell import Cell, call, measure
from benchmarks.engine import accept
from benchmarks.ledgers import MAPPING, activation, ledger_of
from benchmarks.registry import Result, figure

__all__ = ["run"]

_CHANGED = 1_000
_FEW, _MANY = 100_000, 10_000_000
_MIB = 1024
_CHANGE = """update people set orders = orders + 1
where customer_id in (select customer_id from people order by customer_id limit 1000)"""


def run(port: int, user: str, password: str, database: str, ledger: str) -> dict[str, int]:
    """Find out in the warehouse what differs, plan it, remember that all was accepted, seal, merge; returns the operations."""
    source = Postgres(host="127.0.0.1", port=port, database=database, user=user, password=password)
    relation = Relation.of(source, "select * from people", None)
    book, what = Ledger(Folder(Path(ledger))), activation()
    room = book.folder.scratch("fetched")
    rows = InWarehouse(DeltaTable(source, relation, database), room)
    order = RunOrder("run", "today", datetime(2026, 1, 2, tzinfo=UTC), snapshot=2, rows=rows)
    book.begin(partition=order.partition, engine="warehouse", delta=rows.token(book.manifest.delta))
    mapping = bind(MAPPING, what.service, relation.schema)
    plan = make_plan(relation.scan(source), what, mapping, book, order, book.now())
    accept(plan, what, book)
    book.seal(null_keys=plan.null_keys, full_done=True)
    assert rows.merge(book) == []
    shutil.rmtree(room)
    return {name: getattr(plan.counts, name) for name in ("insert", "update", "delete")}


@figure("warehouse_rss_mib")
def memory() -> list[Result]:
    """The peak among few rows and among many, of which as many changed."""
    with serving({**SETTINGS, "shared_buffers": "2GB", "work_mem": "512MB"}) as server:
        few, many = (_measured(server, rows) for rows in (_FEW, _MANY))
    held = f"{few.anonymous * _MIB:.0f} MiB among {_FEW:,}"
    mapped = f"{many.resident * _MIB:.0f} and {few.resident * _MIB:.0f} MiB"
    return [
        Result(
            "warehouse_rss_mib",
            round(many.anonymous * _MIB),
            "MiB",
            f"peak anonymous memory of a run with engine: warehouse (difference, plan, commit, merge) in which {_CHANGED:,} of "
            f"{_MANY // 1_000_000} million rows of a PostgreSQL changed; {held}; VmHWM, which counts mapped files, {mapped}; "
            f"wall {many.wall:.0f} and {few.wall:.0f} s",
        )
    ]


def _measured(server: PostgreSQLServer, rows: int) -> Cell:
    database, ledger = f"of_{rows}", ledger_of(rows, f"ledger-{os.getpid()}")
    server.run(f"create database {database}")
    _load(server.uri(database), rows)
    server.run("analyze people", database=database)
    order = call(run, server.port, server.user, server.password, database, ledger)
    first = measure(order)  # the warehouse sees the rows for the first time
    assert not any(first.value.values())
    server.run(_CHANGE, database=database)
    cell = measure(order)
    assert cell.value == {"insert": 0, "update": _CHANGED, "delete": 0}
    return cell


def _load(uri: str, rows: int) -> None:
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(uri) as connection, connection.cursor() as cursor:
        for part in sorted(people.path(rows, "yesterday").glob("part-*.parquet")):
            cursor.adbc_ingest("people", pl.read_parquet(part).to_arrow(), mode="create_append")
        connection.commit()
