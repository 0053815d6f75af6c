"""Databricks' words for values within JSON, in columns of text.

`try_parse_json` is as strict as a condition wants it (no key twice, no half surrogate pair), but for two things: it takes
`\\u0000`, and text behind a document. Such text fits into an array or into an object, but never into both.
https://docs.databricks.com/aws/en/sql/language-manual/functions/try_parse_json

Each step is an array of the one value that the step before left, or of none. Shown by Spark, whose parser ends at 1,000
levels and at numbers of 1,000 digits; unconfirmed: that a warehouse's is the same.
"""

from sqlglot import exp

from activation_platform.contracts.json_value import (
    DAY,
    FINER,
    LARGEST_INTEGER,
    MOMENT,
    MOST_BRACKETS,
    NUL,
    WITHOUT_ZONE,
    JsonType,
    JsonValue,
)
from activation_platform.sources.dialect import call, joined, text, to_the_end

__all__ = ["in_databricks"]


def in_databricks(value: JsonValue) -> exp.Expr:
    """The value, null where it is not of its type."""
    match value.type:
        case JsonType.INTEGER:
            whole = exp.EQ(this=_it("n"), expression=call("RINT", _it("n")))
            small = exp.LTE(this=call("ABS", _it("n")), expression=exp.Literal.number(LARGEST_INTEGER))
            found = _where("n", _numbers(value), exp.and_(small, whole))
            return _only(_each("n", found, exp.cast(_it("n"), "BIGINT")))
        case JsonType.NUMBER:
            infinite = exp.cast(text("Infinity"), "DOUBLE")
            return _only(
                _where("n", _numbers(value), exp.LT(this=call("ABS", _it("n")), expression=infinite))
            )
        case JsonType.BOOLEAN:
            return _only(_each("v", _of(value, "BOOLEAN"), exp.cast(_it("v"), "BOOLEAN")))
        case JsonType.DATE:
            return _only(_each("s", _like(value, DAY), _try_cast(_it("s"), "DATE")))
        case JsonType.TIMESTAMP:
            moment = _replaced(_replaced(_it("s"), FINER), WITHOUT_ZONE)
            return _only(_each("s", _like(value, MOMENT), _try_cast(moment, "TIMESTAMP")))
        case JsonType.TEXTS:
            return _only(_texts(value))
        case _:
            return _only(_strings(value))


def _at(value: JsonValue) -> exp.Expr:
    """What stands at the path."""
    written = value.document
    without = call("REPLACE", call("REPLACE", written.copy(), text("["), text("")), text("{"), text(""))
    brackets = exp.Sub(this=call("LENGTH", written.copy()), expression=call("LENGTH", without))
    few = exp.LTE(this=brackets, expression=exp.Literal.number(MOST_BRACKETS))
    nul = exp.RegexpLike(this=written.copy(), expression=text(NUL))
    in_object = call("TRY_PARSE_JSON", joined(text('{"d":'), written.copy(), text("}")))
    in_array = call("TRY_PARSE_JSON", joined(text("["), written.copy(), text("]")))
    alone = exp.and_(few, exp.not_(nul), exp.not_(exp.Is(this=in_object, expression=exp.null())))
    found: exp.Expr = exp.Case().when(alone, in_array)
    for step in (0, *value.path.steps):
        if isinstance(step, int):
            found = call("GET", _try_cast(found, "ARRAY<VARIANT>"), exp.Literal.number(step))
        else:
            found = call("TRY_ELEMENT_AT", _try_cast(found, "MAP<STRING, VARIANT>"), text(step))
    return call("ARRAY", found)


def _of(value: JsonValue, kind: str) -> exp.Expr:
    is_kind = exp.RegexpLike(this=call("SCHEMA_OF_VARIANT", _it("v")), expression=text(f"^({kind})"))
    return _where("v", _at(value), is_kind)


def _strings(value: JsonValue) -> exp.Expr:
    return _each("v", _of(value, "STRING"), exp.cast(_it("v"), "TEXT"))


def _numbers(value: JsonValue) -> exp.Expr:
    return _each("v", _of(value, "BIGINT|DECIMAL|DOUBLE"), exp.cast(_it("v"), "DOUBLE"))


def _like(value: JsonValue, pattern: str) -> exp.Expr:
    return _where("s", _strings(value), exp.RegexpLike(this=_it("s"), expression=to_the_end(text(pattern))))


def _texts(value: JsonValue) -> exp.Expr:
    lists = _each("v", _of(value, "ARRAY"), _try_cast(_it("v"), "ARRAY<VARIANT>"))
    is_text = exp.EQ(this=call("SCHEMA_OF_VARIANT", _it("e")), expression=text("STRING"))
    only_texts = call(
        "FORALL", _it("l"), _function("e", exp.Coalesce(this=is_text, expressions=[exp.false()]))
    )
    texts = call("TRANSFORM", _it("l"), _function("e", exp.cast(_it("e"), "TEXT")))
    return _each("l", _where("l", lists, only_texts), texts)


def _it(name: str) -> exp.Expr:
    return exp.to_identifier(name)


def _function(name: str, made: exp.Expr) -> exp.Expr:
    return exp.Lambda(this=made, expressions=[_it(name)])


def _each(name: str, values: exp.Expr, made: exp.Expr) -> exp.Expr:
    return call("TRANSFORM", values, _function(name, made))


def _where(name: str, values: exp.Expr, holds: exp.Expr) -> exp.Expr:
    return call("FILTER", values, _function(name, holds))


def _only(values: exp.Expr) -> exp.Expr:
    """The one value of an array, null where it has none."""
    return call("GET", values, exp.Literal.number(0))


def _replaced(written: exp.Expr, change: tuple[str, str]) -> exp.Expr:
    """Java calls a group $1."""
    pattern, by = change
    return call("REGEXP_REPLACE", written, to_the_end(text(pattern)), text(by.replace("\\", "$")))


def _try_cast(value: exp.Expr, sql_type: str) -> exp.Expr:
    return exp.TryCast(this=value, to=exp.DataType.build(sql_type, dialect="databricks"), safe=True)
