"""What is told of records made fit to be shown: personal values masked, cells as text."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import polars as pl

from activation_platform.contracts.redaction import mask, mask_text
from activation_platform.sync.inventory import KeyStory

__all__ = ["cell", "hidden", "hidden_story"]

_HIDING: Mapping[str, Callable[[str], str]] = {"key": mask, "identifier": mask, "reason": mask_text}


def hidden(row: Mapping[str, Any], *, but: Collection[str] = ()) -> dict[str, Any]:
    """Keys and identifiers as dots, addresses and long numbers taken out of the vendors' words; `but`: columns to leave."""
    return {
        name: how(value) if value is not None and name not in but and (how := _HIDING.get(name)) else value
        for name, value in row.items()
    }


def hidden_story(story: KeyStory, *, but: Collection[str] = ()) -> KeyStory:
    """Whoever asks knows the key already; the rest is masked, `but` for these columns."""
    return KeyStory(*(_masked(part, ("key", *but)) for part in (story.entry, story.debts, story.history)))


def _masked(found: pl.DataFrame, but: Collection[str]) -> pl.DataFrame:
    return pl.DataFrame([hidden(row, but=but) for row in found.iter_rows(named=True)], schema=found.schema)


def cell(value: object) -> str:
    """A value of a frame in a table: nothing for null, a moment to the minute."""
    if value is None:
        return ""
    return f"{value:%Y-%m-%d %H:%M}" if hasattr(value, "strftime") else str(value)
