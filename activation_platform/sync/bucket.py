"""The other home of state: an object store, which has no rename, no append and no lock, but writes under a condition.

A folder is a beginning that names share. A log is a folder of numbered objects, each written only where there is none; a lock
is a lease; a file that never changes is copied to a cache on this machine before it is opened.
"""

import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from activation_platform.contracts.errors import LeaseLost, StorageFailed
from activation_platform.sync.cache import Cache
from activation_platform.sync.files import mapped
from activation_platform.sync.lease import leased
from activation_platform.sync.objects import Objects
from activation_platform.sync.store import Content, FileFacts, Hold, Log, Store

__all__ = ["Bucket"]

_AT_ONCE = 8
_TRIES = 30
_CLOSED = b"closed"


@dataclass(frozen=True)
class Bucket(Store):
    """A place in an object store. `lease`: for how many seconds a lock outlives a process that died with it."""

    objects: Objects
    cache: Cache
    lease: float = 30.0
    place: str = ""
    near = False
    tears = False

    @classmethod
    def at(cls, url: str, *, lease: float = 30.0, retry_within: float = 30.0) -> Self:
        """The root at `s3://bucket/prefix` or `gs://bucket/prefix`."""
        url = url.rstrip("/")
        return cls(Objects(url, retry_within), Cache.of(url), lease)

    @property
    def name(self) -> str:
        """The last part of the place."""
        return str(self).rpartition("/")[2]

    def __truediv__(self, name: str) -> Self:
        return replace(self, place=self._key(name))

    def __str__(self) -> str:
        return f"{self.objects.url}/{self.place}" if self.place else self.objects.url

    def read(self, name: str) -> bytes | None:
        """An object's content; None where there is no such object."""
        found = self.objects.read(self._key(name))
        return None if found is None else found[0]

    def read_each(self, names: Sequence[str]) -> Iterator[bytes]:
        """Several at a time."""
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            yield from (content for content in threads.map(self.read, names) if content is not None)

    def write(self, name: str, content: bytes) -> None:
        """One request: an object is replaced whole."""
        self.objects.write(self._key(name), content)

    def create(self, name: str, content: bytes) -> bool:
        """Write where there is none. A refusal may answer an own, earlier try whose answer was lost: so the content decides."""
        key = self._key(name)
        for _ in range(_TRIES):
            if self.objects.write_if(key, content, None):
                return True
            found = self.objects.read(key)
            if found is not None:
                return found[0] == content
            # S3 also refuses while somebody else's write is under way, which may then fail
            _pause()
        raise self._contended(name)

    def change(self, name: str, change: Callable[[bytes | None], bytes], *, durable: bool = True) -> None:
        """Read, then write over what was read; again where somebody else wrote meanwhile."""
        del durable
        key = self._key(name)
        for _ in range(_TRIES):
            found = self.objects.read(key)
            content, version = (None, None) if found is None else found
            if self.objects.write_if(key, change(content), version):
                return
            _pause()
        raise self._contended(name)

    def names(self) -> list[str]:
        """Names of the objects and folders in this place, sorted."""
        folders, files = self.objects.within(self.place)
        return sorted(name for name in {*folders, *files} if not name.startswith("."))

    def files(self) -> dict[str, FileFacts]:
        """The objects in this place."""
        _, files = self.objects.within(self.place)
        return {name: facts for name, facts in files.items() if not name.startswith(".")}

    def delete(self, name: str) -> None:
        """Remove an object, or all objects of a folder."""
        key = self._key(name)
        self.objects.delete([key, *self.objects.below(key)])
        self.cache.forget(key)

    def delete_each(self, names: Sequence[str]) -> None:
        """In as few requests as the store takes."""
        keys = [self._key(name) for name in names]
        self.objects.delete(keys)
        for key in keys:
            self.cache.forget(key)

    def keep(self, name: str, write: Callable[[Path], None]) -> None:
        """Write to the cache, and upload from there."""
        with self.cache.draft() as path:
            write(path)
            self._uploaded(path, self._key(name))

    def file(self, name: str) -> Path:
        """A copy in the cache, which is made where there is none of this very version."""
        key = self._key(name)
        _, version = self.objects.look(key)
        kept = self.cache.find(key, str(version))
        if kept is not None:
            return kept
        with self.cache.draft() as path:
            self.objects.download(key, path)
            return self.cache.keep(key, str(version), path)

    def scratch(self, name: str) -> Path:
        """An empty folder of this process alone: another one that was taken over may still be alive."""
        del name
        return self.cache.scratch()

    def adopt(self, folder: Path, name: str, *, last: str = "") -> None:
        """Upload all files; the one called `last` makes them appear, and is never written over another."""
        target = self._key(name)
        for file in sorted(folder.iterdir()):
            if file.name != last:
                self._uploaded(file, f"{target}/{file.name}")
        if last and not self.create(f"{name}/{last}", (folder / last).read_bytes()):
            raise LeaseLost(
                f"{self / name} was made by another run", remedy="Run this one again; nothing was sent."
            )
        shutil.rmtree(folder)

    def move(self, name: str, to: str, *, last: str) -> None:
        """Copy all objects, then remove them; the one called `last` both times last, so that one of the two is whole."""
        source, target = self._key(name), self._key(to)
        keys = sorted(self.objects.below(source), key=lambda key: key == f"{source}/{last}")
        for key in keys:
            self.objects.copy(key, target + key.removeprefix(source))
        self.objects.delete([key for key in keys if key != f"{source}/{last}"])
        self.objects.delete([f"{source}/{last}"])
        self.cache.forget(source)

    def log(self, name: str) -> Log:
        """Numbered objects."""
        return BucketLog(self / name, len((self / name).names()) + 1)

    def read_log(self, name: str) -> Content | None:
        """Their contents in order, up to where the log was ended."""
        log = self / name
        names = log._without_gap()
        if not names:
            return None
        with self.cache.draft() as path, path.open("w+b") as whole:
            whole.writelines(content for content in log.read_each(names) if not content.startswith(_CLOSED))
            whole.flush()
            return mapped(whole)

    def end_log(self, name: str) -> None:
        """Write the object that whoever had the log open would have written next."""
        log = self / name
        mark = _CLOSED + secrets.token_bytes(8)
        while True:
            names = log._without_gap()
            ended = bool(names) and (log.read(names[-1]) or b"").startswith(_CLOSED)
            if ended or log.create(_numbered(len(names) + 1), mark):
                return

    @contextmanager
    def lock(self, name: str, *, wait: float, cancelled: Callable[[], bool] = bool) -> Iterator[Hold]:
        """A lease, renewed while the block runs."""
        with leased(self, name, seconds=self.lease, wait=wait, cancelled=cancelled) as lease:
            if self.create(f"{name}.lease", b"two could have it"):
                raise StorageFailed(
                    f"{self.objects.url} writes over an object that a write must not replace (If-None-Match), so that two "
                    "runs could have one ledger",
                    remedy="Keep the state on a store that heeds conditions, as Amazon S3 and Google Cloud Storage do, or in "
                    "a folder.",
                )
            yield lease

    def _without_gap(self) -> list[str]:
        """Names of a log's objects."""
        names = self.names()
        if names != [_numbered(number + 1) for number in range(len(names))]:
            raise StorageFailed(
                f"an object of {self} is missing",
                remedy="Bring it back (a bucket can keep versions). Else start over: activation reset sets the ledger aside.",
            )
        return names

    def _uploaded(self, path: Path, key: str) -> None:
        version = self.objects.upload(key, path)
        self.cache.keep(key, str(version), path)

    def _contended(self, name: str) -> StorageFailed:
        return StorageFailed(
            f"{self / name} is changed by others faster than this run can change it",
            remedy="Run again; if it stays so, fewer runs at once help.",
        )

    def _key(self, name: str) -> str:
        return f"{self.place}/{name}" if self.place else name


@dataclass
class BucketLog(Log):
    """A log's next object. Numbers leave no gap, so whoever ends the log knows which one would come next."""

    place: Bucket
    number: int
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def append(self, content: bytes) -> None:
        """Returns only when the object is there."""
        with self._turn:
            if not self.place.create(_numbered(self.number), content):
                raise LeaseLost(
                    f"another run has ended {self.place}",
                    remedy="It goes on from what was acknowledged; nothing more was sent here.",
                )
            self.number += 1

    def close(self) -> None:
        """Nothing is open."""


def _numbered(number: int) -> str:
    return f"{number:08}"


def _pause() -> None:
    time.sleep(0.01 + secrets.randbelow(90) / 1000)
