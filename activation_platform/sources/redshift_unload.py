"""UNLOAD: a query's result as Parquet on S3, written by every node of the cluster at once, read from there, and removed.

https://docs.aws.amazon.com/redshift/latest/dg/r_UNLOAD.html. The credentials that *read* S3 come from the environment (`AWS_…`)
or the machine's role; those that write there are the cluster's IAM role.
"""

import json
import re
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from activation_platform.contracts.errors import (
    ActivationError,
    ConnectionFailed,
    CredentialsRefused,
    DeclarationError,
    NotFound,
)

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Unload"]

FILE_MB = 64
"""How large a file may get; one is held in memory at a time."""
BATCH_ROWS = 50_000
REFUSED = re.compile(r"S3ServiceException|AccessDenied|not authorized|assume.?role|IAM role", re.IGNORECASE)


@dataclass(frozen=True)
class Unload:
    """A folder on S3 (`s3://bucket/prefix`) and the role with which the cluster writes there: an ARN, or `default`."""

    url: str
    role: str

    def batches(self, cursor: Any, query: str) -> "Iterator[pa.RecordBatch]":
        """The query's rows. Raises ConnectionFailed where fewer arrive than the cluster says it wrote."""
        folder = f"{self.url.rstrip('/')}/{uuid.uuid4().hex}/"
        store = _opened(folder)
        try:
            self._written(cursor, query, folder)
            cursor.execute("SELECT pg_last_unload_count()")
            counted = int(cursor.fetchone()[0])
            came = 0
            for batch in _read(store, folder, counted):
                came += batch.num_rows
                yield batch
            if came != counted:
                raise _lost(f"{came} of {counted} rows came")
        finally:
            with suppress(Exception):  # what stays behind is for the bucket's lifecycle rule
                _removed(store)

    def _written(self, cursor: Any, query: str, folder: str) -> None:
        role = "default" if self.role == "default" else _literal(self.role)
        cursor.execute(
            f"UNLOAD ({_literal(query)}) TO {_literal(folder)} IAM_ROLE {role} "
            f"FORMAT AS PARQUET MANIFEST VERBOSE MAXFILESIZE {FILE_MB} MB"
        )

    def refusal(self, words: str) -> ActivationError | None:
        """What the cluster's words mean where they are about S3 or the role; None for any others."""
        if not REFUSED.search(words):
            return None
        if "NoSuchBucket" in words:
            return NotFound(
                f"There is no bucket behind {self.url}", remedy="Correct the source's `unload_to`."
            )
        return CredentialsRefused(
            f"The cluster may not write to {self.url}",
            remedy=f"Give its IAM role ({self.role}) s3:PutObject there, and associate the role with the cluster.",
        )


def _read(store: Any, folder: str, counted: int) -> "Iterator[pa.RecordBatch]":
    import obstore
    import pyarrow.parquet as pq

    if not counted:  # then there may be no manifest
        return
    try:
        manifest = json.loads(bytes(obstore.get(store, "manifest").bytes()))
        for entry in manifest["entries"]:
            content = bytes(obstore.get(store, entry["url"].removeprefix(folder)).bytes())
            file = pq.ParquetFile(BytesIO(content))
            if file.metadata.num_rows != entry["meta"]["record_count"]:
                raise _lost(
                    f"{entry['url']} has {file.metadata.num_rows} rows instead of {entry['meta']['record_count']}"
                )
            yield from file.iter_batches(BATCH_ROWS)
    except (OSError, _store_error()) as error:
        raise _unreadable(folder, error) from None


def _removed(store: Any) -> None:
    import obstore

    for chunk in obstore.list(store):
        obstore.delete(store, [each["path"] for each in chunk])


def _opened(folder: str) -> Any:
    try:
        from obstore.store import from_url
    except ImportError:
        raise DeclarationError(
            "`unload_to` needs obstore, which is not installed",
            remedy="pip install 'activation_platform[redshift,objects]'",
        ) from None
    if not folder.startswith("s3://"):
        raise DeclarationError(f"{folder!r} is not on S3", remedy="Write `unload_to: s3://bucket/prefix`.")
    try:
        return from_url(folder)
    except (_store_error(), ValueError):
        raise DeclarationError(
            f"{folder!r} cannot be used",
            remedy="Write `unload_to: s3://bucket/prefix`; the rest is AWS_… in the environment.",
        ) from None


def _store_error() -> type[Exception]:
    from obstore.exceptions import BaseError

    found: type[Exception] = BaseError
    return found


def _unreadable(folder: str, error: Exception) -> ActivationError:
    if isinstance(error, FileNotFoundError):
        return _lost("an unloaded file is not there")
    if re.search(r"40[13]|AccessDenied|Forbidden|Unauth|PermissionDenied", f"{type(error).__name__} {error}"):
        return CredentialsRefused(
            f"We may not read {folder}",
            remedy="Give the credentials in our environment (AWS_…) s3:GetObject, s3:ListBucket and s3:DeleteObject there.",
        )
    return ConnectionFailed(
        f"{folder} cannot be read ({type(error).__name__})",
        remedy="Check the network, AWS_REGION and AWS_ENDPOINT_URL; the next run reads everything anew.",
    )


def _lost(what: str) -> ConnectionFailed:
    return ConnectionFailed(
        f"UNLOAD: {what}", remedy="Nothing was taken; the next run reads everything anew."
    )


def _literal(text: str) -> str:
    """In quotes; a backslash in them is an escape, too, so it is doubled like the quotes."""
    doubled = text.replace("\\", "\\\\").replace("'", "''")
    return f"'{doubled}'"
