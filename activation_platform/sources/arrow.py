"""How the Arrow batches of a warehouse become Polars frames of one schema, and what may not pass."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import polars as pl

from activation_platform.contracts.errors import ConnectionFailed, DeclarationError
from activation_platform.contracts.fields import is_pattern

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Reading", "conformed", "counted", "impossible", "names_refused"]

FIRST_DAY, LAST_DAY = -719_162, 2_932_896
"""0001-01-01 and 9999-12-31 in days since 1970: what Python, JSON and every vendor can say."""
YEARS = "a date or timestamp that is infinite or outside the years 1 to 9999"
SECONDS = 86_400
PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
DIGITS = 10**38
INFINITE = 2**63 - 1
Finish = Callable[[pl.DataFrame], pl.DataFrame]


class Reading:
    """The columns of one query: their Polars `schema`, and the way from a batch, of the schema `arrow`, to a frame.

    Arrow types that Polars has no exact home for are made plain first: dictionaries and extension types become what they store,
    seconds become milliseconds, NULL becomes text, zones become UTC. `finish` is the source's own last step on a frame. Values
    that no Polars column can hold truthfully (infinite or 5-digit years, 24:00, 39 digits) raise DeclarationError and name
    the column.
    """

    def __init__(self, arrow: "pa.Schema", finish: Finish = lambda frame: frame) -> None:
        import pyarrow as pa

        names_refused(arrow.names)
        self.arrow = arrow
        self._plain = pa.schema([(field.name, _plain(field.type)) for field in arrow])
        self._finish = finish
        self.schema = self._frame(self._plain.empty_table().to_batches(), self._plain).schema

    def frames(self, batches: Iterable["pa.RecordBatch"]) -> Iterator[pl.DataFrame]:
        """A frame per batch; one empty frame if there are none."""
        none = True
        for batch in batches:
            if batch.num_rows:
                none = False
                yield self._frame([self._checked(batch)], self._plain)
        if none:
            yield pl.DataFrame(schema=self.schema)

    def _checked(self, batch: "pa.RecordBatch") -> "pa.RecordBatch":
        import pyarrow as pa

        try:
            plain = batch.cast(self._plain)
        except pa.ArrowInvalid:  # only seconds to milliseconds can fail
            names = [f.name for f in batch.schema if "timestamp[s" in str(f.type)]
            raise impossible(" or ".join(names), YEARS) from None
        for field, array in zip(plain.schema, plain.columns, strict=True):
            _guard(array, field.name)
        return plain

    def _frame(self, batches: "list[pa.RecordBatch]", schema: "pa.Schema") -> pl.DataFrame:
        import pyarrow as pa

        frame = pl.from_arrow(pa.Table.from_batches(batches, schema))
        assert isinstance(frame, pl.DataFrame)
        return self._finish(frame)


def conformed(batch: "pa.RecordBatch", schema: "pa.Schema") -> "pa.RecordBatch":
    """A batch in the schema that the warehouse announced. Raises ConnectionFailed where it sent something else."""
    import pyarrow as pa

    remedy = "Cast the column in the model's SQL to the type that is meant."
    if batch.num_columns != len(schema):
        raise ConnectionFailed(
            f"The warehouse announced {len(schema)} columns and sent {batch.num_columns}", remedy=remedy
        )
    arrays = []
    for field, array in zip(schema, batch.columns, strict=True):
        try:
            arrays.append(array.cast(field.type))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            raise ConnectionFailed(
                f"Column {field.name!r} was announced as {field.type} and came as {array.type}", remedy=remedy
            ) from None
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def counted(frames: Iterable[pl.DataFrame], expected: int, warehouse: str) -> Iterator[pl.DataFrame]:
    """The frames; ConnectionFailed at their end if they hold another number of rows than the server counted.

    A mirror would take the missing rows for gone, and delete them.
    """
    rows = 0
    for frame in frames:
        rows += frame.height
        yield frame
    if rows != expected:
        raise ConnectionFailed(
            f"{warehouse} counted {expected:,} rows, and {rows:,} arrived",
            remedy="Nothing was taken; the next run reads everything anew.",
        )


def names_refused(names: list[str]) -> None:
    """Raise DeclarationError if a query gives no column at all, two of one name, or a name that no frame can ask for."""
    if not names:
        raise DeclarationError("The query gives no columns", remedy="Select at least one.")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DeclarationError(
            f"The query gives several columns named {', '.join(map(repr, twice))}",
            remedy="Give each its own name with AS.",
        )
    patterns = sorted(filter(is_pattern, names))
    if patterns:
        raise DeclarationError(
            f"The query gives columns whose names are patterns: {', '.join(map(repr, patterns))}",
            remedy="Give each a name with AS that is not * and not between ^ and $.",
        )


def _plain(kind: Any) -> Any:
    import pyarrow as pa

    if isinstance(kind, pa.BaseExtensionType):
        return _plain(kind.storage_type)
    if pa.types.is_dictionary(kind):
        return _plain(kind.value_type)
    if pa.types.is_null(kind):
        return pa.string()
    if pa.types.is_timestamp(kind):
        return pa.timestamp("ms" if kind.unit == "s" else kind.unit, "UTC" if kind.tz else None)
    if pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(_plain(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, _plain(field.type)) for field in kind])
    return kind


def _guard(array: Any, name: str) -> None:
    """Refuse what Polars would take and turn into something else: it makes a null of 24:00, and panics at an infinite date."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = array.type
    if pa.types.is_list(kind):
        _guard(array.flatten(), name)
    elif pa.types.is_struct(kind):
        for inner in array.flatten():
            _guard(inner, name)
    elif (bounds := _bounds(kind)) is not None:
        lowest, highest, what = bounds
        integers = array if pa.types.is_decimal(kind) else array.cast(f"int{kind.bit_width}")
        ends = pc.min_max(integers).as_py()
        if ends["min"] is not None and not (lowest <= ends["min"] and ends["max"] <= highest):
            raise impossible(name, what)


def _bounds(kind: Any) -> tuple[int, int, str] | None:
    """The lowest and highest integer that may stand behind a value of this Arrow type, and what the others are."""
    import pyarrow as pa

    if pa.types.is_date32(kind):
        return FIRST_DAY, LAST_DAY, YEARS
    if pa.types.is_timestamp(kind):
        day = SECONDS * PER_SECOND[kind.unit]
        # in nanoseconds the years end sooner, and the last integer means infinite
        return max(FIRST_DAY * day, 1 - INFINITE), min((LAST_DAY + 1) * day, INFINITE) - 1, YEARS
    if pa.types.is_time(kind):
        return 0, SECONDS * PER_SECOND[kind.unit] - 1, "the time 24:00:00"
    if pa.types.is_decimal(kind) and kind.scale == 0:  # only HUGEINT holds more than its type says
        return 1 - DIGITS, DIGITS - 1, "a number of more than 38 digits"
    return None


def impossible(name: str, what: str) -> DeclarationError:
    """The error for a column whose values no Polars column can hold truthfully."""
    return DeclarationError(
        f"Column {name!r} holds {what}",
        remedy="Say in the model's SQL what it stands for: null (CASE or NULLIF), a real value, or its text (CAST … AS VARCHAR).",
    )
