"""An Intercom workspace: its access token, its region, the pace its API allows, and the way it speaks."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import httpx

from activation_platform.contracts.auth import BearerToken
from activation_platform.contracts.destination import Destination
from activation_platform.contracts.fields import nearest
from activation_platform.contracts.pace import Budget, Left, limit_left
from activation_platform.contracts.service import Inquiry, Service, UnreadableAnswer, body_of
from activation_platform.destinations.intercom.answers import words_of
from activation_platform.destinations.intercom.companies import Companies
from activation_platform.destinations.intercom.contacts import Contacts
from activation_platform.destinations.intercom.segments import Segments

__all__ = ["Intercom"]

_REGIONS = {
    "us": "https://api.intercom.io",
    "eu": "https://api.eu.intercom.io",
    "au": "https://api.au.intercom.io",
}


class Intercom(Destination):
    """A workspace on Intercom.

    `access_token` is that of an app in the Developer Hub, which may read and write people and companies, and tags. `region`
    is where the workspace is kept: us, eu or au.
    """

    platform: ClassVar[str] = "intercom"
    docs: ClassVar[str] = "https://developers.intercom.com/docs/references/rest-api/api.intercom.io"
    services: ClassVar[tuple[type[Service], ...]] = (Companies, Contacts, Segments)
    verified: ClassVar[tuple[str, ...]] = (
        "the vendor's description (intercom/Intercom-OpenAPI, 2.15)",
        "the vendor's client (python-intercom 5)",
    )
    secrets: ClassVar[tuple[str, ...]] = ("access_token",)
    default_base_url: ClassVar[str] = _REGIONS["us"]

    version: ClassVar[str] = "2.15"
    """The version of the API that requests name: https://developers.intercom.com/docs/build-an-integration/learn-more/rest-apis/api-versioning"""

    # https://developers.intercom.com/docs/references/rest-api/errors/rate-limiting: 10,000 requests a minute and app (25,000 a
    # workspace), counted in windows of ten seconds; where an app has less, the headers of its answers say so (`left`).
    requests: ClassVar[Budget] = Budget("requests", per_second=150, burst=160)

    access_token: str
    region: str = "us"

    @classmethod
    def objections(cls, settings: Mapping[str, Any]) -> Iterator[str]:
        """There are three regions."""
        region = settings.get("region", "us")
        if region not in _REGIONS:
            yield f"there is no region {region}, but {', '.join(_REGIONS)}.{nearest(str(region), _REGIONS)}"

    @property
    def root_url(self) -> str:
        """The address of the region, where no other is set."""
        return (self.base_url or _REGIONS.get(self.region, self.default_base_url)).rstrip("/")

    def auth(self) -> httpx.Auth:
        """The bearer token."""
        return BearerToken(self.access_token)

    def account(self) -> Inquiry:
        """The workspace's ID; nothing is written."""
        response = yield self.call("GET", "/me")
        app = body_of(response, self).get("app")
        if not isinstance(app, dict) or not app.get("id_code"):
            raise UnreadableAnswer(f"{response.status_code} without a workspace")
        return str(app["id_code"])

    def call(
        self, method: str, path: str, *, json: Any = None, params: Mapping[str, Any] | None = None
    ) -> httpx.Request:
        """A request of the version in force."""
        headers = {"Intercom-Version": self.version, "Accept": "application/json"}
        return self.ask(method, path, budget=self.requests, params=params, headers=headers, json=json)

    def left(self, response: httpx.Response, now: float) -> Left | None:
        """X-RateLimit-Remaining requests until X-RateLimit-Reset, a Unix time; not sent to whom Intercom does not know."""
        return limit_left(response.headers, now)

    def refusal(self, response: httpx.Response) -> str:
        """What its errors say, or the status where it has none."""
        return "; ".join(words_of(response)) or super().refusal(response)
