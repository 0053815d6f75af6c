"""Values within JSON documents: of which type each is to a condition, and DuckDB's words for it.

A document is I-JSON (RFC 7493), and so is what is read of it: no key twice in one object, no half surrogate pair and no
NUL, numbers as 64-bit floats, whole ones within 53 bits. DuckDB's parser takes more: commas before a closing bracket, NaN,
infinities, the same key again. So text that looks like that is looked at once more without its strings, and every object's
keys are counted.

Each step is a list of the one value that the step before left, or of none, so that nothing is written or computed twice.
"""

import polars as pl
from sqlglot import exp

from activation_platform.contracts.json_value import (
    DAY,
    FINER,
    LARGEST_INTEGER,
    MOMENT,
    MOST_BRACKETS,
    NUL,
    WITHOUT_ZONE,
    JsonPath,
    JsonType,
    JsonValue,
)

__all__ = ["in_json", "type_of"]

_TYPES: dict[JsonType, pl.DataType] = {
    JsonType.TEXT: pl.String(),
    JsonType.INTEGER: pl.Int64(),
    JsonType.NUMBER: pl.Float64(),
    JsonType.BOOLEAN: pl.Boolean(),
    JsonType.DATE: pl.Date(),
    JsonType.TIMESTAMP: pl.Datetime("us", "UTC"),
    JsonType.TEXTS: pl.List(pl.String()),
}
_LOOKS_LAX = r",[ \t\n\r]*[\]}]|[Nn][Aa][Nn]|[Ii][Nn][Ff]|\\u0000"
_LAX_OUTSIDE_STRINGS = r",[ \t\n\r]*[\]}]|[Nn][Aa]|[Ii]"
_STRING = r'"(?:[^"\\]|\\.)*"'
_WILD = ("", "*")
"""Keys that DuckDB's paths cannot say; its JSON pointers can."""


def type_of(kind: JsonType) -> pl.DataType:
    """The type of the field that a value of a document is to a condition."""
    return _TYPES[kind]


def in_json(document: exp.Condition, path: JsonPath, kind: JsonType) -> exp.Condition:
    """The value that stands in a document, a column of text, at a path; null where it is not of the type, or there is none."""
    return JsonValue.marked(_Words(document, path).read_as(kind), path, kind)


