"""The query endpoint of Attio: a subset of its filters, without sorting.

Vendor: https://docs.attio.com/rest-api/guides/filtering-and-sorting. Understood: `{"slug": value}`,
`{"slug": {"$eq": ...}}`, `{"slug": {"property": {"$eq": ...}}}`, the operators below, `$and`, `$or`, `$not`.
Anything else is a 400 `filter_error`. Records come in the order of their creation; `sorts` is ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from activation_platform.sandbox.attio.errors import refused
from activation_platform.sandbox.attio.records import document
from activation_platform.sandbox.attio.things import Attribute, Record, Thing
from activation_platform.sandbox.attio.values import IMPLICIT, Value, cast, key_of
from activation_platform.sandbox.attio.workspace import Workspace
from activation_platform.sandbox.exchange import Answer, Call

LIMIT_MAX = 500
# Types whose values are brought to their normal form before they are compared.
NORMALISED = frozenset({"email-address", "phone-number", "domain"})

Test = Callable[[Record], bool]


def query_records(call: Call, workspace: Workspace) -> Answer:
    """Return the records that pass the filter, `limit` (at most and by default 500) of them from `offset`."""
    thing = workspace.thing(call.parameters["object"])
    body = {} if call.document is None else call.document
    if not isinstance(body, dict):
        raise refused("The body is an object of filter, sorts, limit and offset.")
    limit, offset = _whole(body, "limit", LIMIT_MAX, LIMIT_MAX), _whole(body, "offset", 0, None)
    wanted = body.get("filter")
    candidates = _by_index(wanted, thing)
    passes = _reading(wanted, thing)
    found = [record for record in candidates if passes(record)]
    return Answer(
        200, {"data": [document(each, thing, workspace) for each in found[offset : offset + limit]]}
    )


def _whole(body: Mapping[str, Any], name: str, otherwise: int, most: int | None) -> int:
    value = body.get(name, otherwise)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0 or (most and value > most):
        raise refused(f"{name} is a whole number" + (f" of at most {most}." if most else "."))
    return value


def _by_index(wanted: Any, thing: Thing) -> Iterable[Record]:
    """Return the few records that a lookup by one unique value can mean, else all of them."""
    if isinstance(wanted, dict) and len(wanted) == 1:
        ((name, condition),) = wanted.items()
        attribute = thing.attribute(name)
        if attribute is not None and attribute.is_unique and isinstance(condition, str):
            holder = thing.holder(attribute, _normal(attribute, condition))
            return [thing.records[holder]] if holder else []
    return thing.records.values()


def _reading(wanted: Any, thing: Thing) -> Test:
    """Return the test that a filter means."""
    if wanted is None:
        return lambda _record: True
    if not isinstance(wanted, dict):
        raise refused("A filter is an object.", "filter_error")
    tests = [_clause(name, condition, thing) for name, condition in wanted.items()]
    return lambda record: all(test(record) for test in tests)


def _clause(name: str, condition: Any, thing: Thing) -> Test:
    if name in ("$and", "$or"):
        if not isinstance(condition, list):
            raise refused(f"{name} takes an array of filters.", "filter_error")
        tests = [_reading(each, thing) for each in condition]
        quantifier = all if name == "$and" else any
        return lambda record: quantifier(test(record) for test in tests)
    if name == "$not":
        inner = _reading(condition, thing)
        return lambda record: not inner(record)
    attribute = thing.attribute(name)
    if attribute is None:
        raise refused(f'Cannot filter by "{name}": there is no such attribute.', "filter_error")
    return _condition(attribute, condition)


def _condition(attribute: Attribute, condition: Any) -> Test:
    implicit = IMPLICIT.get(attribute.type, "value")
    if not isinstance(condition, dict):
        return _comparison(attribute, implicit, "$eq", condition)
    tests = []
    for name, inner in condition.items():
        if name.startswith("$"):
            tests.append(_comparison(attribute, implicit, name, inner))
        elif isinstance(inner, dict):
            tests += [_comparison(attribute, name, operator, given) for operator, given in inner.items()]
        else:
            tests.append(_comparison(attribute, name, "$eq", inner))
    return lambda record: all(test(record) for test in tests)


def _comparison(attribute: Attribute, name: str, operator: str, given: Any) -> Test:
    if operator not in OPERATORS:
        raise refused(f'The filter operator "{operator}" is not known.', "filter_error")
    if operator == "$in" and not isinstance(given, list):
        raise refused("$in takes an array.", "filter_error")
    if name == IMPLICIT.get(attribute.type) and operator in ("$eq", "$in"):
        given = (
            [_normal(attribute, each) for each in given] if operator == "$in" else _normal(attribute, given)
        )
    compare = OPERATORS[operator]

    def test(record: Record) -> bool:
        values = _held(record, attribute)
        if operator == "$not_empty":
            return bool(values) == bool(given)
        return any(compare(value.get(name), given) for value in values)

    return test


def _held(record: Record, attribute: Attribute) -> list[Value]:
    match attribute.api_slug:
        case "record_id":
            return [{"value": record.record_id}]
        case "created_at":
            return [{"value": record.created_at}]
        case slug:
            return record.values.get(slug, [])


def _normal(attribute: Attribute, given: Any) -> Any:
    if attribute.type not in NORMALISED:
        return given
    try:
        return key_of(attribute.type, cast(attribute.type, given))
    except ValueError:
        return given


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def safe(held: Any, given: Any) -> bool:
        try:
            return compare(held, given)
        except (TypeError, AttributeError):
            return False

    return safe


OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "$eq": lambda held, given: bool(held == given),
    "$in": lambda held, given: held in given,
    "$not_empty": lambda _held, _given: True,
    "$contains": _ordered(lambda held, given: given.lower() in held.lower()),
    "$starts_with": _ordered(lambda held, given: held.lower().startswith(given.lower())),
    "$ends_with": _ordered(lambda held, given: held.lower().endswith(given.lower())),
    "$lt": _ordered(lambda held, given: bool(held < given)),
    "$lte": _ordered(lambda held, given: bool(held <= given)),
    "$gt": _ordered(lambda held, given: bool(held > given)),
    "$gte": _ordered(lambda held, given: bool(held >= given)),
}
