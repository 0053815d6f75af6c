"""A store: where state lives, as few verbs as the state needs; its two homes are a local folder and an object store.

A name is relative and may hold slashes. A file is either wholly there or not at all, and durable when the verb that wrote it
returns. Most files are replaced whole or never change; the journal alone grows (`Log`), and one writer at a time holds what
is locked (`Hold`).
"""

import json
import mmap
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

__all__ = ["HELD", "Content", "FileFacts", "Hold", "Log", "Store", "to_json"]


Content = bytes | mmap.mmap
"""What a file holds: in memory, or mapped from a file on this machine."""


class Hold:
    """What the holder of a lock has in hand. Of a local lock: for as long as the process lives."""

    fence: int = 0
    """Rises with every holder where a lock can be lost; 0 where it cannot."""

    def require(self) -> None:
        """Raise LeaseLost unless the lock is still ours."""


HELD = Hold()
"""A lock that cannot be lost."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a listing says of a file: its size in bytes, and when it was last written (Unix seconds, the store's clock)."""

    size: int
    written: float


class Log(ABC):
    """The open end of a file that grows. One writer, under a lock; raises LeaseLost where another one has ended it."""

    @abstractmethod
    def append(self, content: bytes) -> None:
        """Add to the end, durably; after an error the log is as it was."""

    @abstractmethod
    def close(self) -> None:
        """Give the file back; what was appended stays."""


class Store(ABC):
    """One place in a store; `/` leads to a place within it."""

    near: ClassVar[bool]
    """Whether its verbs are quick enough to be done in passing, between two requests."""

    tears: ClassVar[bool]
    """Whether a crash can leave the end of a log half-written."""

    @property
    @abstractmethod
    def name(self) -> str:
        """The last part of where it is."""

    @abstractmethod
    def __truediv__(self, name: str) -> Self: ...

    @abstractmethod
    def __str__(self) -> str: ...

    @abstractmethod
    def read(self, name: str) -> bytes | None:
        """A file's content; None where there is no such file."""

    @abstractmethod
    def write(self, name: str, content: bytes) -> None:
        """Replace a file, or make it: readers see the old or the new content, never a part."""

    @abstractmethod
    def create(self, name: str, content: bytes) -> bool:
        """Make a file that must not be there; says whether it now has this content and not somebody else's."""

    @abstractmethod
    def change(self, name: str, change: Callable[[bytes | None], bytes], *, durable: bool = True) -> None:
        """Replace a file by what `change` makes of its content, with nobody in between; `change` may be called again."""

    @abstractmethod
    def names(self) -> list[str]:
        """Names of the files and folders directly in this place, sorted; not what is hidden (begins with a dot)."""

    @abstractmethod
    def files(self) -> dict[str, FileFacts]:
        """The files directly in this place."""

    @abstractmethod
    def delete(self, name: str) -> None:
        """Remove a file, or a folder with all that is in it; nothing if it is not there."""

    def delete_each(self, names: Sequence[str]) -> None:
        """Remove several files."""
        for name in names:
            self.delete(name)

    @property
    def size(self) -> int:
        """The bytes of all files in this place, and in the folders in it."""
        files = self.files()
        within = sum((self / name).size for name in self.names() if name not in files)
        return within + sum(facts.size for facts in files.values())

    @abstractmethod
    def keep(self, name: str, write: Callable[[Path], None]) -> None:
        """Store a file that never changes again, written by `write` to a path on this machine."""

    @abstractmethod
    def file(self, name: str) -> Path:
        """Where a kept file can be opened, or memory-mapped, on this machine; raises OSError where it is gone."""

    @abstractmethod
    def scratch(self, name: str) -> Path:
        """An empty folder on this machine for work in progress. Call it under a lock: what crashes left half-done goes."""

    @abstractmethod
    def adopt(self, folder: Path, name: str, *, last: str = "") -> None:
        """Keep a scratch folder's files under a name, where they appear at once: with the file called `last`."""

    @abstractmethod
    def move(self, name: str, to: str, *, last: str) -> None:
        """Move a folder to another name in this place; the file called `last` is the last to leave."""

    @abstractmethod
    def log(self, name: str) -> Log:
        """Open a log to append to it, or begin it."""

    @abstractmethod
    def read_log(self, name: str) -> Content | None:
        """All that was appended to a log; None where it was never begun."""

    @abstractmethod
    def end_log(self, name: str) -> None:
        """See to it that nobody appends to the log any more, not even who has it open still."""

    @abstractmethod
    def lock(
        self, name: str, *, wait: float, cancelled: Callable[[], bool] = bool
    ) -> AbstractContextManager[Hold]:
        """Hold a lock; waits up to `wait` seconds for whoever has it, then raises TimedOut, or Cancelled when asked to."""

    def read_each(self, names: Sequence[str]) -> Iterator[bytes]:
        """The content of several files, in their order; leaves out what is gone."""
        return (content for name in names if (content := self.read(name)) is not None)

    def read_json(self, name: str) -> Any:
        """A file's JSON value; None where there is no such file."""
        content = self.read(name)
        return None if content is None else json.loads(content)

    def write_json(self, name: str, value: Any) -> None:
        """Replace a file by a JSON value."""
        self.write(name, to_json(value))


def to_json(value: Any) -> bytes:
    """JSON for people and diffs."""
    return json.dumps(value, indent=1, sort_keys=True).encode()
