"""The language of formulas: expressions over the fields of one row that mean the same on every engine.

What they take and what they are stands in one table, in docs/segments.md. sqlglot reads them; whatever it reads that is not in
that table is refused by name. How numbers are kept from overflowing stands in `arithmetic.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Any

import polars as pl
import sqlglot
from sqlglot import Token, TokenType, exp
from sqlglot.errors import SqlglotError

from activation_platform.segmentation import arithmetic
from activation_platform.segmentation.arithmetic import Exact, Number
from activation_platform.segmentation.fields import Kind, Schema, kind_of
from activation_platform.segmentation.problems import nearest
from activation_platform.segmentation.recurrences import in_utc

__all__ = ["Made", "formula_type", "held_as", "names", "parsed", "worked_out"]

_SIGNS: Mapping[type[exp.Expr], str] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.Neg: "-",
    exp.DPipe: "||",
}
_FUNCTIONS = ("coalesce", "round", "lower", "upper", "days_between", "today")
_SYNONYMS = {
    "nvl": "coalesce",
    "ifnull": "coalesce",
    "datediff": "days_between",
    "date_diff": "days_between",
    "current_date": "today",
    "now": "today",
    "concat": "||",
}
_VOCABULARY = f"a formula has + - * / || and {', '.join(_FUNCTIONS)}"
_LONGEST = 2_000
_MOST_PLACES = 9


@dataclass(frozen=True, slots=True)
class Other:
    """A value that is no number."""

    sql: exp.Condition
    dtype: pl.DataType

    @property
    def result(self) -> exp.Condition:
        """The value in the type of the field."""
        return self.sql


Made = Number | Other
"""What a formula, or a part of it, is: `dtype`, and as a field of that type `result`."""


def parsed(text: Any) -> exp.Expr:
    """The tree of a formula; raises ValueError that says what in it is none."""
    if not isinstance(text, str) or not text.strip() or len(text) > _LONGEST:
        raise ValueError(f"takes an expression such as price - cost, of at most {_LONGEST:,} characters")
    try:
        tokens = sqlglot.tokenize(text)
        _require_known(tokens)
        trees = sqlglot.parse(text)
    except (SqlglotError, RecursionError):
        raise ValueError(
            f"cannot be read; {_VOCABULARY}; odd names of fields stand in double quotes"
        ) from None
    tree = trees[0] if len(trees) == 1 else None
    if tree is None or any(token.comments for token in tokens):
        raise ValueError("takes one expression, without semicolons and comments")
    for node in tree.walk():
        _require_vocabulary(node)
    return tree


def names(tree: exp.Expr) -> list[str]:
    """The fields that a formula is over, each once."""
    return list(dict.fromkeys(column.name for column in tree.find_all(exp.Column)))


def held_as(column: exp.Condition, dtype: pl.DataType) -> Made:
    """A field of a row; raises ValueError where formulas take none of its kind."""
    kind = kind_of(dtype)
    if kind is Kind.NUMBER:
        return arithmetic.number_of(column, dtype)
    if kind is Kind.TEXT:
        return Other(column if dtype == pl.String else exp.cast(column, "TEXT"), pl.String())
    if kind in (Kind.LIST, Kind.OTHER):
        raise ValueError(f"a formula takes no field of kind {kind}")
    return Other(column, dtype)


def formula_type(tree: exp.Expr, schema: Schema) -> pl.DataType:
    """The type of a formula over fields of these types; raises ValueError as `worked_out` does."""

    def held(name: str) -> Made:
        try:
            return held_as(exp.column(name), schema[name])
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None

    return worked_out(tree, held, date.min).dtype


def worked_out(tree: exp.Expr, held: Callable[[str], Made], today: date) -> Made:
    """What a formula is; `held` gives a field by its name. Raises ValueError where its parts do not go together."""
    match tree:
        case exp.Column():
            return held(tree.name)
        case exp.Paren():
            return worked_out(tree.this, held, today)
        case exp.Literal():
            text = Other(exp.Literal.string(tree.name), pl.String())
            return text if tree.is_string else arithmetic.written(tree.name)
        case exp.Anonymous() if tree.name.lower() == "today":
            return Other(exp.cast(exp.Literal.string(today.isoformat()), "DATE"), pl.Date())
    return _made(tree, [worked_out(part, held, today) for part in _parts(tree)])


def _parts(tree: exp.Expr) -> list[exp.Expr]:
    """What an operation is about; without the places of `round`."""
    if isinstance(tree, exp.Binary):
        return [tree.left, tree.right]
    if isinstance(tree, exp.Anonymous):
        return list(tree.expressions)
    return [tree.this, *tree.args.get("expressions", ())]


def _made(tree: exp.Expr, parts: list[Made]) -> Made:
    match tree:
        case exp.Add() | exp.Sub():
            return arithmetic.added(type(tree), *_numbers(tree, parts))
        case exp.Mul():
            return arithmetic.multiplied(*_numbers(tree, parts))
        case exp.Div():
            return arithmetic.divided(*_numbers(tree, parts))
        case exp.Neg():
            return arithmetic.negated(*_numbers(tree, parts))
        case exp.Round():
            return arithmetic.rounded(_places(tree), *_numbers(tree, parts))
        case exp.DPipe():
            left, right = _of_kind(tree, parts, Kind.TEXT)
            return Other(exp.paren(exp.DPipe(this=left.sql, expression=right.sql)), pl.String())
        case exp.Lower() | exp.Upper():
            (text,) = _of_kind(tree, parts, Kind.TEXT)
            return Other(type(tree)(this=text.sql), pl.String())
        case exp.Coalesce():
            return _coalesced(tree, parts)
    return _days_between(tree, parts)


def _numbers(tree: exp.Expr, parts: list[Made]) -> list[Number]:
    if any(isinstance(part, Other) for part in parts):
        raise _unfit(tree, "numbers", parts)
    return [part for part in parts if not isinstance(part, Other)]


def _of_kind(tree: exp.Expr, parts: list[Made], *kinds: Kind) -> list[Other]:
    found = [part for part in parts if isinstance(part, Other) and kind_of(part.dtype) in kinds]
    if len(found) < len(parts):
        raise _unfit(tree, " and ".join(f"{kind}s" for kind in kinds), parts)
    return found


def _coalesced(tree: exp.Expr, parts: list[Made]) -> Made:
    if len({part.dtype if isinstance(part, Other) else Kind.NUMBER for part in parts}) > 1:
        raise _unfit(tree, "values of one kind", parts)
    if isinstance(parts[0], Other):
        return Other(_first([part.sql for part in parts]), parts[0].dtype)
    alike = arithmetic.unified(_numbers(tree, parts))
    return replace(alike[0], sql=_first([one.sql for one in alike]))


def _first(values: list[exp.Condition]) -> exp.Condition:
    return exp.Coalesce(this=values[0], expressions=values[1:])


def _days_between(tree: exp.Expr, parts: list[Made]) -> Made:
    if len(parts) != 2:
        raise ValueError("`days_between` takes two dates or timestamps, the earlier one first")
    days = [
        exp.cast(in_utc(part.sql, part.dtype), "DATE")
        for part in _of_kind(tree, parts, Kind.DATE, Kind.TIMESTAMP)
    ]
    return Exact(exp.DateDiff(this=days[1], expression=days[0], unit=exp.var("DAY")), 7, 0)


def _places(tree: exp.Round) -> int:
    said = tree.args.get("decimals")
    if said is None:
        return 0
    if (
        not isinstance(said, exp.Literal)
        or said.is_string
        or said.name not in map(str, range(_MOST_PLACES + 1))
    ):
        raise ValueError(f"`round` keeps 0 to {_MOST_PLACES} places: round(price, 2)")
    return int(said.name)


def _unfit(tree: exp.Expr, wanted: str, parts: list[Made]) -> ValueError:
    kinds = dict.fromkeys(
        Kind.NUMBER if not isinstance(part, Other) else kind_of(part.dtype) for part in parts
    )
    return ValueError(f"`{_word(tree)}` takes {wanted}, here {' and '.join(kinds)}")


def _word(node: exp.Expr) -> str:
    """How an operation is written."""
    if isinstance(node, exp.Anonymous):
        return node.name.lower()
    return _SIGNS.get(type(node), node.key)


def _require_known(tokens: Sequence[Token]) -> None:
    """Functions by their names, because sqlglot takes many others for one of them."""
    for token, after in pairwise(tokens):
        called = after.token_type is TokenType.L_PAREN and token.text.isidentifier()
        if called and token.text.lower() not in _FUNCTIONS:
            near = nearest(token.text, _FUNCTIONS, _SYNONYMS)
            raise ValueError(f"knows no function {token.text}{near or f'; {_VOCABULARY}'}")


def _require_vocabulary(node: exp.Expr) -> None:
    if isinstance(node, exp.Column | exp.Identifier) and not node.args.get("table"):
        return
    if isinstance(node, exp.Anonymous) and node.name.lower() in _FUNCTIONS:
        return
    if not isinstance(node, (*_SIGNS, exp.Paren, exp.Literal, exp.Lower, exp.Upper, exp.Coalesce, exp.Round)):
        raise ValueError(f"`{node.sql()}` is not in the language of formulas; {_VOCABULARY}")
