"""The shape of a platform's stand-in: what each vendor's folder has to offer."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from activation_platform.sandbox.exchange import Answer, Call, Endpoint, Refused, decoded
from activation_platform.sandbox.limits import Limits

# What a fault with a bare status says; a platform adds its own words for them.
REASONS: Mapping[int, str] = {
    400: "The request is malformed.",
    401: "The credentials are not valid.",
    403: "The credentials do not allow this.",
    404: "There is nothing here.",
    413: "The request is too large.",
    429: "Too many requests.",
    503: "The service is under maintenance.",
}


@dataclass(frozen=True, slots=True)
class Route:
    """A method, a path template such as `/{version}/profiles/update`, and who answers it."""

    method: str
    template: str
    endpoint: Endpoint
    pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(self.template))
        object.__setattr__(self, "pattern", re.compile(pattern))


class Platform(ABC):
    """A vendor's stand-in: routes, limits and a state that lives in memory.

    A call passes `admit` (credentials), its route's endpoint, and is counted. Everything runs under the
    world's lock, one call at a time, so a platform needs no lock of its own and must never wait.
    """

    name: str
    limits: Limits
    routes: tuple[Route, ...]
    content_type: str = "application/json; charset=utf-8"

    def document(self, headers: Mapping[str, str], body: bytes) -> Any:  # noqa: ARG002 - most know one form only
        """Return what a body says: JSON as Python values, None when empty, `MALFORMED` when it is not JSON."""
        return decoded(body)

    @abstractmethod
    def reset(self, seed: int) -> None:
        """Forget everything; ids made from now on derive from `seed`."""

    @abstractmethod
    def state(self, now: float) -> dict[str, Any]:
        """Return all that the platform holds at `now`, as fresh JSON values by part."""

    @abstractmethod
    def error(self, status: int, reason: str) -> Answer:
        """Return an error in the vendor's own shape."""

    @abstractmethod
    def admit(self, call: Call, route: Route) -> None:
        """Raise `Refused` unless the call's credentials open this route."""

    def identifiers(self, call: Call) -> Collection[str]:  # noqa: ARG002 - a platform may have none
        """Return the identifiers of the records in a call, for faults that aim at one of them."""
        return ()

    def finish_erasures(self, now: float) -> int:  # noqa: ARG002 - most platforms erase at once
        """Complete all pending erasures; return how many there were."""
        return 0

    def find(self, method: str, path: str) -> tuple[Route, Mapping[str, str]] | None:
        """Return the route for a path and what its template captured."""
        for route in self.routes:
            if route.method == method and (match := route.pattern.fullmatch(path)):
                return route, match.groupdict()
        return None

    def answer(self, call: Call, route: Route | None) -> Answer:
        """Answer a call on its route; without one, 404 in the vendor's shape."""
        if route is None:
            return self.error(404, f"There is no {call.method} endpoint at this path.")
        try:
            self.admit(call, route)
            return route.endpoint(call)
        except Refused as refused:
            return refused.answer
