"""A bucket of an object store (S3, Google Cloud Storage, or what speaks like them) as a place for files."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from activation_platform.contracts.errors import (
    ActivationError,
    ConnectionFailed,
    CredentialsRefused,
    DeclarationError,
    NotFound,
    RateLimited,
    TimedOut,
)
from activation_platform.contracts.interrupted import Interrupted
from activation_platform.contracts.writes import Place

if TYPE_CHECKING:
    from obstore.store import GCSStore, S3Store

__all__ = ["Bucket", "google_bucket", "s3_bucket"]

_RETRIES = 2
"""Of one request within an upload, so that one hiccup does not send gigabytes again; the carrier tries the whole again."""
_PART = 8 * 1024 * 1024
"""Bytes of one part of an upload; a file has at most 10,000 parts (80 GiB), of which four are under way at a time."""
_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>(\w+)</Code>")
_MAY_PASS = {"408", "409", "429"}
_TOO_OFTEN = re.compile(r"^429|SlowDown$")
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html says 503 and `SlowDown`, Google 429."""
_ANSWER_WITHIN = timedelta(seconds=30)


class Bucket(Place):
    """Files are put as one object each; a store shows an object whole or not at all."""

    def __init__(self, store: "S3Store | GCSStore", name: str) -> None:
        self._store = store
        self.name = name

    async def probe(self) -> None:
        """List one object, if there is one: the bucket is there, and knows the credentials.

        Whether they may write shows when the first file is put. Nothing is put to find out: a bucket may tell others of every
        object that comes.
        """
        import obstore

        with self._understood():
            async for _ in obstore.list(self._store, chunk_size=1):
                return

    async def has(self, path: str) -> bool:
        """Whether there is an object under this key."""
        import obstore

        with self._understood():
            try:
                await obstore.head_async(self._store, path)
            except FileNotFoundError:
                return False
            return True

    async def publish(self, draft: Path, path: str) -> None:
        """Put the object: in one request, or in parts that become one when the last is there."""
        import obstore

        with self._understood():
            await obstore.put_async(self._store, path, draft, chunk_size=_PART, max_concurrency=4)

    @contextmanager
    def _understood(self) -> Iterator[None]:
        """What the store says, as an error that says what to do. Its status stands nowhere but in the text of the error."""
        from obstore.exceptions import BaseError

        try:
            yield
        except (BaseError, FileNotFoundError) as error:
            text = str(error)
            status, code = _STATUS.search(text), _CODE.search(text)
            answer = " ".join(found.group(1) for found in (status, code) if found)
            final = self._final(status.group(1) if status else "", answer)
            if final is not None:
                raise final from None
            raise Interrupted(self._passing(answer, late="Timeout" in text)) from None

    def _final(self, status: str, answer: str) -> ActivationError | None:
        if status == "404":
            return NotFound(
                f"{self.name} answered {answer}",
                remedy="Create the bucket, or correct the destination's url.",
            )
        if status in ("401", "403"):
            return CredentialsRefused(
                f"{self.name} answered {answer}",
                remedy="Check the credentials, and that they may list the bucket and put objects into it.",
            )
        if status.startswith(("3", "4")) and status not in _MAY_PASS:
            return ConnectionFailed(
                f"{self.name} answered {answer}", remedy="Check the destination's region and base_url."
            )
        return None

    def _passing(self, answer: str, *, late: bool) -> ActivationError:
        remedy = "Check the network and the destination's base_url; the next run writes the file."
        if late:
            return TimedOut(f"{self.name} did not answer in time", remedy=remedy)
        if _TOO_OFTEN.search(answer):
            return RateLimited(
                f"{self.name} keeps answering {answer}",
                remedy="Write at another time, or under another prefix; the next run writes the file.",
            )
        said = f"keeps answering {answer}" if answer else "cannot be reached"
        return ConnectionFailed(f"{self.name} {said}", remedy=remedy)


def s3_bucket(bucket: str, prefix: str, endpoint: str, **config: str) -> Bucket:
    """A bucket of S3 or of a store that speaks its language; `config` holds obstore's words for the credentials.

    What is empty is left out: without an access key, the machine's own identity is used (its environment, its role).
    """
    _require_obstore(f"s3://{bucket}")
    from obstore.store import S3Store

    given: Any = _given({**config, "endpoint": endpoint})
    return Bucket(
        S3Store(bucket, prefix=prefix or None, config=given, **_manners(endpoint)),
        _name("s3", bucket, prefix),
    )


def google_bucket(bucket: str, prefix: str, endpoint: str, service_account: str) -> Bucket:
    """A bucket of Google Cloud Storage; `service_account` is the JSON of a key, or empty for the machine's own identity."""
    _require_obstore(f"gs://{bucket}")
    from obstore.exceptions import BaseError
    from obstore.store import GCSStore

    given: Any = _given({"service_account_key": service_account, "base_url": endpoint})
    try:
        store = GCSStore(bucket, prefix=prefix or None, config=given, **_manners(endpoint))
    except BaseError:
        raise DeclarationError(
            f"the service account for gs://{bucket} is no key of a service account",
            remedy="service_account holds the whole JSON file that Google Cloud lets you download.",
        ) from None
    return Bucket(store, _name("gs", bucket, prefix))


def _require_obstore(place: str) -> None:
    try:
        import obstore  # noqa: F401
    except ImportError:
        raise DeclarationError(
            f"{place} needs obstore, which is not installed",
            remedy="pip install 'activation_platform[objects]'",
        ) from None


def _name(scheme: str, bucket: str, prefix: str) -> str:
    return f"{scheme}://{bucket}/{prefix}".rstrip("/")


def _given(config: Mapping[str, str]) -> dict[str, str]:
    return {word: value for word, value in config.items() if value}


def _manners(endpoint: str) -> dict[str, Any]:
    return {
        "client_options": {"allow_http": endpoint.startswith("http://"), "timeout": _ANSWER_WITHIN},
        "retry_config": {"max_retries": _RETRIES},
    }
