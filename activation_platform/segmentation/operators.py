"""The operators of a condition on a field: their words, the kinds of fields they apply to, and their negations."""

from enum import StrEnum

from activation_platform.segmentation.fields import Kind


class Operator(StrEnum):
    """One operator; its value is the key that stands in YAML."""

    EQUALS = "equals"
    NOT_EQUALS = "not_equals"
    IN = "in"
    NOT_IN = "not_in"
    ABOVE = "above"
    AT_LEAST = "at_least"
    BELOW = "below"
    AT_MOST = "at_most"
    BETWEEN = "between"
    NOT_BETWEEN = "not_between"
    CONTAINS = "contains"
    NOT_CONTAINS = "not_contains"
    STARTS_WITH = "starts_with"
    NOT_STARTS_WITH = "not_starts_with"
    ENDS_WITH = "ends_with"
    NOT_ENDS_WITH = "not_ends_with"
    MATCHES = "matches"
    NOT_MATCHES = "not_matches"
    BEFORE = "before"
    AFTER = "after"
    IN_LAST = "in_last"
    IN_NEXT = "in_next"
    OLDER_THAN = "older_than"
    DAYS_AGO = "days_ago"
    NOT_DAYS_AGO = "not_days_ago"
    IN_DAYS = "in_days"
    NOT_IN_DAYS = "not_in_days"
    ANNIVERSARY = "anniversary"
    NOT_ANNIVERSARY = "not_anniversary"
    ANNIVERSARY_WITHIN = "anniversary_within"
    NOT_ANNIVERSARY_WITHIN = "not_anniversary_within"
    DAY_OF_WEEK = "day_of_week"
    NOT_DAY_OF_WEEK = "not_day_of_week"
    CONTAINS_ANY = "contains_any"
    CONTAINS_NONE = "contains_none"
    CONTAINS_ALL = "contains_all"
    NOT_CONTAINS_ALL = "not_contains_all"
    LENGTH_EQUALS = "length_equals"
    NOT_LENGTH_EQUALS = "not_length_equals"
    LENGTH_AT_LEAST = "length_at_least"
    LENGTH_AT_MOST = "length_at_most"
    IS_NULL = "is_null"
    IS_EMPTY = "is_empty"


NEGATIONS = {
    Operator.NOT_EQUALS: Operator.EQUALS,
    Operator.NOT_IN: Operator.IN,
    Operator.NOT_BETWEEN: Operator.BETWEEN,
    Operator.NOT_CONTAINS: Operator.CONTAINS,
    Operator.NOT_STARTS_WITH: Operator.STARTS_WITH,
    Operator.NOT_ENDS_WITH: Operator.ENDS_WITH,
    Operator.NOT_MATCHES: Operator.MATCHES,
    Operator.NOT_DAYS_AGO: Operator.DAYS_AGO,
    Operator.NOT_IN_DAYS: Operator.IN_DAYS,
    Operator.NOT_ANNIVERSARY: Operator.ANNIVERSARY,
    Operator.NOT_ANNIVERSARY_WITHIN: Operator.ANNIVERSARY_WITHIN,
    Operator.NOT_DAY_OF_WEEK: Operator.DAY_OF_WEEK,
    Operator.CONTAINS_NONE: Operator.CONTAINS_ANY,
    Operator.NOT_CONTAINS_ALL: Operator.CONTAINS_ALL,
    Operator.NOT_LENGTH_EQUALS: Operator.LENGTH_EQUALS,
}
"""Each negated operator is, row by row, the exact opposite of the operator it names."""

_TEXT = frozenset({Kind.TEXT})
_NUMBER = frozenset({Kind.NUMBER})
_MOMENT = frozenset({Kind.DATE, Kind.TIMESTAMP})
_LIST = frozenset({Kind.LIST})

