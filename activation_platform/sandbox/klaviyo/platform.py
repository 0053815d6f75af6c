"""Klaviyo as a platform of the sandbox: its routes, credentials and limits."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from activation_platform.sandbox.exchange import Answer, Call, Refused
from activation_platform.sandbox.klaviyo import account, consent, events, imports, lists, privacy, profiles
from activation_platform.sandbox.klaviyo.errors import error
from activation_platform.sandbox.klaviyo.store import Store
from activation_platform.sandbox.limits import Limit, Limits
from activation_platform.sandbox.platform import Platform, Route

PRIVATE_KEY = "pk_sandbox_private_key"
ACCOUNT = account.ID

# https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling: requests a second and a minute, by size.
XS, S, M, L, XL = (1, 15), (3, 60), (10, 150), (75, 750), (350, 3500)

_REVISION = re.compile(r"\d{4}-\d\d-\d\d(?:\.\w+)?")
_Work = Callable[[Call, Store], Answer]


class Klaviyo(Platform):
    """The API of one Klaviyo account, at `/klaviyo`.

    A call needs `Authorization: Klaviyo-API-Key <private key>` and a `revision`. An import job is unfinished for the first
    `import_looks` looks at it; deletions stay pending until the control plane finishes them.

    Each endpoint has its own limits, by the second and by the minute. RateLimit-* headers tell of the minute.
    """

    name = "klaviyo"
    content_type = "application/vnd.api+json"

    def __init__(self, *, private_key: str = PRIVATE_KEY, import_looks: int = 1) -> None:
        self._private_key = private_key
        self._import_looks = import_looks
        self._limits: dict[str, Limit] = {}
        self.routes = tuple(self._route(*each) for each in self._endpoints())
        self.limits = Limits(self._limits)
        self.reset(0)

    def _endpoints(self) -> Iterator[tuple[str, str, tuple[int, int], _Work]]:
        yield "GET", "accounts", XS, account.read
        yield "POST", "profile-bulk-import-jobs", M, self._import
        yield "GET", "profile-bulk-import-jobs/{job_id}", M, imports.read
        yield "GET", "profile-bulk-import-jobs/{id}/import-errors", M, imports.errors
        yield "POST", "profile-import", L, profiles.create_or_update
        yield "GET", "profiles", L, profiles.find
        yield "POST", "profiles", L, profiles.create
        yield "GET", "profiles/{id}", L, profiles.read
        yield "PATCH", "profiles/{id}", L, profiles.update
        yield "GET", "lists", L, lists.find
        yield "POST", "lists", M, lists.create
        yield "GET", "lists/{id}/profiles", L, lists.members
        yield "POST", "lists/{id}/relationships/profiles", M, lists.add
        yield "DELETE", "lists/{id}/relationships/profiles", M, lists.remove
        yield "POST", "profile-subscription-bulk-create-jobs", L, consent.subscribe
        yield "POST", "profile-subscription-bulk-delete-jobs", L, consent.unsubscribe
        yield "GET", "events", XL, events.find
        yield "POST", "event-bulk-create-jobs", M, events.create
        yield "POST", "data-privacy-deletion-jobs", S, privacy.request

    def reset(self, seed: int) -> None:
        """Forget all that the account holds."""
        self._store = Store(seed)

    def state(self, now: float) -> dict[str, Any]:  # noqa: ARG002 - nothing ends by itself
        """Return `profiles` by id, `lists` (ids of members by name), `events`, `jobs` and `deletions`."""
        return self._store.document()

    def error(self, status: int, reason: str) -> Answer:
        """Return an error in Klaviyo's shape."""
        return error(status, reason)

    def admit(self, call: Call, route: Route) -> None:  # noqa: ARG002 - one key opens every route
        """Check the key in constant time, and that a revision is named."""
        given = call.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Klaviyo-API-Key {self._private_key}".encode()):
            raise Refused(error(401, "Incorrect authentication credentials."))
        if not _REVISION.fullmatch(call.headers.get("revision", "")):
            raise Refused(error(400, "The revision header is missing or malformed."))

    def identifiers(self, call: Call) -> Collection[str]:
        """Return every text in a body."""
        return list(_texts(call.document))

    def finish_erasures(self, now: float) -> int:  # noqa: ARG002 - all that are pending
        """Carry out the deletions that are pending."""
        return self._store.finish_deletions()

    def _import(self, call: Call, store: Store) -> Answer:
        return imports.create(call, store, self._import_looks)

    def _route(self, method: str, path: str, size: tuple[int, int], work: _Work) -> Route:
        name = f"{method} {path}"
        second, minute = size
        self._limits |= {f"{name} burst": Limit(second, second), f"{name} steady": Limit(minute / 60, minute)}

        def endpoint(call: Call) -> Answer:
            return self._paced(name, call, lambda: work(call, self._store))

        return Route(method, f"/api/{path}", endpoint)

    def _paced(self, name: str, call: Call, work: Callable[[], Answer]) -> Answer:
        burst, steady = (self.limits.spend(f"{name} {window}", 1, call.now) for window in ("burst", "steady"))
        if wait := max(burst.wait, steady.wait):
            headers = {"Retry-After": str(int(wait) + 1)}
            return error(429, f"Expected available in {wait:.0f} seconds.", headers=headers)
        try:
            answer = work()
        except Refused as refused:
            answer = refused.answer
        told = {
            name.removeprefix("X-"): value for name, value in steady.headers().items() if self.limits.enabled
        }
        return Answer(answer.status, answer.document, {**answer.headers, **told})


def _texts(document: Any) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, Mapping | list):
        for each in document.values() if isinstance(document, Mapping) else document:
            yield from _texts(each)
