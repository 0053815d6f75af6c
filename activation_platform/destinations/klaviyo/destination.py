"""A Klaviyo account: its private key, the pace its endpoints allow, and the way they speak."""

from collections.abc import Mapping
from typing import Any, ClassVar

import httpx

from activation_platform.contracts.auth import Headers
from activation_platform.contracts.destination import Destination
from activation_platform.contracts.pace import Budget, Left, in_windows, limit_left
from activation_platform.contracts.service import Inquiry, Service, UnreadableAnswer
from activation_platform.destinations.klaviyo.answers import faults_of, resources_of
from activation_platform.destinations.klaviyo.events import Events
from activation_platform.destinations.klaviyo.lists import Lists
from activation_platform.destinations.klaviyo.profiles import Profiles
from activation_platform.destinations.klaviyo.subscriptions import Subscriptions

__all__ = ["Klaviyo"]

_JSON_API = "application/vnd.api+json"


class Klaviyo(Destination):
    """An account on Klaviyo.

    `private_key` is a private API key (`pk_…`), made under Settings > API keys; the page on Klaviyo says which scopes
    it needs.
    """

    platform: ClassVar[str] = "klaviyo"
    docs: ClassVar[str] = "https://developers.klaviyo.com/en/reference/api_overview"
    services: ClassVar[tuple[type[Service], ...]] = (Events, Lists, Profiles, Subscriptions)
    verified: ClassVar[tuple[str, ...]] = (
        "the vendor's description (klaviyo/openapi, revision 2026-07-15)",
        "the vendor's client (klaviyo-api 24)",
    )
    secrets: ClassVar[tuple[str, ...]] = ("private_key",)
    default_base_url: ClassVar[str] = "https://a.klaviyo.com"

    revision: ClassVar[str] = "2026-07-15"
    """The version of the API that requests name: https://developers.klaviyo.com/en/docs/api_versioning_and_deprecation_policy."""

    # https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling: an account's requests are counted endpoint by
    # endpoint, by the second and by the minute. How many stands on the page of each endpoint.
    accounts: ClassVar[Budget] = in_windows("accounts", a_second=1, a_minute=15)
    imports: ClassVar[Budget] = in_windows("profile-bulk-import-jobs", a_second=10, a_minute=150)
    import_looks: ClassVar[Budget] = in_windows("profile-bulk-import-jobs/id", a_second=10, a_minute=150)
    import_errors: ClassVar[Budget] = in_windows("import-errors", a_second=10, a_minute=150)
    single_imports: ClassVar[Budget] = in_windows("profile-import", a_second=75, a_minute=750)
    profile_reads: ClassVar[Budget] = in_windows("profiles (read)", a_second=75, a_minute=750)
    profile_makes: ClassVar[Budget] = in_windows("profiles (create)", a_second=75, a_minute=750)
    list_reads: ClassVar[Budget] = in_windows("lists (read)", a_second=75, a_minute=750)
    list_makes: ClassVar[Budget] = in_windows("lists (create)", a_second=10, a_minute=150)
    list_removals: ClassVar[Budget] = in_windows("lists/relationships/profiles", a_second=10, a_minute=150)
    consent: ClassVar[Budget] = in_windows("profile-subscription-bulk-jobs", a_second=75, a_minute=750)
    events: ClassVar[Budget] = in_windows("event-bulk-create-jobs", a_second=10, a_minute=150)
    deletions: ClassVar[Budget] = in_windows("data-privacy-deletion-jobs", a_second=3, a_minute=60)

    private_key: str

    def auth(self) -> httpx.Auth:
        """The private key."""
        return Headers({"Authorization": f"Klaviyo-API-Key {self.private_key}"})

    def account(self) -> Inquiry:
        """The account's ID, which is its public key; nothing is written."""
        response = yield self.call("GET", "/api/accounts", budget=self.accounts)
        account, *_ = resources_of(response, self) or [{}]
        if not account.get("id"):
            raise UnreadableAnswer(f"{response.status_code} without an account")
        return str(account["id"])

    def call(
        self,
        method: str,
        path: str,
        *,
        budget: Budget,
        body: str = "",
        params: Mapping[str, Any] | None = None,
    ) -> httpx.Request:
        """A request of the revision in force; `body` is the text of a JSON:API document."""
        headers = {"revision": self.revision, "Accept": _JSON_API}
        if body:
            headers["Content-Type"] = _JSON_API
        return self.ask(method, path, budget=budget, params=params, content=body.encode(), headers=headers)

    def left(self, response: httpx.Response, now: float) -> Left | None:
        """`RateLimit-Remaining` requests until `RateLimit-Reset`, of the window of a minute."""
        return limit_left(response.headers, now)

    def refusal(self, response: httpx.Response) -> str:
        """What its errors say, or the status where it has none."""
        return "; ".join(fault.words for fault in faults_of(response)) or super().refusal(response)
