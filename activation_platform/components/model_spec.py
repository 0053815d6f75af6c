"""What a user writes of a model: the attributes in YAML."""

from typing import Annotated, Any

import dagster as dg
from pydantic import Field

from activation_platform.components.names import ForeignKey, Name, Owner
from activation_platform.contracts.modes import Engine, ModelKind

__all__ = ["ColumnSpec", "ModelSpec", "RelationSpec"]


class ColumnSpec(dg.Model):
    """One exposed column."""

    column: str | None = Field(default=None, description="Its name in the source, where it is renamed.")
    type: str | None = Field(
        default=None, description="text, integer, number, decimal(12, 2), date, timestamp …"
    )
    categorical: bool = Field(default=False, description="Whether breakdowns count its values.")


class RelationSpec(dg.Model):
    """How rows of this model belong to rows of another."""

    model: str = Field(description="The other model.")
    match: dict[str, str] = Field(description="Column here: column there.")  # `on` is a boolean in YAML


class ModelSpec(dg.Model):
    """Rows of a warehouse under a name: exactly one of `table`, `sql` and `sql_file`."""

    name: Name = Field(description="The name that segments and activations refer to.")
    source: str = Field(description="The source it is read from.")
    table: str | None = Field(default=None, description="A table or view: schema.table.")
    sql: str | None = Field(default=None, description="A SELECT in the warehouse's own dialect.")
    sql_file: str | None = Field(default=None, description="A .sql file beside this one.")
    after: list[ForeignKey] = Field(
        default_factory=list,
        description="Assets of other tools that make the table: dbt/orders. Activations that follow wait for them.",
    )
    engine: Engine = Field(
        default=Engine.FRAMES,
        description="frames: read here. warehouse: the rows stay there, and only those that may differ are fetched.",
    )
    kind: ModelKind = Field(default=ModelKind.CUSTOM, description="What a row is: users, events or custom.")
    primary_key: str | Annotated[list[str], Field(min_length=1)] = Field(
        description="The column, or columns, that name a row."
    )
    event_time: str | None = Field(
        default=None, description="Events: the column with the moment at which each happened."
    )
    columns: dict[str, ColumnSpec | str | None] | None = Field(
        default=None, description="Exposed columns, with a type or more; omitted: all."
    )
    relations: dict[str, RelationSpec] = Field(default_factory=dict, description="Relations to other models.")
    computed: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="Computed fields: name: aggregate, count, label, related or formula; see docs/segments.md.",
    )
    exclude: list[str] = Field(
        default_factory=list,
        description="Segments of this model whose rows belong to none of its other segments.",
    )
    priority_lists: dict[Name, list[str]] = Field(
        default_factory=dict,
        description="By name: segments of this model in order; a row belongs to the first of them that takes it.",
    )
    most_duplicates: float = Field(
        default=5.0, ge=0, le=100, description="Percent of duplicate keys that still only warns."
    )
    may_be_empty: bool = Field(default=False, description="Whether no rows at all is a valid answer.")
    description: str | None = Field(default=None, description="For the people who use it.")
    owners: list[Owner] | None = Field(default=None, description="E-mail addresses, or team:name.")

    @property
    def key(self) -> tuple[str, ...]:
        """The primary key's columns."""
        return (self.primary_key,) if isinstance(self.primary_key, str) else tuple(self.primary_key)

    def before(self, segment: str) -> list[str]:
        """The segments that stand before one in its priority list."""
        found = next((names for names in self.priority_lists.values() if segment in names), [segment])
        return found[: found.index(segment)]

    @property
    def exposed(self) -> dict[str, ColumnSpec] | None:
        """Exposed columns by the name they get here; None: all of the source's."""
        if self.columns is None:
            return None
        return {
            name: ColumnSpec(type=value) if isinstance(value, str) else (value or ColumnSpec())
            for name, value in self.columns.items()
        }

    @property
    def statement(self) -> tuple[str, ...]:
        """Which of `table`, `sql` and `sql_file` are given: exactly one, or the declaration is wrong."""
        return tuple(name for name in ("table", "sql", "sql_file") if getattr(self, name) is not None)
