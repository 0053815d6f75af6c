"""The journal: events of the run in progress, appended frame by frame, checksummed, durable before the run goes on.

A frame is `magic, length, CRC-32` (12 bytes, little endian) and an Arrow IPC stream of events. Reading stops at the first
frame that is torn or damaged: what was not wholly written was not yet acknowledged to anybody.
"""

import asyncio
import io
import struct
import zlib
from collections.abc import Iterator

import polars as pl

from activation_platform.contracts.errors import ActivationError
from activation_platform.sync.manifest import damaged
from activation_platform.sync.states import NO_EVENTS, conform
from activation_platform.sync.store import Hold, Store

__all__ = ["Journal", "read_journal"]

_MAGIC = 0x4C4A5041  # "APJL"
_HEADER = struct.Struct("<III")


class Journal:
    """The open end of one run's journal. One writer, for as long as it holds the activation's lock.

    Where the log is far away, the events of several batches that are ready together become one write of it.
    """

    def __init__(self, store: Store, name: str, hold: Hold) -> None:
        self._log = store.log(name)
        self._near, self._hold = store.near, hold
        self._waiting: list[bytes] = []
        self._noted = self._stored = 0
        self._turn = asyncio.Lock()
        self._failed: ActivationError | None = None

    def append(self, events: pl.DataFrame) -> None:
        """Store events (schema `EVENTS`) durably; returns only when they would survive a power cut."""
        self._wait_with(events)
        self.flush()

    def flush(self) -> None:
        """Store what was noted."""
        self._write(self._taken())
        self._stored = self._noted

    def note(self, events: pl.DataFrame) -> None:
        """Store events, in order with the others; durable once `durable` was awaited, or at once where that takes no time."""
        self._wait_with(events)
        if self._near:
            self.flush()

    async def durable(self) -> None:
        """Returns when all that was noted until now is stored, and the lock is still held."""
        if self._near:
            self._hold.require()
            return
        mine = self._noted
        async with self._turn:
            if self._stored < mine:  # else they went with another's
                every = self._noted
                await asyncio.to_thread(self._write, self._taken())
                self._stored = every
            self._hold.require()

    def _wait_with(self, events: pl.DataFrame) -> None:
        if not events.is_empty():
            self._waiting.append(_framed(events))
            self._noted += 1

    def _taken(self) -> bytes:
        taken, self._waiting = b"".join(self._waiting), []
        return taken

    def _write(self, content: bytes) -> None:
        if self._failed is not None:
            raise self._failed  # what could not be written is missing: nothing may follow it, and nobody may seal
        if content:
            try:
                self._log.append(content)
            except ActivationError as error:
                self._failed = error
                raise
        self._hold.require()  # what is written after the lock was lost is not stored, whatever the store said

    def close(self) -> None:
        """End the writing; what was appended stays."""
        self._log.close()


def _framed(events: pl.DataFrame) -> bytes:
    body = io.BytesIO()
    conform(events, NO_EVENTS).write_ipc_stream(body)
    payload = body.getvalue()
    return _HEADER.pack(_MAGIC, len(payload), zlib.crc32(payload)) + payload


def read_journal(store: Store, name: str) -> Iterator[pl.DataFrame]:
    """The whole frames of a journal, in order; nothing if there is none.

    Raises LedgerMismatch where it is damaged in a way that no crash explains.
    """
    file = io.BytesIO(store.read_log(name) or b"")
    while len(header := file.read(_HEADER.size)) == _HEADER.size:
        magic, length, checksum = _HEADER.unpack(header)
        payload = file.read(length)
        if magic != _MAGIC or len(payload) != length or zlib.crc32(payload) != checksum:
            if not store.tears:
                raise damaged(store, f"{name} is torn")
            return
        yield pl.read_ipc_stream(io.BytesIO(payload))
