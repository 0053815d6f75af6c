"""How a destination proves who it is, as `httpx.Auth` flows. The loader applies them; services never see a token."""

import base64
import hashlib
import hmac
import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping
from datetime import UTC, datetime
from typing import ClassVar

import httpx

from activation_platform.contracts.errors import CredentialsRefused

__all__ = ["AccessToken", "BearerToken", "ClientCredentials", "Headers", "Signed", "UsernameToken"]

_Flow = Generator[httpx.Request, httpx.Response, None]


class Headers(httpx.Auth):
    """Fixed headers on every request."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = {name: _sayable(name, value) for name, value in headers.items()}

    def auth_flow(self, request: httpx.Request) -> _Flow:
        """Add the headers."""
        request.headers.update(self._headers)
        yield request

    def __repr__(self) -> str:
        return f"Headers({', '.join(self._headers)})"


def _sayable(name: str, value: str) -> str:
    """The value itself; refused where no header can hold it, which says more than the vendor's 401 or the socket would."""
    if value.isascii() and value.isprintable():
        return value
    raise CredentialsRefused(
        f"what the header {name} should hold has a line break, a control character or a letter outside of ASCII",
        remedy="Look at the environment variables that hold the destination's credentials: they were copied with too much.",
    )


class BearerToken(Headers):
    """`Authorization: Bearer …` (RFC 6750)."""

    def __init__(self, token: str) -> None:
        super().__init__({"Authorization": f"Bearer {token}"})


class Signed(Headers):
    """Fixed headers, and a signature of the body: `t=<Unix seconds>,v1=<hex>`, an HMAC-SHA256 over `<t>.<body>`.

    The form that Stripe made known (https://docs.stripe.com/webhooks#verify-manually): the time is signed too, so that an old
    request cannot be played again. A request that is sent again is signed anew.
    """

    requires_request_body = True

    def __init__(
        self, headers: Mapping[str, str], key: str, header: str, now: Callable[[], float] = time.time
    ) -> None:
        super().__init__(headers)
        self._key = key.encode()
        self._header = header
        self._now = now

    def auth_flow(self, request: httpx.Request) -> _Flow:
        """Add the headers and the signature."""
        moment = str(int(self._now()))
        signed = hmac.new(self._key, f"{moment}.".encode() + request.content, hashlib.sha256)
        request.headers[self._header] = f"t={moment},v1={signed.hexdigest()}"
        yield from super().auth_flow(request)


class UsernameToken(httpx.Auth):
    """`X-WSSE: UsernameToken …`: a secret that is never said, but hashed with the moment and a number used once (WSSE).

    The digest is the base64 of the SHA-1 *in hexadecimal digits*, as Emarsys wants it; WSSE itself takes the bytes.
    """

    def __init__(
        self,
        username: str,
        secret: str,
        now: Callable[[], float] = time.time,
        once: Callable[[], str] = lambda: secrets.token_hex(16),
    ) -> None:
        self._username = _sayable("X-WSSE", username)
        self._secret = secret
        self._now = now
        self._once = once

    def auth_flow(self, request: httpx.Request) -> _Flow:
        """Add the header, made anew for every request."""
        created = datetime.fromtimestamp(self._now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        nonce = self._once()
        digest = hashlib.sha1((nonce + created + self._secret).encode()).hexdigest()  # noqa: S324 - the vendor's choice
        parts = {
            "Username": self._username,
            "PasswordDigest": base64.b64encode(digest.encode()).decode(),
            "Nonce": nonce,
            "Created": created,
        }
        said = ", ".join(f'{name}="{value}"' for name, value in parts.items())
        request.headers["X-WSSE"] = f"UsernameToken {said}"
        yield request


class AccessToken(httpx.Auth, ABC):
    """A token that is given for some proof (OAuth 2.0, RFC 6749), used while it is good, and got anew when it is over."""

    requires_response_body = True
    remedy: ClassVar[str]
    """What to look at where none is given."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._token, self._until = "", 0.0

    @abstractmethod
    def asking(self) -> httpx.Request:
        """What asks for a token."""

    def words(self, told: Mapping[str, object]) -> str:
        """Why none is given, without a secret."""
        return str(told.get("error", ""))

    def auth_flow(self, request: httpx.Request) -> _Flow:
        """Add the token; where it is refused before its time, once more with a new one."""
        fresh = self._now() >= self._until
        if fresh:
            yield from self._renew()
        request.headers["Authorization"] = f"Bearer {self._token}"
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED and not fresh:
            yield from self._renew()
            request.headers["Authorization"] = f"Bearer {self._token}"
            yield request

    def _renew(self) -> _Flow:
        asked = self.asking()
        answer = yield asked
        if answer.is_server_error or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            # What was to be said has not left, and may be said again.
            raise httpx.ConnectError(f"no token for now ({answer.status_code})", request=asked)
        told = _object(answer)
        token, lives = told.get("access_token"), told.get("expires_in")
        if not answer.is_success or not isinstance(token, str) or not token:
            raise CredentialsRefused(
                f"{asked.url.host} gives no access token ({answer.status_code} {self.words(told)})",
                remedy=self.remedy,
            )
        lives = lives if isinstance(lives, int | float) else _TOKEN_LIVES
        self._token, self._until = token, self._now() + lives - _TOKEN_MARGIN


class ClientCredentials(AccessToken):
    """An access token got for a client's ID and secret (RFC 6749, section 4.4)."""

    remedy = (
        "Check the environment variables that hold the client's ID and secret, and the address for tokens."
    )

    def __init__(
        self, token_url: str, client_id: str, client_secret: str, now: Callable[[], float] = time.time
    ) -> None:
        super().__init__(now)
        self._token_url = token_url
        self._basic = httpx.BasicAuth(client_id, client_secret)

    def asking(self) -> httpx.Request:
        """The ID and the secret, as a user and a password."""
        asked = httpx.Request("POST", self._token_url, data={"grant_type": "client_credentials"})
        return next(self._basic.auth_flow(asked))


_TOKEN_LIVES = 300
"""Seconds that a token is taken to be good for where its answer does not say."""
_TOKEN_MARGIN = 30
"""Seconds before its end from which on a token is not used any more."""


def _object(answer: httpx.Response) -> Mapping[str, object]:
    try:
        told = answer.json()
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
