"""The data: people by fixed seed, as yesterday's frame and today's: 1 % updated, 0.5 % new, 0.5 % gone, shuffled.

A key of 24 characters and twelve columns to map, among them an e-mail address and a phone number. Written as snapshots are:
Parquet files of 500,000 rows, Zstandard level 1.
"""

import os
import shutil
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

__all__ = ["COLUMNS", "KEY", "cache", "gone", "new", "path", "people", "updated"]

KEY = "customer_id"
COLUMNS = (
    "email", "phone", "language", "region", "timezone", "first_name", "last_name", "city", "tier", "orders", "spent",
    "last_order_on",
)  # fmt: skip
PART_ROWS = 500_000
_SEED = 20_260_101

_FIRST = [
    "Ada",
    "Alan",
    "Carl",
    "Cleo",
    "Emma",
    "Greta",
    "Hugo",
    "Ivan",
    "Jana",
    "Karl",
    "Liam",
    "Mara",
    "Nils",
    "Nora",
]
_LAST = [
    "Adler",
    "Berger",
    "Costa",
    "Dubois",
    "Fischer",
    "Garcia",
    "Jansen",
    "Keller",
    "Lopez",
    "Martin",
    "Novak",
]
_CITIES = [
    "Amsterdam",
    "Berlin",
    "Brussels",
    "Lisbon",
    "Lyon",
    "Madrid",
    "Milan",
    "Nantes",
    "Oslo",
    "Paris",
    "Prague",
]
_ZONES = [
    "Europe/Amsterdam",
    "Europe/Berlin",
    "Europe/Lisbon",
    "Europe/Madrid",
    "Europe/Paris",
    "Europe/Rome",
]

Ids = npt.NDArray[np.uint64]


def cache() -> Path:
    """Where data and ledgers are kept between measurements: `$BENCHMARKS`, by default `.benchmarks`."""
    folder = Path(os.environ.get("BENCHMARKS", ".benchmarks")).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def gone(rows: int) -> int:
    """How many of yesterday's rows are gone today; the same number is new."""
    return rows // 200


new = gone


def updated(rows: int) -> int:
    """How many of yesterday's rows have other values today."""
    return rows // 100


def path(rows: int, day: str) -> Path:
    """Folder of the frame of `yesterday` or `today`, of this many rows; made when it is first asked for."""
    folder = cache() / f"people-{rows}" / day
    if not folder.exists():
        beside = folder.with_name(f".{day}")
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        # Yesterday's people are 0 … rows; today the first ones are gone, the next ones updated, and some follow the last.
        first = gone(rows) if day == "today" else 0
        ids = np.arange(first, first + rows, dtype=np.uint32)
        np.random.default_rng([_SEED, first]).shuffle(ids)
        for number, start in enumerate(range(0, rows, PART_ROWS)):
            part = ids[start : start + PART_ROWS].astype(np.uint64)
            changed = (
                (part < first + updated(rows)) if day == "today" else np.zeros(len(part), dtype=np.bool_)
            )
            people(part, changed).write_parquet(
                beside / f"part-{number:05}.parquet", compression="zstd", compression_level=1
            )
        beside.rename(folder)
    return folder


def people(ids: Ids, changed: npt.NDArray[np.bool_]) -> pl.DataFrame:
    """The rows of these people; those that `changed` have bought once more."""
    number = _mixed(ids, 2) % 10_000
    first, last = _chosen(_FIRST, ids, 3), _chosen(_LAST, ids, 4)
    language = _chosen(["de", "en", "es", "fr", "it", "nl", "pt"], ids, 5)
    orders = (_mixed(ids, 9) % 40 + changed).astype(np.int64)
    return pl.DataFrame({"first_name": first, "last_name": last, "language": language}).select(
        _hex(_mixed(ids, 0)).alias(KEY),
        email=pl.format(
            "{}.{}{}@example.com",
            pl.col("first_name").str.to_lowercase(),
            pl.col("last_name").str.to_lowercase(),
            pl.Series(number),
        ),
        phone="+336" + pl.Series(_mixed(ids, 1) % 90_000_000 + 10_000_000).cast(pl.String),
        language="language",
        region=pl.col("language").str.to_uppercase(),
        timezone=_chosen(_ZONES, ids, 6),
        first_name="first_name",
        last_name="last_name",
        city=_chosen(_CITIES, ids, 7),
        tier=_chosen(["bronze", "gold", "none", "silver"], ids, 8),
        orders=pl.Series(orders),
        spent=pl.Series(np.round(orders * 1.07 + _mixed(ids, 10) % 100_000 / 100, 2)),
        last_order_on=pl.Series((_mixed(ids, 11) % 1_500 + 19_000 + changed).astype(np.int32)).cast(pl.Date),
    )


def _mixed(ids: Ids, column: int) -> Ids:
    """Sixty-four well mixed bits per person and column (SplitMix64)."""
    z = (ids * np.uint64(16) + np.uint64(column + _SEED)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def _chosen(words: list[str], ids: Ids, column: int) -> pl.Series:
    return pl.Series(words).gather(_mixed(ids, column) % np.uint64(len(words)))


def _hex(numbers: Ids) -> pl.Series:
    """Keys of 24 characters: `customer` and sixteen hexadecimal digits."""
    raw = pa.Array.from_buffers(
        pa.binary(8), len(numbers), [None, pa.py_buffer(numbers.astype(">u8").tobytes())]
    )
    digits = pl.Series("digits", pa.array(raw).cast(pa.large_binary())).bin.encode("hex")
    return digits.to_frame().select("customer" + pl.col("digits")).to_series()
