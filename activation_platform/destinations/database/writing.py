"""The statements that read and write rows of one table, built as syntax trees: names are quoted, values travel in frames.

The frame of a statement is called `activation_rows`. Its columns are `position` (of the record in its batch), `identifier` (text)
and one for each field, named by number, so that no name of a user's column can get in the way.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from sqlglot import ErrorLevel, exp

from activation_platform.contracts.statement import Statement
from activation_platform.destinations.database.layout import Column, Layout

__all__ = ["Writing", "named"]

POSITION, MATCH = "position", "identifier"
ROWS = "activation_rows"


def named(schema: str, table: str) -> exp.Table:
    """A table by its name, quoted."""
    return exp.Table(this=_quoted(table), db=_quoted(schema))


@dataclass(frozen=True, slots=True)
class Writing:
    """Makes statements for the table `table` with the columns of `layout`, whose rows are known by the column `key`."""

    dialect: str
    layout: Layout
    table: str
    key: Column

    def find(self, identifiers: pl.Series, *, lock: bool) -> Statement:
        """Which rows are there: the `position` of each identifier, once a row. `lock`: nobody else changes them meanwhile."""
        query = (
            exp.select(_row(POSITION))
            .from_(_rows())
            .join(self._aliased(), on=self._matches(), join_type="inner")
        )
        if lock:
            query.set("locks", [exp.Lock(update=True, key=True, expressions=[exp.to_table("t")])])
        frame = pl.DataFrame({MATCH: identifiers}).with_row_index(POSITION)
        return self._statement(query, frame.cast({POSITION: pl.Int64}))

    def update(self, identifiers: pl.Series, values: pl.DataFrame) -> Statement:
        """Set the columns of `values` in the rows that are known by the identifiers, one a row."""
        settings = [
            exp.EQ(this=exp.column(_quoted(name)), expression=self._value(name, number))
            for number, name in enumerate(values.columns)
        ]
        query = exp.Update(
            this=self._aliased(),
            expressions=settings,
            from_=exp.From(this=_rows()),
            where=exp.Where(this=self._matches()),
        )
        return self._statement(query, _numbered(values).with_columns(identifiers.alias(MATCH)))

    def insert(self, values: pl.DataFrame) -> Statement:
        """Add rows of these columns; the database gives the others their defaults."""
        names = values.columns
        new = exp.select(*(self._value(name, number) for number, name in enumerate(names))).from_(_rows())
        return self._statement(self._insertion(names, new), _numbered(values))

    def delete(self, identifiers: pl.Series) -> Statement:
        """Take rows away."""
        wanted = exp.select(self._cast(_row(MATCH), self.key)).from_(_rows())
        among = exp.In(this=exp.column(_quoted(self.key.name), table="t"), query=exp.Subquery(this=wanted))
        query = exp.Delete(this=self._aliased(), where=exp.Where(this=among))
        return self._statement(query, pl.DataFrame({MATCH: identifiers}))

    def empty(self) -> Statement:
        """Take all rows away."""
        return self._statement(exp.Delete(this=named(self.layout.schema, self.table)))

    def fill_from(self, table: str) -> Statement:
        """Add all rows of another table that is made alike."""
        fields = [column.name for column in self.layout.columns if column.writable]
        everything = exp.select(*(exp.column(_quoted(name)) for name in fields))
        return self._statement(self._insertion(fields, everything.from_(named(self.layout.schema, table))))

    def _insertion(self, fields: Sequence[str], values: exp.Select) -> exp.Insert:
        columns = [exp.to_identifier(name, quoted=True) for name in fields]
        into = exp.Schema(this=named(self.layout.schema, self.table), expressions=columns)
        return exp.Insert(this=into, expression=values)

    def _statement(self, query: exp.Expression, frame: pl.DataFrame | None = None) -> Statement:
        # DuckDB knows no row locks and needs none: sqlglot leaves them out there
        sql = query.sql(dialect=self.dialect, unsupported_level=ErrorLevel.IGNORE)
        return Statement(sql, frames={} if frame is None else {ROWS: frame})

    def _aliased(self) -> exp.Table:
        table = named(self.layout.schema, self.table)
        table.set("alias", exp.TableAlias(this=exp.to_identifier("t")))
        return table

    def _matches(self) -> exp.EQ:
        key = exp.column(_quoted(self.key.name), table="t")
        return exp.EQ(this=key, expression=self._cast(_row(MATCH), self.key))

    def _value(self, name: str, number: int) -> exp.Expression:
        return self._cast(_row(f"c{number}"), self.layout.column(name))

    def _cast(self, value: exp.Expression, column: Column) -> exp.Cast:
        # the database's own spelling of the type, which sqlglot must not improve
        return exp.Cast(this=value, to=exp.DataType(this=exp.DType.USERDEFINED, kind=column.cast))


def _numbered(values: pl.DataFrame) -> pl.DataFrame:
    return values.rename({name: f"c{number}" for number, name in enumerate(values.columns)})


def _rows() -> exp.Table:
    return exp.Table(this=_quoted(ROWS), alias=exp.TableAlias(this=exp.to_identifier("r")))


def _row(name: str) -> exp.Column:
    return exp.column(_quoted(name), table="r")


def _quoted(name: str) -> exp.Identifier:
    return exp.to_identifier(name, quoted=True)
