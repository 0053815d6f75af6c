"""A folder of this machine, or of a file system that is mounted here, as a place for files."""

import asyncio
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from activation_platform.contracts.errors import ConnectionFailed, CredentialsRefused, NotFound
from activation_platform.contracts.writes import Place

__all__ = ["Folder"]


class Folder(Place):
    """Drafts are written beside the file, as `.name.part`, synced and renamed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.name = folder.as_uri()

    def draft(self, path: str, scratch: Path) -> Path:
        """Beside the file, so that publishing is a rename."""
        del scratch
        file = self._folder / path
        with self._understood():
            file.parent.mkdir(parents=True, exist_ok=True)
        return file.with_name(f".{file.name}.part")

    async def probe(self) -> None:
        """Make a file that has no name, which the system takes away at once."""
        with self._understood(), tempfile.TemporaryFile(dir=self._folder):
            pass

    async def has(self, path: str) -> bool:
        """Whether something is there under this name."""
        with self._understood():
            return os.path.lexists(self._folder / path)

    async def publish(self, draft: Path, path: str) -> None:
        """Sync the draft, rename it, sync the folder."""
        await asyncio.to_thread(self._publish, draft, self._folder / path)

    def _publish(self, draft: Path, file: Path) -> None:
        with self._understood():
            _sync(draft)
            draft.replace(file)
            _sync(file.parent)

    @contextmanager
    def _understood(self) -> Iterator[None]:
        """What the system says, as an error that says what to do."""
        try:
            yield
        except PermissionError as error:
            raise CredentialsRefused(
                f"{self.name} cannot be written ({error.strerror})",
                remedy="Let the user that runs the activation write into the folder.",
            ) from error
        except (FileNotFoundError, NotADirectoryError) as error:
            raise NotFound(
                f"{self.name} is no folder ({error.strerror})",
                remedy="Create the folder, or correct the destination's url.",
            ) from error
        except OSError as error:
            raise ConnectionFailed(
                f"{self.name} cannot be written ({error.strerror or error})",
                remedy="What is there stays as it was. Make room or repair the disk; the next run writes the file.",
            ) from error


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
