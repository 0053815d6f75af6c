"""Redshift's words for values within JSON, in columns of text or of a SUPER that is an object or an array.

What `JSON_PARSE` takes, and what it makes of numbers, is said nowhere, and a part of what it made has a name only where it is a
column of a table. So no parser is asked for a value: a regular expression finds it as text (`json_pattern.py`).
https://docs.aws.amazon.com/redshift/latest/dg/REGEXP_SUBSTR.html, https://docs.aws.amazon.com/redshift/latest/dg/JSON_PARSE.html,
https://docs.aws.amazon.com/redshift/latest/dg/limitations-super.html

Where that cannot be told, where the engine gave up, and where a document might be too large, the query ends with an error:
nobody is put into a segment, or out of it, by a guess. A list of texts is the text of its JSON.
Unconfirmed, verify, since no cluster has been asked: that groups of a regular expression may call themselves; that the text of a
number becomes the nearest 64-bit float, and how many digits `JSON_SERIALIZE` writes of a float within a SUPER; that `JSON_PARSE`
takes a string alone, without which a text with escapes ends the query; that the error names what was cast.
"""

from sqlglot import exp

from activation_platform.contracts.json_value import LARGEST_INTEGER, JsonType, JsonValue
from activation_platform.sources.dialect import call, joined, text
from activation_platform.sources.json_pattern import ANY_STRING, MOST_BYTES, element, value_at

__all__ = ["REMEDY", "UNREAD", "contains", "in_redshift", "length"]

UNREAD = "JSON that is too large or too odd to be judged in Redshift"
"""What is cast to a number, so that the query ends with it."""
REMEDY = "Make the value a column in the model's SQL, or give the model engine: frames."
_BRACKETS = 1_000
"""How many `[` and `{` a document may have, of which each takes its part of PCRE's stack."""


def in_redshift(value: JsonValue) -> exp.Expr:
    """The value, null where it is not of its type."""
    found = _found(value)
    match value.type:
        case JsonType.INTEGER:
            number = exp.cast(found, "DOUBLE")
            whole = exp.EQ(this=number, expression=call("TRUNC", number.copy()))
            small = exp.LTE(this=call("ABS", number.copy()), expression=exp.Literal.number(LARGEST_INTEGER))
            return exp.Case().when(exp.and_(small, whole), exp.cast(number.copy(), "BIGINT"))
        case JsonType.NUMBER:
            return exp.cast(found, "DOUBLE")
        case JsonType.BOOLEAN:
            return exp.Case(this=found).when(text("true"), exp.true()).when(text("false"), exp.false())
        case JsonType.DATE:
            return exp.cast(found, "DATE")
        case JsonType.TIMESTAMP:
            return exp.cast(_moment(found), "TIMESTAMPTZ")
        case JsonType.TEXTS:
            return found
        case _:
            return _string(found, value)


def contains(texts: exp.Expr, wanted: str) -> exp.Expr:
    """Whether a list of texts contains one."""
    one, start = exp.Literal.number(1), exp.Literal.number(0)
    place = call("REGEXP_INSTR", texts, text(element(wanted)), one, one.copy(), start, text("p"))
    return exp.GT(this=place, expression=start.copy())


def length(texts: exp.Expr) -> exp.Expr:
    """How many texts are in a list."""
    return _count(texts, ANY_STRING)


def _count(within: exp.Expr, pattern: str) -> exp.Expr:
    return call("REGEXP_COUNT", within, text(pattern), exp.Literal.number(1), text("p"))


def _found(value: JsonValue) -> exp.Expr:
    """What the regular expression finds, null where it finds no value."""
    written = _written(value.document)
    small = exp.LTE(this=call("OCTET_LENGTH", written), expression=exp.Literal.number(MOST_BYTES))
    few = exp.LTE(this=_count(written.copy(), "[{[]"), expression=exp.Literal.number(_BRACKETS))
    one, pattern = exp.Literal.number(1), text(value_at(value.path, value.type))
    found = call("REGEXP_SUBSTR", joined(text("x"), written.copy()), pattern, one, one.copy(), text("pe"))
    told = call("NULLIF", exp.Case().when(exp.and_(small, few), found), text(""))
    return call("NULLIF", exp.Coalesce(this=told, expressions=[_unread(value)]), text("x"))


def _written(document: exp.Expr) -> exp.Expr:
    """The document as text: what is no scalar of SUPER is none as VARCHAR."""
    held = exp.cast(document, exp.DType.SUPER)
    serialized = call("JSON_SERIALIZE", held.copy())
    return exp.Coalesce(this=exp.cast(held, "TEXT"), expressions=[serialized])


def _unread(value: JsonValue) -> exp.Expr:
    """A text to ask for which is an error; null of null. https://docs.aws.amazon.com/redshift/latest/dg/r_NVL_function.html"""
    there = exp.not_(value.document.copy().is_(exp.null()))
    return exp.cast(exp.cast(exp.Case().when(there, text(UNREAD)), "BIGINT"), "TEXT")


def _string(found: exp.Expr, value: JsonValue) -> exp.Expr:
    """A string without its quotation marks; only one with escapes needs a parser."""
    escapes = call("SIGN", exp.StrPosition(this=found, substr=text("\\")))
    parsed = exp.cast(call("JSON_PARSE", found.copy()), "TEXT")
    read = exp.Coalesce(this=parsed, expressions=[_unread(value)])
    from_2 = (exp.Literal.number(number) for number in (2, MOST_BYTES))
    plain = call("SUBSTRING", found.copy(), *from_2)
    return exp.Case(this=escapes).when(exp.Literal.number(0), plain).when(exp.Literal.number(1), read)


def _moment(found: exp.Expr) -> exp.Expr:
    """With an offset, and cut to microseconds. https://docs.aws.amazon.com/redshift/latest/dg/r_Datetime_types.html"""
    one = exp.Literal.number(1)
    coarse = call("REGEXP_REPLACE", found, text("(?<=[.][0-9]{6})[0-9]+"), text(""), one, text("p"))
    changes = [('"', "+00:00"), ("Z", "+00:00"), ("T", " ")]
    for old, new in changes:
        coarse = call("REPLACE", coarse, text(old), text(new))
    return coarse
