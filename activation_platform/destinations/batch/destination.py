"""A Batch project: its credentials, the pace its APIs allow, and the way they speak."""

import re
from collections.abc import Generator
from typing import ClassVar

import httpx

from activation_platform.contracts.auth import Headers
from activation_platform.contracts.destination import Destination, object_of
from activation_platform.contracts.pace import Budget
from activation_platform.contracts.service import Inquiry, Service, refuse, said
from activation_platform.destinations.batch.catalogs import Catalogs
from activation_platform.destinations.batch.contact_lists import ContactLists
from activation_platform.destinations.batch.contacts import Contacts
from activation_platform.destinations.batch.erasures import Erasures
from activation_platform.destinations.batch.events import Events
from activation_platform.destinations.batch.profiles import Profiles

__all__ = ["Batch"]

_OF_AN_APP = re.compile(r"/1\.0/[^/]+/(?:gdpr|data)/")


class Batch(Destination):
    """A project on Batch.

    `rest_api_key` and `project_key` stand in the dashboard under Settings. `live_api_keys` are the keys of the
    project's apps, one an app (Live, Dev or SDK key): people are erased, and contacts told, app by app.
    """

    platform: ClassVar[str] = "batch"
    docs: ClassVar[str] = "https://doc.batch.com/developer/api/cep"
    services: ClassVar[tuple[type[Service], ...]] = (
        Catalogs,
        ContactLists,
        Contacts,
        Erasures,
        Events,
        Profiles,
    )
    secrets: ClassVar[tuple[str, ...]] = ("rest_api_key", "live_api_keys")
    default_base_url: ClassVar[str] = "https://api.batch.com"

    version: ClassVar[str] = "2.11"
    """The version of the customer engagement API that requests name: the default server of the vendor's own
    specification. Newer ones were seen (2.13); none is known to change what is said here."""

    # https://doc.batch.com/developer/api/cep/profiles/update counts profiles, not requests.
    updates: ClassVar[Budget] = Budget("profiles/update", per_second=300, burst=1_000)
    # https://doc.batch.com/developer/api/cep/catalogs: all its endpoints; nothing is said of a burst. Five calls of 200 items
    # are never more than the 1,000 items a second that it allows, too.
    catalogs: ClassVar[Budget] = Budget("catalogs", per_second=5, burst=1)
    # Unconfirmed: one request a second for every other endpoint of the project (second-hand).
    audiences: ClassVar[Budget] = Budget("audiences", per_second=1, burst=1)
    # Unconfirmed: no limit of the GDPR API was found; this is our own choice, to be a polite guest.
    erasures: ClassVar[Budget] = Budget("gdpr", per_second=10, burst=10)
    # Unconfirmed, and our own choice likewise: no limit of the custom data API was found.
    custom_data: ClassVar[Budget] = Budget("data/users", per_second=10, burst=10)

    rest_api_key: str
    project_key: str
    live_api_keys: list[str] = []  # noqa: RUF012 -- a pydantic field, copied for every instance

    def auth(self) -> httpx.Auth:
        """The headers of the API that a request is for."""
        return _Credentials(self.rest_api_key, self.project_key)

    def account(self) -> Inquiry:
        """List audiences, which writes nothing. Returns the project key: Batch names its projects by nothing else."""
        response = yield self.ask(
            "GET", f"/{self.version}/audiences/list", budget=self.audiences, params={"limit": 1}
        )
        if not response.is_success:
            refuse(response, self)
        said(response)
        return self.project_key

    def should_retry(self, response: httpx.Response) -> bool:
        """Whether the vendor's word for throttling comes under another status than 429."""
        return not response.is_success and object_of(response).get("error_code") == "TOO_MANY_REQUESTS"

    def refusal(self, response: httpx.Response) -> str:
        """`error_code: error_message`, or the status where the answer has neither."""
        words = object_of(response)
        named = [str(words[name]) for name in ("error_code", "error_message") if words.get(name)]
        return ": ".join(named) or super().refusal(response)


class _Credentials(httpx.Auth):
    """Bearer token and project for the customer engagement API, `X-Authorization` for the older APIs, which ask an app.

    Sources: https://doc.batch.com/developer/api/cep/profiles/update, https://doc.batch.com/api/gdpr/create,
    https://doc.batch.com/api/custom-data-api/set-update
    """

    def __init__(self, rest_api_key: str, project_key: str) -> None:
        self._project = {"Authorization": f"Bearer {rest_api_key}", "X-Batch-Project": project_key}
        self._app = {"X-Authorization": rest_api_key}

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the headers that the path asks for."""
        of_an_app = _OF_AN_APP.search(request.url.raw_path.decode())
        yield from Headers(self._app if of_an_app else self._project).auth_flow(request)
