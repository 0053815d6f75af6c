"""DuckDB with Redshift's functions for texts and for JSON, as AWS' pages describe them, and PCRE for regular expressions."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import duckdb
from sqlglot import exp

from activation_platform.sources.redshift_json import UNREAD
from activation_platform_tests.sources.pcre import GAVE_UP, match

__all__ = ["REFUSED", "SUPER", "Cluster", "fails"]

REFUSED = "refused"
"""What the answer is of a query that ended as it was meant to."""
SUPER = "\x01"
"""What the JSON of a SUPER that is no text begins with here, in a column of texts."""

TEXT, WHOLE = "VARCHAR", "BIGINT"
SAID = (
    *("REGEXP_SUBSTR", "REGEXP_INSTR", "REGEXP_COUNT", "REGEXP_REPLACE"),
    *("OCTET_LENGTH", "JSON_PARSE", "JSON_SERIALIZE"),
)


def fails(*_: Any) -> str | None:
    raise ValueError("Redshift says no")


def parsed(document: str) -> str | None:
    found = json.loads(document)
    return found if isinstance(found, str) else SUPER + document


@dataclass(frozen=True)
class Cluster:
    """One way to be Redshift. `gives_up`: what PCRE finds when it gives up; `parse`: what a JSON text is as a SUPER."""

    gives_up: Callable[[], str | None] = fails
    parse: Callable[[str], str | None] = parsed

    def told(
        self, documents: Iterable[str | None], values: Iterable[exp.Expr], name: str = "profile"
    ) -> list[tuple[Any, ...]]:
        """What each expression is of each document, in a column of that name; REFUSED where the query would have ended."""
        refused: set[int] = set()
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            # else DuckDB computes what stands there several times, also where it stands for nothing
            connection.execute("SET disabled_optimizers = 'common_subexpressions'")
            connection.create_function(
                "refused",
                lambda row: refused.add(row),
                ["INTEGER"],
                WHOLE,
                null_handling="special",
                side_effects=True,
            )
            for word, function, takes, made in (
                ("regexp_substr", self._found, [TEXT, TEXT, WHOLE, WHOLE, TEXT], TEXT),
                ("regexp_instr", _placed, [TEXT, TEXT, WHOLE, WHOLE, WHOLE, TEXT], WHOLE),
                ("regexp_count", _counted, [TEXT, TEXT, WHOLE, TEXT], WHOLE),
                ("regexp_replace", _replaced, [TEXT, TEXT, TEXT, WHOLE, TEXT], TEXT),
                ("octet_length", _bytes, [TEXT], WHOLE),
                ("json_parse", self._super, [TEXT], TEXT),
                ("json_serialize", _serialized, [TEXT], TEXT),
                ("as_text", _scalar, [TEXT], TEXT),
            ):
                nulls = "special" if function in (self._found, self._super, _scalar) else "default"
                connection.create_function(f"redshift_{word}", function, takes, made, null_handling=nulls)
            held = exp.to_identifier(name, quoted=True).sql(dialect="duckdb")
            connection.execute(f"CREATE TABLE documents (row INTEGER, {held} VARCHAR)")
            rows = list(enumerate(documents))
            connection.executemany("INSERT INTO documents VALUES (?, ?)", rows)
            columns = []
            for value in values:
                refused.clear()
                query = exp.select(_said(value)).from_("documents").order_by("row").sql(dialect="duckdb")
                answers = enumerate(connection.execute(query).fetchall())
                columns.append([REFUSED if row in refused else answer for row, (answer,) in answers])
        return list(zip(*columns, strict=True))

    def _found(self, text: str | None, pattern: str, position: int, occurrence: int, how: str) -> str | None:
        assert (position, occurrence, how) == (1, 1, "pe")
        found = [] if text is None else match(pattern, text)
        if found is GAVE_UP:
            return self.gives_up()
        return _part(text, found[1]) if found else text and ""

    def _super(self, document: str | None) -> str | None:
        return None if document is None else self.parse(document)


def _said(value: exp.Expr) -> exp.Expr:
    """DuckDB's words; what is inside of something is said first."""
    tree = exp.paren(value.copy())
    for node in reversed(list(tree.walk())):
        if isinstance(node, exp.Literal) and node.name == UNREAD:
            node.replace(exp.Anonymous(this="refused", expressions=[exp.column("row")]))
        elif isinstance(node, exp.Cast) and node.to.this is exp.DType.SUPER:
            node.replace(node.this)
        elif isinstance(node, exp.Cast) and node.to.this is exp.DType.TEXT:
            if not isinstance(node.this, exp.Cast):
                node.replace(exp.Anonymous(this="redshift_as_text", expressions=[node.this]))
        elif isinstance(node, exp.Anonymous) and node.name in SAID:
            node.set("this", f"redshift_{node.name.lower()}")
    return tree


def _part(text: str, place: tuple[int, int] | None) -> str:
    return "" if place is None else text.encode()[slice(*place)].decode()


def _places(text: str, pattern: str) -> Iterator[tuple[int, int]]:
    """Of all matches, none of which may be empty."""
    start = 0
    while found := match(pattern, text, start):
        yield found[0]
        start = found[0][1]


def _placed(text: str, pattern: str, position: int, occurrence: int, option: int, how: str) -> int:
    assert (position, occurrence, option, how) == (1, 1, 0, "p")
    return next((1 + len(text.encode()[:start].decode()) for start, _ in _places(text, pattern)), 0)


def _counted(text: str, pattern: str, position: int, how: str) -> int:
    assert (position, how) == (1, "p")
    return len(list(_places(text, pattern)))


def _replaced(text: str, pattern: str, by: str, position: int, how: str) -> str:
    assert (position, how) == (1, "p")
    written, ends = text.encode(), [0, *(end for place in _places(text, pattern) for end in place), None]
    return by.join(written[start:end].decode() for start, end in zip(ends[::2], ends[1::2], strict=True))


def _bytes(text: str) -> int:
    return len(text.encode())


def _serialized(held: str) -> str:
    return held.removeprefix(SUPER) if held.startswith(SUPER) else json.dumps(held)


def _scalar(held: str | None) -> str | None:
    """What is no scalar is null as text."""
    return None if held is None or held.startswith(SUPER) else held
