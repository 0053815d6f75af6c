"""What a table is made of, as the database says: its columns, which of them can be written, and what each takes."""

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from activation_platform.contracts.errors import CredentialsRefused, DeclarationError, NotFound
from activation_platform.contracts.fields import Field, nearest
from activation_platform.contracts.statement import Statement
from activation_platform.contracts.values import (
    Boolean,
    Choice,
    Day,
    Decimal,
    Instant,
    Integer,
    Number,
    Text,
    TextList,
    ValueType,
)

__all__ = ["Column", "Layout", "exists", "layout"]

TABLES = {
    "postgres": """
select n.nspname::text as "schema", t.relname::text as "table", c.oid is not null as "exists",
  has_schema_privilege(n.oid, 'create') as "may_create"
from pg_catalog.pg_namespace n
cross join (select $2::text as relname) t
left join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = t.relname and c.relkind in ('r', 'p', 'v', 'f')
where n.nspname = coalesce(nullif($1::text, ''), current_schema())
""",
    "duckdb": """
select s.schema_name as "schema", t.table_name as "table", k.table_name is not null as "exists", true as "may_create"
from duckdb_schemas() s
cross join (select $2 as table_name) t
left join duckdb_tables() k on k.database_name = s.database_name and k.schema_name = s.schema_name
  and k.table_name = t.table_name
where s.database_name = current_database() and s.schema_name = coalesce(nullif($1, ''), current_schema())
""",
}
COLUMNS = {
    # Of a domain: the type beneath it. -1 keeps PostgreSQL from taking `character` for character(1).
    "postgres": """
select a.attname::text as "name", format_type(b.oid, -1) as "cast", b.typname::text as "kind",
  case when m.typmod < 0 then null
    when b.typname = 'numeric' then ((m.typmod - 4) >> 16) & 65535
    when b.typname in ('varchar', 'bpchar') then m.typmod - 4 end as "size",
  case when b.typname = 'numeric' and m.typmod >= 0 then (((m.typmod - 4) & 2047) # 1024) - 1024 end as "scale",
  (select array_agg(e.enumlabel::text order by e.enumsortorder) from pg_catalog.pg_enum e where e.enumtypid = b.oid)
    as "labels",
  a.attgenerated = '' and a.attidentity <> 'a' as "writable",
  (a.attnotnull or t.typnotnull) and not a.atthasdef and a.attidentity = '' and t.typdefault is null as "required"
from pg_catalog.pg_attribute a
join pg_catalog.pg_class c on c.oid = a.attrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_type t on t.oid = a.atttypid
join pg_catalog.pg_type b on b.oid = case t.typtype when 'd' then t.typbasetype else t.oid end
cross join lateral (select case t.typtype when 'd' then t.typtypmod else a.atttypmod end as typmod) m
where n.nspname = $1::text and c.relname = $2::text and a.attnum > 0 and not a.attisdropped
order by a.attnum
""",
    "duckdb": """
select column_name as "name", data_type as "cast",
  case when data_type like '%]' then data_type else regexp_replace(data_type, '\\(.*$', '') end as "kind",
  case when data_type like 'DECIMAL(%)' then numeric_precision end as "size", numeric_scale as "scale",
  regexp_extract_all(case when data_type like 'ENUM(%)' then data_type end, '''((?:[^'']|'''')*)''', 1) as "labels",
  is_generated <> 'ALWAYS' as "writable",
  is_nullable = 'NO' and column_default is null as "required"
from information_schema.columns
where table_catalog = current_database() and table_schema = $1 and table_name = $2
order by ordinal_position
""",
}
INTEGERS: Mapping[str, int] = {
    "int2": 16,
    "int4": 32,
    "int8": 64,
    "TINYINT": 8,
    "SMALLINT": 16,
    "INTEGER": 32,
    "BIGINT": 64,
    "HUGEINT": 128,
}
UNSIGNED: Mapping[str, int] = {"UTINYINT": 8, "USMALLINT": 16, "UINTEGER": 32, "UBIGINT": 64, "UHUGEINT": 128}
PLAIN: Mapping[str, ValueType] = {
    **dict.fromkeys(("float4", "float8", "FLOAT", "DOUBLE"), Number()),
    **dict.fromkeys(("bool", "BOOLEAN"), Boolean()),
    **dict.fromkeys(("date", "DATE"), Day()),
    **dict.fromkeys(("timestamp", "timestamptz", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"), Instant()),
    **dict.fromkeys(("TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"), Instant()),
    **dict.fromkeys(("_text", "_varchar", "VARCHAR[]"), TextList()),
}
TEXTS = {
    "postgres": Text(pattern=r"[^\x00]*", words="text without NUL characters"),
    "duckdb": Text(),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name letter by letter, the type to cast a value to, the values that it takes, and who writes it.

    `required`: the database refuses a row that says nothing of it.
    """

    name: str
    cast: str
    type: ValueType
    writable: bool
    required: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """A table as it is now. `may_create`: whether a table may be created in its schema."""

    schema: str
    table: str
    may_create: bool
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column:
        """The column of this name. Raises DeclarationError where there is none, or where only the database writes it."""
        for column in self.columns:
            if column.name == name and column.writable:
                return column
            if column.name == name:
                raise DeclarationError(
                    f'the column "{name}" is computed by the database',
                    remedy="Map another column, or none.",
                )
        raise DeclarationError(
            f'the table "{self.table}" has no column "{name}".{nearest(name, self._names)}',
            remedy="Correct the mapping or the option `key`, or add the column.",
        )

    def fields(self, key: str) -> tuple[Field, ...]:
        """The columns that can be written, as fields; `key` is the identifying one."""
        self.column(key)
        return tuple(
            Field(column.name, column.type, key=column.name == key, required=column.required)
            for column in self.columns
            if column.writable
        )

    def complete(self, given: Iterable[str]) -> None:
        """Raise DeclarationError where a new row lacks a column that the database insists on."""
        missing = sorted(
            {column.name for column in self.columns if column.required and column.writable} - set(given)
        )
        if missing:
            raise DeclarationError(
                f"the table {self.table!r} takes no new row without {', '.join(missing)}",
                remedy="Map these columns, give them a default in the database, or use the mode update_only.",
            )

    def require_creation(self, what: str, sql: str) -> None:
        """Raise CredentialsRefused where this user may create no table, with what somebody else has to run."""
        if not self.may_create:
            raise CredentialsRefused(
                f'the user may not create {what} in the schema "{self.schema}"',
                remedy=f"Let its owner run: {sql}",
            )

    @property
    def _names(self) -> list[str]:
        return [column.name for column in self.columns]


def exists(dialect: str, schema: str, table: str) -> Generator[Statement, pl.DataFrame, bool]:
    """Ask whether a table is there."""
    found = yield Statement(TABLES[dialect], (schema, table))
    return bool(found["exists"].any())


def layout(dialect: str, schema: str, table: str) -> Generator[Statement, pl.DataFrame, Layout]:
    """Ask what a table is made of (`schema` empty: the user's own); returns a `Layout`, raises NotFound where there is none."""
    found = yield Statement(TABLES[dialect], (schema, table))
    if found.is_empty():
        if not schema:
            remedy = "Name the table's in the option `schema`, and GRANT USAGE on it to the user."
            raise NotFound("no schema is open to the user in which tables are looked for", remedy=remedy)
        raise NotFound(f'there is no schema "{schema}"', remedy="Correct the option `schema`, or create it.")
    (there,) = found.iter_rows(named=True)
    if not there["exists"]:
        raise NotFound(
            f'there is no table "{table}" in the schema "{there["schema"]}"',
            remedy="Correct the options `table` and `schema` (upper and lower case differ), or create it.",
        )
    columns: pl.DataFrame = yield Statement(COLUMNS[dialect], (there["schema"], table))
    described = tuple(_column(said, TEXTS[dialect]) for said in columns.iter_rows(named=True))
    return Layout(there["schema"], table, bool(there["may_create"]), described)


def _column(said: Mapping[str, Any], text: Text) -> Column:
    type_ = _type(said, text)
    return Column(said["name"], said["cast"], type_, bool(said["writable"]), bool(said["required"]))


def _type(said: Mapping[str, Any], text: Text) -> ValueType:
    """What a column takes; whatever has no type of its own here takes its text form, and the database judges it."""
    kind, size = said["kind"], said["size"]
    if kind in PLAIN:
        return PLAIN[kind]
    if kind in INTEGERS:
        most = 2 ** (min(INTEGERS[kind], 64) - 1)
        return Integer(-most, most - 1)
    if kind in UNSIGNED:
        return Integer(0, min(2 ** UNSIGNED[kind], 2**63) - 1)
    if kind in ("numeric", "DECIMAL"):
        return Decimal(size, said["scale"]) if size and said["scale"] >= 0 else Decimal()
    if said["labels"]:
        return Choice(tuple(label.replace("''", "'") for label in said["labels"]))
    return replace(text, max=size)
