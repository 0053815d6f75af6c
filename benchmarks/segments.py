"""What a segment costs: 10 million customers with 50 million orders, beside a query by hand for the same rows."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from activation_platform.segmentation.conditions import read
from activation_platform.segmentation.evaluate import Snapshots, evaluate
from activation_platform.segmentation.scope import Link, Model, Scope
from benchmarks import people
from benchmarks.cell import call, interleaved, middle
from benchmarks.registry import Result, figure

__all__ = ["by_hand", "ours", "shop"]

_CUSTOMERS, _ORDERS_EACH = 10_000_000, 5
_PART_ROWS = 500_000
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_CONDITION = {
    "all": [
        {"has": "orders", "at_least": 2, "in_last": "90 days"},
        {"field": "country", "in": ["FR", "BE"]},
        {"field": "email", "is_null": False},
    ]
}
_BY_HAND = """
copy (
    select customers.*
    from read_parquet('{shop}/customers/*.parquet') as customers
    join (
        select customer
        from read_parquet('{shop}/orders/*.parquet')
        where placed > timestamptz '2025-10-03 00:00:00+00' and placed <= timestamptz '2026-01-01 00:00:00+00'
        group by customer
        having count(*) >= 2
    ) as buyers on buyers.customer = customers.id
    where country in ('FR', 'BE') and email is not null
) to '{to}' (format parquet, compression zstd)
"""
_MADE = {
    "customers": """
        select
            i as id,
            ['FR', 'DE', 'BE', 'ES', 'IT'][1 + (hash(i, 'country') % 5)::int] as country,
            case when hash(i, 'email') % 10 > 0 then 'customer' || i || '@example.org' end as email,
            'Name ' || hash(i, 'name') % 100000 as name,
            (hash(i, 'spent') % 100000) / 100.0 as spent
        from range({low}, {high}) as rows(i)
    """,
    "orders": """
        select
            i as id,
            (hash(i, 'customer') % {customers})::bigint as customer,
            timestamptz '2024-01-01 00:00:00+00' + to_seconds((hash(i, 'placed') % 63158400)::bigint) as placed,
            (hash(i, 'total') % 10000) / 100.0 as total
        from range({low}, {high}) as rows(i)
    """,
}
"""Orders over two years, so that an eighth of them lies in the window. DuckDB's hash is stable within one version of it."""


def shop(customers: int) -> Path:
    """The snapshots of a shop, made once: Parquet parts of 500,000 rows, Zstandard, in no order that helps anybody."""
    folder = people.cache() / f"shop-{customers}"
    if not folder.exists():
        beside = folder.with_name(f".{folder.name}")
        for model, query in _MADE.items():
            (beside / model).mkdir(parents=True, exist_ok=True)
            rows = customers * (_ORDERS_EACH if model == "orders" else 1)
            for number, low in enumerate(range(0, rows, _PART_ROWS)):
                made = query.format(low=low, high=min(low + _PART_ROWS, rows), customers=customers)
                part = beside / model / f"part-{number:06}.parquet"
                duckdb.sql(f"copy ({made}) to '{part}' (format parquet, compression zstd)")
        beside.rename(folder)
    return folder


def ours(folder: str) -> int:
    """The segment as a run makes it: evaluated, and its rows written; returns how many there are."""
    files = {model: sorted(Path(folder, model).glob("part-*.parquet")) for model in _MADE}
    models = {
        "customers": Model(None, ("id",), None, {"orders": Link("orders", (("id", "customer"),))}),
        "orders": Model(None, ("id",), "placed"),
    }
    frame = evaluate(read(_CONDITION), Snapshots(files, Scope("customers", models)), now=_NOW)
    frame.sink_parquet(Path(folder, "ours.parquet"), maintain_order=True)
    return _rows(Path(folder, "ours.parquet"))


def by_hand(folder: str) -> int:
    """The same rows by one query of DuckDB."""
    to = Path(folder, "by_hand.parquet")
    duckdb.sql(_BY_HAND.format(shop=folder, to=to))
    return _rows(to)


def _rows(file: Path) -> int:
    return int(pl.scan_parquet(file).select(pl.len()).collect().item())


@figure("segment_vs_by_hand_10m", "segment_rss_gib_10m")
def related() -> list[Result]:
    """A segment about related rows."""
    folder = shop(_CUSTOMERS)
    cells: dict[str, Any] = interleaved({"by hand": call(by_hand, folder), "ours": call(ours, folder)})
    mine, hand = middle(cells["ours"]), middle(cells["by hand"])
    assert mine.value == hand.value > 0
    what = f"at least 2 orders in the last 90 days, country in (FR, BE), e-mail not null: {mine.value:,} of 10 million customers"
    return [
        Result(
            "segment_vs_by_hand_10m",
            round(mine.wall / hand.wall, 2),
            "times",
            f"{what}, with 50 million orders; wall {mine.wall:.1f} s against {hand.wall:.1f} s of a DuckDB query by hand, "
            f"CPU {mine.cpu:.1f} s and {hand.cpu:.1f} s",
        ),
        Result(
            "segment_rss_gib_10m",
            round(mine.anonymous, 2),
            "GiB",
            f"peak anonymous memory of the same; VmHWM, which counts mapped files, {mine.resident:.2f} GiB; by hand "
            f"{hand.anonymous:.2f} GiB",
        ),
    ]
