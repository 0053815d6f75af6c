"""A computed field as it stands in YAML: a value that each row of a model gets beside those that were read.

`aggregate` and `count` are made of related rows, `related` is taken from the one related row that there is, `label` is the text
of the first condition that holds, `formula` an expression over fields of the row.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainValidator

from activation_platform.segmentation.conditions import Condition, validated
from activation_platform.segmentation.formulas import parsed
from activation_platform.segmentation.nodes import Worded
from activation_platform.segmentation.problems import InvalidCondition, Problem, nearest
from activation_platform.segmentation.related import Aggregate, Related
from activation_platform.segmentation.values import Name, Said, refused

__all__ = ["Aggregated", "Computed", "Counted", "Formula", "Label", "Picked", "When", "read_computed"]


def _formula(value: Any) -> str:
    try:
        parsed(value)
    except ValueError as error:
        raise refused(str(error)) from None
    return str(value)


def _cases(value: Any) -> Any:
    if isinstance(value, str | Mapping) or not isinstance(value, Sequence) or not value:
        raise refused(
            "takes a list of {when: a condition, then: a text}; the first condition that holds decides"
        )
    return tuple(value)


class Aggregated(Worded):
    """A field of related rows, made one value."""

    aggregate: Aggregate


class Counted(Related):
    """How many related rows there are."""

    count: Name


class Picked(Worded):
    """A field of the one related row that there is at most; null where there is none, or where its key stands twice."""

    related: Name
    of: Name


class When(Worded):
    """A text, and the condition for it."""

    when: Condition
    then: Said


class Label(Worded):
    """The text of the first condition that holds; `otherwise`: where none does, left out: null."""

    label: Annotated[tuple[When, ...], BeforeValidator(_cases)]
    otherwise: Said | None = None


class Formula(Worded):
    """An expression over fields of the row; its vocabulary stands in `formulas.py`."""

    formula: Annotated[str, PlainValidator(_formula, json_schema_input_type=str)]


Computed = Aggregated | Counted | Picked | Label | Formula
_KINDS: dict[str, type[Any]] = {
    "aggregate": Aggregated,
    "count": Counted,
    "label": Label,
    "related": Picked,
    "formula": Formula,
}


def read_computed(tree: object) -> Computed:
    """Read a definition as YAML gives it; raises InvalidCondition with every fault and its path."""
    said = tree if isinstance(tree, Mapping) else {}
    words = [word for word in _KINDS if word in said]
    if len(words) == 1:
        validate: Callable[[object], Computed] = _KINDS[words[0]].model_validate
        return validated(validate, tree)
    near = next((close for key in said if (close := nearest(str(key), _KINDS))), "")
    given = f"here {' and '.join(words)}" if words else f"here none{near}"
    raise InvalidCondition([Problem((), f"a computed field has one of {', '.join(_KINDS)}, {given}")])
