"""An Attio workspace: its access token, the pace its API allows, and the way it speaks."""

from collections.abc import Collection
from typing import ClassVar

import httpx

from activation_platform.contracts.auth import BearerToken
from activation_platform.contracts.destination import Destination, object_of
from activation_platform.contracts.errors import CredentialsRefused
from activation_platform.contracts.pace import Budget
from activation_platform.contracts.service import Inquiry, Service, UnreadableAnswer, body_of
from activation_platform.destinations.attio.companies import Companies
from activation_platform.destinations.attio.deals import Deals
from activation_platform.destinations.attio.list_entries import ListEntries
from activation_platform.destinations.attio.objects import Objects
from activation_platform.destinations.attio.people import People
from activation_platform.destinations.attio.users import Users

__all__ = ["Attio"]

_SCOPES = ("record_permission:read-write", "object_configuration:read")


class Attio(Destination):
    """A workspace on Attio.

    `access_token` is an API key of the workspace, made under Workspace settings > Developers with the scopes
    *Records: read-write* and *Object configuration: read*, or an OAuth 2.0 token with these scopes. Entries of lists need
    *List entries: read-write* and *List configuration: read*, too (read-write where the list is to be made).
    """

    platform: ClassVar[str] = "attio"
    docs: ClassVar[str] = "https://docs.attio.com/rest-api/overview"
    services: ClassVar[tuple[type[Service], ...]] = (
        People,
        Companies,
        Users,
        Deals,
        Objects,
        ListEntries,
    )
    secrets: ClassVar[tuple[str, ...]] = ("access_token",)
    default_base_url: ClassVar[str] = "https://api.attio.com"

    # https://docs.attio.com/rest-api/guides/rate-limiting: requests a second, across the whole API. Unconfirmed: that a
    # query, which is a POST, counts as a read. Queries have scores, too, whose limits are not told: a 429 is waited out.
    writes: ClassVar[Budget] = Budget("writes", per_second=25, burst=25)
    reads: ClassVar[Budget] = Budget("reads", per_second=100, burst=100)

    access_token: str

    def auth(self) -> httpx.Auth:
        """The bearer token."""
        return BearerToken(self.access_token)

    def account(self) -> Inquiry:
        """The workspace's ID, which unlike its slug never changes; raises `CredentialsRefused` for a token without use."""
        told = yield from self._told_of_token(_SCOPES)
        if not told.get("workspace_id"):
            raise UnreadableAnswer("a token without a workspace")
        return str(told["workspace_id"])

    def require_scopes(self, needed: Collection[str]) -> Inquiry:
        """Raises `CredentialsRefused` where the token lacks one of these scopes."""
        yield from self._told_of_token(needed)

    def _told_of_token(self, needed: Collection[str]) -> Inquiry:
        told = body_of((yield self.ask("GET", "/v2/self", budget=self.reads)), self)
        if "active" not in told:
            raise UnreadableAnswer("no word on the token")
        if told["active"] is not True:
            raise CredentialsRefused(
                "Attio says that the access token is not active",
                remedy="Make a new API key under Workspace settings > Developers and set access_token to it.",
            )
        _check_scopes(str(told.get("scope", "")).split(), needed)
        return told

    def should_retry(self, response: httpx.Response) -> bool:
        """Whether the vendor's word for throttling comes under another status than 429."""
        return not response.is_success and object_of(response).get("type") == "rate_limit_error"

    def refusal(self, response: httpx.Response) -> str:
        """`code: message`, or the status where the answer has neither."""
        words = object_of(response)
        named = [str(words[name]) for name in ("code", "message") if words.get(name)]
        return ": ".join(named) or super().refusal(response)


def _check_scopes(granted: list[str], needed: Collection[str]) -> None:
    """A token that names its scopes must name those we need; a wider one includes the narrower."""
    missing = [
        scope
        for scope in needed
        if scope not in granted and scope.replace(":read", ":read-write") not in granted
    ]
    if granted and missing:
        raise CredentialsRefused(
            f"The Attio access token lacks the scopes {', '.join(missing)}",
            remedy="Add them to the API key under Workspace settings > Developers.",
        )
