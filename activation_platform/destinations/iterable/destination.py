"""An Iterable project: its API key, the pace its endpoints allow, and the way it speaks."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import httpx

from activation_platform.contracts.auth import Headers
from activation_platform.contracts.destination import Destination
from activation_platform.contracts.encode import JSON
from activation_platform.contracts.fields import nearest
from activation_platform.contracts.pace import Budget, in_seconds
from activation_platform.contracts.service import Inquiry, Service, body_of
from activation_platform.destinations.iterable.answers import words_of
from activation_platform.destinations.iterable.events import Events
from activation_platform.destinations.iterable.lists import Lists
from activation_platform.destinations.iterable.users import Users

__all__ = ["Iterable"]

_REGIONS = {"us": "https://api.iterable.com", "eu": "https://api.eu.iterable.com"}


class Iterable(Destination):
    """A project on Iterable.

    `api_key` is a server-side key of the project, made under Integrations > API Keys. `region` is the data centre that the
    project is in: us or eu.
    """

    platform: ClassVar[str] = "iterable"
    docs: ClassVar[str] = "https://api.iterable.com/api/docs"
    services: ClassVar[tuple[type[Service], ...]] = (Events, Lists, Users)
    verified: ClassVar[tuple[str, ...]] = ("the vendor's description (Iterable/api-client, 981eeb5)",)
    secrets: ClassVar[tuple[str, ...]] = ("api_key",)
    default_base_url: ClassVar[str] = _REGIONS["us"]
    conversations: ClassVar[int] = 16  # each may hold 4 MB of users

    # Requests a second and project, by endpoint, as the vendor's description says of each. Unconfirmed: that of creating a
    # list, and of those who are put on one and taken off, for which it says none.
    updates: ClassVar[Budget] = in_seconds("users/bulkUpdate", 5)
    deletions: ClassVar[Budget] = in_seconds("users (delete)", 100)
    reads: ClassVar[Budget] = in_seconds("users (read)", 100)
    fields: ClassVar[Budget] = in_seconds("users/getFields", 3)
    lists: ClassVar[Budget] = in_seconds("lists", 100)
    memberships: ClassVar[Budget] = in_seconds("lists/subscribe", 5)
    events: ClassVar[Budget] = in_seconds("events/trackBulk", 10)
    channels: ClassVar[Budget] = in_seconds("channels", 100)

    api_key: str
    region: str = "us"

    @classmethod
    def objections(cls, settings: Mapping[str, Any]) -> Iterator[str]:
        """There are two data centres."""
        region = settings.get("region", "us")
        if region not in _REGIONS:
            yield f"there is no region {region}, but {', '.join(_REGIONS)}.{nearest(str(region), _REGIONS)}"

    @property
    def root_url(self) -> str:
        """The address of the data centre, where no other is set."""
        return (self.base_url or _REGIONS.get(self.region, self.default_base_url)).rstrip("/")

    def auth(self) -> httpx.Auth:
        """The key, in a header of its own."""
        return Headers({"Api-Key": self.api_key})

    def account(self) -> Inquiry:
        """Look at the channels, which writes nothing. Returns no name: Iterable tells none of a project."""
        body_of((yield self.call("GET", "/api/channels", budget=self.channels)), self)
        return ""

    def call(
        self,
        method: str,
        path: str,
        *,
        budget: Budget,
        body: str = "",
        params: Mapping[str, Any] | None = None,
    ) -> httpx.Request:
        """A request; `body` is the text of a JSON object."""
        headers = JSON if body else {}
        return self.ask(method, path, budget=budget, params=params, content=body.encode(), headers=headers)

    def refusal(self, response: httpx.Response) -> str:
        """Its code and message, or the status where it has none."""
        return words_of(response) or super().refusal(response)
