"""Batch as a platform of the sandbox: its routes, credentials and limits."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection
from typing import Any

from activation_platform.sandbox.batch import custom_data, gdpr, named, profiles
from activation_platform.sandbox.batch.audiences import Audiences
from activation_platform.sandbox.batch.catalogs import Catalogs
from activation_platform.sandbox.batch.errors import error
from activation_platform.sandbox.batch.store import Store
from activation_platform.sandbox.exchange import Answer, Call, Refused
from activation_platform.sandbox.limits import Limit, Limits
from activation_platform.sandbox.platform import Platform, Route

REST_KEY = "sandbox-rest-key"
PROJECT = "sandbox-project"
APP_KEY = "sandbox-live-key"

UPDATE_MAX = 200
MASS_UPDATE_MAX = 10_000

_AUDIENCES: tuple[tuple[str, str, Callable[[Audiences, Call], Answer]], ...] = (
    ("POST", "create", Audiences.create),
    ("POST", "update", Audiences.update),
    ("POST", "replace", Audiences.replace),
    ("POST", "remove", Audiences.remove),
    ("GET", "list", Audiences.page),
    ("GET", "view", Audiences.view),
)
_CATALOGS: tuple[tuple[str, str, Callable[[Catalogs, Call], Answer]], ...] = (
    ("POST", "create", Catalogs.create),
    ("POST", "update", Catalogs.update),
    ("POST", "remove", Catalogs.remove),
    ("GET", "list", Catalogs.page),
    ("GET", "view", Catalogs.view),
)


class Batch(Platform):
    """The CEP, GDPR and custom data APIs of one Batch project, at `/batch`.

    A CEP call needs `Authorization: Bearer <rest key>` and `X-Batch-Project`; a GDPR or custom data call
    `X-Authorization: <rest key>` and a registered app key in its path. Erasures stay pending until the control plane finishes
    them, for `erasure_delay` seconds on the sandbox's clock, or until the list of requests has been read
    `erasure_polls` times, whichever comes first of those that are set. A change of an audience or catalog is under way for
    the first `indexing_polls` looks at its token.

    Limits: `update` and `mass_update` count profiles (300/s with a burst of 1,000; 10,000/s), `catalogs` the requests about
    catalogs (5/s), `catalog_items` their items (1,000/s), `other` counts requests (1/s), as do `gdpr` and `custom_data`, for
    which the vendor's pages as read state none: 10/s is our choice.
    X-RateLimit-* headers accompany every answer; their exact meaning at the vendor is unconfirmed.
    """

    name = "batch"

    def __init__(
        self,
        *,
        rest_key: str = REST_KEY,
        project: str = PROJECT,
        app_keys: Collection[str] = (APP_KEY,),
        erasure_delay: float | None = None,
        erasure_polls: int | None = None,
        indexing_polls: int = 1,
    ) -> None:
        self._rest_key = rest_key
        self._project = project
        self._app_keys = tuple(app_keys)
        self._erasure_delay = erasure_delay
        self._erasure_polls = erasure_polls
        self._indexing_polls = indexing_polls
        self.limits = Limits(
            {
                "update": Limit(300, 1_000),
                "mass_update": Limit(10_000, 10_000),
                "gdpr": Limit(10, 10),
                "custom_data": Limit(10, 10),
                "catalogs": Limit(5, 5),
                "catalog_items": Limit(1_000, 1_000),
                "other": Limit(1, 1),
            }
        )
        # The older APIs have one version; a CEP path may carry any.
        self.routes = (
            Route("POST", "/1.0/{app_key}/gdpr/request", self._gdpr_request),
            Route("GET", "/1.0/{app_key}/gdpr/requests", self._gdpr_requests),
            Route("POST", "/1.0/{app_key}/data/users", self._custom_data),
            Route("POST", "/{version}/profiles/update", self._update),
            Route("POST", "/{version}/profiles/mass-update", self._mass_update),
            *(self._audience_route(*route) for route in _AUDIENCES),
            *(self._catalog_route(*route) for route in _CATALOGS),
            Route("POST", "/{version}/catalogs/items/edit", self._edit_items),
        )
        self.reset(0)

    def reset(self, seed: int) -> None:
        """Forget all profiles, erasures, audiences and catalogs."""
        self._audiences = Audiences(self._indexing_polls)
        self._catalogs = Catalogs(self._indexing_polls)
        self._store = Store(self._app_keys, self._erasure_delay, self._erasure_polls, seed)

    def state(self, now: float) -> dict[str, Any]:
        """Return `profiles` and `installations` ({id: attributes as sent}), `events`, `erasures`, `audiences`,
        `catalogs`, `custom_data` (by position of the app) and `received`.

        `received` counts how often each custom id was accepted in an update.
        """
        self._store.settle(now)
        return {
            **self._store.document(),
            "audiences": self._audiences.document(),
            "catalogs": self._catalogs.document(),
        }

    def error(self, status: int, reason: str) -> Answer:
        """Return an error in Batch's shape."""
        return error(status, reason)

    def admit(self, call: Call, route: Route) -> None:  # noqa: ARG002 - the keys open every route
        """Check the keys of a call, in constant time; 401 otherwise."""
        if "app_key" in call.parameters:
            known = call.parameters["app_key"] in self._app_keys
            trusted = _same(call.headers.get("x-authorization", ""), self._rest_key)
        else:
            known = call.headers.get("x-batch-project") == self._project
            trusted = _same(call.headers.get("authorization", ""), f"Bearer {self._rest_key}")
        if not (known and trusted):
            raise Refused(error(401, "The API key is not valid for this project or app."))
        self._store.settle(call.now)

    def identifiers(self, call: Call) -> Collection[str]:
        """Return the custom ids, installations, GDPR subjects, users, members or items that a call names."""
        document = call.document
        people = (part for kind in (profiles, gdpr, custom_data) for part in kind.carried(document))
        return [*people, *named.carried(document, "ids"), *named.carried(document, "items")]

    def finish_erasures(self, now: float) -> int:
        """Complete all pending erasures."""
        self._store.settle(now)
        return self._store.finish_all()

    def _update(self, call: Call) -> Answer:
        entries = profiles.profiles(call, UPDATE_MAX)
        return self._paced("update", len(entries), call, lambda: profiles.apply(call, entries, self._store))

    def _mass_update(self, call: Call) -> Answer:
        entries = profiles.profiles(call, MASS_UPDATE_MAX)
        return self._paced(
            "mass_update", len(entries), call, lambda: profiles.apply(call, entries, self._store)
        )

    def _gdpr_request(self, call: Call) -> Answer:
        return self._paced("gdpr", 1, call, lambda: gdpr.request(call, self._store))

    def _gdpr_requests(self, call: Call) -> Answer:
        return self._paced("gdpr", 1, call, lambda: gdpr.requests(call, self._store))

    def _custom_data(self, call: Call) -> Answer:
        return self._paced("custom_data", 1, call, lambda: custom_data.update(call, self._store))

    def _audience_route(self, method: str, word: str, work: Callable[[Audiences, Call], Answer]) -> Route:
        def endpoint(call: Call) -> Answer:
            return self._paced("other", 1, call, lambda: work(self._audiences, call))

        return Route(method, f"/{{version}}/audiences/{word}", endpoint)

    def _catalog_route(self, method: str, word: str, work: Callable[[Catalogs, Call], Answer]) -> Route:
        def endpoint(call: Call) -> Answer:
            return self._paced("catalogs", 1, call, lambda: work(self._catalogs, call))

        return Route(method, f"/{{version}}/catalogs/{word}", endpoint)

    def _edit_items(self, call: Call) -> Answer:
        def edited() -> Answer:
            items = len(named.carried(call.document, "items"))
            return self._paced("catalog_items", items, call, lambda: self._catalogs.edit(call))

        return self._paced("catalogs", 1, call, edited)

    def _paced(self, limit: str, cost: int, call: Call, work: Callable[[], Answer]) -> Answer:
        allowance = self.limits.spend(limit, cost, call.now)
        if not allowance.allowed:
            return error(429, "Too many requests: wait a few seconds and try again.", allowance.headers())
        answer = work()
        return Answer(answer.status, answer.document, {**answer.headers, **allowance.headers()})


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
