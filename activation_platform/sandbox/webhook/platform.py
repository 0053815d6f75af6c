"""A receiver of webhooks: takes any call below its prefix, checks its signature, and keeps what it was told.

There is no vendor. It behaves as RFC 9110 describes for a collection of resources, and as the public examples of signed
webhooks do (https://docs.stripe.com/webhooks#verify-manually: `t=<Unix seconds>,v1=<hex>` over `<t>.<body>`).
"""

from __future__ import annotations

import gzip
import hashlib
import hmac
import math
import zlib
from collections.abc import Collection, Mapping
from copy import deepcopy
from typing import Any
from urllib.parse import unquote

from activation_platform.sandbox.exchange import MALFORMED, Answer, Call, Refused
from activation_platform.sandbox.limits import Limit, Limits
from activation_platform.sandbox.platform import Platform, Route

SIGNING_KEY = "sandbox-webhook-signing-key"
TOLERANCE_SECONDS = 300.0
ANYTHING = "/{anything}"


class Webhook(Platform):
    """A receiver at every path below `/webhook/`.

    Each call is signed with `signing_key` in the header `X-Signature`; None: signatures are not asked for. A thing is what
    the body holds, or the query; it is known by its `id`, else by the last part of the path. An array holds several.

    - POST keeps things, new or not; 201 for one that is new.
    - PUT replaces and PATCH changes a thing, DELETE removes it; 404 where there is none. Of an array, none is missed.

    A call whose `Idempotency-Key` was seen before is answered as the first one was, and nothing is done.
    """

    name = "webhook"

    def __init__(self, *, signing_key: str | None = SIGNING_KEY) -> None:
        self._signing_key = signing_key
        self.limits = Limits({"calls": Limit(1_000, 1_000)})
        self.routes = tuple(
            Route(method, ANYTHING, self._answered) for method in ("POST", "PUT", "PATCH", "DELETE")
        )
        self.reset(0)

    def reset(self, seed: int) -> None:  # noqa: ARG002 - it makes no ids
        """Forget everything."""
        self._things: dict[str, dict[str, Any]] = {}
        self._calls: list[dict[str, Any]] = []
        self._answers: dict[str, Answer] = {}
        self._repeated = 0

    def state(self, now: float) -> dict[str, Any]:  # noqa: ARG002 - nothing here changes with time
        """Return `things` ({id: thing}), `calls` (method, path, query, headers, body) and `repeated`."""
        return {"things": deepcopy(self._things), "calls": deepcopy(self._calls), "repeated": self._repeated}

    def error(self, status: int, reason: str) -> Answer:
        """Return `{"error": reason}`."""
        return Answer(status, {"error": reason})

    def document(self, headers: Mapping[str, str], body: bytes) -> Any:
        """Return the JSON body, which may be compressed by gzip (RFC 9110, 8.4.1.3)."""
        if headers.get("content-encoding") != "gzip":
            return super().document(headers, body)
        try:
            return super().document(headers, gzip.decompress(body))
        except (OSError, EOFError, zlib.error):
            return MALFORMED

    def admit(self, call: Call, route: Route) -> None:  # noqa: ARG002 - every route asks for the same
        """Check the signature (401)."""
        if self._signing_key is None:
            return
        signature = dict(
            part.partition("=")[::2] for part in call.headers.get("x-signature", "").split(",") if part
        )
        moment = signature.get("t", "")
        if not moment.isdigit() or abs(call.wall - int(moment)) > TOLERANCE_SECONDS:
            raise Refused(self.error(401, "The signature is missing or too old."))
        expected = hmac.new(self._signing_key.encode(), f"{moment}.".encode() + call.body, hashlib.sha256)
        if not hmac.compare_digest(expected.hexdigest(), signature.get("v1", "")):
            raise Refused(self.error(401, "The signature is wrong."))

    def identifiers(self, call: Call) -> Collection[str]:
        """Return the parts of the path, and the ids in body and query."""
        told = call.document if isinstance(call.document, list) else [call.document]
        ids = [str(each["id"]) for each in told if isinstance(each, dict) and "id" in each]
        return [*map(unquote, call.path.split("/")), *call.query.values(), *ids]

    def find(self, method: str, path: str) -> tuple[Route, Mapping[str, str]] | None:
        """Return the route of the method, whatever the path."""
        found = next((route for route in self.routes if route.method == method), None)
        return None if found is None else (found, {"anything": path})

    def _answered(self, call: Call) -> Answer:
        allowance = self.limits.spend("calls", 1, call.now)
        if not allowance.allowed:
            return Answer(429, {"error": "Too many calls."}, {"Retry-After": str(math.ceil(allowance.wait))})
        if call.document is MALFORMED:
            return self.error(400, "The body is not JSON.")
        for reason in call.poisoned.values():
            return self.error(422, reason)
        key = call.headers.get("idempotency-key", "")
        if key in self._answers:
            self._repeated += 1
            return self._answers[key]
        self._calls.append(_shown(call))
        answer = self._carried_out(call)
        if key:
            self._answers[key] = answer
        return answer

    def _carried_out(self, call: Call) -> Answer:
        several = isinstance(call.document, list)
        told = _told(call)
        missing = [name for name in told if name not in self._things]
        if missing and not several and call.method != "POST":
            return self.error(404, "There is no such thing.")
        for name, thing in told.items():
            if call.method == "DELETE":
                self._things.pop(name, None)
            elif call.method == "PATCH":
                self._things[name] = {**self._things.get(name, {}), **thing}
            else:
                self._things[name] = thing
        return Answer(201 if missing and not several else 200, {})


def _told(call: Call) -> dict[str, dict[str, Any]]:
    """Return the things of a call by their id."""
    if call.document is None:
        bodies: list[Any] = [dict(call.query)]
    else:
        bodies = call.document if isinstance(call.document, list) else [call.document]
    if not all(isinstance(body, dict) for body in bodies):
        raise Refused(Answer(400, {"error": "The body is an object, or an array of objects."}))
    last = unquote(call.path.rpartition("/")[2])
    return {str(body.get("id", last)): body for body in bodies}


def _shown(call: Call) -> dict[str, Any]:
    return {
        "method": call.method,
        "path": call.path,
        "query": dict(call.query),
        "headers": dict(call.headers),
        "body": call.document,
    }
