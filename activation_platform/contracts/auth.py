"""How a destination proves who it is, as `httpx.Auth` flows. The loader applies them; services never see a token."""

from collections.abc import Generator, Mapping

import httpx

__all__ = ["BearerToken", "Headers"]


class Headers(httpx.Auth):
    """Fixed headers on every request."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = dict(headers)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the headers."""
        request.headers.update(self._headers)
        yield request

    def __repr__(self) -> str:
        return f"Headers({', '.join(self._headers)})"


class BearerToken(Headers):
    """`Authorization: Bearer …` (RFC 6750)."""

    def __init__(self, token: str) -> None:
        super().__init__({"Authorization": f"Bearer {token}"})
