"""Computed fields as columns: the rows of a model become a table that has those that are asked for, beside its own.

What is made of related rows is a table of keys, grouped once and joined; the rest is worked out from the row. What is made of
other computed fields stands in a table over the one that has them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlglot import exp

from activation_platform.segmentation.computed import Aggregated, Computed, Counted, Formula, Label, Picked
from activation_platform.segmentation.formulas import Made, held_as, parsed, worked_out
from activation_platform.segmentation.gathered import Gathered, or_zero
from activation_platform.segmentation.related import Aggregate, Function, Windowed

__all__ = ["Column", "Joined", "amount", "beside", "number", "of_base", "source"]

_BASE = "base"


@dataclass(frozen=True, slots=True)
class Joined:
    """The value of a key in a table of keys: of the one that a row has by a relation (None: of its own).

    `counts`: 0 where the key is not there.
    """

    relation: str | None
    table: exp.Select
    counts: bool = False


Column = Joined | exp.Expr


def source(gathered: Gathered, *named: exp.Expr) -> exp.Expr:
    """What to select expressions from: the rows of a model, with the computed fields that the expressions name as columns."""
    scope, rows = gathered.scope, gathered.naming.rows(gathered.scope.name)
    made: dict[str, Column] = {}
    waiting = _computed_in(gathered, named)
    while waiting:
        name = waiting.pop()
        made[name] = _column(gathered, scope.model.computed[name])
        waiting |= _needs(gathered, made[name]) - made.keys()
    columns = {name: made[name] for name in scope.model.computed if name in made}
    while columns:
        layer = [name for name, one in columns.items() if not _needs(gathered, one) & columns.keys()]
        next_ones = {_identifier(gathered, name): columns.pop(name) for name in layer}
        everything = exp.Column(this=exp.Star(), table=exp.to_identifier(_BASE))
        rows = beside(gathered, rows, next_ones, everything).subquery(_BASE)
    return rows


def beside(
    gathered: Gathered, rows: exp.Expr, columns: Mapping[exp.Identifier, Column], *kept: exp.Expr
) -> exp.Select:
    """A query for columns over rows, and for what is `kept` of the rows."""
    query = exp.select(*kept).from_(exp.alias_(rows, _BASE, table=True))
    for number, (name, column) in enumerate(columns.items()):
        if not isinstance(column, Joined):
            query = query.select(exp.alias_(of_base(column), name))
            continue
        table = f"made{number}"
        on = [
            exp.EQ(
                this=exp.column(f"key{place}", table=table),
                expression=of_base(gathered.naming.column(gathered.scope.name, here)),
            )
            for place, here in enumerate(_here(gathered, column.relation))
        ]
        value = exp.column("value", table=table)
        query = query.select(exp.alias_(or_zero(value) if column.counts else value, name))
        query = query.join(column.table.subquery(table), on=exp.and_(*on), join_type="left")
    return query


def amount(gathered: Gathered, aggregate: Aggregate) -> Joined:
    """What the related rows of a row come to."""
    return Joined(aggregate.of, gathered.values(aggregate), counts=aggregate.function is Function.DISTINCT)


def number(gathered: Gathered, relation: str, wanted: Windowed) -> Joined:
    """How many related rows a row has."""
    return Joined(relation, gathered.counts(relation, wanted), counts=True)


def of_base(expression: exp.Expr) -> exp.Expr:
    """An expression over the row, as one that says so."""
    said = expression.copy()
    for column in list(_columns_of(said)):
        column.set("table", exp.to_identifier(_BASE))
    return said


def _here(gathered: Gathered, relation: str | None) -> Iterable[str]:
    """The columns in which a row has the key of a table."""
    model = gathered.scope.model
    return model.key if relation is None else (here for here, _ in model.relations[relation].match)


def _column(gathered: Gathered, definition: Computed) -> Column:
    match definition:
        case Aggregated(aggregate=aggregate):
            return amount(gathered, aggregate)
        case Counted():
            return number(gathered, definition.count, definition)
        case Picked():
            return Joined(definition.of, gathered.only(definition))
        case Label():
            return _label(gathered, definition)
        case Formula():
            return _formula(gathered, definition)


def _label(gathered: Gathered, label: Label) -> exp.Expr:
    cases = exp.Case()
    for case in label.label:
        cases = cases.when(gathered.compiled(case.when, gathered.scope), exp.Literal.string(case.then))
    if label.otherwise is not None:
        cases = cases.else_(exp.Literal.string(label.otherwise))
    return exp.cast(cases, "TEXT")


def _formula(gathered: Gathered, formula: Formula) -> exp.Expr:
    def held(name: str) -> Made:
        return held_as(gathered.naming.column(gathered.scope.name, name), gathered.scope.schema[name])

    return worked_out(parsed(formula.formula), held, gathered.now.date()).result


def _identifier(gathered: Gathered, field: str) -> exp.Identifier:
    column = gathered.naming.column(gathered.scope.name, field)
    assert isinstance(column.this, exp.Identifier)
    return column.this


def _needs(gathered: Gathered, column: Column) -> set[str]:
    return set() if isinstance(column, Joined) else _computed_in(gathered, [column])


def _computed_in(gathered: Gathered, expressions: Iterable[exp.Expr]) -> set[str]:
    """The computed fields that expressions name as columns of the row; what a subquery within them names is its own affair."""
    computed = gathered.scope.model.computed
    if not computed:
        return set()
    by_column = {_identifier(gathered, name).name: name for name in computed}
    named = {column.name for expression in expressions for column in _columns_of(expression)}
    return {by_column[name] for name in named & by_column.keys()}


def _columns_of(expression: exp.Expr) -> Iterator[exp.Column]:
    """The columns of the row itself."""
    for node in expression.walk(prune=lambda node: isinstance(node, exp.Query)):
        if isinstance(node, exp.Column):
            yield node
