"""The base of a ledger: all its entries as one Arrow record batch, so that every column is one piece of a mapped file.

It is written from chunks, which memory holds one at a time: the buffers of the batch grow side by side as files, and are then
mapped and written as what they are (https://arrow.apache.org/docs/format/Columnar.html).
"""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from activation_platform.sync.files import as_ipc

__all__ = ["as_base", "open_base"]

_BITS_AT_ONCE = 8_000_000


def open_base(path: Path) -> pa.Table:
    """A base file, memory-mapped: its pages are read when they are looked at, and given back under pressure."""
    with pa.memory_map(str(path)) as mapped, pa.ipc.open_file(mapped) as reader:
        return reader.read_all()


def as_base(chunks: Iterable[pl.DataFrame], room: Path) -> Callable[[Path], None]:
    """Writes chunks of one schema (numbers and texts), at least one, as one record batch. `room`: a folder for the buffers."""

    def write(path: Path) -> None:
        waiting = iter(chunks)
        first = next(waiting)
        second = next(waiting, None)
        if second is None:
            as_ipc(first)(path)
        else:
            _write(path, chain([first, second], waiting), room)

    return write


def _write(path: Path, chunks: Iterable[pl.DataFrame], room: Path) -> None:
    columns: list[_Column] = []
    with ExitStack() as files:
        for chunk in chunks:
            table = chunk.to_arrow(compat_level=pl.CompatLevel.oldest())
            columns = columns or [_Column(room, field, files) for field in table.schema]
            for column, values in zip(columns, table.columns, strict=True):
                column.append(values)
        schema = pa.schema([column.field for column in columns])
        batch = pa.record_batch([column.mapped() for column in columns], schema=schema)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        writer.write_batch(batch)


class _Column:
    """The buffers of one column, as files that grow: which rows hold a value, where each text ends, the values."""

    def __init__(self, room: Path, field: pa.Field, files: ExitStack) -> None:
        self.field = field
        self._is_text = pa.types.is_large_string(field.type)
        self._rows = self._bytes = self._nulls = 0
        self._valid, self._ends, self._values = (
            files.enter_context((room / f"{field.name}.{part}").open("w+b"))
            for part in ("valid", "ends", "values")
        )
        if self._is_text:
            self._ends.write(np.zeros(1, dtype=np.int64).data)

    def append(self, values: pa.ChunkedArray) -> None:
        array = values.combine_chunks() if values.num_chunks != 1 else values.chunk(0)
        self._rows += len(array)
        self._nulls += array.null_count
        self._valid.write(array.is_valid().to_numpy(zero_copy_only=False).data)
        if not self._is_text:
            self._values.write(np.ascontiguousarray(array.fill_null(0).to_numpy()).data)
            return
        array = array.fill_null("")
        _, offsets, data = array.buffers()
        ends = np.frombuffer(offsets, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
        self._ends.write((ends[1:] - ends[0] + self._bytes).data)
        self._bytes += int(ends[-1] - ends[0])
        if data is not None:
            self._values.write(data[ends[0] : ends[-1]])

    def mapped(self) -> pa.Array:
        buffers = [self._mask(), *([_map(self._ends)] if self._is_text else []), _map(self._values)]
        return pa.Array.from_buffers(self.field.type, self._rows, buffers, self._nulls)

    def _mask(self) -> Any:
        """Which rows hold a value, one bit each; nothing where all do."""
        valid = np.frombuffer(_map(self._valid), dtype=np.bool_)
        if not self._nulls:
            return None
        parts = range(0, len(valid), _BITS_AT_ONCE)
        bits: npt.NDArray[np.uint8] = np.concatenate(
            [np.packbits(valid[start : start + _BITS_AT_ONCE], bitorder="little") for start in parts]
        )
        return pa.py_buffer(bits)


def _map(file: Any) -> pa.Buffer:
    file.flush()
    if not file.tell():
        return pa.py_buffer(b"")
    return pa.py_buffer(np.memmap(file, dtype=np.uint8, mode="r"))
