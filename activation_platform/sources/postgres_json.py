"""PostgreSQL's words for values within JSON documents, from its version 16 on.

`IS JSON WITH UNIQUE KEYS` holds for exactly the documents that a condition reads: it takes no key twice, no half surrogate
pair and no NUL, also where they are written as escapes. https://www.postgresql.org/docs/16/functions-json.html

Each step is a query of the one value that the step before left, or of none; OFFSET 0 keeps the planner from writing one into
the other, so that nothing is computed twice. Whatever might fail is cast as a CASE, which is null where it would: the planner
computes what is constant before it decides which branch is taken.
"""

from sqlglot import exp

from activation_platform.contracts.json_value import (
    DAY,
    FINER,
    LARGEST_INTEGER,
    MOMENT,
    MOST_BRACKETS,
    TINY,
    WITHOUT_ZONE,
    JsonType,
    JsonValue,
)
from activation_platform.sources.dialect import call, text

__all__ = ["in_postgres"]


def in_postgres(value: JsonValue) -> exp.Expr:
    """The value, null where it is not of its type."""
    found = exp.column("value")
    match value.type:
        case JsonType.INTEGER:
            whole = exp.EQ(this=found, expression=call("TRUNC", found.copy()))
            small = exp.LTE(this=call("ABS", found.copy()), expression=exp.Literal.number(LARGEST_INTEGER))
            return _step(exp.cast(found.copy(), "BIGINT"), _number(value), exp.and_(small, whole)).subquery()
        case JsonType.NUMBER:
            return _number(value).subquery()
        case JsonType.BOOLEAN:
            return exp.cast(_string(value, "boolean").subquery(), "BOOLEAN")
        case JsonType.DATE:
            return exp.cast(_valid(found, _like(value, DAY), "date").subquery(), "DATE")
        case JsonType.TIMESTAMP:
            moment = call("REGEXP_REPLACE", found, *map(text, FINER))
            moment = call("REGEXP_REPLACE", moment, *map(text, WITHOUT_ZONE))
            there = _step(moment, _like(value, MOMENT))
            return exp.cast(_valid(found.copy(), there, "timestamptz").subquery(), "TIMESTAMPTZ")
        case JsonType.TEXTS:
            return exp.cast(_texts(value).subquery(), "TEXT[]")
        case _:
            return _string(value, "string").subquery()


def _at(value: JsonValue) -> exp.Select:
    """What stands at the path, as JSON."""
    written = exp.cast(value.document.copy(), "TEXT")
    without = call("REPLACE", call("REPLACE", written.copy(), text("["), text("")), text("{"), text(""))
    brackets = exp.Sub(this=call("LENGTH", written.copy()), expression=call("LENGTH", without))
    few = exp.LTE(this=brackets, expression=exp.Literal.number(MOST_BRACKETS))
    is_json = exp.Is(this=written.copy(), expression=exp.JSON(with_=True, unique=True))
    found: exp.Expr = exp.cast(_when(few, _when(is_json, written)), "JSON")
    for step in value.path.steps:
        found = exp.JSONExtract(this=found, expression=exp.convert(step), only_json_types=True)
    return exp.select(found.as_("value")).offset(0)


def _step(made: exp.Expr, before: exp.Select, where: exp.Expr | None = None) -> exp.Select:
    """What is made of a value, if something holds for it."""
    named = made if isinstance(made, exp.Column) else made.as_("value")
    step = exp.select(named).from_(before.subquery("step"))
    return (step if where is None else step.where(where)).offset(0)


def _is(kind: str) -> exp.Expr:
    return exp.EQ(this=call("JSON_TYPEOF", exp.column("value")), expression=text(kind))


def _string(value: JsonValue, kind: str) -> exp.Select:
    """A scalar as text, a string without its quotes."""
    scalar = exp.JSONBExtractScalar(this=exp.column("value"), expression=text("{}"))
    return _step(scalar, _at(value), _is(kind))


def _like(value: JsonValue, pattern: str) -> exp.Select:
    like = exp.RegexpLike(this=exp.column("value"), expression=text(pattern))
    return _step(exp.column("value"), _string(value, "string"), like)


def _valid(found: exp.Expr, before: exp.Select, sql_type: str) -> exp.Select:
    """Text that is a day or a moment, if the calendar has it."""
    return _step(found, before, call("PG_INPUT_IS_VALID", found.copy(), text(sql_type)))


def _number(value: JsonValue) -> exp.Select:
    """The nearest 64-bit float, null for what is larger than any."""
    found = exp.column("value")
    fits = call("PG_INPUT_IS_VALID", found, text("double precision"))
    tiny = exp.RegexpLike(this=found.copy(), expression=text(TINY))
    read = _when(fits, found.copy()).when(tiny, text("0"))
    return _step(exp.cast(read, "DOUBLE"), _string(value, "number"))


def _texts(value: JsonValue) -> exp.Select:
    found, element = exp.column("value"), exp.to_identifier("element")
    elements = exp.Table(
        this=call("JSON_ARRAY_ELEMENTS", found),
        alias=exp.TableAlias(this=element, columns=[element.copy()]),
    )
    other = exp.NEQ(this=call("JSON_TYPEOF", exp.column("element")), expression=text("string"))
    only_texts = exp.not_(exp.Exists(this=exp.select("1").from_(elements).where(other)))
    texts = exp.Array(expressions=[exp.select(call("JSON_ARRAY_ELEMENTS_TEXT", found.copy()))])
    arrays = _step(found.copy(), _at(value), _is("array"))
    return _step(texts, arrays, only_texts)


def _when(condition: exp.Expr, then: exp.Expr) -> exp.Case:
    return exp.Case().when(condition, then)
