"""Snowflake's words for values within JSON, in columns of text, or of a VARIANT, OBJECT or ARRAY that is an object or an array.

`TRY_PARSE_JSON` takes no key twice, but it takes commas before brackets, `FALSE` and missing values, and does not say what it
makes of a number that no float holds, so that the text is judged first and gets its scalars as texts (`json_text.py`).
https://docs.snowflake.com/en/sql-reference/functions/try_parse_json,
https://docs.snowflake.com/en/sql-reference/functions/get, https://docs.snowflake.com/en/sql-reference/functions/as,
https://docs.snowflake.com/en/sql-reference/functions/try_to_double

What is needed twice is an array of one value or none. https://docs.snowflake.com/en/sql-reference/functions/filter
Unconfirmed, verify: all of it, since no account has been asked; above all that a group of a regular expression that took no
part is replaced by nothing, that GET of what is no object, or no array, is null, at which depth its parser ends, and that
moments may be 14:59 ahead of UTC.
"""

from sqlglot import exp

from activation_platform.contracts.json_value import (
    DAY,
    FINER,
    LARGEST_INTEGER,
    MOMENT,
    TINY,
    WITHOUT_ZONE,
    JsonType,
    JsonValue,
)
from activation_platform.sources.dialect import call, joined, text
from activation_platform.sources.json_text import CONTROL, NUMBER, STRING, JsonText, boolean, steps

__all__ = ["in_snowflake"]

_MOMENT = 'YYYY-MM-DD"T"HH24:MI:SS.FFTZH:TZM'
"""https://docs.snowflake.com/en/sql-reference/date-time-input-output"""


def in_snowflake(value: JsonValue) -> exp.Expr:
    """The value, null where it is not of its type."""
    match value.type:
        case JsonType.INTEGER:
            whole = exp.EQ(this=_double(), expression=call("TRUNC", _double()))
            small = exp.LTE(this=call("ABS", _double()), expression=exp.Literal.number(LARGEST_INTEGER))
            return _only(_where(_numbers(value), exp.and_(small, whole)), "BIGINT")
        case JsonType.NUMBER:
            infinite = exp.cast(text("inf"), "DOUBLE")
            finite = exp.LT(this=call("ABS", _double()), expression=infinite)
            return _only(_where(_numbers(value), finite), "DOUBLE")
        case JsonType.BOOLEAN:
            return boolean(exp.cast(_at(value), "TEXT"))
        case JsonType.DATE:
            return call("TRY_TO_DATE", _string(value, DAY[1:-1]), text("YYYY-MM-DD"))
        case JsonType.TIMESTAMP:
            return call("TRY_TO_TIMESTAMP_TZ", _moment(value), text(_MOMENT))
        case JsonType.TEXTS:
            return _texts(value)
        case _:
            return _string(value, ".*")


def _at(value: JsonValue) -> exp.Expr:
    """What stands at the path, its scalars told apart."""
    written = JsonText(exp.cast(value.document, "TEXT"), _replaced, _like)
    found = written.parsed("TRY_PARSE_JSON", "TO_JSON")
    for step in steps(value.path):
        found = call("GET", found, step)
    return found


def _string(value: JsonValue, pattern: str) -> exp.Expr:
    """A string that matches."""
    found = _where(call("ARRAY_CONSTRUCT", _at(value)), _like(_text(), f"{STRING}({pattern})"))
    return _only(_each(found, call("SUBSTR", _text(), exp.convert(2))), "TEXT")


def _numbers(value: JsonValue) -> exp.Expr:
    """A list of the nearest 64-bit float; of null, or of infinity, for what is larger than any."""
    found = _where(call("ARRAY_CONSTRUCT", _at(value)), _like(_text(), NUMBER))
    written = _each(found, call("RTRIM", _text(), text("=")))
    tiny = exp.Case().when(_like(_text(), f".*({TINY}).*"), exp.convert(0))
    return _each(written, exp.Coalesce(this=call("TRY_TO_DOUBLE", _text()), expressions=[tiny]))


def _moment(value: JsonValue) -> exp.Expr:
    """With an offset and a fraction, whether it has them or not."""
    zoned = _replaced(_replaced(_string(value, MOMENT[1:-1]), *FINER), *WITHOUT_ZONE)
    zoned = _replaced(_replaced(zoned, "Z$", "+00:00"), "^(.{19})([-+])", r"\1.0\2")
    return call("REPLACE", zoned, text(" "), text("T"))


def _texts(value: JsonValue) -> exp.Expr:
    elements = call("AS_ARRAY", _at(value))
    texts = _where(elements, call("STARTSWITH", _text(), text(STRING)))
    all_texts = exp.EQ(this=call("ARRAY_SIZE", elements.copy()), expression=call("ARRAY_SIZE", texts))
    return exp.Case().when(all_texts, _each(elements.copy(), call("SUBSTR", _text(), exp.convert(2))))


def _it() -> exp.Expr:
    """The value of a list; no column, of which the row's own would be sought."""
    return exp.to_identifier("v")


def _text() -> exp.Expr:
    return exp.cast(_it(), "TEXT")


def _double() -> exp.Expr:
    return exp.cast(_it(), "DOUBLE")


def _each(values: exp.Expr, made: exp.Expr) -> exp.Expr:
    return call("TRANSFORM", values, exp.Lambda(this=made, expressions=[_it()]))


def _where(values: exp.Expr, holds: exp.Expr) -> exp.Expr:
    return call("FILTER", values, exp.Lambda(this=holds, expressions=[_it()]))


def _only(values: exp.Expr, sql_type: str) -> exp.Expr:
    """The one value of a list, null where it has none."""
    return exp.cast(call("GET", values, exp.convert(0)), sql_type)


def _replaced(written: exp.Expr, pattern: str, by: str) -> exp.Expr:
    return call("REGEXP_REPLACE", written, _pattern(pattern), text(by))


def _like(written: exp.Expr, pattern: str) -> exp.Expr:
    """Of the whole text, as regular expressions are here."""
    return call("REGEXP_LIKE", written, _pattern(pattern), text("s"))


def _pattern(pattern: str) -> exp.Expr:
    """POSIX has no words for control characters that are no letters of a zone as well."""
    first, last = (call("CHR", exp.convert(code)) for code in (1, 31))
    one, *others = map(text, pattern.split(CONTROL))
    for other in others:
        one = joined(one, first, text("-"), last, other)
    return one
