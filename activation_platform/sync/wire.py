"""The wire of the http carrier: aiohttp's connections as a transport of httpx, with answers that are here whole."""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import aiohttp
import httpx
from yarl import URL

from activation_platform.contracts.authorities import trusted

if TYPE_CHECKING:
    from aiohttp.typedefs import RawHeaders

__all__ = ["Answer", "Wire"]

_CONNECTED_WITHIN = 10.0


class Answer(httpx.Response):
    """An answer whose body is here, decoded: what httpx would do to find that out is a tenth of a small request."""

    def __init__(self, response: aiohttp.ClientResponse, body: bytes) -> None:
        extensions = {"http_version": b"HTTP/1.1", "reason_phrase": (response.reason or "").encode()}
        headers: Sequence[tuple[bytes, bytes]] = _without_encoding(response.raw_headers)
        super().__init__(
            response.status, headers=headers, stream=httpx.ByteStream(body), extensions=extensions
        )
        self._body = body

    @property
    def content(self) -> bytes:
        """The body."""
        return self._body

    def read(self) -> bytes:
        """The body."""
        return self._body

    async def aread(self) -> bytes:
        """The body."""
        return self._body


class Wire(httpx.AsyncBaseTransport):
    """Sends requests as they stand, over connections that it keeps; neither cookies nor redirects nor repetitions.

    `answer_within`: seconds without a byte of an answer. Raises httpx.ConnectError and ConnectTimeout of a connection that
    never stood, ReadTimeout of a late answer, RemoteProtocolError of one that broke off or is no HTTP.
    """

    def __init__(self, connections: int, answer_within: float) -> None:
        self._connections = connections
        self._timeout = aiohttp.ClientTimeout(
            connect=answer_within, sock_connect=min(_CONNECTED_WITHIN, answer_within), sock_read=answer_within
        )
        self._kept: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Say a request, and read what is answered."""
        session = self._kept = self._kept or self._opened()
        try:
            response = await session.request(
                request.method,
                URL(str(request.url), encoded=True),
                headers=[(name.decode(), value.decode()) for name, value in request.headers.raw],
                data=await request.aread() or None,
                allow_redirects=False,
            )
            return Answer(response, await response.read())
        except aiohttp.ConnectionTimeoutError as error:
            raise httpx.ConnectTimeout(_named(error)) from error
        except aiohttp.ServerTimeoutError as error:
            raise httpx.ReadTimeout(_named(error)) from error
        except aiohttp.ClientConnectorError as error:
            raise httpx.ConnectError(_named(error)) from error
        except (aiohttp.ClientError, ValueError) as error:
            raise httpx.RemoteProtocolError(_named(error)) from error

    async def aclose(self) -> None:
        """Close the connections."""
        if self._kept is not None:
            await self._kept.close()

    def _opened(self) -> aiohttp.ClientSession:
        # A batch may be larger than what aiohttp likes to send in one go.
        warnings.filterwarnings("ignore", "Sending a large body", ResourceWarning)
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections, ssl=trusted()),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=self._timeout,
        )


def _without_encoding(headers: "RawHeaders") -> list[tuple[bytes, bytes]]:
    """The headers of a body that aiohttp has decoded."""
    return [pair for pair in headers if pair[0].lower() != b"content-encoding"]


def _named(error: Exception) -> str:
    """What went wrong, by its name: its text may hold an address, and that a secret (SEMANTICS D9)."""
    return type(error).__name__
