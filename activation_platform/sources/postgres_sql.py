"""What PostgreSQL says differently."""

from typing import ClassVar

import polars as pl
from sqlglot import exp

from activation_platform.contracts.json_value import JsonValue
from activation_platform.sources.dialect import Dialect, call, text
from activation_platform.sources.postgres_json import in_postgres

__all__ = ["PostgresSql"]


class PostgresSql(Dialect):
    """https://www.postgresql.org/docs/current/sql.html"""

    name: ClassVar[str] = "postgres"
    schemas: ClassVar[str] = "SELECT nspname::text FROM pg_catalog.pg_namespace"

    def text(self, column: exp.Expr, dtype: pl.DataType) -> exp.Expr:
        """The output of a type can be read back without loss: arrays quote, doubles are as long as they must be."""
        del dtype
        return exp.cast(column, "TEXT")

    def key(self, column: exp.Expr, dtype: pl.DataType, name: str) -> exp.Expr:
        """Compared byte by byte, whatever the collation of the column."""
        return exp.Collate(
            this=super().key(column, dtype, name), expression=exp.to_identifier("C", quoted=True)
        )

    def moment(self, column: exp.Expr, dtype: pl.Datetime) -> exp.Expr:
        """https://www.postgresql.org/docs/current/functions-formatting.html; the session's zone is UTC."""
        del dtype
        return exp.Anonymous(this="to_char", expressions=[column, text('YYYY-MM-DD"T"HH24:MI:SS.US"Z"')])

    def replaced(self, table: str, query: str) -> list[str]:
        """Without OR REPLACE, which tables do not have here."""
        return [f"DROP TABLE IF EXISTS {table}", f"CREATE TABLE {table} AS {query}"]

    def view(self, view: str, query: str) -> list[str]:
        """OR REPLACE would refuse other columns."""
        return [f"DROP VIEW IF EXISTS {view}", f"CREATE VIEW {view} AS {query}"]

    def json(self, value: JsonValue, words: exp.Expr) -> exp.Expr:
        """From version 16 on."""
        del words
        return in_postgres(value)

    def condition(self, node: exp.Expr) -> exp.Expr:
        """Of lists, `cardinality`, which is 0 for an empty one; of the end of a text, its right end.

        Texts are hashed and ordered as UTF-8, whatever the encoding and the collation of the database.
        """
        if isinstance(node, exp.Encode):
            return _in_utf8(node.this)
        if isinstance(node, exp.MD5):
            digest = call("md5", _in_utf8(node.this))
            return exp.Collate(this=digest, expression=exp.to_identifier("C", quoted=True))
        if isinstance(node, exp.ArraySize):
            return call("cardinality", node.this)
        if isinstance(node, exp.ArrayContains):
            return exp.EQ(this=node.expression, expression=call("ANY", node.this))
        if isinstance(node, exp.EndsWith):
            end = node.expression
            return exp.EQ(this=call("right", node.this, call("length", end.copy())), expression=end)
        return node


def _in_utf8(said: exp.Expr) -> exp.Expr:
    """https://www.postgresql.org/docs/current/functions-binarystring.html"""
    return call("convert_to", said, text("UTF8"))
