"""Kept values: what an event that was rejected, or got no answer, was sent as, to be sent again after its window has passed.

They are kept as JSON text beside the debt (SEMANTICS E3): a field's name to its value, days and moments as whole numbers. A
value that was left out is null there: an event has nothing that a null could clear.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from activation_platform.contracts.batch import KEY, Batch
from activation_platform.contracts.errors import DeclarationError
from activation_platform.sync.head import Head
from activation_platform.sync.mapping import BoundMapping
from activation_platform.sync.spool import spool

__all__ = ["due", "packed", "spool_kept"]


def packed(batch: Batch) -> pl.Series:
    """The values of every record of a batch, as text."""
    values = [pl.col(f.name).cast(_number_type(batch.frame.schema[f.name])) for f in batch.fields]
    return batch.frame.select(pl.struct(*values).struct.json_encode()).to_series()


def spool_kept(
    debts: pl.DataFrame, head: Head, mapping: BoundMapping, columns: Iterable[str], path: Path
) -> None:
    """Write owed events (`DEBTS` rows with values) as one more file of candidates for the judge.

    `columns` are those that the survey's own files have beside key, fingerprint and raw values; they are null here. Raises
    DeclarationError where a field has another type by now.
    """
    fields = [field for field in mapping.fields if field.column is not None]
    whole = pl.Struct({field.name: _number_type(field.type.dtype) for field in fields})
    try:
        values = debts.select(pl.col("values").str.json_decode(whole).alias("values")).unnest("values")
    except pl.exceptions.ComputeError as error:
        raise DeclarationError(
            "events that are still owed from earlier runs do not fit the types of the mapped fields",
            remedy="Give the fields the types they had until these events are sent, or start over.",
        ) from error
    candidates = debts.select(pl.col("key").alias(KEY), _key64="key64", _raw="raw").with_columns(
        *(values[field.name].cast(field.type.dtype).alias(field.raw) for field in fields),
        *(pl.lit(None).alias(name) for name in columns),
        _position=pl.Series(head.find(debts["key64"].to_numpy()), dtype=pl.Int64),
    )
    spool(candidates, path)


def due(debts: pl.DataFrame, keys: npt.NDArray[np.uint64], retries: int, *, full: bool) -> pl.DataFrame:
    """The owed events of these keys that are to be tried again now."""
    wanted = debts.filter(pl.col("values").is_not_null() & pl.col("key64").is_in(pl.Series(keys).implode()))
    return wanted if full else wanted.filter(pl.col("attempts") <= retries)


def _number_type(dtype: pl.DataType) -> pl.DataType:
    """The type in which values of this type are kept."""
    if dtype == pl.Date:
        return pl.Int32()
    return pl.Int64() if isinstance(dtype, pl.Datetime) else dtype
