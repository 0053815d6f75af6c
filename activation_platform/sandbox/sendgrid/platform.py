"""SendGrid as a platform of the sandbox: its routes, keys and limits."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from activation_platform.sandbox.exchange import Answer, Call, Refused
from activation_platform.sandbox.limits import Allowance, Limit, Limits
from activation_platform.sandbox.platform import Platform, Route
from activation_platform.sandbox.sendgrid import contacts, fields, lists
from activation_platform.sandbox.sendgrid.account import Account, instant
from activation_platform.sandbox.sendgrid.errors import error, refused
from activation_platform.sandbox.sendgrid.jobs import Jobs

API_KEY = "SG.sandbox"
SCOPES = ("marketing.automation.read", "marketing.read")

ERRORS = "/errors/{id}"
LIST = "/v3/marketing/lists/{id}"
CONTACTS = "/v3/marketing/contacts"

_Work = Callable[[Call, Account, Jobs], Answer]

# Method, path, limit, work.
_ROUTES: tuple[tuple[str, str, str, _Work], ...] = (
    ("PUT", CONTACTS, "contacts", contacts.upsert),
    ("DELETE", CONTACTS, "contacts", contacts.delete),
    ("GET", CONTACTS, "contacts", contacts.sample),
    ("POST", f"{CONTACTS}/search/identifiers/{{kind}}", "searches", contacts.search_identifiers),
    ("POST", f"{CONTACTS}/search/emails", "searches", contacts.search_emails),
    ("POST", f"{CONTACTS}/batch", "searches", contacts.by_ids),
    ("GET", f"{CONTACTS}/count", "contacts", contacts.count),
    ("GET", f"{CONTACTS}/{{id}}", "searches", contacts.read),
    ("GET", "/v3/marketing/lists", "lists", lists.page),
    ("POST", "/v3/marketing/lists", "lists", lists.create),
    ("GET", LIST, "lists", lists.read),
    ("PATCH", LIST, "lists", lists.rename),
    ("DELETE", LIST, "lists", lists.delete),
    ("GET", f"{LIST}/contacts/count", "lists", lists.count),
    ("DELETE", f"{LIST}/contacts", "lists", lists.remove),
    ("GET", "/v3/marketing/field_definitions", "fields", fields.listed),
    ("POST", "/v3/marketing/field_definitions", "fields", fields.create),
)
_LOOK_UPS = ("/search/", "/batch")


class SendGrid(Platform):
    """The Marketing Campaigns API of one SendGrid account, at `/sendgrid`.

    A call needs `Authorization: Bearer <key>`; `read_only` keys may not write. A job is pending for as many `calls` after its
    own, whatever they ask, and then done. Limits count requests, 600 a minute each, which is our choice: the vendor tells no
    number. X-RateLimit-* headers accompany every answer; Reset is the Unix time at which the limit is whole again
    (https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/rate-limits).
    """

    name = "sendgrid"

    def __init__(
        self, *, keys: Collection[str] = (API_KEY,), read_only: Collection[str] = (), calls: int = 1
    ) -> None:
        self._keys = frozenset(keys)
        self._read_only = frozenset(read_only)
        self._calls = calls
        self.limits = Limits(
            dict.fromkeys(("contacts", "fields", "jobs", "lists", "searches"), Limit(10, 600))
        )
        self.routes = (
            Route("GET", "/v3/scopes", self._scopes),
            Route("GET", f"{CONTACTS}/imports/{{id}}", self._paced("jobs", self._job)),
            Route("GET", ERRORS, self._file),
            *(Route(method, path, self._paced(limit, work)) for method, path, limit, work in _ROUTES),
        )
        self.reset(0)

    def reset(self, seed: int) -> None:
        """Return to an account without contacts, lists and custom fields."""
        self._account = Account(seed)
        self._jobs = Jobs(self._calls)

    def state(self, now: float) -> dict[str, Any]:  # noqa: ARG002 - jobs wait for calls, not for time
        """Return `contacts` ({ID: what it holds}), `lists` ({name: members by ID}), `fields` ({name: type}) and `received`.

        `received` counts how often each contact was written, by ID.
        """
        account = self._account
        return {
            "contacts": {id_: account.simplified(one) for id_, one in account.contacts.items()},
            "lists": {
                name: {one.id: account.simplified(one) for one in account.members(id_)}
                for id_, name in account.lists.items()
            },
            "fields": {one.name: one.field_type for one in account.definitions.values()},
            "received": dict(account.received),
        }

    def error(self, status: int, reason: str) -> Answer:
        """Return an error in SendGrid's shape."""
        return error(status, reason)

    def admit(self, call: Call, route: Route) -> None:
        """Check the key: 401 without one, 403 where it may not write. A file of errors is open to whoever knows its address."""
        if route.template == ERRORS:
            return
        kind, _, key = call.headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or key not in self._keys | self._read_only:
            raise Refused(error(401, ""))
        writes = route.method != "GET" and not any(word in route.template for word in _LOOK_UPS)
        if key in self._read_only and writes:
            raise Refused(error(403, ""))

    def identifiers(self, call: Call) -> Collection[str]:
        """Return the identifiers and IDs that a call names."""
        named = [one for key in ("ids", "contact_ids") for one in call.query.get(key, "").split(",") if one]
        return [*call.parameters.values(), *named, *contacts.carried(call.document)]

    def _paced(self, limit: str, work: _Work) -> Callable[[Call], Answer]:
        def endpoint(call: Call) -> Answer:
            allowance = self.limits.spend(limit, 1, call.now)
            if not allowance.allowed:
                answer = error(429, "")
            else:
                self._jobs.pass_by(instant(call.wall))
                try:
                    answer = work(call, self._account, self._jobs)
                except Refused as refusal:
                    answer = refusal.answer
            return replace(answer, headers={**answer.headers, **_told(allowance, call)})

        return endpoint

    def _scopes(self, call: Call) -> Answer:  # noqa: ARG002 - all keys have the same
        return Answer(200, {"scopes": list(SCOPES)})

    def _job(self, call: Call, account: Account, jobs: Jobs) -> Answer:  # noqa: ARG002 - as all endpoints
        job = jobs.get(call.parameters["id"])
        if job is None:
            raise refused("there is no such job", 404)
        return Answer(200, job.document(f"http://{call.headers.get('host', '')}/{self.name}/errors/{job.id}"))

    def _file(self, call: Call) -> Answer:
        job = self._jobs.get(call.parameters["id"])
        if job is None or job.results is None or not job.results.errors:
            return error(404, "there is no such file")
        return Answer(200, job.results.errors)


def _told(allowance: Allowance, call: Call) -> dict[str, str]:
    whole = math.ceil(call.wall + (allowance.wait or allowance.refill))
    return {
        "X-RateLimit-Limit": f"{allowance.limit.burst:g}",
        "X-RateLimit-Remaining": str(int(allowance.remaining)),
        "X-RateLimit-Reset": str(whole),
    }
