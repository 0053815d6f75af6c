"""The check of computed fields: of which types they are, and everything that makes one impossible."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import polars as pl

from activation_platform.segmentation.aggregates import value_type
from activation_platform.segmentation.computed import Aggregated, Computed, Counted, Formula, Label, Picked
from activation_platform.segmentation.conditions import Condition
from activation_platform.segmentation.fields import UNTOLD, Kind, Schema, kind_of
from activation_platform.segmentation.formulas import formula_type, names, parsed
from activation_platform.segmentation.problems import InvalidCondition, Problem, nearest
from activation_platform.segmentation.reads import Named, chain_in_words, fields_read, loop
from activation_platform.segmentation.scope import Scope
from activation_platform.segmentation.validate import (
    aggregate_problems,
    at_relation,
    condition_problems,
    key_problems,
    problems,
    related_problems,
)

__all__ = ["all_problems", "computed_problems", "doubled", "typed"]


def typed(scope: Scope, read: Mapping[str, Schema] | None = None) -> Scope:
    """The scope with the computed fields of each model in its schema, wherever that is known.

    `read`: the columns of models, as they were found. Raises InvalidCondition where one of them is called like a computed field.
    """
    models = dict(scope.models)
    for name, columns in (read or {}).items():
        models[name] = replace(models[name], schema=columns)
        found = [
            Problem((name, "computed", one), told) for one, told in doubled(models[name].computed, columns)
        ]
        if found:
            raise InvalidCondition(found)
    types = _Types(replace(scope, models=models))
    for name, model in models.items():
        if model.schema is not None and model.computed:
            made = {one: types.of(name, one) for one in model.computed}
            models[name] = replace(model, schema={**model.schema, **made})
    return replace(scope, models=models)


def doubled(computed: Iterable[str], columns: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The computed fields that are called like a column, in some warehouses also by other letters, and what to say of each."""
    known = {column.lower(): column for column in columns}
    for name in computed:
        if name.lower() in known:
            yield name, f'the model has the column "{known[name.lower()]}"; call the computed field otherwise'


@dataclass(frozen=True, slots=True)
class _Types:
    """The types of fields, `UNTOLD` where they cannot be told."""

    scope: Scope
    known: dict[tuple[str, str], pl.DataType] = field(default_factory=dict)

    def of(self, model: str, name: str) -> pl.DataType:
        """The type of a field of a model."""
        definition = self.scope.models[model].computed.get(name)
        if definition is None:
            return (self.scope.models[model].schema or {}).get(name, UNTOLD)
        if (model, name) not in self.known:
            self.known[model, name] = UNTOLD  # as long as it is made of itself
            self.known[model, name] = self._made(definition, self.scope.seen_from(model))
        return self.known[model, name]

    def _made(self, definition: Computed, scope: Scope) -> pl.DataType:
        match definition:
            case Counted():
                return pl.Int64()
            case Label():
                return pl.String()
            case Formula():
                return self._formula(definition, scope)
            case Picked():
                return _plain(self._there(definition.of, definition.related, scope))
            case Aggregated(aggregate=aggregate):
                dtype = self._there(aggregate.of, aggregate.field, scope)
                return UNTOLD if dtype == UNTOLD else _plain(value_type(aggregate, dtype))

    def _there(self, relation: str, name: str, scope: Scope) -> pl.DataType:
        link = scope.model.relations.get(relation)
        return UNTOLD if link is None else self.of(link.model, name)

    def _formula(self, definition: Formula, scope: Scope) -> pl.DataType:
        tree = parsed(definition.formula)
        types = {name: self.of(scope.name, name) for name in names(tree)}
        if UNTOLD in types.values():
            return UNTOLD
        try:
            return formula_type(tree, types)
        except ValueError:
            return UNTOLD


def _plain(dtype: pl.DataType) -> pl.DataType:
    """Categories come through an engine as the texts that they are."""
    return pl.String() if kind_of(dtype) is Kind.TEXT else dtype


def computed_problems(name: str, scope: Scope) -> list[Problem]:
    """All faults of a computed field of a typed scope's model, each with its path below the definition."""
    this = Named("field", scope.name, name)
    chain = loop(this, scope)
    if chain is not None and chain[0] == this:
        return [Problem((), f"the field refers to itself: {chain_in_words(chain)}")]
    return list(_problems(scope.model.computed[name], scope, (this,)))


def all_problems(condition: Condition | None, scope: Scope, fields: Iterable[str] = ()) -> list[Problem]:
    """All faults of a condition and of some computed fields, with those of the computed fields that these refer to."""
    found = [] if condition is None else problems(condition, scope)
    for model, name in sorted(fields_read(condition, scope, fields)):
        if name in scope.models[model].computed:
            here = computed_problems(name, scope.seen_from(model))
            found += [Problem((model, "computed", name, *one.path), one.message) for one in here]
    return found


def _problems(definition: Computed, scope: Scope, within: tuple[Named, ...]) -> Iterator[Problem]:
    match definition:
        case Aggregated(aggregate=aggregate):
            yield from aggregate_problems(aggregate, scope, ("aggregate",), within)
        case Counted():
            yield from related_problems(definition, definition.count, "count", scope, (), within)
        case Label():
            for number, case in enumerate(definition.label):
                yield from condition_problems(case.when, scope, ("label", number, "when"), within)
        case Picked():
            yield from _picked(definition, scope)
        case Formula():
            yield from _formula(definition, scope)


def _picked(definition: Picked, scope: Scope) -> Iterator[Problem]:
    related = at_relation(definition.of, ("of",), scope)
    if isinstance(related, Problem):
        yield related
        return
    yield from key_problems(definition.of, ("of",), scope, related)
    there = {there for _, there in scope.model.relations[definition.of].match}
    if not related.model.key or not there >= set(related.model.key):
        told = (
            f"{definition.of}: may lead to several rows of {related.name}, whose primary key is "
            f"{', '.join(related.model.key)}; say which: aggregate: {{last: {definition.related}, of: {definition.of}}}"
        )
        yield Problem(("of",), told)
    if related.model.schema is None:
        return
    name = definition.related
    if name not in related.schema:
        yield Problem(
            ("related",), f"{name}: {related.name} has no such field{nearest(name, related.schema)}"
        )
    elif related.schema[name] != UNTOLD and kind_of(related.schema[name]) is Kind.OTHER:
        told = (
            f"{name}: is of type {related.schema[name]}, which does not come through every engine unchanged"
        )
        yield Problem(("related",), told)


def _formula(definition: Formula, scope: Scope) -> Iterator[Problem]:
    tree, schema = parsed(definition.formula), scope.model.schema
    if schema is None:
        return
    unknown = [name for name in names(tree) if name not in schema]
    for name in unknown:
        yield Problem(("formula",), f"{name}: the model has no such field{nearest(name, schema)}")
    if not unknown and UNTOLD not in [schema[name] for name in names(tree)]:
        try:
            formula_type(tree, schema)
        except ValueError as error:
            yield Problem(("formula",), str(error))
