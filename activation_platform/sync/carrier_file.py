"""The file carrier: keeps drafts of files until they are whole, and puts them in their place.

The rows of a draft are spooled as Arrow in a private folder, a file a batch, so that every format can be written from them
in one stream. The folder is gone when the carrier is closed, whatever happened.
"""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from activation_platform.contracts.errors import ConnectionFailed, CredentialsRefused, DeclarationError
from activation_platform.contracts.interrupted import Interrupted
from activation_platform.contracts.service import BatchRefused
from activation_platform.contracts.writes import (
    Append,
    Discard,
    HasPlace,
    Open,
    Place,
    Probe,
    Publish,
)
from activation_platform.sync.carrier import Carrier, Exchange

__all__ = ["FileCarrier"]

T = TypeVar("T")


@dataclass
class _Draft:
    """Rows that wait to become a file."""

    schema: pl.Schema
    folder: tempfile.TemporaryDirectory[str]
    parts: list[Path] = field(default_factory=list)

    def append(self, frame: pl.DataFrame) -> None:
        path = Path(self.folder.name) / f"{len(self.parts):06}.arrow"
        self._conformed(frame).write_ipc(path, compression="lz4")
        self.parts.append(path)

    def _conformed(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame with the columns of the draft; a value that does not fit its column is refused."""
        there = set(frame.columns)
        conformed = frame.select(
            (pl.col(name).cast(dtype, strict=False) if name in there else pl.lit(None, dtype)).alias(name)
            for name, dtype in self.schema.items()
        )
        for name in frame.columns:
            if conformed[name].null_count() > frame[name].null_count():
                raise BatchRefused(f"{name} does not fit a column of type {self.schema[name]}")
        return conformed

    def rows(self) -> pl.LazyFrame:
        return pl.scan_ipc(self.parts) if self.parts else pl.LazyFrame(schema=self.schema)


@dataclass
class FileCarrier(Carrier):
    """Carries what `contracts.writes` says to the place of a destination."""

    _place: Place | None = field(default=None, repr=False)
    _drafts: dict[str, _Draft | None] = field(default_factory=dict, repr=False)
    """By path; None once it is published or thrown away."""

    async def close(self) -> None:
        """Throw away every draft, leave the place."""
        for path in list(self._drafts):
            self._discard(path)
        if self._place is not None:
            await self._place.close()
            self._place = None

    async def say(self, said: Any, exchange: Exchange) -> Any:
        """Carry one thing; returns the name of the place for a probe."""
        match said:
            case Probe():
                await self._patiently(self._at.probe, exchange)
                return self._at.name
            case Open():
                await self._open(said, exchange)
            case Append():
                self._append(said)
            case Publish():
                await self._publish(said, exchange)
            case Discard():
                self._discard(said.path)
        return None

    @property
    def _at(self) -> Place:
        if self._place is None:
            assert isinstance(self.destination, HasPlace)
            self._place = self.destination.place()
        return self._place

    async def _open(self, said: Open, exchange: Exchange) -> None:
        place = self._at
        if not said.replaces and await self._patiently(lambda: place.has(said.path), exchange):
            raise DeclarationError(
                f"{place.name} already has a file {said.path}, whose changes may not have been read yet",
                remedy="Move or remove it and run again, give path a finer variable such as {ss} or {run}, or allow it with "
                "replace: true.",
            )
        self._drafts[said.path] = _Draft(said.schema, tempfile.TemporaryDirectory(prefix="activation-"))

    def _append(self, said: Append) -> None:
        draft = self._drafts[said.path]
        assert draft is not None, "a draft that was published takes no more rows"
        with _room(f"the temporary folder {tempfile.gettempdir()}"):
            draft.append(said.frame)

    async def _publish(self, said: Publish, exchange: Exchange) -> None:
        draft, place = self._drafts[said.path], self._at
        if draft is None:
            return
        file = place.draft(said.path, Path(draft.folder.name))
        try:
            with _room(f"a draft of {said.path}"):
                await asyncio.to_thread(said.format.write, draft.rows(), file)
            exchange.touched = True
            await self._patiently(lambda: place.publish(file, said.path), exchange)
        finally:
            file.unlink(missing_ok=True)
        self._discard(said.path)

    def _discard(self, path: str) -> None:
        draft = self._drafts.get(path)
        if draft is not None:
            draft.folder.cleanup()
            self._drafts[path] = None

    async def _patiently(self, ask: Callable[[], Awaitable[T]], exchange: Exchange) -> T:
        """Ask the place, and again while it cannot be reached."""
        for attempt in range(self.patience.attempts):
            self.requests += 1
            try:
                return await ask()
            except Interrupted as interrupted:
                if attempt + 1 == self.patience.attempts:
                    raise interrupted.error from interrupted
                await self.rest(self.patience.backoff(attempt), exchange)
        raise AssertionError("it is answered, or not, in one of its attempts")


@contextmanager
def _room(what: str) -> Iterator[None]:
    """A disk that is full, or broken, while rows are written; Polars passes on the system's words, not always its class."""
    try:
        yield
    except PermissionError as error:
        raise CredentialsRefused(
            f"{what} cannot be written", remedy="Let the user that runs the activation write there."
        ) from error
    except (OSError, pl.exceptions.ComputeError) as error:
        raise ConnectionFailed(
            f"{what} cannot be written ({str(error).splitlines()[0]})",
            remedy="What is at the destination stays as it was. Make room, and run again.",
        ) from error
