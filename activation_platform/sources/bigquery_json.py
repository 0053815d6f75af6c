"""BigQuery's words for values within JSON, in columns of text or of its type JSON.

`PARSE_JSON` fails at a number that no float holds, and of a key that comes twice it keeps the first, so that the text is
judged first and gets its scalars as texts (`json_text.py`). Members and elements are taken by subscripts, which are null where
there is nothing, and `FORMAT('%t')` writes both a STRING and a JSON as they are.
https://cloud.google.com/bigquery/docs/reference/standard-sql/json_functions#parse_json,
https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#json_type,
https://cloud.google.com/bigquery/docs/reference/standard-sql/operators#json_subscript_operator,
https://cloud.google.com/bigquery/docs/reference/standard-sql/format-elements

What is needed twice is a row of its own, whose name nothing from outside is asked for beside. Offsets of moments end at 14:00
in https://github.com/google/googlesql (`IsValidTimeZone`), so that they are subtracted. A document ends at 500 levels, says
https://cloud.google.com/bigquery/docs/json-data#limitations.
Unconfirmed, verify, since no project has been asked: that a group of a regular expression that took no part is replaced by
nothing, as in RE2; that such rows may stand in every condition.
"""

import re

from sqlglot import exp

from activation_platform.contracts.json_value import (
    DAY,
    FINER,
    LARGEST_INTEGER,
    MOMENT,
    WITHOUT_ZONE,
    JsonType,
    JsonValue,
)
from activation_platform.sources.dialect import call, joined, text
from activation_platform.sources.json_text import NUMBER, STRING, JsonText, boolean, steps

__all__ = ["in_bigquery"]


def in_bigquery(value: JsonValue) -> exp.Expr:
    """The value, null where it is not of its type."""
    match value.type:
        case JsonType.INTEGER:
            whole = exp.EQ(this=exp.column("n"), expression=call("TRUNC", exp.column("n")))
            small = exp.LTE(this=call("ABS", exp.column("n")), expression=exp.Literal.number(LARGEST_INTEGER))
            return _from("n", _number(value), exp.cast(exp.column("n"), "BIGINT"), exp.and_(small, whole))
        case JsonType.NUMBER:
            return _number(value)
        case JsonType.BOOLEAN:
            return boolean(_scalar(value))
        case JsonType.DATE:
            return _try_cast(_told(value, f"{STRING}({DAY[1:-1]})"), "DATE")
        case JsonType.TIMESTAMP:
            return _moment(value)
        case JsonType.TEXTS:
            return _texts(value)
        case _:
            return _told(value, f"(?s){STRING}(.*)")


def _at(value: JsonValue) -> exp.Expr:
    """What stands at the path, its scalars told apart."""
    written = JsonText(call("FORMAT", text("%t"), value.document), _replaced, _like)
    found = written.parsed("SAFE.PARSE_JSON", "TO_JSON_STRING")
    for step in steps(value.path):
        found = exp.Bracket(this=found, expressions=[step])
    return found


def _scalar(value: JsonValue) -> exp.Expr:
    return call("JSON_VALUE", _at(value))


def _told(value: JsonValue, pattern: str) -> exp.Expr:
    """The one part in brackets of a scalar that matches."""
    return call("REGEXP_EXTRACT", _scalar(value), text(f"^{pattern}$"))


def _number(value: JsonValue) -> exp.Expr:
    read = _try_cast(_told(value, f"({NUMBER[:-1]})="), "DOUBLE")
    for infinite in ("inf", "-inf"):
        read = call("NULLIF", read, exp.cast(text(infinite), "DOUBLE"))
    return read


def _moment(value: JsonValue) -> exp.Expr:
    """Its time there, less what it is ahead of UTC, which the last six letters say."""
    zoned = _replaced(_told(value, f"{STRING}({_one(MOMENT[1:-1])})"), *FINER)
    zoned = _replaced(_replaced(zoned, *WITHOUT_ZONE), "Z$", "+00:00")
    moment = exp.column("m")

    def ahead(start: int) -> exp.Expr:
        sign, digits = (call("SUBSTR", moment, *map(exp.convert, place)) for place in ((-6, 1), (start, 2)))
        return exp.cast(joined(sign, digits), "BIGINT")

    minutes = exp.Add(this=exp.Mul(this=ahead(-5), expression=exp.convert(60)), expression=ahead(-2))
    there = joined(_replaced(moment, ".{6}$", ""), text("Z"))
    interval = exp.Interval(this=exp.paren(minutes), unit=exp.var("MINUTE"))
    return _from("m", zoned, call("TIMESTAMP_SUB", _try_cast(there, "TIMESTAMPTZ"), interval))


def _texts(value: JsonValue) -> exp.Expr:
    """A list cannot be in a list, so that it is a part of a row."""
    elements, element = exp.column("l", table="r"), exp.column("e")
    named = exp.PropertyEQ(this=exp.to_identifier("l"), expression=call("JSON_VALUE_ARRAY", _at(value)))
    others = exp.select("1").from_(_rows("e", elements))
    others = others.where(exp.not_(call("STARTS_WITH", element, text(STRING))))
    only_texts = exp.and_(exp.not_(elements.is_(exp.null())), exp.not_(exp.Exists(this=others)))
    texts = exp.select(call("SUBSTR", element.copy(), exp.convert(2))).from_(_rows("e", elements))
    return _from("r", exp.Struct(expressions=[named]), exp.Array(expressions=[texts]), only_texts)


def _rows(name: str, elements: exp.Expr) -> exp.Unnest:
    return exp.Unnest(expressions=[elements], alias=exp.TableAlias(columns=[exp.to_identifier(name)]))


def _from(name: str, one: exp.Expr, made: exp.Expr, where: exp.Expr | None = None) -> exp.Expr:
    """What is made of one value under a name, if something holds for it."""
    query = exp.select(made).from_(_rows(name, exp.Array(expressions=[one])))
    return (query if where is None else query.where(where)).subquery()


def _one(pattern: str) -> str:
    """A regular expression without parts of its own: of several, none could be taken out."""
    return re.sub(r"\((?!\?)", "(?:", pattern)


def _replaced(written: exp.Expr, pattern: str, by: str) -> exp.Expr:
    return call("REGEXP_REPLACE", written, text(pattern), text(by))


def _like(written: exp.Expr, pattern: str) -> exp.Expr:
    return call("REGEXP_CONTAINS", written, text(f"^({pattern})$"))


def _try_cast(value: exp.Expr, sql_type: str) -> exp.Expr:
    return exp.TryCast(this=value, to=exp.DataType.build(sql_type), safe=True)
