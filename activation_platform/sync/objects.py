"""An object store as the state uses it: whole objects, written under a condition where it matters; its errors are ours.

obstore speaks to S3, to what speaks its language, and to Google Cloud Storage; it finds credentials and endpoint in the
environment (`AWS_…`, `GOOGLE_…`), in profiles and in the machine's role. It is imported when such a root is used.
https://developmentseed.org/obstore/latest/
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from activation_platform.contracts.errors import DeclarationError, StorageFailed
from activation_platform.sync.store import FileFacts

if TYPE_CHECKING:
    from obstore import PutMode

__all__ = ["Objects", "Version"]

_PART = 8 * 1024 * 1024
_STATUS = re.compile(r"status code: (\d{3} [A-Za-z ]+)")
_CODE = re.compile(r"<Code>(\w+)</Code>")
_REFUSED = re.compile(r"status code: 40[13]\b")
_MISSING_BUCKET = ("NoSuchBucket", "bucket does not exist")


@dataclass(frozen=True, slots=True)
class Version:
    """Which content of an object was seen or written."""

    e_tag: str | None
    number: str | None

    @classmethod
    def of(cls, told: Any) -> "Version":
        """From what obstore tells of an object."""
        return cls(told["e_tag"], told["version"])

    @property
    def condition(self) -> "PutMode":
        """Write only over this version; obstore takes no None in it."""
        told = {"e_tag": self.e_tag, "version": self.number}
        return {name: value for name, value in told.items() if value is not None}  # type: ignore[return-value]


@dataclass(frozen=True)
class Objects:
    """The objects under a URL (`s3://bucket/prefix`, `gs://bucket/prefix`); keys are relative to it.

    `retry_within`: for how many seconds a request is repeated while the store cannot be reached or answers 5xx.
    """

    url: str
    retry_within: float = 30.0
    _store: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_store", _opened(self.url, self.retry_within))

    def read(self, key: str) -> tuple[bytes, Version] | None:
        """An object's content and version; None where there is none."""
        import obstore

        with self._spoken():
            try:
                found = obstore.get(self._store, key)
                return bytes(found.bytes()), Version.of(found.meta)
            except FileNotFoundError as error:
                _require_bucket(error)
                return None

    def look(self, key: str) -> tuple[FileFacts, Version]:
        """Size, time and version of an object; raises FileNotFoundError where there is none."""
        import obstore

        with self._spoken():
            found = obstore.head(self._store, key)
            return FileFacts(found["size"], found["last_modified"].timestamp()), Version.of(found)

    def write(self, key: str, content: bytes) -> None:
        """Make or replace an object."""
        import obstore

        with self._spoken():
            obstore.put(self._store, key, content, use_multipart=False)

    def write_if(self, key: str, content: bytes, version: Version | None) -> bool:
        """Write only over this version, or (None) only where there is no object; says whether the condition held."""
        import obstore
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        with self._spoken():
            try:
                mode: PutMode = "create" if version is None else version.condition
                obstore.put(self._store, key, content, mode=mode, use_multipart=False)
            except (AlreadyExistsError, PreconditionError):
                return False
            except FileNotFoundError as error:  # gone meanwhile
                _require_bucket(error)
                return False
            return True

    def upload(self, key: str, path: Path) -> Version:
        """Make or replace an object by a local file, in parts where it is large; it appears when it is whole."""
        import obstore

        with self._spoken():
            return Version.of(obstore.put(self._store, key, path, chunk_size=_PART, max_concurrency=4))

    def download(self, key: str, path: Path) -> None:
        """Write an object to a local file; raises FileNotFoundError where there is none."""
        import obstore

        with self._spoken():
            found = obstore.get(self._store, key)
            with path.open("wb") as file:
                for piece in found.stream(min_chunk_size=_PART):
                    file.write(piece)
            if path.stat().st_size != found.meta["size"]:
                raise OSError(f"{key} broke off: {path.stat().st_size} of {found.meta['size']} bytes came")

    def within(self, folder: str) -> tuple[list[str], dict[str, FileFacts]]:
        """Names of the folders, and of the objects with their facts, directly in a folder."""
        import obstore

        with self._spoken():
            found = obstore.list_with_delimiter(self._store, folder)
        folders = [prefix.rstrip("/").rpartition("/")[2] for prefix in found["common_prefixes"]]
        files = {
            each["path"].rpartition("/")[2]: FileFacts(each["size"], each["last_modified"].timestamp())
            for each in found["objects"]
        }
        return folders, files

    def below(self, folder: str) -> list[str]:
        """Keys of all objects in a folder and the folders in it, sorted."""
        import obstore

        with self._spoken():
            return sorted(each["path"] for chunk in obstore.list(self._store, folder) for each in chunk)

    def copy(self, key: str, to: str) -> None:
        """Copy an object within the store (on S3: of at most 5 GB)."""
        import obstore

        with self._spoken():
            obstore.copy(self._store, key, to, overwrite=True)

    def delete(self, keys: list[str]) -> None:
        """Remove objects; those that are not there do not matter."""
        import obstore

        with self._spoken():
            obstore.delete(self._store, keys)

    @contextmanager
    def _spoken(self) -> Iterator[None]:
        """obstore's errors as ours; a missing object stays a FileNotFoundError."""
        from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

        try:
            yield
        except FileNotFoundError as error:
            if not _no_bucket(error):
                raise
            raise self._no_bucket() from error
        except BaseError as error:
            if _no_bucket(error):
                raise self._no_bucket() from error
            if isinstance(error, (PermissionDeniedError, UnauthenticatedError)) or _REFUSED.search(
                str(error)
            ):
                raise StorageFailed(
                    f"{self.url} refuses us ({_short(error)})",
                    remedy="Check the credentials in the environment, and that they may read, write, list and delete there.",
                ) from error
            raise StorageFailed(
                f"{self.url} cannot be used ({_short(error)})",
                remedy="Check the network, the endpoint and the credentials of the object store; what was remembered before "
                "stays, and the next run goes on from there.",
            ) from error

    def _no_bucket(self) -> StorageFailed:
        return StorageFailed(
            f"the bucket of {self.url} does not exist",
            remedy="Create it, or correct ACTIVATION_STORAGE (and the region or endpoint in the environment).",
        )


def _opened(url: str, retry_within: float) -> Any:
    try:
        from obstore.exceptions import BaseError
        from obstore.store import from_url
    except ImportError as error:
        raise DeclarationError(
            f"{url} needs obstore, which is not installed",
            remedy='Install the extra: pip install "activation_platform[objects]".',
        ) from error
    try:
        return from_url(
            url,
            retry_config={"max_retries": 10, "retry_timeout": timedelta(seconds=retry_within)},
        )
    except (BaseError, ValueError) as error:
        raise DeclarationError(
            f'ACTIVATION_STORAGE is "{url}", which cannot be used ({_short(error)})',
            remedy="Write s3://bucket/prefix or gs://bucket/prefix, or the path of a folder.",
        ) from error


def _no_bucket(error: Exception) -> bool:
    return any(words in str(error) for words in _MISSING_BUCKET)


def _require_bucket(error: FileNotFoundError) -> None:
    if _no_bucket(error):
        raise error


def _short(error: Exception) -> str:
    """The store's answer, else the first line, without the source that obstore appends."""
    text = str(error)
    answer = " ".join(found.group(1) for pattern in (_STATUS, _CODE) if (found := pattern.search(text)))
    return answer or text.partition("\n")[0][:300]
