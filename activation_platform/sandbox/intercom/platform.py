"""Intercom as a platform of the sandbox: its routes, token and limit."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from activation_platform.sandbox.exchange import Answer, Call, Refused
from activation_platform.sandbox.intercom import attributes, companies, contacts, search, tags
from activation_platform.sandbox.intercom.errors import error
from activation_platform.sandbox.intercom.workspace import ID_CODE, Workspace
from activation_platform.sandbox.limits import Limit, Limits
from activation_platform.sandbox.platform import Platform, Route

TOKEN = "sandbox-intercom-token"  # noqa: S105 - the documented token of a stand-in

CONTACT = "/contacts/{contact_id}"
COMPANY = "/companies/{company_id}"
BY_EXTERNAL_ID = "/contacts/find_by_external_id/"
WINDOW = 10.0

_Work = Callable[[Call, Workspace], Answer]

_ROUTES: tuple[tuple[str, str, _Work], ...] = (
    ("POST", "/contacts/search", search.search),
    ("GET", BY_EXTERNAL_ID + "{external_id}", contacts.read_by_external_id),
    ("GET", CONTACT, contacts.read),
    ("PUT", CONTACT, contacts.update),
    ("DELETE", CONTACT, contacts.delete),
    ("POST", f"{CONTACT}/archive", contacts.archive),
    ("POST", f"{CONTACT}/unarchive", contacts.unarchive),
    ("GET", f"{CONTACT}/tags", tags.of_contact),
    ("POST", f"{CONTACT}/tags", tags.give),
    ("DELETE", f"{CONTACT}/tags/{{tag_id}}", tags.take),
    ("GET", "/companies", companies.find),
    ("POST", "/companies", companies.create_or_update),
    ("GET", COMPANY, companies.read),
    ("PUT", COMPANY, companies.update),
    ("DELETE", COMPANY, companies.delete),
    ("GET", "/tags", tags.listed),
    ("POST", "/tags", tags.save),
    ("GET", "/tags/{tag_id}", tags.read),
    ("DELETE", "/tags/{tag_id}", tags.delete),
    ("GET", "/data_attributes", attributes.listed),
    ("POST", "/data_attributes", attributes.create),
)
_IDENTIFYING = ("external_id", "email", "company_id")


class Intercom(Platform):
    """The REST API of one Intercom workspace, at `/intercom`.

    A call needs `Authorization: Bearer <token>`. The search finds a contact `search_delay` seconds after it was made. Calls are
    limited to 10,000 a minute, counted by ten seconds; X-RateLimit-* headers accompany every answer to a known token, Reset is a
    Unix time (https://developers.intercom.com/docs/references/rest-api/errors/rate-limiting).
    """

    name = "intercom"

    def __init__(self, *, token: str = TOKEN, search_delay: float = 0.0) -> None:
        self._token = token
        self._search_delay = search_delay
        self.limits = Limits({"calls": Limit(10_000 / 60, 10_000 / 6)})
        self.routes = (
            Route("GET", "/me", self._paced(self._me)),
            Route("POST", "/contacts", self._paced(self._create)),
            *(Route(method, path, self._paced(work)) for method, path, work in _ROUTES),
        )
        self.reset(0)

    def reset(self, seed: int) -> None:
        """Return to a workspace without contacts, companies, tags and custom attributes."""
        self._workspace = Workspace(seed)

    def state(self, now: float) -> dict[str, Any]:  # noqa: ARG002 - nothing here changes with time
        """Return `contacts` by Intercom's ID, `companies` by yours, `tags` (who has them), `attributes`, `archived`, `received`.

        `received` counts how often each contact (by Intercom's ID) and company (by yours) was written.
        """
        return self._workspace.document()

    def error(self, status: int, reason: str) -> Answer:
        """Return an error in Intercom's shape."""
        return error(status, reason)

    def admit(self, call: Call, route: Route) -> None:  # noqa: ARG002 - every route asks for the same
        """Check the token (401)."""
        if call.headers.get("authorization") != f"Bearer {self._token}":
            raise Refused(error(401, "Access Token Invalid"))

    def identifiers(self, call: Call) -> Collection[str]:
        """Return the identifiers of whom a call writes, deletes, tags or untags; those who are sought are not among them."""
        if call.method == "GET" or call.path.endswith("/search"):
            return ()
        return [*self._named(call.document), *self._known(call.parameters.values())]

    def find(self, method: str, path: str) -> tuple[Route, Mapping[str, str]] | None:
        """Return the route of a path; an external ID, at its end, may hold a slash."""
        start, found, external_id = path.partition(BY_EXTERNAL_ID)
        if start or not found:
            return super().find(method, path)
        route, _ = super().find(method, f"{BY_EXTERNAL_ID}x") or (None, None)
        return None if route is None else (route, {"external_id": external_id})

    def _named(self, document: Any) -> Iterator[str]:
        if isinstance(document, dict):
            yield from (str(document[name]) for name in _IDENTIFYING if document.get(name))
            users = document.get("users")
            named = [one.get("id") for one in users or () if isinstance(one, dict)]
            yield from self._known(map(str, named))

    def _known(self, ids: Any) -> Iterator[str]:
        """The identifiers of contacts and companies, by Intercom's IDs."""
        for id_ in ids:
            contact, company = self._workspace.contacts.get(id_), self._workspace.companies.get(id_)
            if contact is not None:
                yield from (str(contact.values[name]) for name in _IDENTIFYING if name in contact.values)
            if company is not None:
                yield company.company_id

    def _paced(self, work: _Work) -> Callable[[Call], Answer]:
        def endpoint(call: Call) -> Answer:
            allowance = self.limits.spend("calls", 1, call.now)
            limit = int(allowance.limit.rate * WINDOW)
            if allowance.allowed:
                try:
                    answer = work(call, self._workspace)
                except Refused as refusal:
                    answer = refusal.answer
            else:
                answer = error(429, f"Exceeded rate limit of {limit} in 10_seconds")
            headers = {
                "X-RateLimit-Limit": str(limit),
                "X-RateLimit-Remaining": str(int(allowance.remaining)),
                "X-RateLimit-Reset": str(math.ceil(call.wall + max(allowance.wait, allowance.refill))),
            }
            return replace(answer, headers={**answer.headers, **headers})

        return endpoint

    def _create(self, call: Call, workspace: Workspace) -> Answer:
        return contacts.create(call, workspace, self._search_delay)

    def _me(self, call: Call, workspace: Workspace) -> Answer:  # noqa: ARG002 - as all endpoints
        app = {
            "type": "app",
            "id_code": ID_CODE,
            "name": "Sandbox",
            "created_at": 1_734_537_243,
            "identity_verification": False,
            "timezone": "Europe/Paris",
            "region": "US",
        }
        who = {"type": "admin", "id": "1", "email": "owner@example.org", "name": "Owner"}
        more = {"email_verified": True, "has_inbox_seat": True}
        return Answer(200, {**who, **more, "app": app})
