"""Verdicts as people read them: values in words, those of people masked, and a tree as lines."""

from collections.abc import Iterator
from typing import Any

from activation_platform.contracts.redaction import mask_text
from activation_platform.segmentation.why import Verdict
from activation_platform.segmentation.words import value_in_words

__all__ = ["lines", "shown"]


def shown(verdict: Verdict, *, clear: bool) -> Verdict:
    """A verdict with the values in words; those of people masked, unless they are asked for."""
    held = {name: _value(value, clear=clear) for name, value in verdict.held.items()}
    parts = tuple(shown(part, clear=clear) for part in verdict.parts)
    return Verdict(verdict.words, verdict.holds, held, parts)


def lines(verdict: Verdict, depth: int = 1) -> Iterator[tuple[str, str, str]]:
    """The lines of a tree that was `shown`: indented yes or no, the condition, what the row holds."""
    held = "; ".join(f"{name}: {value}" for name, value in verdict.held.items())
    answer = "  " * depth + ("yes " if verdict.holds else "no  ")
    yield answer, verdict.words + (":" if verdict.parts else ""), f"  [{held}]" if held else ""
    for part in verdict.parts:
        yield from lines(part, depth + 1)


def _value(value: Any, *, clear: bool) -> str:
    said = value_in_words(value)
    return said if clear or not isinstance(value, str | list) else mask_text(said)
