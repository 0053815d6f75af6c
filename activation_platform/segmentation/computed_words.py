"""Computed fields in English: what each is made of, as sentences that follow the one about a condition."""

from datetime import datetime

from activation_platform.segmentation.computed import Aggregated, Computed, Counted, Formula, Label, Picked
from activation_platform.segmentation.conditions import Condition
from activation_platform.segmentation.quoting import name_in_words
from activation_platform.segmentation.reads import fields_read
from activation_platform.segmentation.scope import Scope
from activation_platform.segmentation.words import (
    aggregate_in_words,
    in_words,
    rows_in_words,
    sentence,
    value_in_words,
)

__all__ = ["explained"]


def explained(condition: Condition, scope: Scope, now: datetime) -> str:
    """Which rows of the scope's model belong at an instant, then what the computed fields are that decide it.

    Neither the condition nor the fields may have problems.
    """
    read = [(model != scope.name, model, name) for model, name in fields_read(condition, scope)]
    told = [sentence(condition, scope, now)]
    for _, model, name in sorted(read):
        definition = scope.models[model].computed.get(name)
        if definition is not None:
            field = f"The field {name_in_words(name)} of {name_in_words(model)}"
            told.append(f"{field} is {_made(definition, scope.seen_from(model), now)}.")
    return " ".join(told)


def _made(definition: Computed, scope: Scope, now: datetime) -> str:
    match definition:
        case Aggregated(aggregate=aggregate):
            rows = rows_in_words(aggregate.of, aggregate, aggregate.where, scope, now)
            return f"{aggregate_in_words(aggregate)} over rows of {rows}"
        case Counted():
            return f"the number of rows of {rows_in_words(definition.count, definition, definition.where, scope, now)}"
        case Picked():
            return f"{name_in_words(definition.related)} of the row of {name_in_words(definition.of)}, if it has one"
        case Label():
            cases = [
                f"{value_in_words(case.then)} if ({in_words(case.when, scope, now)})"
                for case in definition.label
            ]
            return f"{', else '.join(cases)}, else {value_in_words(definition.otherwise)}"
        case Formula():
            return f"the formula {definition.formula}"
