"""Iterable as a platform of the sandbox: its routes, key and limits."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from activation_platform.sandbox.exchange import Answer, Call, Refused
from activation_platform.sandbox.iterable import channels, events, lists, users
from activation_platform.sandbox.iterable.errors import error
from activation_platform.sandbox.iterable.project import HYBRID, Project
from activation_platform.sandbox.limits import Limit, Limits
from activation_platform.sandbox.platform import Platform, Route

API_KEY = "sandbox-iterable-key"
BY_EMAIL, BY_USER_ID = "/api/users/", "/api/users/byUserId/"

_Work = Callable[[Call, Project], Answer]

# Method, path, requests a second (https://api.iterable.com/api/docs, where each endpoint says its limit), work.
_ROUTES: tuple[tuple[str, str, int, _Work], ...] = (
    ("GET", "/api/channels", 100, channels.listed),
    ("POST", "/api/events/trackBulk", 10, events.track_bulk),
    ("GET", "/api/lists", 100, lists.listed),
    ("POST", "/api/lists", 100, lists.create),
    ("POST", "/api/lists/subscribe", 5, lists.subscribe),
    ("POST", "/api/lists/unsubscribe", 5, lists.unsubscribe),
    ("DELETE", "/api/lists/{listId}", 100, lists.delete),
    ("POST", "/api/users/bulkUpdate", 5, users.bulk_update),
    ("POST", "/api/users/forget", 3, users.forget),
    ("GET", "/api/users/getFields", 3, users.fields),
    ("GET", "/api/users/getByEmail", 100, users.show),
    ("GET", "/api/users/byUserId", 100, users.show),
    ("GET", BY_USER_ID + "{userId}", 100, users.show),
    ("GET", BY_EMAIL + "{email}", 100, users.show),
)


class Iterable(Platform):
    """The API of one Iterable project, at `/iterable`.

    A call needs `Api-Key: <key>`. `kind` is the project's type: `hybrid`, `email` or `userId`. A deletion is carried out
    `deletion_delay` seconds after it was asked for, or when the control plane finishes them. `disallowed`: names of events that
    the project does not take. Limits count requests by the second.
    """

    name = "iterable"
    content_type = "application/json"

    def __init__(
        self,
        *,
        key: str = API_KEY,
        kind: str = HYBRID,
        deletion_delay: float = 3_600.0,
        disallowed: Collection[str] = (),
    ) -> None:
        self._key = key
        self._kind = kind
        self._deletion_delay = deletion_delay
        self._disallowed = frozenset(disallowed)
        endpoints = (
            *_ROUTES,
            ("DELETE", BY_USER_ID + "{userId}", 100, self._delete),
            ("DELETE", BY_EMAIL + "{email}", 100, self._delete),
        )
        self.limits = Limits({f"{method} {path}": Limit(rate, rate) for method, path, rate, _ in endpoints})
        self.routes = tuple(
            Route(method, path, self._paced(f"{method} {path}", work)) for method, path, _, work in endpoints
        )
        self.reset(0)

    def reset(self, seed: int) -> None:  # noqa: ARG002 - nothing here is left to chance
        """Return to a project without users, lists and events."""
        self._project = Project(self._kind, self._disallowed)

    def state(self, now: float) -> dict[str, Any]:
        """Return `users`, `lists` (members by name), `events`, `fields`, `deletions` that are pending, and `received`.

        `received` counts how often each user was written, by the identifier that was said.
        """
        self._project.carry_out(now)
        return self._project.document()

    def error(self, status: int, reason: str) -> Answer:
        """Return an error in Iterable's shape."""
        return error(status, reason)

    def admit(self, call: Call, route: Route) -> None:  # noqa: ARG002 - one key opens every route
        """Check the key in constant time."""
        if not hmac.compare_digest(call.headers.get("api-key", "").encode(), self._key.encode()):
            raise Refused(error(401, "Invalid API key"))

    def identifiers(self, call: Call) -> Collection[str]:
        """Return whom a call writes, puts on a list, takes off it or deletes, and the IDs of events."""
        if call.method == "GET":
            return ()
        return [*call.parameters.values(), *_named(call.document)]

    def finish_erasures(self, now: float) -> int:  # noqa: ARG002 - all that are pending
        """Carry out the deletions that are pending."""
        return self._project.carry_out(float("inf"))

    def find(self, method: str, path: str) -> tuple[Route, Mapping[str, str]] | None:
        """Return the route of a path; an identifier, at its end, may hold a slash."""
        found = super().find(method, path)
        if found is not None:
            return found
        for start, name in ((BY_USER_ID, "userId"), (BY_EMAIL, "email")):
            if path.startswith(start) and (route := super().find(method, f"{start}x")) is not None:
                return route[0], {name: path.removeprefix(start)}
        return None

    def _delete(self, call: Call, project: Project) -> Answer:
        return users.delete(call, project, self._deletion_delay)

    def _paced(self, limit: str, work: _Work) -> Callable[[Call], Answer]:
        def endpoint(call: Call) -> Answer:
            if not self.limits.spend(limit, 1, call.now).allowed:
                return error(429, "Rate limit exceeded")
            self._project.carry_out(call.now)
            try:
                return work(call, self._project)
            except Refused as refusal:
                return refusal.answer

        return endpoint


def _named(document: Any) -> Iterator[str]:
    """Yield the identifiers in a body."""
    for ones in document.values() if isinstance(document, dict) else ():
        for one in ones if isinstance(ones, list) else ():
            if isinstance(one, dict):
                yield from (str(one[name]) for name in ("id", "email", "userId") if one.get(name))
