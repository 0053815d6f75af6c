"""Files that carry the checksum of their content in their name, so that what is damaged is not taken for what was remembered.

delta-7-dpckjmab.arrow        what it is, of which run, and the CRC-32 of the whole file
"""

import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

from activation_platform.sync.store import Store

__all__ = ["checksum", "is_checked", "is_whole", "keep_checked", "run_of"]

_AT_ONCE = 256 * 1024
_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
"""A checksum is written in letters: what looks like a long number is masked in messages."""


def keep_checked(folder: Store, room: Path, stem: str, suffix: str, write: Callable[[Path], None]) -> str:
    """Keep what `write` writes as `<stem>-<checksum><suffix>`; returns that name. `room`: a folder for the draft."""
    draft = room / f"draft{suffix}"
    write(draft)
    name = f"{stem}-{_checksum(draft)}{suffix}"
    folder.keep(name, partial(_move, draft))
    return name


def is_checked(name: str) -> bool:
    """Whether a file has a checksum: those that were written by earlier versions have none."""
    return len(_parts(name)) > 2


def is_whole(path: Path, name: str) -> bool:
    """Whether the file at the path is what was kept under the name; raises OSError where it cannot be read."""
    return not is_checked(name) or _parts(name)[-1] == _checksum(path)


def run_of(name: str) -> int:
    """The run whose file it is."""
    return int(_parts(name)[1])


def _parts(name: str) -> list[str]:
    return name.rpartition("/")[2].partition(".")[0].split("-")


def _move(draft: Path, path: Path) -> None:
    draft.replace(path)


def checksum(content: bytes) -> str:
    """The CRC-32 of some bytes, in letters."""
    return _in_letters(zlib.crc32(content))


def _checksum(path: Path) -> str:
    found, room = 0, memoryview(bytearray(_AT_ONCE))
    with path.open("rb", buffering=0) as file:
        while size := file.readinto(room):
            found = zlib.crc32(room[:size], found)
    return _in_letters(found)


def _in_letters(found: int) -> str:
    return f"{found:08x}".translate(_LETTERS)
