"""The local home of state: a folder, with the file system's renames, locks and syncs."""

import errno
import fcntl
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from activation_platform.sync.files import beside_of, mapped, publish, sync_folder
from activation_platform.sync.lock import locked
from activation_platform.sync.store import HELD, Content, FileFacts, Hold, Log, Store

__all__ = ["Folder"]


@dataclass(frozen=True)
class Folder(Store):
    """A folder of a file system that everybody who needs the state can see."""

    path: Path
    near = True
    tears = True

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    def __truediv__(self, name: str) -> Self:
        return type(self)(self.path / name)

    def __str__(self) -> str:
        return str(self.path)

    def read(self, name: str) -> bytes | None:
        """A file's content; None where there is no such file."""
        try:
            return (self.path / name).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, name: str, content: bytes) -> None:
        """Write beside, sync, rename."""
        publish(self._room(name), lambda beside: _written(beside, content))

    def create(self, name: str, content: bytes) -> bool:
        """Write beside, link: the first of several processes wins. Readable by its owner only."""
        path = self._room(name)
        beside = beside_of(path)
        _written(beside, content)
        beside.chmod(0o600)
        try:
            os.link(beside, path)
        except FileExistsError:
            return path.read_bytes() == content
        finally:
            beside.unlink()
        sync_folder(path.parent)
        return True

    def change(self, name: str, change: Callable[[bytes | None], bytes], *, durable: bool = True) -> None:
        """Read and replace under a lock on the folder."""
        path = self._room(name)
        descriptor = os.open(path.parent, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            content = change(self.read(name))
            publish(path, lambda beside: _written(beside, content), durable=durable)
        finally:
            os.close(descriptor)

    def names(self) -> list[str]:
        """Names of the files and folders in this folder, sorted."""
        try:
            return sorted(path.name for path in self.path.iterdir() if not path.name.startswith("."))
        except FileNotFoundError:
            return []

    def files(self) -> dict[str, FileFacts]:
        """The files in this folder; of those that others remove meanwhile, maybe none."""
        return {name: facts for name in self.names() if (facts := _facts(self.path / name)) is not None}

    def delete(self, name: str) -> None:
        """Remove a file, or a folder with all that is in it; nothing if it is not there."""
        path = self.path / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def keep(self, name: str, write: Callable[[Path], None]) -> None:
        """Write beside, sync, rename."""
        publish(self._room(name), write)

    def file(self, name: str) -> Path:
        """The file itself."""
        return self.path / name

    def scratch(self, name: str) -> Path:
        """An empty folder in this one."""
        folder = self._room(name)
        for leftover in folder.parent.glob(".*.*"):
            if leftover.is_file():
                leftover.unlink()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder

    def adopt(self, folder: Path, name: str, *, last: str = "") -> None:
        """One rename."""
        del last
        target = self._room(name)
        folder.rename(target)
        sync_folder(target.parent)

    def move(self, name: str, to: str, *, last: str) -> None:
        """One rename."""
        del last
        if (self.path / name).exists():
            (self.path / name).rename(self._room(to))

    def log(self, name: str) -> Log:
        """A file to append to."""
        return FileLog(self._room(name))

    def read_log(self, name: str) -> Content | None:
        """The file's content."""
        try:
            with (self.path / name).open("rb") as file:
                return mapped(file)
        except FileNotFoundError:
            return None

    def end_log(self, name: str) -> None:
        """The lock sees to it: nobody can hold it while another process has the log open."""

    @contextmanager
    def lock(self, name: str, *, wait: float, cancelled: Callable[[], bool] = bool) -> Iterator[Hold]:
        """An advisory lock, given back by the system if the process dies."""
        with locked(self._room(f"{name}.lock"), wait=wait, cancelled=cancelled):
            yield HELD

    def _room(self, name: str) -> Path:
        """The path of a name whose folder is there."""
        path = self.path / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except FileNotFoundError as error:  # what /proc and its like say where no folder can be made
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path.parent)) from error
        return path


class FileLog(Log):
    """A file that grows, synced with every append."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("ab", buffering=0)
        try:
            sync_folder(path.parent)
        except BaseException:
            self._file.close()
            raise

    def append(self, content: bytes) -> None:
        """Returns only when the content would survive a power cut."""
        start = self._file.tell()
        try:
            written = self._file.write(content)
            if written != len(content):
                words = f"only {written} of {len(content)} bytes could be written"
                raise OSError(errno.ENOSPC, words, str(self._path))
            os.fdatasync(self._file.fileno())
        except OSError:
            # What is torn in the middle would hide all that follows: cut it off.
            self._file.truncate(start)
            self._file.seek(start)
            raise

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _facts(path: Path) -> FileFacts | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return FileFacts(found.st_size, found.st_mtime) if stat.S_ISREG(found.st_mode) else None


def _written(path: Path, content: bytes) -> None:
    path.write_bytes(content)
