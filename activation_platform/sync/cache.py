"""The cache: files of an object store that never change, kept on this machine so that they can be memory-mapped."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

__all__ = ["Cache"]

_UNUSED_FOR = 86_400.0


@dataclass(frozen=True)
class Cache:
    """Files by key and version, for one user of this machine; what nobody opened for a day may go.

    A file that goes while it is mapped stays readable to whoever has it open.
    """

    folder: Path

    @classmethod
    def of(cls, url: str) -> "Cache":
        """The cache of a storage root: under `ACTIVATION_CACHE`, else under the user's own `.cache`."""
        root = os.environ.get("ACTIVATION_CACHE") or Path.home() / ".cache" / "activation"
        return cls(Path(root) / sha256(url.encode()).hexdigest()[:16])

    def find(self, key: str, version: str) -> Path | None:
        """The file, if it is here."""
        path = self._path(key, version)
        try:
            os.utime(path)
        except FileNotFoundError:
            return None
        return path

    def keep(self, key: str, version: str, file: Path) -> Path:
        """Take a file over as this version of this key; returns where it is now."""
        path = self._path(key, version)
        path.parent.mkdir(parents=True, exist_ok=True)
        os.utime(file)
        return file.replace(path)

    def forget(self, key: str) -> None:
        """Remove a file, or everything below a folder."""
        shutil.rmtree(self.folder / "kept" / key, ignore_errors=True)

    @contextmanager
    def draft(self) -> Iterator[Path]:
        """A path for a file that is being written; removed if it is still there at the end."""
        folder = self.scratch()
        try:
            yield folder / "file"
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def scratch(self) -> Path:
        """An empty folder of one's own; what was left unused here goes."""
        self._sweep()
        work = self.folder / "work"
        work.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(dir=work))

    def _sweep(self) -> None:
        before = time.time() - _UNUSED_FOR
        swept = self.folder / "swept"
        try:
            if swept.stat().st_mtime > before:
                return
        except FileNotFoundError:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        swept.touch()
        for file in (self.folder / "kept").rglob("*"):
            if file.is_file() and file.stat().st_mtime < before:
                file.unlink(missing_ok=True)
        for folder in (self.folder / "work").glob("*"):
            if folder.stat().st_mtime < before:
                shutil.rmtree(folder, ignore_errors=True)

    def _path(self, key: str, version: str) -> Path:
        return self.folder / "kept" / key / sha256(version.encode()).hexdigest()[:32]
