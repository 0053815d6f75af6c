"""Frames made fit to be shown: personal values masked, cells as text."""

from collections.abc import Callable

import polars as pl

from activation_platform.contracts.redaction import mask, mask_text
from activation_platform.sync.inventory import KeyStory

__all__ = ["cell", "hidden_story", "masked"]

_HIDING: dict[str, Callable[[str], str]] = {"key": mask, "identifier": mask, "reason": mask_text}


def masked(found: pl.DataFrame, *, but: str = "") -> pl.DataFrame:
    """Keys and identifiers as dots, addresses and long numbers taken out of the vendors' words; `but`: a column to leave."""
    hidden = {
        name: _each(found[name], how)
        for name, how in _HIDING.items()
        if name in found.columns and name != but
    }
    return found.with_columns(**hidden)


def hidden_story(story: KeyStory) -> KeyStory:
    """Whoever asks knows the key already; the rest is masked."""
    return KeyStory(*(masked(part, but="key") for part in (story.entry, story.debts, story.history)))


def _each(values: pl.Series, how: Callable[[str], str]) -> pl.Series:
    return pl.Series(
        values.name, [None if value is None else how(value) for value in values], dtype=pl.String
    )


def cell(value: object) -> str:
    """A value of a frame in a table: nothing for null, a moment to the minute."""
    if value is None:
        return ""
    return f"{value:%Y-%m-%d %H:%M}" if hasattr(value, "strftime") else str(value)
