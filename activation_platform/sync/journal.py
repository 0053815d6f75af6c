"""The journal: events of the run in progress, appended frame by frame, checksummed, durable before the run goes on.

A frame is `magic, length, CRC-32` (12 bytes, little endian) and an Arrow IPC stream of events. Reading stops at the first
frame that is torn or damaged: what was not wholly written was not yet acknowledged to anybody.
"""

import io
import struct
import zlib
from collections.abc import Iterator

import polars as pl

from activation_platform.sync.states import NO_EVENTS, conform
from activation_platform.sync.store import Log, Store

__all__ = ["Journal", "read_journal"]

_MAGIC = 0x4C4A5041  # "APJL"
_HEADER = struct.Struct("<III")


class Journal:
    """The open end of one run's journal. One writer, under the activation's lock."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def append(self, events: pl.DataFrame) -> None:
        """Store events (schema `EVENTS`) durably; returns only when they would survive a power cut."""
        if not events.is_empty():
            self._log.append(_framed(events))

    def close(self) -> None:
        """End the writing; what was appended stays."""
        self._log.close()


def _framed(events: pl.DataFrame) -> bytes:
    body = io.BytesIO()
    conform(events, NO_EVENTS).write_ipc_stream(body)
    payload = body.getvalue()
    return _HEADER.pack(_MAGIC, len(payload), zlib.crc32(payload)) + payload


def read_journal(store: Store, name: str) -> Iterator[pl.DataFrame]:
    """The whole frames of a journal, in order; nothing if there is none."""
    file = io.BytesIO(store.read_log(name) or b"")
    while len(header := file.read(_HEADER.size)) == _HEADER.size:
        magic, length, checksum = _HEADER.unpack(header)
        payload = file.read(length)
        if magic != _MAGIC or len(payload) != length or zlib.crc32(payload) != checksum:
            return
        yield pl.read_ipc_stream(io.BytesIO(payload))
