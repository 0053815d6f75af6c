"""The journal: events of the run in progress, appended frame by frame, checksummed, durable before the run goes on.

A frame is `magic, length, CRC-32` (12 bytes, little endian) and an Arrow IPC stream of events. Only the last one can be torn by a
crash, and what was not wholly written was not yet acknowledged to anybody: reading ends there. A damaged frame that a whole one
follows is another matter: what it said was acknowledged, and would be forgotten.
"""

import asyncio
import io
import struct
import zlib
from collections.abc import Iterable, Iterator

import polars as pl

from activation_platform.contracts.errors import ActivationError
from activation_platform.sync.manifest import damaged
from activation_platform.sync.states import NO_EVENTS, conform, filled
from activation_platform.sync.store import Content, Hold, Store

__all__ = ["Journal", "read_journal"]

_MAGIC = 0x4C4A5041  # "APJL"
_HEADER = struct.Struct("<III")
_BEGINNING = struct.pack("<I", _MAGIC)
_REMEMBERED = 128 * 1024 * 1024
"""Bytes of events that are also kept in memory until the run is sealed; of more, all are read back."""


class Journal:
    """The open end of one run's journal. One writer, for as long as it holds the activation's lock.

    Where the log is far away, the events of several batches that are ready together become one write of it.
    """

    def __init__(self, store: Store, name: str, hold: Hold) -> None:
        self._store, self._name = store, name
        self._log = store.log(name)
        self._near, self._hold = store.near, hold
        self._waiting: list[bytes] = []
        self._noted = self._stored = 0
        self._remembered: list[pl.DataFrame] | None = []
        self.size = 0
        """Bytes noted."""
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
        if events.is_empty():
            return
        events = conform(events, NO_EVENTS)
        frame = _framed(events)
        self._waiting.append(frame)
        self._noted += 1
        self.size += len(frame)
        if self.size > _REMEMBERED:
            self._remembered = None
        if self._remembered is not None:
            self._remembered.append(events)

    def events(self) -> Iterable[pl.DataFrame]:
        """All that was noted, in order, once it is stored."""
        if self._remembered is None:
            return read_journal(self._store, self._name)
        return self._remembered

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
    filled(events).write_ipc_stream(body)
    payload = body.getvalue()
    return _HEADER.pack(_MAGIC, len(payload), zlib.crc32(payload)) + payload


def read_journal(store: Store, name: str) -> Iterator[pl.DataFrame]:
    """The whole frames of a journal, in order; nothing if there is none.

    Raises LedgerMismatch where it is damaged in a way that no crash explains.
    """
    content: Content = store.read_log(name) or b""
    at = 0
    while len(content) - at >= _HEADER.size:
        payload = _whole(content, at)
        if payload is None:
            if not store.tears or _any_whole(content, at + 1):
                raise damaged(store, f"{name} is torn")
            return
        yield conform(pl.read_ipc_stream(io.BytesIO(payload)), NO_EVENTS)
        at += _HEADER.size + len(payload)


def _whole(content: Content, at: int) -> bytes | None:
    """The payload of the frame that begins there; None where there is no whole one."""
    if len(content) - at < _HEADER.size:
        return None
    magic, length, checksum = _HEADER.unpack_from(content, at)
    payload = content[at + _HEADER.size : at + _HEADER.size + length]
    return payload if magic == _MAGIC and len(payload) == length and zlib.crc32(payload) == checksum else None


def _any_whole(content: Content, at: int) -> bool:
    """Whether a whole frame begins anywhere from there on."""
    while (at := content.find(_BEGINNING, at)) >= 0:
        if _whole(content, at) is not None:
            return True
        at += 1
    return False
