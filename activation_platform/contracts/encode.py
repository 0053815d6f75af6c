"""Bodies: a JSON array of a batch's records, written column by column; what JSON has no word for is rendered before.

Days, times and moments are ISO 8601 (moments in UTC, with microseconds and a `Z`), durations ISO 8601, decimals text with all
their digits, bytes base64, categories text. NaN and infinities, which no record holds (SEMANTICS B6), would be null.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import polars as pl
from polars.datatypes import DataTypeClass

from activation_platform.contracts.batch import OMITTED, Batch, MappedField
from activation_platform.contracts.service import BatchRefused, Service

__all__ = [
    "JSON",
    "Member",
    "Part",
    "Shape",
    "json_array",
    "json_objects",
    "members",
    "rendered",
    "sized",
    "unless_null",
]


JSON = {"Content-Type": "application/json"}
"""The headers of such a body."""


@dataclass(frozen=True, slots=True)
class Member:
    """A value of every record; where `absent` holds, the record does not have it."""

    value: pl.Expr
    absent: pl.Expr | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """An object within every record; where `absent` holds, the record does not have it."""

    shape: "Shape"
    absent: pl.Expr | None = None


Shape = Mapping[str, "Member | Part | Shape"]
"""What a record looks like: names, in order, with values or objects of their own."""


def members(batch: Batch) -> dict[str, Member]:
    """The fields of a batch as members, by name: those that a record does not write are absent in it."""
    schema = batch.frame.schema
    return {
        field.name: Member(rendered(pl.col(field.name), schema[field.name]), _absent(batch.frame, field))
        for field in batch.fields
    }


def _absent(frame: pl.DataFrame, field: MappedField) -> pl.Expr | None:
    """Where a record lacks the field; None where none of these does."""
    absent = []
    if field.keeps_null and frame[field.name].null_count():
        absent.append(pl.col(field.name).is_null())
    if field.may_omit and frame[OMITTED + field.name].any():
        absent.append(pl.col(OMITTED + field.name))
    return pl.any_horizontal(absent) if absent else None


def unless_null(member: Member) -> Member:
    """The same, absent where it is null, too."""
    nothing = member.value.is_null()
    return Member(member.value, nothing if member.absent is None else member.absent | nothing)


def json_array(batch: Batch, shape: Callable[[Batch], Shape]) -> bytes:
    """The records of a batch as an array of objects. `shape` says what they look like (see `Batch.made`)."""
    return f"[{','.join(json_objects(batch, shape))}]".encode()


def json_objects(batch: Batch, shape: Callable[[Batch], Shape]) -> Sequence[str]:
    """The same, each object as a text of its own."""

    def texts(whole: Batch) -> list[str]:
        objects = _text(shape(whole)).alias("")
        # Beside a column: a shape without members is the same text once, not once a row.
        return whole.frame.select(pl.int_range(pl.len()).alias("_"), objects)[""].to_list()

    return batch.made(shape, texts)


def sized(texts: Sequence[str], service: Service, around: int = 0) -> Sequence[str]:
    """The texts of a body's records, where they keep the service's limits; `around`: bytes of the body beside them.

    Raises `BatchRefused` where they do not, so that the loader halves the batch before anything is said.
    """
    sizes = [len(text.encode()) for text in texts]
    largest, total = max(sizes, default=0), sum(sizes) + len(sizes) + around
    if service.max_record_bytes is not None and largest > service.max_record_bytes:
        raise BatchRefused(f"a record is more than {service.max_record_bytes:,} bytes")
    if service.max_request_bytes is not None and total > service.max_request_bytes:
        raise BatchRefused(f"a request would be more than {service.max_request_bytes:,} bytes")
    return texts


def _is_whole(shape: Shape) -> bool:
    """Whether every record has every member, and at least one."""
    return bool(shape) and all(
        (isinstance(part, Mapping) or part.absent is None)
        and (isinstance(part, Member) or _is_whole(_inner(part)))
        for part in shape.values()
    )


def _inner(part: "Part | Shape") -> Shape:
    return part.shape if isinstance(part, Part) else part


def _whole(shape: Shape) -> list[pl.Expr]:
    return [
        (one.value if isinstance(one, Member) else pl.struct(_whole(_inner(one)))).alias(name)
        for name, one in shape.items()
    ]


def _text(shape: Shape) -> pl.Expr:
    """Objects as text; members that nobody lacks are written together."""
    if _is_whole(shape):
        return pl.struct(_whole(shape)).struct.json_encode()
    parts: list[pl.Expr] = []
    for everybody, names in groupby(shape, lambda name: _is_whole({name: shape[name]})):
        if everybody:
            parts.append(_inside({name: shape[name] for name in names}))
        else:
            parts.extend(_sometimes(name, shape[name]) for name in names)
    inside = pl.concat_str(parts, separator=",", ignore_nulls=True) if parts else pl.lit("")
    return pl.concat_str(pl.lit("{"), inside, pl.lit("}"))


def _sometimes(name: str, one: "Member | Part | Shape") -> pl.Expr:
    """A member that some records lack, or that holds one."""
    absent = None if isinstance(one, Mapping) else one.absent
    if isinstance(one, Member):
        text = _inside({name: Member(one.value)})
    else:
        text = pl.concat_str(pl.lit(json.dumps(name, ensure_ascii=False) + ":"), _text(_inner(one)))
    return text if absent is None else pl.when(~absent).then(text)


def _inside(shape: Shape) -> pl.Expr:
    """What stands between the braces."""
    return pl.struct(_whole(shape)).struct.json_encode().str.head(-1).str.tail(-1)


def rendered(value: pl.Expr, dtype: pl.DataType | DataTypeClass) -> pl.Expr:
    """Values of a type in a form that JSON has."""
    if isinstance(dtype, pl.Datetime):
        moment = value.dt.convert_time_zone("UTC") if dtype.time_zone else value
        return moment.dt.to_string("%Y-%m-%dT%H:%M:%S%.6fZ")
    if dtype == pl.Date:
        return value.dt.to_string("%Y-%m-%d")
    if dtype in (pl.Time, pl.Duration):
        return value.dt.to_string("iso")
    if dtype == pl.Binary:
        return value.bin.encode("base64")
    if isinstance(dtype, (pl.Decimal, pl.Enum, pl.Categorical)):
        return value.cast(pl.String)
    if isinstance(dtype, pl.Array):
        return rendered(value.arr.to_list(), pl.List(dtype.inner))
    if isinstance(dtype, pl.List):
        return value.list.eval(rendered(pl.element(), dtype.inner)) if _needs(dtype.inner) else value
    if isinstance(dtype, pl.Struct) and _needs(dtype):
        # By number: a name within a struct may be one that Polars takes for a pattern.
        numbered = value.struct.rename_fields([str(n) for n in range(len(dtype.fields))])
        fields = [
            rendered(numbered.struct.field(str(n)), one.dtype).alias(one.name)
            for n, one in enumerate(dtype.fields)
        ]
        return pl.when(value.is_not_null()).then(pl.struct(fields))
    return value


def _needs(dtype: pl.DataType | DataTypeClass) -> bool:
    """Whether a type, or one within it, must be rendered."""
    if isinstance(dtype, (pl.List, pl.Array)):
        return _needs(dtype.inner)
    if isinstance(dtype, pl.Struct):
        return any(_needs(one.dtype) for one in dtype.fields)
    return dtype.is_temporal() or isinstance(dtype, (pl.Binary, pl.Decimal, pl.Enum, pl.Categorical))
