"""The client of the http carrier: httpx's, with a short way through it for requests to an API."""

import httpx

__all__ = ["Client"]


class Client(httpx.AsyncClient):
    """One a run. `exchange` is `send` without what an API has no use for: cookies, redirects, hooks, answers in pieces.

    Those are about a tenth of what a small request costs (docs/decisions/0021-a-short-way-through-httpx.md).
    """

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        super().__init__(transport=transport)
        self._wire = transport

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
        response = await self._wire.handle_async_request(request)
        response.request = request
        try:
            await response.aread()
        except BaseException:
            await response.aclose()
            raise
        return response
