"""Pictures of an analysis: bars, and an UpSet plot, as SVG in a data URI, which is how the Dagster UI shows pictures in Markdown.

A library that draws brings fonts, renderers and tens of megabytes; these are rectangles, circles and words.
"""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["Bar", "bars", "upset"]

_INK, _FAINT, _FILL = "#231f1b", "#d8d4cf", "#4f43dd"
_LABEL, _BAR, _TOLD = 200, 320, 120
"""Widths: of what stands left of a bar, of the longest bar, of what stands right of it."""
_LINE, _COLUMN, _TALLEST = 24, 48, 140
_MOST_LABEL = 28


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; `told` stands at its end."""

    label: str
    amount: int
    told: str


def bars(of: Sequence[Bar]) -> str:
    """Horizontal bars, one below the other; the greatest fills the width."""
    greatest = max((bar.amount for bar in of), default=0) or 1
    return _picture(_LABEL + _BAR + _TOLD, _LINE * len(of) + 8, _lying(of, greatest))


def _lying(of: Sequence[Bar], greatest: int) -> Iterator[str]:
    for number, bar in enumerate(of):
        top, width = number * _LINE + 4, round(_BAR * bar.amount / greatest)
        yield _text(_LABEL - 8, top + 16, bar.label, "end")
        yield _box(_LABEL, top + 4, width, _LINE - 8)
        yield _text(_LABEL + width + 6, top + 16, bar.told, "start")


def upset(names: Sequence[str], columns: Sequence[tuple[Sequence[bool], int]]) -> str:
    """An UpSet plot: below each bar, dots say of which of the sets it counts what these alone have in common.

    https://doi.org/10.1109/TVCG.2014.2346248
    """
    height = _TALLEST + 24 + _LINE * len(names) + 8
    return _picture(_LABEL + _COLUMN * len(columns) + 8, height, _standing(names, columns))


def _standing(names: Sequence[str], columns: Sequence[tuple[Sequence[bool], int]]) -> Iterator[str]:
    greatest = max((amount for _, amount in columns), default=0) or 1
    floor = _TALLEST + 20
    for line, name in enumerate(names):
        yield _text(_LABEL - 8, floor + line * _LINE + 20, name, "end")
    for number, (within, amount) in enumerate(columns):
        middle, tall = _LABEL + number * _COLUMN + _COLUMN // 2, round(_TALLEST * amount / greatest)
        yield _box(middle - 12, floor - tall, 24, tall)
        yield _text(middle, floor - tall - 4, _short(amount), "middle")
        dots = [floor + line * _LINE + 16 for line in range(len(names))]
        joined = [dot for dot, there in zip(dots, within, strict=True) if there]
        yield f'<path d="M{middle} {joined[0]}V{joined[-1]}" stroke="{_INK}" stroke-width="3"/>'
        for dot, there in zip(dots, within, strict=True):
            yield f'<circle cx="{middle}" cy="{dot}" r="6" fill="{_INK if there else _FAINT}"/>'


def _short(amount: int) -> str:
    """A count in at most six characters."""
    for unit, size in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if amount >= 10 * size or (amount >= size and size > 10**3):
            return f"{amount / size:.3g}{unit}" if amount < 1000 * size else f"{amount // size}{unit}"
    return str(amount)


def _box(left: int, top: int, width: int, height: int) -> str:
    return f'<rect x="{left}" y="{top}" width="{width}" height="{height}" rx="2" fill="{_FILL}"/>'


def _text(x: int, y: int, words: str, anchor: str) -> str:
    cut = words if len(words) <= _MOST_LABEL else f"{words[: _MOST_LABEL - 1]}…"
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{escape(cut)}</text>'


def _picture(width: int, height: int, parts: Iterator[str]) -> str:
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" '
        f'font-size="13" fill="{_INK}"><rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>'
    )
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
