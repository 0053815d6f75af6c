"""A client of a sandbox's control plane, for tests, the command line and the demo."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from activation_platform.sandbox.faults import Rule


class ControlError(RuntimeError):
    """The sandbox refused a command; the message says why."""


class Control:
    """The commands of the sandbox at `url` (as printed by `serve`, without a path).

    Every method raises `ControlError` when the sandbox refuses, and httpx's own errors when it is not there.
    """

    def __init__(self, url: str, *, timeout: float = 30.0) -> None:
        self._client = httpx.Client(base_url=f"{url.rstrip('/')}/_sandbox", timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def state(self, platform: str | None = None, part: str | None = None) -> Any:
        """Return the whole state, a platform's, or one part of it (`state("batch", "profiles")`)."""
        return self._ask("GET", "/".join(["/state", *(word for word in (platform, part) if word)]))

    def reset(self) -> None:
        """Forget all records, faults and counts."""
        self._ask("POST", "/reset")

    def requests(self) -> list[dict[str, Any]]:
        """Return counts: [{platform, method, path, status, count}]."""
        answer: list[dict[str, Any]] = self._ask("GET", "/requests")
        return answer

    def finish_erasures(self) -> int:
        """Complete all pending erasures; return how many ended."""
        return int(self._ask("POST", "/finish-erasures")["finished"])

    def faults(self) -> list[dict[str, Any]]:
        """Return the rules in force, with `number`, `matched` and `struck`."""
        answer: list[dict[str, Any]] = self._ask("GET", "/faults")
        return answer

    def add_fault(self, rule: Rule | Mapping[str, Any]) -> int:
        """Put a fault on order and return its number."""
        document = rule.document() if isinstance(rule, Rule) else dict(rule)
        return int(self._ask("POST", "/faults", document)["numbers"][0])

    def clear_faults(self) -> None:
        """Drop all rules."""
        self._ask("DELETE", "/faults")

    def limits(self) -> dict[str, Any]:
        """Return the limits: {platform: {enabled, limits: {name: {rate, burst}}}}."""
        answer: dict[str, Any] = self._ask("GET", "/limits")
        return answer

    def enable_limits(self, enabled: bool) -> None:
        """Switch all rate limits on or off."""
        self._ask("POST", "/limits", {"enabled": enabled})

    def change_limit(self, platform: str, limit: str, *, rate: float, burst: float) -> None:
        """Replace one limit: `rate` in units a second, `burst` in units."""
        self._ask("POST", "/limits", {"platform": platform, "limit": limit, "rate": rate, "burst": burst})

    def _ask(self, method: str, path: str, document: Any = None) -> Any:
        response = self._client.request(method, path, json=document)
        if response.is_error:
            raise ControlError(f"{method} {path}: {response.json()['error']}")
        return response.json()
