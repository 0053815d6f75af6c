"""What reading a PostgreSQL costs, beside connectorx and Polars: two million rows, every digit of their numerics."""

import json
import time
from pathlib import Path
from typing import Any

import polars as pl

from activation_platform.sources.postgres import Postgres
from activation_platform_tests.postgres_server import SETTINGS, serving
from benchmarks.cell import call, interleaved, middle
from benchmarks.environments import environment, told_by
from benchmarks.libpq import Connection
from benchmarks.registry import Result, figure

__all__ = ["connectorx", "polars_database", "read"]

_ROWS = 2_000_000
_QUERY = "select * from people"
_PEOPLE = f"""create table people as
select n as id, 'customer' || lpad(to_hex(n), 16, '0') as customer_id, 'person.' || n || '@example.com' as email,
    '+336' || (10000000 + n) as phone, case when n % 10 > 0 then 'city ' || n % 997 end as city, n % 5 = 0 as vip,
    (n % 40)::int as orders, (n % 1000)::double precision / 7 as score,
    (n * 1234567.000000001)::numeric(24, 9) as spent, (n % 90000 / 100.0)::numeric(10, 2) as last_basket,
    date '2020-01-01' + (n % 1500)::int as last_order_on,
    timestamptz '2024-01-01 00:00:00+00' + n * interval '1 second' as seen_at
from generate_series(1, {_ROWS}) as n"""  # noqa: S608
_MIB = 1024


def read(port: int, user: str, password: str) -> dict[str, Any]:
    """As a model is read: frame by frame; returns rows, seconds, and the sum of a numeric."""
    source = Postgres(host="127.0.0.1", port=port, database="postgres", user=user, password=password)
    started, rows, spent = time.perf_counter(), 0, pl.Series(dtype=pl.Decimal(38, 9))
    for frame in source.read(_QUERY):
        rows += frame.height
        spent = spent.append(frame.select(pl.col("spent").cast(pl.Decimal(38, 9)).sum())["spent"])
        del frame  # or it would live on while the next one is made
    return {"rows": rows, "wall": time.perf_counter() - started, "spent": str(spent.sum())}


def polars_database(uri: str) -> dict[str, Any]:
    """By `polars.read_database` over the driver that we use; returns rows and seconds."""
    from adbc_driver_postgresql import dbapi

    started = time.perf_counter()
    with dbapi.connect(uri) as connection:
        rows = pl.read_database(_QUERY, connection).height
    return {"rows": rows, "wall": time.perf_counter() - started}


def connectorx(uri: str) -> dict[str, Any]:
    """What connectorx's stream cost, by its own process."""
    told: dict[str, Any] = json.loads(told_by(_environment(), "connectorx_read.py", uri, _QUERY))
    return told


def _environment() -> Path:
    return environment("connectorx-0.4.6", "connectorx==0.4.6", "pyarrow==26.0.1")


@figure("read_postgres_vs_connectorx")
def beside_connectorx() -> list[Result]:
    """Ours, connectorx, Polars, and again."""
    _environment()
    with serving({**SETTINGS, "shared_buffers": "1GB"}) as server:
        server.run(_PEOPLE, "vacuum analyze people")
        uri = server.uri("postgres")
        cells = interleaved(
            {
                "ours": call(read, server.port, server.user, server.password),
                "connectorx": call(connectorx, uri),
                "pl.read_database": call(polars_database, uri),
            }
        )
        exact = Connection(uri).query("select sum(spent) from people")[0][0]
    ours = middle(cells["ours"])
    assert ours.value["spent"] == exact
    assert all(cell.value["rows"] == _ROWS for some in cells.values() for cell in some)
    mine, theirs, plain = (
        sorted(cell.value["wall"] for cell in cells[name])[1]
        for name in ("ours", "connectorx", "pl.read_database")
    )
    held = middle(cells["connectorx"]).value["resident"]
    whole = middle(cells["pl.read_database"])
    return [
        Result(
            "read_postgres_vs_connectorx",
            round(theirs / mine, 2),
            "times",
            f"the speed of connectorx 0.4.6 as a stream, {_ROWS // 1_000_000} million rows of 12 columns, two of them numerics, "
            f"of which one is summed to the last digit: {mine:.1f} s, {ours.anonymous * _MIB:.0f} MiB anonymous, "
            f"{ours.resident * _MIB:.0f} MiB resident; connectorx {theirs:.1f} s, {held:.0f} MiB resident; pl.read_database "
            f"{plain:.1f} s, {whole.resident * _MIB:.0f} MiB resident (wall)",
        )
    ]
