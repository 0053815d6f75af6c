"""An Emarsys account: its API user, the pace its API allows, and the way it speaks."""

import json as json_text
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import httpx

from activation_platform.contracts.auth import ClientCredentials, UsernameToken
from activation_platform.contracts.destination import Destination
from activation_platform.contracts.encode import JSON
from activation_platform.contracts.pace import Budget, Left, limit_left
from activation_platform.contracts.service import Inquiry, Service
from activation_platform.destinations.emarsys.answers import reply_of
from activation_platform.destinations.emarsys.contact_lists import ContactLists
from activation_platform.destinations.emarsys.contacts import Contacts
from activation_platform.destinations.emarsys.fields import definitions_of
from activation_platform.destinations.emarsys.relational_data import RelationalData

__all__ = ["Emarsys"]

_ACCEPT = {"Accept": "application/json"}


class Emarsys(Destination):
    """An account on SAP Emarsys.

    API credentials are made under Management > Security Settings > API Credentials, in one of two kinds: OpenID Connect, with
    `client_id` and `client_secret` (and `token_url`, where Emarsys shows another one), or WSSE, with `username` and `secret`,
    which Emarsys is giving up. Each endpoint must be allowed to them.
    """

    platform: ClassVar[str] = "emarsys"
    docs: ClassVar[str] = "https://dev.emarsys.com/docs/core-api-reference"
    services: ClassVar[tuple[type[Service], ...]] = (ContactLists, Contacts, RelationalData)
    verified: ClassVar[tuple[str, ...]] = (
        "the vendor's description (emartech/developer-hub-public-assets, Postman collection, v2)",
    )
    secrets: ClassVar[tuple[str, ...]] = ("client_secret", "secret")
    default_base_url: ClassVar[str] = "https://api.emarsys.net/api"
    conversations: ClassVar[int] = 8  # each may hold 8 MB of contacts

    # https://dev.emarsys.com/docs/emarsys-core-api-guides: 1,000 requests a minute and API user; the headers of each answer say
    # what is left (`left`).
    requests: ClassVar[Budget] = Budget("requests", per_second=15, burst=100)

    client_id: str = ""
    client_secret: str = ""
    token_url: str = "https://auth.emarsys.net/oauth2/token"  # noqa: S105 - an address
    username: str = ""
    secret: str = ""

    @classmethod
    def objections(cls, settings: Mapping[str, Any]) -> Iterator[str]:
        """Credentials are of one of two kinds."""
        pairs = [("client_id", "client_secret"), ("username", "secret")]
        given = [[name for name in pair if settings.get(name)] for pair in pairs]
        if sorted(map(len, given)) != [0, 2]:
            yield "credentials are either client_id and client_secret, or username and secret"

    @property
    def version(self) -> str:
        """The version of the API: the third wants OpenID Connect, the second WSSE; they are said alike."""
        return "v3" if self.client_id else "v2"

    @property
    def updates(self) -> str:
        """The path at which contacts are updated; the second version wants a slash at its end."""
        return "/contact" if self.client_id else "/contact/"

    @property
    def relational(self) -> str:
        """Where the tables of relational data are, for the kind of credentials."""
        return "rds/v1" if self.client_id else "rds"

    def auth(self) -> httpx.Auth:
        """A token of the client, or a digest of the secret."""
        if self.client_id:
            return ClientCredentials(self.token_url, self.client_id, self.client_secret)
        return UsernameToken(self.username, self.secret)

    def account(self) -> Inquiry:
        """List the fields, which writes nothing. Returns no name: Emarsys tells the account's to few, by request."""
        yield from definitions_of(self)
        return ""

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        content: bytes = b"",
        json: Any = None,
        api: str = "",
    ) -> httpx.Request:
        """A request to a path below `api` (the version in force); its body is `content`, or the text of `json`."""
        body = content if json is None else json_text.dumps(json, ensure_ascii=False).encode()
        return self.ask(
            method,
            f"/{api or self.version}{path}",
            budget=self.requests,
            params=params,
            headers=_ACCEPT | JSON if body else _ACCEPT,
            content=body,
        )

    def left(self, response: httpx.Response, now: float) -> Left | None:
        """X-RateLimit-Remaining requests until X-RateLimit-Reset, a Unix time."""
        return limit_left(response.headers, now)

    def refusal(self, response: httpx.Response) -> str:
        """What the reply says, or the status where it has none."""
        return reply_of(response)[1] or super().refusal(response)