class _Words:
    def __init__(self, document: exp.Expr, path: JsonPath) -> None:
        self._text = document
        self._part, self._way = _located(_variable("j"), path)

    def read_as(self, kind: JsonType) -> exp.Expr:
        match kind:
            case JsonType.INTEGER:
                whole = exp.EQ(this=_variable("n"), expression=_call("TRUNC", _variable("n")))
                small = exp.LTE(this=_call("ABS", _variable("n")), expression=_count(LARGEST_INTEGER))
                integer = exp.cast(_variable("n"), "BIGINT")
                return _only(_each("n", self._numbers(), integer, where=exp.and_(small, whole)))
            case JsonType.NUMBER:
                return _only(_each("n", self._numbers(), where=_call("ISFINITE", _variable("n"))))
            case JsonType.BOOLEAN:
                return exp.EQ(this=_only(self._strings("BOOLEAN")), expression=_text("true"))
            case JsonType.DATE:
                day = _try_cast(_variable("s"), "DATE")
                return _only(_each("s", self._strings("VARCHAR"), day, where=_like(_variable("s"), DAY)))
            case JsonType.TIMESTAMP:
                moment = _replaced(_replaced(_variable("s"), FINER), WITHOUT_ZONE)
                moments = _each(
                    *("s", self._strings("VARCHAR"), _try_cast(moment, "TIMESTAMPTZ")),
                    where=_like(_variable("s"), MOMENT),
                )
                return _only(moments)
            case JsonType.TEXTS:
                types = self._within("JSON_TYPE", "[*]")
                texts = _call("LIST_HAS_ALL", exp.Array(expressions=[_text("VARCHAR")]), types)
                lists = _each("j", self._found("ARRAY"), where=texts)
                return _only(_each("j", lists, self._within("JSON_EXTRACT_STRING", "[*]")))
            case _:
                return _only(self._strings("VARCHAR"))

    def _document(self) -> exp.Expr:
        """The text as JSON, where it is all that DuckDB's parser cannot tell from it."""
        without = _call("REPLACE", _call("REPLACE", self._text, _text("["), _text("")), _text("{"), _text(""))
        brackets = exp.Sub(this=_call("LENGTH", self._text.copy()), expression=_call("LENGTH", without))
        few = exp.LTE(this=brackets, expression=_count(MOST_BRACKETS))
        outside = _call("REGEXP_REPLACE", self._text.copy(), _text(_STRING), _text('"'), _text("g"))
        lax = exp.or_(_like(self._text.copy(), NUL), _like(outside, _LAX_OUTSIDE_STRINGS))
        strict = exp.Case().when(_like(self._text.copy(), _LOOKS_LAX), exp.not_(lax)).else_(exp.true())
        document = exp.Case().when(exp.and_(few, strict), _try_cast(self._text.copy(), "JSON"))
        return exp.Array(expressions=[document])

    def _found(self, *types: str) -> exp.Expr:
        """The document, if it is sound and what stands at the path is of one of DuckDB's types."""
        found: exp.Expr = exp.EQ(this=self._within("JSON_TYPE"), expression=_text(types[0]))
        if len(types) > 1:
            found = exp.In(this=self._within("JSON_TYPE"), expressions=list(map(_text, types)))
        keys = _call(
            "LIST_APPEND",
            _call("JSON_KEYS", _variable("j"), _text("$..*")),
            _call("JSON_KEYS", _variable("j")),
        )
        again = exp.NEQ(this=_call("LEN", _variable("k")), expression=_call("LIST_UNIQUE", _variable("k")))
        once = exp.EQ(this=_call("LEN", _each("k", keys, where=again)), expression=_count(0))
        return _each("j", _each("j", self._document(), where=found), where=once)

    def _strings(self, *types: str) -> exp.Expr:
        return _each("j", self._found(*types), self._within("JSON_EXTRACT_STRING"))

    def _numbers(self) -> exp.Expr:
        number = _try_cast(self._within("JSON_EXTRACT_STRING"), "DOUBLE")
        return _each("j", self._found("UBIGINT", "BIGINT", "DOUBLE"), number)

    def _within(self, function: str, more: str = "") -> exp.Expr:
        return _call(function, self._part.copy(), _text(f"{self._way}{more}"))


def _located(document: exp.Expr, path: JsonPath) -> tuple[exp.Expr, str]:
    """A part of the document, and DuckDB's path from there to the value."""
    part, way = document, "$"
    for step in path.steps:
        if step in _WILD:
            part, way = _call("JSON_EXTRACT", _call("JSON_EXTRACT", part, _text(way)), _text(f"/{step}")), "$"
        elif isinstance(step, int):
            way += f"[{step}]"
        else:
            escaped = step.replace("\\", "\\\\").replace('"', '\\"')
            way += f'."{escaped}"'
    return part, way


def _each(
    name: str, values: exp.Expr, made: exp.Expr | None = None, *, where: exp.Expr | None = None
) -> exp.Expr:
    """A list of what is made of those values of a list, each under a name, for which something holds."""
    each = exp.Comprehension(
        this=made or _variable(name), expression=_variable(name), iterator=values, condition=where
    )
    return exp.Array(expressions=[each])


def _variable(name: str) -> exp.Expr:
    """What a value of a list is called; no column, of which the row's own would be sought."""
    return exp.to_identifier(name)


def _only(values: exp.Expr) -> exp.Expr:
    """The one value of a list, null where it has none."""
    return _call("LIST_EXTRACT", values, _count(1))


def _like(text: exp.Expr, pattern: str) -> exp.Expr:
    return exp.RegexpLike(this=text, expression=_text(pattern))


def _replaced(text: exp.Expr, change: tuple[str, str]) -> exp.Expr:
    return _call("REGEXP_REPLACE", text, *map(_text, change))


def _try_cast(value: exp.Expr, sql_type: str) -> exp.Expr:
    return exp.TryCast(this=value, to=exp.DataType.build(sql_type), safe=True)


def _call(function: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=function, expressions=list(arguments))


def _text(value: str) -> exp.Expr:
    return exp.Literal.string(value)


def _count(value: int) -> exp.Expr:
    return exp.Literal.number(value)
