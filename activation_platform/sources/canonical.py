"""Statements over tables of the platform's own: one canonical text each, with short names of tables, said in every dialect."""

import sqlglot
from sqlglot import exp

from activation_platform.sources.dialect import Dialect

__all__ = ["Canonical"]


class Canonical:
    """Says canonical statements in one dialect. `tables`: which table each short name means."""

    def __init__(self, dialect: Dialect, tables: dict[str, exp.Table]) -> None:
        self._dialect = dialect
        self._tables = tables

    def say(self, canonical: str, **values: str | int | None) -> str:
        """A canonical statement in the dialect, with `:name` replaced by literals."""
        literals = {name: exp.convert(value) for name, value in values.items()}
        return self.written(exp.replace_placeholders(sqlglot.parse_one(canonical), **literals))

    def written(self, tree: exp.Expr) -> str:
        """A tree in the dialect; every table is the one that is meant."""

        def meant(node: exp.Expr) -> exp.Expr:
            table = self._tables.get(node.name) if isinstance(node, exp.Table) and not node.db else None
            if table is None:
                return node
            return exp.alias_(table.copy(), node.alias, table=True) if node.alias else table.copy()

        return self._dialect.written(tree.transform(meant))
