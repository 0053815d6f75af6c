"""How a destination proves who it is, as `httpx.Auth` flows. The loader applies them; services never see a token."""

import hashlib
import hmac
import time
from collections.abc import Callable, Generator, Mapping

import httpx

from activation_platform.contracts.errors import CredentialsRefused

__all__ = ["BearerToken", "Headers", "Signed"]


class Headers(httpx.Auth):
    """Fixed headers on every request."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = {name: _sayable(name, value) for name, value in headers.items()}

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
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

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the headers and the signature."""
        moment = str(int(self._now()))
        signed = hmac.new(self._key, f"{moment}.".encode() + request.content, hashlib.sha256)
        request.headers[self._header] = f"t={moment},v1={signed.hexdigest()}"
        yield from super().auth_flow(request)
