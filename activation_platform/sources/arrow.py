"""How the Arrow batches of a warehouse become Polars frames of one schema, and what may not pass."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import polars as pl

from activation_platform.contracts.errors import DeclarationError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Reading", "duplicates_refused"]

FIRST_DAY, LAST_DAY = -719_162, 2_932_896
"""0001-01-01 and 9999-12-31 in days since 1970: what Python, JSON and every vendor can say."""
PER_DAY = {"ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
DIGITS = 10**38
INFINITE = 2**63 - 1
Finish = Callable[[pl.DataFrame], pl.DataFrame]


class Reading:
    """The columns of one query: their Polars `schema`, and the way from a batch to a frame of exactly that schema.

    Arrow types that Polars has no exact home for are made plain first: dictionaries and extension types become what they store,
    seconds become milliseconds, NULL becomes text, zones become UTC. `finish` is the source's own last step on a frame. Values
    that no Polars column can hold truthfully (infinite or 5-digit years, 24:00, 39 digits) raise DeclarationError and name
    the column.
    """

    def __init__(self, arrow: "pa.Schema", finish: Finish = lambda frame: frame) -> None:
        import pyarrow as pa

        duplicates_refused(arrow.names)
        self._plain = pa.schema([(field.name, _plain(field.type)) for field in arrow])
        self._finish = finish
        self.schema = self._frame(self._plain.empty_table().to_batches(), self._plain).schema

    def frames(self, batches: Iterable["pa.RecordBatch"]) -> Iterator[pl.DataFrame]:
        """A frame per batch; one empty frame if there are none."""
        none = True
        for batch in batches:
            if batch.num_rows:
                none = False
                yield self._frame([self._cast(batch)], self._plain)
        if none:
            yield pl.DataFrame(schema=self.schema)

    def _cast(self, batch: "pa.RecordBatch") -> "pa.RecordBatch":
        import pyarrow as pa

        try:
            return batch.cast(self._plain)
        except pa.ArrowInvalid:  # only seconds to milliseconds can fail: an infinite timestamp
            names = [f.name for f in batch.schema if "timestamp[s" in str(f.type)]
            raise _out_of_range(" or ".join(names), "a timestamp outside the years 1 to 9999") from None

    def _frame(self, batches: "list[pa.RecordBatch]", schema: "pa.Schema") -> pl.DataFrame:
        import pyarrow as pa

        frame = pl.from_arrow(pa.Table.from_batches(batches, schema))
        assert isinstance(frame, pl.DataFrame)
        for column in frame:
            _guard(column, column.name)
        return self._finish(frame)


def duplicates_refused(names: list[str]) -> None:
    """Raise DeclarationError if a query gives no column at all, or two of one name."""
    if not names:
        raise DeclarationError("The query gives no columns", remedy="Select at least one.")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DeclarationError(
            f"The query gives several columns named {', '.join(map(repr, twice))}",
            remedy="Give each its own name with AS.",
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


def _guard(series: pl.Series, name: str) -> None:
    kind = series.dtype
    if isinstance(kind, pl.List):
        _guard(series.explode(), name)
    elif isinstance(kind, pl.Struct):
        for field in series.struct.fields:
            _guard(series.struct.field(field), name)
    elif (bounds := _bounds(kind)) is not None:
        lowest, highest, what = bounds
        physical = series.to_physical()
        low, high = physical.min(), physical.max()
        if low is not None and not (lowest <= int(low) and int(high) <= highest):  # type: ignore[arg-type]  # a column of integers has integers at its ends
            raise _out_of_range(name, what)


def _bounds(kind: pl.DataType) -> tuple[int, int, str] | None:
    if isinstance(kind, pl.Date):
        return FIRST_DAY, LAST_DAY, "a date outside the years 1 to 9999"
    if isinstance(kind, pl.Datetime):
        day = PER_DAY[kind.time_unit]
        lowest, highest = FIRST_DAY * day, (LAST_DAY + 1) * day - 1
        return (
            max(lowest, 1 - INFINITE),
            min(highest, INFINITE - 1),
            "a timestamp outside the years 1 to 9999",
        )
    if isinstance(kind, pl.Time):
        return 0, PER_DAY["ns"] - 1, "the time 24:00:00"
    if isinstance(kind, pl.Decimal):
        return 1 - DIGITS, DIGITS - 1, "a number of more than 38 digits"
    return None


def _out_of_range(name: str, what: str) -> DeclarationError:
    return DeclarationError(
        f"Column {name!r} holds {what} (or an infinite one)"
        if "outside" in what
        else f"Column {name!r} holds {what}",
        remedy="Say in the model's SQL what it stands for: null (CASE or NULLIF), a real value, or its text (CAST … AS VARCHAR).",
    )
