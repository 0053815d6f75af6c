"""A pass: what a run delivers as one whole, as a service that works in one piece needs to know it."""

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from activation_platform.contracts.modes import Mode

__all__ = ["Pass"]


@dataclass(frozen=True, slots=True)
class Pass:
    """One run's whole delivery, as a service that works in one piece needs to know it.

    `id` is unique among all passes of the ledger; `partition` its key, `instant` its moment (aware, UTC). `schema`: its
    fields, with the types of the values as sent.
    """

    id: str
    mode: Mode
    partition: str
    instant: datetime
    schema: pl.Schema
