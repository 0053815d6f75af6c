"""The values of a condition as they stand in YAML: pydantic types that say what is wrong in the user's words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from math import isfinite
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, PlainValidator
from pydantic_core import PydanticCustomError

from activation_platform.contracts.json_value import JsonPath, JsonType
from activation_platform.segmentation.patterns import portable
from activation_platform.segmentation.problems import nearest
from activation_platform.segmentation.spans import Span

MOST_VALUES = 2**31 - 1
_MOST_DAYS = 182_500  # 500 years, which keeps the day within the years 1 to 9999


@dataclass(frozen=True, slots=True)
class Percentile:
    """The value below which `percent` of the model's values lie: continuous, linear between two values, nulls left out."""

    percent: float

    def __str__(self) -> str:
        return f"percentile {self.percent:g}"


class Weekday(StrEnum):
    """A day of the week, the first one first."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


Scalar = str | int | float | bool | date | datetime
"""One value of a condition; which of them fits is decided by the field's kind."""


def refused(message: str) -> PydanticCustomError:
    """Return the error that a pydantic validator raises to refuse a value with `message`, without pydantic's own words."""
    # As a parameter, not as the template: braces in a user's text would be read as placeholders.
    return PydanticCustomError("condition", "{message}", {"message": message})


def _scalar(value: Any) -> Scalar:
    if value is None:
        raise refused("null is no value; write a condition of its own with is_null: true")
    if not isinstance(value, str | int | float | date):
        raise refused(f"takes a single value, not a {'list' if isinstance(value, Sequence) else 'mapping'}")
    if isinstance(value, float) and not isfinite(value):
        raise refused(f"{value} is no number to compare with")
    if isinstance(value, str):
        storable(value)
    return value


def _bound(value: Any) -> Scalar | Percentile:
    if isinstance(value, Percentile) or not isinstance(value, Mapping):
        return value if isinstance(value, Percentile) else _scalar(value)
    percent = value.get("percentile")
    if [*value] != ["percentile"] or not isinstance(percent, int | float) or isinstance(percent, bool):
        raise refused("takes a single value, or {percentile: 80}")
    if not 0 <= percent <= 100:
        raise refused(f"takes a percentile from 0 to 100, not {percent}")
    return Percentile(percent)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise refused(f"takes text; write {str(value)!r} in quotes")
    if not value:
        raise refused("the empty text is in every text; write at least one character, or use is_empty")
    return storable(value)


def _said(value: Any) -> str:
    if not isinstance(value, str):
        raise refused(f"takes text; write {str(value)!r} in quotes")
    return storable(value)


def storable(text: str) -> str:
    """Return a text that every engine can hold; raises what a validator raises of another."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise refused("the text holds half a surrogate pair, which is no character") from None
    if "\0" in text:
        raise refused("the text holds the character NUL, which databases refuse")
    return text


def _pattern(value: Any) -> str:
    pattern = _text(value)
    try:
        portable(pattern)
    except ValueError as error:
        raise refused(str(error)) from None
    return pattern


def _span(value: Any) -> Span:
    try:
        return value if isinstance(value, Span) else Span.parse(value)
    except ValueError as error:
        raise refused(str(error)) from None


def _within_a_year(value: Any) -> Span:
    span = _span(value)
    if span.finer_than_a_day or not span.shorter_than_a_year:
        raise refused(
            f"{str(span)!r} is no span of days within one year: write 1 day to 364 days, or weeks or months"
        )
    return span


def _days(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST_DAYS:
        raise refused(f"takes a whole number of days from 0 to {_MOST_DAYS:,}, such as 30, not {value!r}")
    return value


def _length(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST_VALUES:
        raise refused(f"takes a whole number of values from 0 to {MOST_VALUES:,}, such as 2, not {value!r}")
    return value


def _today(value: Any) -> str:
    if value != "today":
        raise refused(
            f"takes the word today, not {value!r}; for the next days write anniversary_within: 7 days"
        )
    return "today"


def _weekday(value: Any) -> Weekday:
    if value not in list(Weekday):
        raise refused(f"{value!r} is no day of the week{nearest(str(value), Weekday)}")
    return Weekday(value)


def _weekdays(value: Any) -> tuple[Any, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence) or not value:
        raise refused("takes a list of days of the week, such as [saturday, sunday]")
    return tuple(value)


def _values(value: Any) -> tuple[Any, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise refused("takes a list of values, such as [FR, BE]")
    if not value:
        raise refused("an empty list matches nothing; name at least one value")
    return tuple(value)


def _pair(value: Any) -> tuple[Any, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence) or len(value) != 2:
        raise refused("takes a list of two values, the lower one first, such as [10, 20]")
    return tuple(value)


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise refused(f"takes true or false, not {value!r}")
    return value


def _path(value: Any) -> JsonPath:
    if isinstance(value, JsonPath):
        return value
    try:
        path = JsonPath.parse(_text(value))
    except ValueError as error:
        raise refused(str(error)) from None
    for step in path.steps:
        storable(str(step))
    return path


def _json_type(value: Any) -> JsonType:
    if value not in list(JsonType):
        known = ", ".join(JsonType)
        raise refused(
            f"{value!r} is nothing to read a JSON value as{nearest(str(value), JsonType)}; it takes {known}"
        )
    return JsonType(value)


def _name(value: Any) -> str:
    if not isinstance(value, str):
        raise refused(f"a field's name is text; write {str(value)!r} in quotes")
    return value


One = Annotated[Scalar, PlainValidator(_scalar, json_schema_input_type=str | int | float | bool)]
Bound = Annotated[
    Scalar | Percentile, PlainValidator(_bound, json_schema_input_type=str | int | float | dict[str, float])
]
Text = Annotated[str, PlainValidator(_text, json_schema_input_type=str)]
Said = Annotated[str, PlainValidator(_said, json_schema_input_type=str)]
Pattern = Annotated[str, PlainValidator(_pattern, json_schema_input_type=str)]
SpanText = Annotated[Span, PlainValidator(_span, json_schema_input_type=str), PlainSerializer(str)]
ShortSpanText = Annotated[
    Span, PlainValidator(_within_a_year, json_schema_input_type=str), PlainSerializer(str)
]
Days = Annotated[int, PlainValidator(_days, json_schema_input_type=int)]
Length = Annotated[int, PlainValidator(_length, json_schema_input_type=int)]
Today = Annotated[str, PlainValidator(_today, json_schema_input_type=str)]
Weekdays = Annotated[
    tuple[
        Annotated[Weekday, PlainValidator(_weekday, json_schema_input_type=str), PlainSerializer(str)], ...
    ],
    BeforeValidator(_weekdays),
]
Many = Annotated[tuple[One, ...], BeforeValidator(_values)]
Pair = Annotated[tuple[One, One], BeforeValidator(_pair)]
Switch = Annotated[bool, BeforeValidator(_switch)]
Name = Annotated[str, BeforeValidator(_name)]
Path = Annotated[JsonPath, PlainValidator(_path, json_schema_input_type=str), PlainSerializer(str)]
ReadAs = Annotated[JsonType, PlainValidator(_json_type, json_schema_input_type=str), PlainSerializer(str)]
