"""A receiver of webhooks: its address, what proves to it who we are, and how fast it may be told."""

from collections.abc import Iterator
from itertools import chain
from typing import Any, ClassVar
from urllib.parse import SplitResult, parse_qs, urlsplit, urlunsplit

import httpx

from activation_platform.contracts.auth import Headers, Signed
from activation_platform.contracts.destination import Destination, object_of
from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.pace import Budget, Left, limit_left
from activation_platform.contracts.service import Inquiry, Service
from activation_platform.destinations.webhook.events import Events
from activation_platform.destinations.webhook.options import HEADER_NAME
from activation_platform.destinations.webhook.requests import Requests

__all__ = ["Webhook"]

_WORDS = 300
"""Characters of a receiver's words that are worth keeping."""


class Webhook(Destination):
    """Any receiver of HTTP requests.

    `url` is where it is reached, with or without a path and a query; as env:NAME where it holds a token. It is kept out
    of messages either way. `headers` are sent with every request and secret (`Authorization: env:NAME`). With a
    `signing_key`, each request carries `t=<Unix seconds>,v1=<hex>` in the header `signature_header`: an HMAC-SHA256 over
    `<t>.<body>` with that key; the address is not signed. `requests_per_second` is the pace at most; a 429, and
    `RateLimit` headers, slow it further. With `gzip`, bodies of a kilobyte and more are sent compressed
    (`Content-Encoding: gzip`); the signature is then over what is sent.

    Nothing can be asked of a receiver that we do not know, so the ledger tells it by its URL and secrets: after a change
    of one of them, `activation adopt` says that it is the same receiver.
    """

    platform: ClassVar[str] = "webhook"
    docs: ClassVar[str] = "https://www.rfc-editor.org/rfc/rfc9110.html"
    services: ClassVar[tuple[type[Service], ...]] = (Requests, Events)
    secrets: ClassVar[tuple[str, ...]] = ("headers", "signing_key")

    url: str
    headers: dict[str, str] = {}  # noqa: RUF012 -- a pydantic field, copied for every instance
    signing_key: str = ""
    signature_header: str = "X-Signature"
    requests_per_second: float = 50.0
    gzip: bool = False

    @property
    def root_url(self) -> str:
        """The address in force, without query and trailing slash."""
        parts = self._parts
        return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))

    @property
    def host(self) -> str:
        """The receiver's host, without what may stand before it."""
        return self._parts.netloc.rpartition("@")[2]

    @property
    def query(self) -> dict[str, list[str]]:
        """The parameters that the address itself holds, by name."""
        return parse_qs(self._parts.query, keep_blank_values=True)

    @property
    def pace(self) -> Budget:
        """How fast the receiver may be told."""
        return Budget("requests", per_second=self.requests_per_second, burst=self.requests_per_second)

    def auth(self) -> httpx.Auth:
        """The secret headers; the signature, where there is a key."""
        if self.signing_key:
            return Signed(self.headers, self.signing_key, self.signature_header)
        return Headers(self.headers)

    def account(self) -> Inquiry:
        """Empty: a receiver names no account, and asking it would be telling it something.

        Raises `DeclarationError` for settings that no request could be made of.
        """
        yield from ()
        for what, remedy in self._impossible():
            raise DeclarationError(what, remedy=remedy)
        return ""

    def left(self, response: httpx.Response, now: float) -> Left | None:
        """As the usual headers say it, where the receiver sends them."""
        return limit_left(response.headers, now)

    def refusal(self, response: httpx.Response) -> str:
        """The receiver's own words where it says some in a usual way (`error`, `message`, `detail`), after the status."""
        told = object_of(response)
        usual = (told.get(name) for name in ("error", "message", "detail", "title"))
        words = [said[:_WORDS] for said in usual if isinstance(said, str)]
        return ": ".join([super().refusal(response), *words[:1]])

    def secret_values(self) -> list[str]:
        """The declared secrets, and the address with its parts: where it holds a token, nobody knows."""
        parts = self._parts
        path = parts.path.rstrip("/")
        whole = [one for one in (self.url, self.root_url, path, parts.query) if len(one) >= 4]
        pieces = [one for one in (*path.split("/"), *chain(*self.query.values())) if len(one) >= 8]
        return [*super().secret_values(), *whole, *pieces]

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """The platform and the host: the rest of the address may be a secret."""
        yield "platform", self.platform
        yield "at", self.host

    @property
    def _parts(self) -> SplitResult:
        try:
            return urlsplit(self.base_url or self.url)
        except ValueError:  # said by `account`
            return urlsplit("")

    def _impossible(self) -> Iterator[tuple[str, str]]:
        """What is wrong with the settings, without telling any of them, and what to do."""
        parts = self._parts
        if parts.scheme not in ("http", "https") or not parts.hostname or not _is_url(self.root_url):
            yield (
                "the webhook's url is not the address of a receiver",
                "Write it whole, as in https://hooks.example.org/customers.",
            )
        if "@" in parts.netloc:
            yield (
                "the webhook's url holds a user or password, which are not sent",
                "Send them as a header: Authorization: env:NAME, where NAME holds Basic and the pair in base64.",
            )
        if not all(HEADER_NAME.fullmatch(name) for name in (*self.headers, self.signature_header)):
            yield (
                "the webhook has a header whose name cannot be sent",
                "Name headers with letters, digits, hyphens and underscores.",
            )
        for name, value in self.headers.items():
            if not value.isprintable() or not value.isascii():
                yield (
                    f"the webhook's header {name} holds a line break or another character that cannot be sent",
                    "Check the environment variable that holds it for a line break at its end.",
                )
        if self.requests_per_second <= 0:
            yield "the webhook's requests_per_second is not above 0", "Say how many, as in 50."


def _is_url(text: str) -> bool:
    try:
        httpx.URL(text)
    except httpx.InvalidURL:
        return False
    return True
