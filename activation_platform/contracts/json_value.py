"""A value within a JSON document: the path that leads to it, what it is read as, and the mark of it in a tree of SQL."""

import json
import re
from dataclasses import dataclass
from enum import StrEnum

from sqlglot import exp

__all__ = [
    "DAY",
    "FINER",
    "LARGEST_INTEGER",
    "MOMENT",
    "MOST_BRACKETS",
    "NUL",
    "TINY",
    "WITHOUT_ZONE",
    "JsonPath",
    "JsonType",
    "JsonValue",
]

MOST_BRACKETS = 5_000
"""How many `[` and `{` a document may have, wherever they stand: parsers end at a depth of their own, some with an error."""
LARGEST_INTEGER = 2**53 - 1
"""The largest whole number that every reader of JSON holds exactly, as the smallest is its negative (RFC 8259, section 6)."""

_TIME = "[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]+)?"
_REST = f"-[0-9]{{2}}-[0-9]{{2}}{_TIME}"
DAY = "^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}$"
"""A day as text, which the calendar may still not have."""
MOMENT = f"^([1-9][0-9]{{3}}{_REST}(Z|[+-]00:00)?|([1-8][0-9]|9[0-8])[0-9]{{2}}{_REST}[+-](0[0-9]|1[0-4]):[0-5][0-9])$"
"""A moment as text (RFC 3339), likewise; no offset leads beyond the year 9999."""
NUL = r"(^|[^\\])(\\\\)*\\u0000"
"""The escape of the character that no database holds, wherever it is in a document."""
TINY = r"^-?0[.][0-9]+$|^-?[0-9.]{1,255}[eE]-"
"""Among the numbers that are no 64-bit float to an engine, those that are nearest to 0."""
WITHOUT_ZONE = (r"^(.{19}([.][0-9]+)?)$", r"\1Z")
"""What to replace in a moment that has no offset, and by what: it is in UTC."""
FINER = (r"([.][0-9]{6})[0-9]+", r"\1")
"""What to replace in a moment that has more digits than microseconds, and by what."""

_STEP = re.compile(
    r"""\.(?P<name>[A-Za-z_][A-Za-z0-9_]*) | \[(?P<index>0|[1-9][0-9]{0,8})\] | \[(?P<key>"(?:[^"\\]|\\.)*")\]""",
    re.VERBOSE,
)
_MARK = "json"


class JsonType(StrEnum):
    """What a value is read as; anything else that stands there is null."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    TEXTS = "list of text"


@dataclass(frozen=True, slots=True)
class JsonPath:
    """The way from the whole document to one value: keys of objects (text) and places in arrays (from 0)."""

    steps: tuple[str | int, ...]

    @classmethod
    def parse(cls, text: str) -> "JsonPath":
        """Read a path such as `$.address["zip code"][0]`; raises ValueError that says how to write it."""
        steps: list[str | int] = []
        place = 1
        if not text.startswith("$"):
            raise ValueError(
                f"{text!r} is no path: it begins with $, the whole document, as in $.address.city"
            )
        while place < len(text):
            found = _STEP.match(text, place)
            if found is None:
                raise ValueError(
                    f"{text!r} is no path from {text[place:]!r} on: it goes on with .name, [0] (the first one) or "
                    '["any key"], and leads to one value'
                )
            steps.append(_step(found))
            place = found.end()
        return cls(tuple(steps))

    def __str__(self) -> str:
        return "$" + "".join(map(_written, self.steps))


def _step(found: re.Match[str]) -> str | int:
    if found["index"] is not None:
        return int(found["index"])
    if found["name"] is not None:
        return found["name"]
    try:
        return str(json.loads(found["key"]))
    except ValueError:
        raise ValueError(f"{found['key']} is no key: write it as a JSON string") from None


def _written(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    plain = _STEP.fullmatch(f".{step}")
    return plain[0] if plain else f"[{json.dumps(step, ensure_ascii=False)}]"


@dataclass(frozen=True, slots=True)
class JsonValue:
    """What stands in a document (a column of text) at a path; null where it is not of the type."""

    document: exp.Expr
    path: JsonPath
    type: JsonType

    @staticmethod
    def marked(words: exp.Expr, path: JsonPath, kind: JsonType) -> exp.Paren:
        """DuckDB's words for a value, of which a dialect can tell what they mean; their one column is the document."""
        node = exp.Paren(this=words)
        node.meta[_MARK] = path, kind
        return node

    @classmethod
    def meant(cls, node: exp.Expr) -> "JsonValue | None":
        """What a node of a tree means, if it is such a value."""
        mark = node.meta.get(_MARK) if isinstance(node, exp.Paren) else None
        document = None if mark is None else node.find(exp.Column)
        return None if mark is None or document is None else cls(document, *mark)
