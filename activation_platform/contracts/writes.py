"""What is said to a place for files: open a draft, append to it, publish or discard it; and the place that hears it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import polars as pl

from activation_platform.contracts.formats import Format
from activation_platform.contracts.service import Carried

__all__ = ["Append", "Discard", "HasPlace", "Open", "Place", "Probe", "Publish"]


@dataclass(frozen=True, slots=True)
class Probe(Carried):
    """Is the place there, does it let us in? Answered by the place's name; leaves nothing behind."""


@dataclass(frozen=True, slots=True)
class Open(Carried):
    """Begin a draft of the file at `path`, whose rows will be of this schema.

    Refused where a file is there that the draft may not replace.
    """

    path: str
    schema: pl.Schema
    replaces: bool


@dataclass(frozen=True, slots=True)
class Append(Carried):
    """Add rows to the draft. Columns that the frame does not have are null."""

    path: str
    frame: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Publish(Carried):
    """Put the draft in the place of the file, all at once: a reader sees the old file or the new one, never a part.

    Saying it of a draft that was published does nothing.
    """

    path: str
    format: Format


@dataclass(frozen=True, slots=True)
class Discard(Carried):
    """Throw the draft away; what is there stays."""

    path: str


class Place(ABC):
    """Where files lie: a folder, a bucket, a server. Paths are relative to it, with slashes.

    What goes wrong is raised as an error of `contracts.errors`, or as `Interrupted`.
    """

    name: str
    """What it calls itself, without any secret."""

    def draft(self, path: str, scratch: Path) -> Path:
        """Where a draft is best written on this machine; `scratch` is a private folder."""
        del path
        return scratch / "draft"

    @abstractmethod
    async def probe(self) -> None:
        """Return if the place is there and lets us in."""

    @abstractmethod
    async def has(self, path: str) -> bool:
        """Whether there is a file at `path`."""

    @abstractmethod
    async def publish(self, draft: Path, path: str) -> None:
        """Put the draft in the place of the file at `path`, all at once and durably; may be tried again."""

    async def close(self) -> None:  # noqa: B027 -- most places keep no connection
        """Close the connections, in the event loop that opened them."""


@runtime_checkable
class HasPlace(Protocol):
    """A destination that keeps files."""

    def place(self) -> Place:
        """The place, not connected yet; raises DeclarationError where the settings do not lead to one."""
