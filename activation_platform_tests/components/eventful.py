"""Orders that happened, hour by hour, and an activation that adds each of them to a table once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from activation_platform_tests.components.project import Project

TOLD = "activations/archive/told"

WORKSPACE = """\
type: activation_platform.SourceComponent
attributes:
  name: log
  kind: duckdb
  settings: {path: env:LOG_FILE}
---
type: activation_platform.ModelComponent
attributes:
  name: orders
  source: log
  table: orders
  kind: events
  primary_key: id
  event_time: ts
  columns: {id: integer, ts: timestamp with time zone, what: text}
---
type: activation_platform.DestinationComponent
attributes:
  name: archive
  platform: database
  settings: {url: env:ARCHIVE_URL}
---
type: activation_platform.ActivationComponent
attributes:
  name: told
  model: orders
  destination: archive
  service: events
  options: {table: told, key: id}
  mapping: {id: id, what: what}
  late: 1h
  keep: 9999d
  schedule: {every: 1h, start: 2026-01-01}
"""


@dataclass
class Shop:
    """The warehouse in which orders happen, and the table in which they are told."""

    log: Path
    archive: Path

    def happened(self, orders: Iterable[tuple[int, datetime]]) -> None:
        """Make the warehouse hold exactly these orders."""
        beside = self.log.with_suffix(".new")
        beside.unlink(missing_ok=True)
        with duckdb.connect(str(beside)) as connection:
            connection.execute("create table orders (id bigint, ts timestamptz, what text)")
            rows = [[number, at, f"order {number}"] for number, at in orders]
            if rows:
                connection.executemany("insert into orders values (?, ?, ?)", rows)
        beside.replace(self.log)

    def told(self) -> list[int]:
        """The orders in the table, in order; one that is there twice is there twice."""
        with duckdb.connect(str(self.archive)) as connection:
            return [number for (number,) in connection.execute("select id from told order by id").fetchall()]


def open_shop(folder: Path, patch: pytest.MonkeyPatch) -> Shop:
    """A shop without orders, and an empty table without an index, which would take an order twice."""
    shop = Shop(folder / "log.duckdb", folder / "archive.duckdb")
    patch.setenv("LOG_FILE", str(shop.log))
    patch.setenv("ARCHIVE_URL", f"duckdb:///{shop.archive}")
    with duckdb.connect(str(shop.archive)) as connection:
        connection.execute("create table told (id bigint, what text)")
    shop.happened([])
    return shop


def eventful(folder: Path) -> Project:
    """The project of the shop."""
    return Project(folder, {"defs.yaml": WORKSPACE})


def metadata(told: dict[str, Any]) -> tuple[int, str]:
    """What a run inserted, and how it ended."""
    return told["inserted"], told["status"]
