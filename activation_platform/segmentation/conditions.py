"""A condition as it stands in YAML: groups without limit of depth, and leaves of one subject and one operator.

Leaves about related rows and other segments stand in `related.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from activation_platform.segmentation.limits import Limited
from activation_platform.segmentation.nodes import Node
from activation_platform.segmentation.operators import SYNONYMS, TEXT_OPERATORS, Operator
from activation_platform.segmentation.problems import InvalidCondition, Problem, nearest
from activation_platform.segmentation.related import Aggregate, Has, InSegment, Step, Steps, Taken
from activation_platform.segmentation.splits import InArm
from activation_platform.segmentation.values import (
    Bound,
    Days,
    Length,
    Many,
    Name,
    One,
    Pair,
    Path,
    Pattern,
    ReadAs,
    ShortSpanText,
    SpanText,
    Switch,
    Text,
    Today,
    Weekdays,
    refused,
)

T = TypeVar("T")

GROUPS = ("all", "any", "none")
_MODIFIERS = ("ignore_case",)
_DEEPEST = 64
_SUBJECTS = ("field", "aggregate")
_WITHIN = ("path", "as")
_LEAVES = ("has", "sequence", "segment", "taken_by", "split", "limit")
_NESTING = ("where", "steps", "aggregate", "of", "label", "when")
_WORDS = (*GROUPS, *_LEAVES, *_SUBJECTS, *_WITHIN, *Operator, *_MODIFIERS)


class Comparison(Node):
    """A leaf: one subject, one operator, its value; `ignore_case` compares the lower-cased forms of both sides.

    The subject is a field of the model, what stands at a path within its JSON, or a field of related rows made one value.
    """

    field: Name = ""
    path: Path | None = None
    as_: ReadAs | None = Field(None, alias="as")
    aggregate: Aggregate | None = None
    equals: One | None = None
    not_equals: One | None = None
    in_: Many | None = Field(None, alias="in")
    not_in: Many | None = None
    above: Bound | None = None
    at_least: Bound | None = None
    below: Bound | None = None
    at_most: Bound | None = None
    between: Pair | None = None
    not_between: Pair | None = None
    contains: Text | None = None
    not_contains: Text | None = None
    starts_with: Text | None = None
    not_starts_with: Text | None = None
    ends_with: Text | None = None
    not_ends_with: Text | None = None
    matches: Pattern | None = None
    not_matches: Pattern | None = None
    before: One | None = None
    after: One | None = None
    in_last: SpanText | None = None
    in_next: SpanText | None = None
    older_than: SpanText | None = None
    days_ago: Days | None = None
    not_days_ago: Days | None = None
    in_days: Days | None = None
    not_in_days: Days | None = None
    anniversary: Today | None = None
    not_anniversary: Today | None = None
    anniversary_within: ShortSpanText | None = None
    not_anniversary_within: ShortSpanText | None = None
    day_of_week: Weekdays | None = None
    not_day_of_week: Weekdays | None = None
    contains_any: Many | None = None
    contains_none: Many | None = None
    contains_all: Many | None = None
    not_contains_all: Many | None = None
    length_equals: Length | None = None
    not_length_equals: Length | None = None
    length_at_least: Length | None = None
    length_at_most: Length | None = None
    is_null: Switch | None = None
    is_empty: Switch | None = None
    ignore_case: Switch = False

    @property
    def operator(self) -> Operator:
        """The one operator of this leaf."""
        (name,) = self.model_fields_set - {*_SUBJECTS, "path", "as_", *_MODIFIERS}
        return Operator(name.rstrip("_"))

    @property
    def value(self) -> Any:
        """The value beside the operator: a scalar, a tuple of scalars, a span or a boolean."""
        return getattr(self, "in_" if self.operator is Operator.IN else self.operator)

    @model_validator(mode="before")
    @classmethod
    def _one_operator(cls, raw: Any) -> Any:
        if isinstance(raw, cls):
            return raw
        if not isinstance(raw, Mapping):
            raise refused(f"a condition is a mapping such as {{field: country, equals: FR}}, not {raw!r}")
        for key in raw:
            if key not in _WORDS:
                raise refused(f'"{key}" is no word of a condition{nearest(str(key), _WORDS, SYNONYMS)}')
        if len([subject for subject in _SUBJECTS if subject in raw]) != 1:
            raise refused(
                "a condition names its `field:` (or an `aggregate:` of related rows), or begins with `has:`, `sequence:`, "
                "`segment:`, `split:` or `limit:`, or is a group: `all:`, `any:` or `none:`"
            )
        operators = [key for key in raw if key in Operator.__members__.values()]
        if len(operators) != 1:
            found = " and ".join(f"`{key}`" for key in operators) or "none"
            raise refused(f"takes exactly one operator, here {found}; join several conditions with `all:`")
        if raw[operators[0]] is None:
            raise refused(f"`{operators[0]}` has no value; to look for null write is_null: true")
        if "ignore_case" in raw and operators[0] not in TEXT_OPERATORS:
            raise refused(f"`ignore_case` does not go with `{operators[0]}`, only with comparisons of text")
        return raw

    @model_validator(mode="after")
    def _path_of_a_field(self) -> Self:
        if (self.path is None) is not (self.as_ is None):
            raise refused(
                "`path` and `as` go together, such as {field: profile, path: $.address.city, as: text, equals: Paris}"
            )
        if self.path is not None and self.aggregate is not None:
            raise refused(
                "`path` goes into a field, not into an aggregate; make the value a column of the related model"
            )
        return self


class _Group(Node):
    @model_validator(mode="before")
    @classmethod
    def _one_word(cls, raw: Any) -> Any:
        if isinstance(raw, Mapping) and len(raw) > 1:
            words = " and ".join(f"`{key}`" for key in raw)
            raise refused(f"a group has one word, here {words}; put one group into the other")
        return raw


def _members(value: Any) -> Any:
    if isinstance(value, str | Mapping) or not isinstance(value, Sequence):
        raise refused("takes a list of conditions, each on a line of its own that begins with `- `")
    if not value:
        raise refused("a group needs at least one condition; an empty one would take or leave everybody")
    return tuple(value)


class AllOf(_Group):
    """A row belongs if every condition holds."""

    all: "Annotated[tuple[Condition, ...], BeforeValidator(_members)]"


class AnyOf(_Group):
    """A row belongs if at least one condition holds."""

    any: "Annotated[tuple[Condition, ...], BeforeValidator(_members)]"


class NoneOf(_Group):
    """A row belongs if no condition holds: the exact opposite of `any`."""

    none: "Annotated[tuple[Condition, ...], BeforeValidator(_members)]"


_TAGS: dict[type[Node], str] = {
    AllOf: "<all>",
    AnyOf: "<any>",
    NoneOf: "<none>",
    Has: "<has>",
    Steps: "<sequence>",
    InSegment: "<segment>",
    Taken: "<taken_by>",
    InArm: "<split>",
    Limited: "<limit>",
    Comparison: "<field>",
}


def _tag(raw: Any) -> str:
    if isinstance(raw, Node):
        return _TAGS[type(raw)]
    words = [word for word in (*GROUPS, *_LEAVES) if isinstance(raw, Mapping) and word in raw]
    return f"<{words[0]}>" if words else "<field>"


Condition = Annotated[
    Annotated[AllOf, Tag("<all>")]
    | Annotated[AnyOf, Tag("<any>")]
    | Annotated[NoneOf, Tag("<none>")]
    | Annotated[Has, Tag("<has>")]
    | Annotated[Steps, Tag("<sequence>")]
    | Annotated[InSegment, Tag("<segment>")]
    | Annotated[Taken, Tag("<taken_by>")]
    | Annotated[InArm, Tag("<split>")]
    | Annotated[Limited, Tag("<limit>")]
    | Annotated[Comparison, Tag("<field>")],
    Discriminator(_tag),
]
"""A condition tree; read one with `read`, or use it as the type of a pydantic field."""

for _model in (Aggregate, Has, Step, Steps, Limited, Comparison, AllOf, AnyOf, NoneOf):
    _model.model_rebuild(_types_namespace={"Condition": Condition})
_CONDITION: TypeAdapter[Condition] = TypeAdapter(Condition)


def read(tree: object) -> Condition:
    """Read a tree as YAML gives it (mappings, lists, scalars); raises InvalidCondition with every fault and its path."""
    return validated(_CONDITION.validate_python, tree)


def validated(validate: Callable[[object], T], tree: object) -> T:
    """What pydantic makes of a tree with conditions in it; raises InvalidCondition with every fault and its path."""
    if _depth_exceeds(tree, _DEEPEST):
        raise InvalidCondition(
            [Problem((), f"groups are nested deeper than {_DEEPEST} levels, which no engine reads")]
        )
    try:
        return validate(tree)
    except ValidationError as error:
        raise InvalidCondition(
            _problem(tree, fault["loc"], fault["msg"]) for fault in error.errors()
        ) from None


def _depth_exceeds(tree: object, deepest: int) -> bool:
    level = [tree]
    for _ in range(2 * deepest + 1):  # a group is two levels of YAML: a mapping and a list
        level = [part for node in level for part in _parts(node)]
        if not level:
            return False
    return True


def _parts(node: object) -> list[object]:
    if isinstance(node, Mapping):
        return [part for key, part in node.items() if key in (*GROUPS, *_NESTING)]
    return list(node) if isinstance(node, list | tuple) else []


def members(group: AllOf | AnyOf | NoneOf) -> tuple[str, tuple[Condition, ...]]:
    """Return the word of a group, `all`, `any` or `none`, and its conditions."""
    (word,) = type(group).model_fields
    return word, getattr(group, word)


def _problem(tree: Any, steps: tuple[str | int, ...], message: str) -> Problem:
    """Strip pydantic's tags from the path and name the field and the operator in the message."""
    path = tuple(step for step in steps if step not in _TAGS.values())
    leaf, depth = tree, 0
    while depth < len(path) and not (isinstance(leaf, Mapping) and "field" in leaf):
        leaf, depth = leaf[path[depth]], depth + 1
    if not (isinstance(leaf, Mapping) and "field" in leaf):
        return Problem(path, message)
    operator = f"`{path[depth]}` " if depth < len(path) and path[depth] != "field" else ""
    return Problem(path, f"{leaf['field']}: {operator}{message}")
