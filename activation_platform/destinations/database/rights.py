"""What a PostgreSQL user must be granted to keep a table under a mode, asked of the catalogue without writing anything.

https://www.postgresql.org/docs/current/ddl-priv.html. Rights may be granted for a table or for some of its columns. DuckDB has
no users: a file and its folder are open to us or not, which shows when they are opened.
"""

from collections.abc import Collection, Generator, Iterator, Mapping
from typing import Any

import polars as pl
from sqlglot import exp

from activation_platform.contracts.errors import CredentialsRefused, DeclarationError
from activation_platform.contracts.modes import Mode
from activation_platform.contracts.statement import Statement
from activation_platform.destinations.database.layout import Layout
from activation_platform.destinations.database.writing import named

__all__ = ["require_rights"]

TABLE = """
select current_user::text as "user", current_database()::text as "database",
  current_setting('transaction_read_only') = 'on' as "read_only",
  has_database_privilege(current_database(), 'temporary') as "temporary", has_schema_privilege(n.oid, 'usage') as "usage",
  has_any_column_privilege(c.oid, 'update') as "locks",
  has_table_privilege(c.oid, 'select') as "SELECT", has_table_privilege(c.oid, 'insert') as "INSERT",
  has_table_privilege(c.oid, 'update') as "UPDATE", has_table_privilege(c.oid, 'delete') as "DELETE"
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1::text and c.relname = $2::text and c.relkind in ('r', 'p', 'v', 'f')
"""
COLUMNS = """
select a.attname::text as "name", has_column_privilege(c.oid, a.attnum, 'select') as "SELECT",
  has_column_privilege(c.oid, a.attnum, 'insert') as "INSERT", has_column_privilege(c.oid, a.attnum, 'update') as "UPDATE",
  case when a.attidentity = '' and not has_sequence_privilege(s.sequence, 'usage') then s.sequence end as "sequence"
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
cross join lateral (
  select case when has_schema_privilege(n.oid, 'usage')
    then pg_get_serial_sequence(quote_ident(n.nspname) || '.' || quote_ident(c.relname), a.attname::text) end as sequence) s
where n.nspname = $1::text and c.relname = $2::text
"""
INSERTS = (Mode.UPSERT, Mode.MIRROR, Mode.INSERT_ONLY)
UPDATES = (Mode.UPSERT, Mode.MIRROR, Mode.UPDATE_ONLY)
EVERY = ("SELECT", "INSERT", "UPDATE", "DELETE")

Needs = Mapping[str, Collection[str] | None]
"""The columns that each right is needed of; None: of the table."""


def require_rights(
    layout: Layout, acknowledgements: str, key: str, mode: Mode, mapped: Collection[str]
) -> Generator[Statement, pl.DataFrame, None]:
    """Raise CredentialsRefused that says all that must be granted, DeclarationError where nobody may write to this server.

    `acknowledgements`: the name of their table, empty where it is still to be made.
    """
    found = yield Statement(TABLE, (layout.schema, layout.table))
    columns = yield Statement(COLUMNS, (layout.schema, layout.table))
    (table,) = found.iter_rows(named=True)
    if table["read_only"]:
        raise DeclarationError(
            "this server takes no writes from the user",
            remedy="Write to the primary server: this one is a replica, or the user's transactions are read-only.",
        )
    wanted = list(_of_the_place(table, layout, mode))
    needs = _needs(layout, key, mode, mapped, locks=bool(table["locks"]))
    wanted += _of_a_table(layout.schema, layout.table, needs, table, columns)
    if mode in INSERTS:
        asked = columns.filter(~pl.col("name").is_in(list(mapped)))["sequence"].drop_nulls()
        wanted += [f"USAGE ON SEQUENCE {sequence}" for sequence in asked]
    if acknowledgements:
        beside = yield Statement(TABLE, (layout.schema, acknowledgements))
        for row in beside.iter_rows(named=True):
            wanted += _of_a_table(layout.schema, acknowledgements, dict.fromkeys(EVERY), row, columns)
    if wanted:
        to = _quoted(table["user"])
        raise CredentialsRefused(
            f'the user "{table["user"]}" may not do all that {mode} needs with the table "{layout.table}"',
            remedy="Let its owner run: " + " ".join(f"GRANT {one} TO {to};" for one in wanted),
        )


def _of_the_place(table: Mapping[str, Any], layout: Layout, mode: Mode) -> Iterator[str]:
    if not table["temporary"]:
        yield f"TEMPORARY ON DATABASE {_quoted(table['database'])}"
    if not table["usage"]:
        yield f"USAGE ON SCHEMA {_quoted(layout.schema)}"
    if mode is Mode.SNAPSHOT and not layout.may_create:
        yield f"CREATE ON SCHEMA {_quoted(layout.schema)}"


def _needs(layout: Layout, key: str, mode: Mode, mapped: Collection[str], *, locks: bool) -> Needs:
    """Rows are found by the key, and locked unless they are only added, which takes the right to update some column.

    A key is changed only where a row is found by the one that it had; a snapshot's stage is made like the table, and all of it
    is copied.
    """
    if mode is Mode.SNAPSHOT:
        writable = [column.name for column in layout.columns if column.writable]
        return {"SELECT": None, "INSERT": writable, "DELETE": None}
    needs: dict[str, Collection[str] | None] = {"SELECT": [key]}
    if mode in INSERTS:
        needs["INSERT"] = mapped
    if mode in UPDATES:
        set_ = mapped if mode is Mode.UPDATE_ONLY else [name for name in mapped if name != key]
        needs["UPDATE"] = set_ or ([] if locks else [key])
    if mode is Mode.MIRROR:
        needs["DELETE"] = None
    return needs


def _of_a_table(
    schema: str, name: str, needs: Needs, table: Mapping[str, Any], columns: pl.DataFrame
) -> list[str]:
    """What is missing of a table, as one GRANT says it: of single columns only where others are granted already."""
    missing = []
    for right, of in needs.items():
        if of is None:
            missing += [] if table[right] else [right]
            continue
        granted = set(columns.filter(right)["name"])
        lacking = [column for column in of if column not in granted]
        if lacking and granted:
            missing.append(f"{right} ({', '.join(map(_quoted, lacking))})")
        elif lacking:
            missing.append(right)
    return [f"{', '.join(missing)} ON {named(schema, name).sql(dialect='postgres')}"] if missing else []


def _quoted(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql(dialect="postgres")
