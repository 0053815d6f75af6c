"""Pictures of an analysis: bars, and an UpSet plot, as SVG in Markdown, which is where the Dagster UI shows pictures.

A library that draws brings fonts, renderers and tens of megabytes; these are rectangles, circles and words.
"""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["Bar", "bars", "upset"]

_INK, _FAINT, _FILL = "#231f1b", "#d8d4cf", "#4f43dd"
_BAR, _TOLD = 320, 90
"""Widths of the longest bar, and of what stands right of it."""
_LINE, _COLUMN, _TALLEST = 24, 48, 140
_LETTER = 8


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; `told` stands at its end."""

    label: str
    amount: int
    told: str


def bars(of: Sequence[Bar]) -> str:
    """Horizontal bars, one below the other; the greatest fills the width."""
    left = _room([bar.label for bar in of])
    return _picture(left + _BAR + _TOLD, _LINE * len(of) + 8, _lying(of, left))


def _lying(of: Sequence[Bar], left: int) -> Iterator[str]:
    greatest = max((bar.amount for bar in of), default=0) or 1
    for number, bar in enumerate(of):
        top, width = number * _LINE + 4, round(_BAR * bar.amount / greatest)
        yield _text(left - 8, top + 16, bar.label, "end")
        yield _box(left, top + 4, width, _LINE - 8)
        yield _text(left + width + 6, top + 16, bar.told, "start")


def upset(names: Sequence[str], columns: Sequence[tuple[Sequence[bool], int]]) -> str:
    """An UpSet plot: the dots below a bar say of which sets it counts what these, and no others, have in common.

    https://doi.org/10.1109/TVCG.2014.2346248
    """
    left, height = _room(names), _TALLEST + 20 + _LINE * len(names) + 12
    return _picture(left + _COLUMN * len(columns), height, _standing(names, columns, left))


def _standing(
    names: Sequence[str], columns: Sequence[tuple[Sequence[bool], int]], left: int
) -> Iterator[str]:
    greatest = max((amount for _, amount in columns), default=0) or 1
    floor = _TALLEST + 20
    lines = [floor + line * _LINE + 16 for line in range(len(names))]
    for line, name in zip(lines, names, strict=True):
        yield _text(left - 8, line + 4, name, "end")
    for number, (within, amount) in enumerate(columns):
        middle, tall = left + number * _COLUMN + _COLUMN // 2, round(_TALLEST * amount / greatest)
        yield _box(middle - 12, floor - tall, 24, tall)
        yield _text(middle, floor - tall - 4, _short(amount), "middle")
        joined = [line for line, there in zip(lines, within, strict=True) if there]
        yield f'<path d="M{middle} {joined[0]}V{joined[-1]}" stroke="{_INK}" stroke-width="3"/>'
        for line, there in zip(lines, within, strict=True):
            yield f'<circle cx="{middle}" cy="{line}" r="6" fill="{_INK if there else _FAINT}"/>'


def _short(amount: int) -> str:
    """A count in at most six characters, cut and not rounded."""
    for unit, size in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if amount >= max(size, 10_000):
            return f"{10 * amount // size / 10}{unit}"
    return str(amount)


def _box(left: int, top: int, width: int, height: int) -> str:
    return f'<rect x="{left}" y="{top}" width="{width}" height="{height}" rx="2" fill="{_FILL}"/>'


def _text(x: int, y: int, words: str, anchor: str) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{escape(words)}</text>'


def _room(labels: Sequence[str]) -> int:
    """The width of what stands left of all bars."""
    return 16 + _LETTER * max((len(label) for label in labels), default=0)


def _picture(width: int, height: int, parts: Iterator[str]) -> str:
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" '
        f'font-size="13" fill="{_INK}"><rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>'
    )
    return f"![](data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()})"