_KINDS = {
    Operator.EQUALS: _TEXT | _NUMBER | _MOMENT | {Kind.BOOLEAN},
    Operator.IN: _TEXT | _NUMBER | _MOMENT,
    Operator.ABOVE: _NUMBER,
    Operator.AT_LEAST: _NUMBER,
    Operator.BELOW: _NUMBER,
    Operator.AT_MOST: _NUMBER,
    Operator.BETWEEN: _NUMBER | _MOMENT,
    Operator.CONTAINS: _TEXT,
    Operator.STARTS_WITH: _TEXT,
    Operator.ENDS_WITH: _TEXT,
    Operator.MATCHES: _TEXT,
    Operator.BEFORE: _MOMENT,
    Operator.AFTER: _MOMENT,
    Operator.IN_LAST: _MOMENT,
    Operator.IN_NEXT: _MOMENT,
    Operator.OLDER_THAN: _MOMENT,
    Operator.DAYS_AGO: _MOMENT,
    Operator.IN_DAYS: _MOMENT,
    Operator.ANNIVERSARY: _MOMENT,
    Operator.ANNIVERSARY_WITHIN: _MOMENT,
    Operator.DAY_OF_WEEK: _MOMENT,
    Operator.CONTAINS_ANY: _LIST,
    Operator.CONTAINS_ALL: _LIST,
    Operator.LENGTH_EQUALS: _LIST,
    Operator.LENGTH_AT_LEAST: _LIST,
    Operator.LENGTH_AT_MOST: _LIST,
    Operator.IS_NULL: frozenset(Kind),
    Operator.IS_EMPTY: _TEXT | _LIST,
}

SYNONYMS = {
    "=": "equals",
    "==": "equals",
    "eq": "equals",
    "is": "equals",
    "!=": "not_equals",
    "ne": "not_equals",
    "is_not": "not_equals",
    ">": "above",
    "gt": "above",
    "greater_than": "above",
    "more_than": "above",
    ">=": "at_least",
    "gte": "at_least",
    "min": "at_least",
    "<": "below",
    "lt": "below",
    "less_than": "below",
    "<=": "at_most",
    "lte": "at_most",
    "max": "at_most",
    "like": "contains",
    "regex": "matches",
    "regexp": "matches",
    "rlike": "matches",
    "~": "matches",
    "!~": "not_matches",
    "is_not_null": "is_null",
    "not_null": "is_null",
    "null": "is_null",
    "on": "equals",
    "since": "after",
    "until": "before",
    "more_than_ago": "older_than",
    "exactly_days_ago": "days_ago",
    "days_from_now": "in_days",
    "birthday": "anniversary",
    "birthday_within": "anniversary_within",
    "weekday": "day_of_week",
    "dow": "day_of_week",
    "has_any": "contains_any",
    "overlaps": "contains_any",
    "has_all": "contains_all",
    "has_none": "contains_none",
    "not_contains_any": "contains_none",
    "length": "length_equals",
    "size": "length_equals",
    "min_length": "length_at_least",
    "max_length": "length_at_most",
}
"""What people write who think of SQL or of another tool, and the word that is meant."""


def positive(operator: Operator) -> Operator:
    """Return the operator without its negation."""
    return NEGATIONS.get(operator, operator)


def kinds_of(operator: Operator) -> frozenset[Kind]:
    """Return the kinds of fields that an operator applies to."""
    return _KINDS[positive(operator)]


def operators_of(kind: Kind) -> tuple[Operator, ...]:
    """Return the operators that apply to a kind of field, in the order of the documentation."""
    return tuple(operator for operator in Operator if kind in kinds_of(operator))


PLAIN = frozenset(
    {
        Operator.IS_NULL,
        Operator.IS_EMPTY,
        Operator.DAYS_AGO,
        Operator.IN_DAYS,
        Operator.ANNIVERSARY,
        Operator.ANNIVERSARY_WITHIN,
        Operator.DAY_OF_WEEK,
        Operator.LENGTH_EQUALS,
        Operator.LENGTH_AT_LEAST,
        Operator.LENGTH_AT_MOST,
    }
)
"""The operators whose value is none of the field's kind, and means the same beside every field."""

TEXT_OPERATORS = frozenset(operator for operator in Operator if Kind.TEXT in kinds_of(operator)) - {
    Operator.IS_NULL,
    Operator.IS_EMPTY,
}
"""The operators that compare text and so take `ignore_case`."""
