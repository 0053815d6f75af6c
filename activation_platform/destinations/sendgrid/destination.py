"""A SendGrid account: its API key, the pace its API allows, and the way it speaks."""

from collections.abc import Generator
from contextlib import suppress
from typing import ClassVar

import httpx

from activation_platform.contracts.auth import BearerToken
from activation_platform.contracts.destination import Destination
from activation_platform.contracts.pace import Budget, Left, limit_left
from activation_platform.contracts.service import Inquiry, Service, body_of
from activation_platform.destinations.sendgrid.answers import faults_of
from activation_platform.destinations.sendgrid.contact_lists import ContactLists
from activation_platform.destinations.sendgrid.contacts import Contacts

__all__ = ["SendGrid"]


class SendGrid(Destination):
    """An account on Twilio SendGrid, with Marketing Campaigns.

    `api_key` is made under Settings > API Keys, with full access to *Marketing*. A key that may only read is found out by the
    first write.

    Unconfirmed: that the API for European subusers (https://api.eu.sendgrid.com, as `base_url`) has marketing contacts: the
    vendor's description names the global address only.
    """

    platform: ClassVar[str] = "sendgrid"
    docs: ClassVar[str] = "https://www.twilio.com/docs/sendgrid/api-reference"
    services: ClassVar[tuple[type[Service], ...]] = (ContactLists, Contacts)
    verified: ClassVar[tuple[str, ...]] = (
        "the vendor's description (twilio/sendgrid-oai, marketing)",
        "the vendor's client (sendgrid 6)",
    )
    secrets: ClassVar[tuple[str, ...]] = ("api_key",)
    default_base_url: ClassVar[str] = "https://api.sendgrid.com"
    conversations: ClassVar[int] = 4  # each may hold 6 MB of contacts, and waits for a job

    # Every endpoint has a limit of its own, of which the headers of each answer tell what is left (`left`); the vendor
    # publishes no number. Unconfirmed: these, which are our own choice to begin with.
    upserts: ClassVar[Budget] = Budget("contacts", per_second=1, burst=3)
    deletes: ClassVar[Budget] = Budget("contacts (delete)", per_second=1, burst=3)
    searches: ClassVar[Budget] = Budget("contacts/search/identifiers", per_second=5, burst=5)
    jobs: ClassVar[Budget] = Budget("contacts/imports", per_second=5, burst=5)
    lists: ClassVar[Budget] = Budget("lists", per_second=5, burst=5)
    removals: ClassVar[Budget] = Budget("lists/contacts", per_second=1, burst=3)
    definitions: ClassVar[Budget] = Budget("field_definitions", per_second=5, burst=5)
    downloads: ClassVar[Budget] = Budget("files of errors", per_second=5, burst=5)

    api_key: str

    def auth(self) -> httpx.Auth:
        """The bearer token, for this host alone."""
        return _ApiKey(self.api_key, self.host)

    def account(self) -> Inquiry:
        """Look at the lists, which writes nothing. Returns no name: a key that may not read its user's is told none."""
        response = yield self.ask("GET", "/v3/marketing/lists", budget=self.lists, params={"page_size": 1})
        body_of(response, self)
        return ""

    def download(self, address: str) -> httpx.Request | None:
        """A request for a file that SendGrid names, at this host or in a storage; None where it is at no such place."""
        with suppress(httpx.InvalidURL):
            url = httpx.URL(address)
            if url.scheme == "https" or url.netloc.decode() == self.host:
                extensions = {"budget": self.downloads, "cost": 1.0, "elsewhere": True}
                return httpx.Request("GET", url, extensions=extensions)
        return None

    def left(self, response: httpx.Response, now: float) -> Left | None:
        """X-RateLimit-Remaining requests until X-RateLimit-Reset, a Unix time.

        https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/rate-limits
        """
        return limit_left(response.headers, now)

    def refusal(self, response: httpx.Response) -> str:
        """What its errors say, or the status where it has none."""
        return "; ".join(fault.words for fault in faults_of(response)) or super().refusal(response)


class _ApiKey(BearerToken):
    """Says the key to the account's host, and to no other: files of errors lie in a storage that has its own signature."""

    def __init__(self, api_key: str, host: str) -> None:
        super().__init__(api_key)
        self._host = host

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the header where it belongs."""
        if request.url.netloc.decode() == self._host:
            yield from super().auth_flow(request)
        else:
            yield request
