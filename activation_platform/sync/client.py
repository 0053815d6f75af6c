"""The client of the http carrier: httpx's, with a short way through it for requests to an API."""

import httpx

__all__ = ["Client"]


class Client(httpx.AsyncClient):
    """One a run. `exchange` is `send` without what an API has no use for: cookies, redirects, hooks, answers in pieces.

    Those are about a tenth of what a small request costs (docs/decisions/0021-a-short-way-through-httpx.md).
    """

    def __init__(self, transport: httpx.AsyncBaseTransport, timeout: httpx.Timeout) -> None:
        super().__init__(transport=transport, timeout=timeout)
        self._wire = transport
        self._within = timeout.as_dict()

    async def exchange(self, request: httpx.Request, auth: httpx.Auth) -> httpx.Response:
        """Send a request as it stands, and read the answer whole. Raises the errors of `httpx.HTTPError`."""
        flow = auth.sync_auth_flow(request)
        response = await self._answered(next(flow))
        while True:
            try:
                request = flow.send(response)
            except StopIteration:
                return response
            response = await self._answered(request)

    async def _answered(self, request: httpx.Request) -> httpx.Response:
        request.extensions["timeout"] = self._within
        response = await self._wire.handle_async_request(request)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        try:
            content = [piece async for piece in response.stream]
        finally:
            await response.stream.aclose()
        response.stream = httpx.ByteStream(b"".join(content))
        response.request = request
        response.read()  # decodes it
        return response
