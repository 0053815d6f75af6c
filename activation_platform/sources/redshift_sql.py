"""What Redshift says differently."""

import re
from collections.abc import Callable, Mapping
from typing import ClassVar

import polars as pl
from sqlglot import exp

from activation_platform.contracts.json_value import JsonValue
from activation_platform.sources.dialect import (
    Dialect,
    call,
    from_monday,
    joined,
    text,
    to_the_end,
    unless_null,
)
from activation_platform.sources.redshift_json import contains, in_redshift, length

__all__ = ["RedshiftSql"]


class RedshiftSql(Dialect):
    """https://docs.aws.amazon.com/redshift/latest/dg/cm_chap_SQLCommandRef.html

    It takes texts for equal that differ by blanks at their end, also where they are compared as keys: such a key is written
    without them, so that it is refused as soon as it is fetched.
    """

    name: ClassVar[str] = "redshift"
    schemas: ClassVar[str] = "SELECT nspname FROM pg_catalog.pg_namespace"

    def text(self, column: exp.Expr, dtype: pl.DataType) -> exp.Expr:
        """Texts as the digest of their JSON, because a text ends after 65,535 bytes, and the text of a SUPER may be null; doubles
        as a hash of them, because their text has fewer digits than they.
        """
        if dtype == pl.String:
            return unless_null(
                column, exp.MD5(this=call("JSON_SERIALIZE", exp.cast(column, exp.DType.SUPER)))
            )
        if dtype.is_float():
            return unless_null(column, exp.cast(call("FNV_HASH", column), "TEXT"))
        if dtype == pl.Binary:
            return exp.MD5(this=call("FROM_VARBYTE", column, text("hex")))
        if dtype == pl.Boolean:
            return self.key(column, dtype, "")
        return exp.cast(column, "TEXT")

    def key(self, column: exp.Expr, dtype: pl.DataType, name: str) -> exp.Expr:
        """Truth values have no text here. https://docs.aws.amazon.com/redshift/latest/dg/r_COLLATE.html"""
        if dtype == pl.Boolean:
            return exp.Case().when(column, text("true")).when(exp.not_(column), text("false"))
        plain = super().key(column, dtype, name)
        if dtype == pl.String:
            return call("COLLATE", call("RTRIM", plain), text("case_sensitive"))
        return plain

    def moment(self, column: exp.Expr, dtype: pl.Datetime) -> exp.Expr:
        """https://docs.aws.amazon.com/redshift/latest/dg/r_FORMAT_strings.html; the session's zone is UTC."""
        del dtype
        day, time = text("YYYY-MM-DD"), text("HH24:MI:SS.US")
        return joined(
            call("TO_CHAR", column, day), text("T"), call("TO_CHAR", column.copy(), time), text("Z")
        )

    def replaced(self, table: str, query: str) -> list[str]:
        """Without OR REPLACE, which tables do not have here."""
        return [f"DROP TABLE IF EXISTS {table}", f"CREATE TABLE {table} AS {query}"]

    def view(self, view: str, query: str) -> list[str]:
        """Not bound to its tables, which could not be dropped otherwise. Each must be named with its schema then.

        https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_VIEW.html
        """
        return [f"DROP VIEW IF EXISTS {view}", f"CREATE VIEW {view} AS {query} WITH NO SCHEMA BINDING"]

    def json(self, value: JsonValue, words: exp.Expr) -> exp.Expr:
        """By a regular expression."""
        del words
        return in_redshift(value)

    def condition(self, node: exp.Expr) -> exp.Expr:
        """Texts are compared with something behind them, so that blanks at their end count; beginnings and ends by position."""
        said = _SAID.get(type(node))
        return node if said is None else said(node)


def _equal(node: exp.Expr) -> exp.Expr:
    if not _is_text(node.expression):
        return node
    return exp.EQ(this=_ended(node.this), expression=_ended(node.expression))


def _one_of(node: exp.Expr) -> exp.Expr:
    if not node.expressions or not all(map(_is_text, node.expressions)):  # or of a query
        return node
    return exp.In(this=_ended(node.this), expressions=list(map(_ended, node.expressions)))


def _part(node: exp.Expr) -> exp.Expr:
    """Sunday is 0. https://docs.aws.amazon.com/redshift/latest/dg/r_Dateparts_for_datetime_functions.html"""
    if node.name != "ISODOW":
        return node
    return from_monday(exp.Extract(this=exp.var("DOW"), expression=node.expression), sunday=0)


def _contains(node: exp.Expr) -> exp.Expr:
    """Lists are those within JSON alone: no column is one."""
    return contains(node.this, node.expression.name) if _is_text(node.expression) else node


def _first(within: exp.Expr, part: exp.Expr) -> exp.Expr:
    """Whether a text begins with another."""
    return exp.EQ(this=exp.StrPosition(this=within, substr=part), expression=exp.Literal.number(1))


def _found(within: exp.Expr, pattern: exp.Expr) -> exp.Expr:
    """Whether Perl's regular expression is somewhere in a text; in the empty one, nothing has a position.

    https://docs.aws.amazon.com/redshift/latest/dg/REGEXP_INSTR.html; unconfirmed: that `[^a]` is one character, not one byte.
    """
    one, start = exp.Literal.number(1), exp.Literal.number(0)
    place = call("REGEXP_INSTR", within, to_the_end(pattern), one, one.copy(), start, text("p"))
    found = exp.GT(this=place, expression=start.copy())
    if re.search(pattern.name, "") is None:
        return found
    return exp.paren(exp.or_(exp.EQ(this=_ended(within.copy()), expression=_ended(text(""))), found))


def _is_text(said: exp.Expr) -> bool:
    plain = said.this if isinstance(said, exp.Lower) else said
    return isinstance(plain, exp.Literal) and bool(plain.is_string)


def _ended(said: exp.Expr) -> exp.Expr:
    return joined(said, text("."))


def _in_order(said: exp.Expr) -> exp.Expr:
    """A text that is ordered by its bytes, blanks at its end among them: with the first character behind it.

    https://docs.aws.amazon.com/redshift/latest/dg/c_collation_sequences.html
    """
    return joined(call("COLLATE", said, text("case_sensitive")), call("CHR", exp.Literal.number(1)))


_SAID: Mapping[type[exp.Expr], Callable[[exp.Expr], exp.Expr]] = {
    exp.StartsWith: lambda node: _first(node.this, node.expression),
    exp.EndsWith: lambda node: _first(call("REVERSE", node.this), call("REVERSE", node.expression)),
    exp.RegexpLike: lambda node: _found(node.this, node.expression),
    exp.ArraySize: lambda node: length(node.this),
    exp.ArrayContains: _contains,
    exp.Extract: _part,
    exp.EQ: _equal,
    exp.Encode: lambda node: _in_order(node.this),
    exp.In: _one_of,
}
