"""What a model's SQL reads: the tables it names, as far as sqlglot can take it apart."""

import sqlglot
from sqlglot import exp
from sqlglot.errors import OptimizeError, ParseError, TokenError
from sqlglot.optimizer.scope import traverse_scope

from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.source import TableName

__all__ = ["tables_read"]


def tables_read(query: str, dialect: str) -> list[TableName]:
    """The tables that a SELECT names, sorted, each once; what a WITH defines is none of them.

    Raises DeclarationError for SQL that sqlglot does not understand: the warehouse may.
    """
    try:
        scopes = traverse_scope(sqlglot.parse_one(query, read=dialect))
    except (ParseError, TokenError, OptimizeError, RecursionError):
        raise DeclarationError(
            "This SQL cannot be taken apart", remedy="Name the tables it reads by hand."
        ) from None
    found = {
        TableName(*(_written(table.args.get(part), dialect) for part in ("catalog", "db", "this")))
        for scope in scopes
        for table in scope.sources.values()
        if isinstance(table, exp.Table) and isinstance(table.this, exp.Identifier)
    }
    return sorted(found)


def _written(part: exp.Expression | None, dialect: str) -> str:
    return "" if part is None else part.sql(dialect=dialect)
