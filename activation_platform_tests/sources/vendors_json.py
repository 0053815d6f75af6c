"""DuckDB with the functions for JSON of BigQuery and Snowflake, as the vendors' pages describe them, and a parser that is lax.

What a regular expression does is RE2's own; what a function does with JSON is Python's, told to take commas before brackets,
missing values, control characters, and the first of two equal keys.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any

import duckdb
from sqlglot import exp

_OUTSIDE = re.compile(r'("(?:[^"\\]|\\.)*")')
_MISSING = re.compile(r"(?<=[:,])\s*(?=[,\]}])|(?<=\[)\s*(?=,)")
_MACROS = (
    *("safe.parse_json(x) AS parsed(x)", "to_json_string(x) AS x", "json_value(x) AS scalar(x)"),
    *(
        "json_value_array(x) AS scalars(x)",
        "format(f, x) AS x",
        "regexp_contains(x, p) AS regexp_matches(x, p)",
    ),
    "timestamp_sub(x, i) AS x - i",
    *("try_parse_json(x) AS parsed(x)", "to_json(x) AS x", "array_construct(x) AS [as_text(x)]"),
    *("regexp_like(x, p, o) AS regexp_full_match(x, p, o)", "try_to_double(x) AS TRY_CAST(x AS DOUBLE)"),
    *("try_to_date(x, f) AS TRY_CAST(x AS DATE)", "try_to_timestamp_tz(x, f) AS TRY_CAST(x AS TIMESTAMPTZ)"),
    *("startswith(x, p) AS starts_with(x, p)", "array_size(x) AS len(x)"),
)
_LISTS = {"FILTER": "list_filter", "TRANSFORM": "list_transform"}


def told(
    documents: Iterable[str | None], values: Iterable[exp.Expr], names: Sequence[str] = ("profile",)
) -> list[tuple[Any, ...]]:
    """What each value, in the words of a vendor, is in each document, which stands in a column of each name."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET lambda_syntax = 'ENABLE_SINGLE_ARROW'")
        for name, takes, made in (
            (_parsed, ["VARCHAR"], "VARCHAR"),
            (_member, ["VARCHAR", "VARCHAR"], "VARCHAR"),
            (_element, ["VARCHAR", "BIGINT"], "VARCHAR"),
            (_scalar, ["VARCHAR"], "VARCHAR"),
            (_scalars, ["VARCHAR"], "VARCHAR[]"),
            (_as_text, ["VARCHAR"], "VARCHAR"),
            (_as_array, ["VARCHAR"], "VARCHAR[]"),
        ):
            connection.create_function(
                name.__name__[1:], _of_null(name), takes, made, null_handling="special"
            )
        connection.execute("CREATE SCHEMA safe")
        for macro in _MACROS:
            connection.execute(f"CREATE MACRO {macro}")
        columns = ", ".join(f'"{name}" VARCHAR' for name in names)
        connection.execute(f"CREATE TABLE documents (row INTEGER, {columns})")
        rows = [[number, *[document] * len(names)] for number, document in enumerate(documents)]
        connection.executemany(f"INSERT INTO documents VALUES (?{', ?' * len(names)})", rows)
        said = [_said(value).as_(f"v{number}") for number, value in enumerate(values)]
        query = exp.select(*said).from_("documents").order_by("row")
        return connection.execute(query.sql(dialect="duckdb")).fetchall()


def _said(value: exp.Expr) -> exp.Expr:
    """DuckDB's words; what is inside of something is said first."""
    tree = exp.paren(value)
    for node in reversed(list(tree.walk())):
        if (word := _word(node)) is not node:
            node.replace(word)
    return tree


def _word(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Bracket):
        return _at(node.this, node.expressions[0])
    if (
        isinstance(node, exp.Cast)
        and isinstance(node.this, exp.Anonymous | exp.Case)
        and node.to.this is exp.DType.TEXT
    ):
        return node if node.this.name == "list_extract" else _call("as_text", node.this)
    if not isinstance(node, exp.Anonymous):
        return node
    name, values = node.name.upper(), node.expressions
    if name == "GET":
        of_list = values[0].name in _LISTS.values()
        return _call("list_extract", values[0], exp.convert(1)) if of_list else _at(*values)
    if name in _LISTS:
        return _call(_LISTS[name], *values)
    if name == "REGEXP_REPLACE":
        return _call(name, *values, exp.convert("g"))
    if name == "REGEXP_EXTRACT":
        return exp.Case().when(
            _call("regexp_matches", *values), _call("regexp_extract", *values, exp.convert(1))
        )
    return node


def _at(found: exp.Expr, step: exp.Expr) -> exp.Expr:
    return _call("member" if step.is_string else "element", found, step)


def _call(function: str, *values: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=function, expressions=[value.copy() for value in values])


def _of_null(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def of_any(document: str | None, *others: Any) -> Any:
        return None if document is None else function(document, *others)

    return of_any


def _parsed(text: str) -> str | None:
    pieces = _OUTSIDE.split(re.sub(r",(\s*})", r"\1", text))
    pieces[::2] = [_MISSING.sub("null", piece) for piece in pieces[::2]]
    try:
        return _written(json.loads("".join(pieces), strict=False, object_pairs_hook=_first_of_each))
    except ValueError:
        return None


def _first_of_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(reversed(pairs))


def _written(found: Any) -> str | None:
    return None if found is None else json.dumps(found, separators=(",", ":"), ensure_ascii=False)


def _member(document: str, key: str) -> str | None:
    found = json.loads(document)
    return _written(found.get(key) if isinstance(found, dict) else None)


def _element(document: str, place: int) -> str | None:
    found = json.loads(document)
    return _written(found[place] if isinstance(found, list) and place < len(found) else None)


def _scalar(document: str) -> str | None:
    found = json.loads(document)
    return found if isinstance(found, str) else None


def _scalars(document: str) -> list[str] | None:
    found = json.loads(document)
    return found if isinstance(found, list) and all(isinstance(one, str) for one in found) else None


def _as_text(document: str) -> str:
    return _scalar(document) or document


def _as_array(document: str) -> list[str] | None:
    found = json.loads(document)
    return [_as_text(json.dumps(one)) for one in found] if isinstance(found, list) else None
