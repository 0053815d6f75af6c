"""What a condition may refer to: the fields of its model, the models related to it, and the segments over them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from sqlglot import exp

from activation_platform.segmentation.conditions import Condition
from activation_platform.segmentation.fields import Schema

__all__ = ["QUOTED", "Link", "Model", "Naming", "Scope", "Segment", "alone"]


@dataclass(frozen=True, slots=True)
class Link:
    """Which rows of another model belong to a row: those whose columns equal. `match`: pairs of column here, column there."""

    model: str
    match: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Model:
    """A model as conditions see it. `schema` is None where only its source knows its fields."""

    schema: Schema | None
    key: tuple[str, ...] = ()
    event_time: str | None = None
    relations: Mapping[str, Link] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment as others refer to it."""

    model: str
    condition: Condition


@dataclass(frozen=True, slots=True)
class Scope:
    """All models and segments, seen from the model `name`."""

    name: str
    models: Mapping[str, Model]
    segments: Mapping[str, Segment] = field(default_factory=dict)

    @property
    def model(self) -> Model:
        """The model that conditions are about."""
        return self.models[self.name]

    @property
    def schema(self) -> Schema:
        """Its fields."""
        assert self.model.schema is not None
        return self.model.schema

    def related(self, relation: str) -> "Scope":
        """Seen from the model at the other end of a relation."""
        return replace(self, name=self.model.relations[relation].model)


def alone(schema: Schema) -> Scope:
    """A model without relations."""
    return Scope("model", {"model": Model(schema)})


class Naming(Protocol):
    """How an engine names the rows and columns of models."""

    def rows(self, model: str) -> exp.Expr:
        """What to select from."""

    def column(self, model: str, field: str) -> exp.Condition:
        """A field, within what is selected from `rows`."""


class _Quoted:
    """Tables and columns that are called like models and fields."""

    def rows(self, model: str) -> exp.Expr:
        return exp.Table(this=exp.to_identifier(model, quoted=True))

    def column(self, model: str, field: str) -> exp.Condition:
        del model
        return exp.column(field, quoted=True)


QUOTED: Naming = _Quoted()
