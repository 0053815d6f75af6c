"""A model's SQL: one statement that only reads, as its author wrote it or made from a table's name."""

import re
from pathlib import Path

import sqlglot
from sqlglot import TokenType, exp
from sqlglot.errors import ParseError, TokenError

from activation_platform.contracts.errors import DeclarationError

__all__ = ["as_subquery", "one_select", "select_in", "table_query", "without_rows"]

READS = frozenset({"SELECT", "WITH", "FROM", "VALUES", "TABLE", "PIVOT", "UNPIVOT", "("})
"""How a statement that returns rows begins, in any dialect we read."""
WRITES = (exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Create, exp.Drop, exp.Into)
WORD = re.compile(r"[^\W\d][\w$]*")
MOST_PARTS = 3
REMEDY = "Write one SELECT (or WITH … SELECT): a source is read and never written."


def one_select(query: str, dialect: str) -> str:
    """The query as written, without the semicolon that ends it.

    Raises DeclarationError for an empty text, several statements, or one that does not merely read. SQL that sqlglot cannot
    parse passes if it begins like a SELECT: then the warehouse, which reads in a read-only session, has the last word.
    """
    try:
        tokens = sqlglot.tokenize(query, read=dialect)
    except TokenError:
        _must_read(query.lstrip()[:1] if query.lstrip().startswith("(") else (query.split() or [""])[0])
        return query
    ends = [token for token in tokens if token.token_type is TokenType.SEMICOLON]
    text = query[: ends[0].start] if ends else query
    if any(token.start > ends[0].start and token not in ends for token in tokens if ends):
        raise DeclarationError("The query holds several statements", remedy=REMEDY)
    _must_read(next((token.text for token in tokens if token not in ends), ""))
    try:
        statement = sqlglot.parse_one(text, read=dialect)
    except (ParseError, RecursionError):
        return text
    if found := statement.find(*WRITES):
        raise DeclarationError(f"The query writes ({found.key.upper()})", remedy=REMEDY)
    return text


def select_in(path: Path, dialect: str) -> str:
    """`one_select` of a file in UTF-8; raises DeclarationError for one that cannot be read."""
    try:
        query = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DeclarationError(
            f"{path.name} is not UTF-8 (byte {error.start + 1})", remedy="Save it as UTF-8."
        ) from error
    except OSError as error:
        raise DeclarationError(
            f"{path.name} cannot be read ({error.strerror})", remedy="Name a file that this user may read."
        ) from error
    return one_select(query, dialect)


def as_subquery(query: str, dialect: str, alias: str = "model") -> str:
    """The query as something to select from: `(…) AS "model"`, quoted as the dialect quotes."""
    name = exp.to_identifier(alias, quoted=True).sql(dialect=dialect)
    # the line break ends a comment that the query may end with
    return f"(\n{one_select(query, dialect)}\n) AS {name}"


def without_rows(query: str, dialect: str) -> str:
    """A query that has the query's columns and not one row."""
    everything = exp.select("*").sql(dialect=dialect)
    return f"{everything} FROM {as_subquery(query, dialect)} LIMIT 0"


def table_query(table: str, dialect: str) -> str:
    """`SELECT *` from a table named `table`, `schema.table` or `database.schema.table`, letter by letter as written.

    A part that holds a dot or a space is written in the dialect's own quotes. Raises DeclarationError for anything else.
    """
    parts = _parts(table, dialect)
    if not 1 <= len(parts) <= MOST_PARTS:
        raise DeclarationError(
            f"{table!r} is not the name of a table",
            remedy="Write `table` or `schema.table`; put a part that holds a dot or a space in quotes.",
        )
    names = [exp.to_identifier(part, quoted=True) for part in reversed(parts)]
    named = exp.Table(**dict(zip(("this", "db", "catalog"), names, strict=False)))
    return exp.select("*").from_(named).sql(dialect=dialect)


def _parts(table: str, dialect: str) -> list[str]:
    """The names between the dots; none if there is anything else. (sqlglot's own `to_table` takes aliases and subqueries.)"""
    try:
        tokens = sqlglot.tokenize(table, read=dialect)
    except TokenError:
        return []
    names, dots = tokens[::2], tokens[1::2]
    simple = (token.token_type is TokenType.IDENTIFIER or WORD.fullmatch(token.text) for token in names)
    if any(dot.token_type is not TokenType.DOT for dot in dots) or len(names) == len(dots):
        return []
    if not all(simple) or any(not token.text or token.comments for token in tokens):
        return []
    return [token.text for token in names]


def _must_read(word: str) -> None:
    if not word:
        raise DeclarationError("The query is empty", remedy=REMEDY)
    if word.upper() not in READS:
        raise DeclarationError(f"The query begins with {word.upper()[:20]!r}", remedy=REMEDY)
