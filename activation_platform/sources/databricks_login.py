"""How we log in to Databricks: a personal access token, or a service principal's own tokens, fetched as they run out."""

import time
from collections.abc import Callable, Generator
from typing import Any

import httpx

from activation_platform.contracts.errors import CredentialsRefused

__all__ = ["ServicePrincipal"]

EARLY = 60.0
"""Seconds before its end at which a token is replaced."""


class ServicePrincipal(httpx.Auth):
    """OAuth machine-to-machine: client id and secret against a token of an hour.

    A request that is refused with 401 is sent once more with a new token.
    https://docs.databricks.com/aws/en/dev-tools/auth/oauth-m2m
    """

    requires_response_body = True

    def __init__(
        self, address: str, client_id: str, secret: str, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._url = f"{address}/oidc/v1/token"
        self._basic = httpx.BasicAuth(client_id, secret)
        self._now = now
        self._token, self._until = "", 0.0

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the token; fetch it first where there is none, or none that lasts."""
        if self._now() >= self._until:
            yield from self._fetched()
        request.headers["Authorization"] = f"Bearer {self._token}"
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED:
            yield from self._fetched()
            request.headers["Authorization"] = f"Bearer {self._token}"
            yield request

    def _fetched(self) -> Generator[httpx.Request, httpx.Response, None]:
        asking = httpx.Request(
            "POST", self._url, data={"grant_type": "client_credentials", "scope": "all-apis"}
        )
        response = yield next(self._basic.auth_flow(asking))
        if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise httpx.ReadError(f"the token endpoint answered {response.status_code}", request=asking)
        told: Any = response.json() if response.is_success else {}
        if "access_token" not in told:
            raise CredentialsRefused(
                f"Databricks gave the service principal no token ({response.status_code})",
                remedy="Check the source's `client_id` and `client_secret`, and that the principal is in the workspace.",
            )
        self._token = str(told["access_token"])
        self._until = self._now() + float(told.get("expires_in", 0)) - EARLY
