"""The journal: events of the run in progress, appended frame by frame, checksummed, durable before the run goes on.

A frame is `magic, length, CRC-32` (12 bytes, little endian) and an Arrow IPC stream of events. Reading stops at the first
frame that is torn or damaged: what was not wholly written was not yet acknowledged to anybody.
"""

import errno
import io
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from activation_platform.sync.files import sync_folder
from activation_platform.sync.states import NO_EVENTS, conform

__all__ = ["Journal", "read_journal"]

_MAGIC = 0x4C4A5041  # "APJL"
_HEADER = struct.Struct("<III")


class Journal:
    """The open end of one run's journal. One writer, under the activation's lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("ab", buffering=0)
        try:
            sync_folder(path.parent)
        except BaseException:
            self._file.close()
            raise

    def append(self, events: pl.DataFrame) -> None:
        """Store events (schema `EVENTS`) durably; returns only when they would survive a power cut."""
        if events.is_empty():
            return
        body = io.BytesIO()
        conform(events, NO_EVENTS).write_ipc_stream(body)
        payload = body.getvalue()
        frame = _HEADER.pack(_MAGIC, len(payload), zlib.crc32(payload)) + payload
        start = self._file.tell()
        try:
            written = self._file.write(frame)
            if written != len(frame):
                words = f"only {written} of {len(frame)} bytes could be written"
                raise OSError(errno.ENOSPC, words, str(self.path))
            os.fdatasync(self._file.fileno())
        except OSError:
            # A torn frame in the middle would hide every later one: cut it off, so that the journal stays readable.
            self._file.truncate(start)
            self._file.seek(start)
            raise

    def close(self) -> None:
        """Close the file; what was appended stays."""
        self._file.close()


def read_journal(path: Path) -> Iterator[pl.DataFrame]:
    """The whole frames of a journal, in order; nothing if there is none."""
    if not path.exists():
        return
    with path.open("rb") as file:
        while len(header := file.read(_HEADER.size)) == _HEADER.size:
            magic, length, checksum = _HEADER.unpack(header)
            payload = file.read(length)
            if magic != _MAGIC or len(payload) != length or zlib.crc32(payload) != checksum:
                return
            yield pl.read_ipc_stream(io.BytesIO(payload))
