"""A destination: an account on a platform, configured as a Dagster resource, that its services talk to."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any, ClassVar
from urllib.parse import urlsplit

import dagster as dg
import httpx

from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.pace import Left
from activation_platform.contracts.redaction import Redactor
from activation_platform.contracts.service import Inquiry, Service

__all__ = ["Destination", "object_of"]

_NO_HEADERS: Mapping[str, str] = {}
_FRAMING = {"host", "content-length", "transfer-encoding"}


class Destination(dg.ConfigurableResource, ABC):  # type: ignore[type-arg]  # the parameter only matters to resources that yield something else
    """An account on a platform.

    Subclasses declare the platform's name, its services, which of their settings are secrets, and the default address.
    Settings named in `secrets` come from environment variables and never leave memory.
    """

    platform: ClassVar[str]
    docs: ClassVar[str]
    services: ClassVar[tuple[type[Service], ...]]
    secrets: ClassVar[tuple[str, ...]]
    """Names of the settings that are secret (text, lists of text, or texts by name)."""
    verified: ClassVar[tuple[str, ...]] = ()
    """What its services are held against in tests, beside the vendor's pages: a description, an official client."""
    default_base_url: ClassVar[str] = ""
    carrier: ClassVar[str] = "http"
    """What carries its conversations: `http` (they yield `httpx.Request`s), `sql` or `file` (they yield a `Carried`)."""

    conversations: ClassVar[int] = 32
    """How many batches may be under way at a time. The pace comes from the budgets; this bounds memory and connections."""

    base_url: str = ""
    """Where the platform is reached; empty = the vendor's own address. A sandbox or proxy goes here."""

    @classmethod
    def service(cls, name: str) -> type[Service]:
        """The service of this name (its file's name); KeyError where there is none."""
        return {cls.service_name(service): service for service in cls.services}[name]

    @staticmethod
    def service_name(service: type[Service]) -> str:
        """`profiles` for `destinations/batch/profiles.py`: derived from the file, never typed."""
        return service.__module__.rpartition(".")[2]

    @classmethod
    def objections(cls, settings: Mapping[str, Any]) -> Iterator[str]:
        """What is wrong with settings whose names and types are right, each in a sentence; checked at load.

        Secrets and whatever else comes from the environment are references (`env:NAME`) then.
        """
        del settings
        return iter(())

    @property
    def root_url(self) -> str:
        """The address in force, without a trailing slash."""
        return (self.base_url or self.default_base_url).rstrip("/")

    @property
    def host(self) -> str:
        """Where the account lives, as the ledger pins it: a host, for a database its server and name, a folder or bucket."""
        self._address("")
        return urlsplit(self.root_url).netloc

    def _address(self, path: str) -> httpx.URL:
        url = _url(self.root_url + path)
        if url is None:
            raise DeclarationError(
                f"the address of {self.platform} is none",
                remedy="Write it as https://host:port/path (base_url).",
            )
        return url

    def auth(self) -> httpx.Auth:
        """How requests are signed; without an answer to that they are not."""
        return httpx.Auth()

    @abstractmethod
    def account(self) -> Inquiry:
        """A conversation that writes nothing, proves the credentials, and returns the account's name as the vendor gives it.

        Where the vendor names no account, it returns an empty text (the ledger then pins a keyed hash of the credential).
        """

    def should_retry(self, response: httpx.Response) -> bool:
        """Whether an answer that looks final is the vendor's way to say *later* (throttling hidden in a 400)."""
        del response
        return False

    def left(self, response: httpx.Response, now: float) -> Left | None:
        """What the vendor's headers say is left of the limit that a request is charged to, at the Unix time `now`.

        None where it sends none, or none that is documented; `contracts.pace` reads the usual ones.
        """
        del response, now
        return None

    def refusal(self, response: httpx.Response) -> str:
        """The vendor's own words in a refusal, where its error shape is known; for messages and reasons."""
        return f"{response.status_code} {response.reason_phrase}".strip()

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """What `repr` shows: the platform and its address, never a setting (SEMANTICS D9)."""
        yield "platform", self.platform
        yield "at", self.root_url

    def secret_values(self) -> list[str]:
        """Every secret in clear, for the redactor."""
        found: list[str] = []
        for name in self.secrets:
            value = getattr(self, name)
            texts = value.values() if isinstance(value, Mapping) else value or []
            found.extend([value] if isinstance(value, str) else texts)
        return [secret for secret in found if secret]

    def redactor(self) -> Redactor:
        """Takes this destination's secrets out of any text."""
        return Redactor(self.secret_values())

    def ask(
        self,
        method: str,
        path: str,
        *,
        budget: Any,
        cost: float = 1,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] = _NO_HEADERS,
        content: bytes = b"",
        json: Any = None,
    ) -> httpx.Request:
        """A request to `path` below the root, charged to a `Budget`; its body is `content`, or the text of `json`."""
        url = self._address(path) if params is None else httpx.URL(self._address(path), params=params)
        extensions = {"budget": budget, "cost": float(cost)}
        if not content or _FRAMING & {name.lower() for name in headers}:
            body = {"content": content} if json is None else {"json": json}
            return httpx.Request(method, url, headers=headers, extensions=extensions, **body)
        # httpx would look each of the headers up in the others: half of what a small request costs to make.
        framing = {"Host": url.netloc.decode(), "Content-Length": str(len(content))}
        request = httpx.Request(
            method,
            url,
            headers=framing | {**headers},
            stream=httpx.ByteStream(content),
            extensions=extensions,
        )
        request.read()
        return request


def object_of(response: httpx.Response) -> dict[str, Any]:
    """The JSON object of an answer, for what it says of itself; empty where it holds none."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


@lru_cache(maxsize=256)
def _url(address: str) -> httpx.URL | None:
    """Read once, for most requests of a run go to the same few addresses; None where it is no address."""
    with suppress(httpx.InvalidURL, ValueError):
        url = httpx.URL(address)
        if url.scheme in ("http", "https") and url.host:
            return url
    return None
