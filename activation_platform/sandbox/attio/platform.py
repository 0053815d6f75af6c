"""Attio as a platform of the sandbox: its routes, tokens, scopes and limits."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from email.utils import formatdate
from typing import Any

from activation_platform.sandbox.attio import attributes, entries, lists, objects, query, records
from activation_platform.sandbox.attio.errors import error, refused
from activation_platform.sandbox.attio.standard_objects import furnished
from activation_platform.sandbox.attio.workspace import NAME, SLUG, Workspace
from activation_platform.sandbox.exchange import MALFORMED, Answer, Call, Refused
from activation_platform.sandbox.limits import Limit, Limits
from activation_platform.sandbox.platform import Platform, Route

TOKEN = "sandbox-attio-token"  # noqa: S105 - the documented token of a stand-in
SCOPES = (
    "record_permission:read-write",
    "object_configuration:read-write",
    "list_entry:read-write",
    "list_configuration:read-write",
)

OBJECT = "/v2/objects/{object}"
RECORD = OBJECT + "/records/{record_id}"
LIST = "/v2/lists/{list}"
ENTRY = LIST + "/entries/{entry_id}"
READ_RECORDS = ("record_permission:read", "object_configuration:read")
WRITE_RECORDS = ("record_permission:read-write", "object_configuration:read")
READ_SHAPE = ("object_configuration:read",)
WRITE_SHAPE = ("object_configuration:read-write",)
READ_LISTS = ("list_configuration:read",)
WRITE_LISTS = ("list_configuration:read-write",)
READ_ENTRIES = ("list_entry:read", "list_configuration:read")
WRITE_ENTRIES = ("list_entry:read-write", "list_configuration:read")

_Work = Callable[[Call, Workspace], Answer]


class Attio(Platform):
    """The REST API of one Attio workspace, at `/attio`, with all standard objects, and the objects and lists made in it.

    A call needs `Authorization: Bearer <token>`; `tokens` maps each to its scopes. Limits count requests:
    `write` 25/s, `read` 100/s (a query counts as a read, which is unconfirmed), and a 429 carries
    `Retry-After` as an HTTP date (https://docs.attio.com/rest-api/guides/rate-limiting).
    """

    name = "attio"

    def __init__(self, *, tokens: Mapping[str, Collection[str]] | None = None) -> None:
        self._tokens = {TOKEN: SCOPES} if tokens is None else dict(tokens)
        self.limits = Limits({"read": Limit(100, 100), "write": Limit(25, 25)})
        self._scopes: dict[tuple[str, str], tuple[str, ...]] = {}
        self.routes = tuple(self._declared())
        self.reset(0)

    def reset(self, seed: int) -> None:
        """Return to a workspace with its standard objects and no records."""
        self._workspace = furnished(seed)

    def state(self, now: float) -> dict[str, Any]:  # noqa: ARG002 - nothing here changes with time
        """Return each object's records ({record id: {slug: value}}), `lists`, `attributes` and `received`.

        `lists` is {slug: {entry id: {slug: value}}}, each entry with its `parent_record`; `attributes` is
        {object: {slug: type}}; `received` counts the accepted writes of each record, by object.
        """
        things = self._workspace.things.values()
        return {
            **{thing.slug: thing.simplified() for thing in things},
            "lists": {each.slug: each.simplified() for each in self._workspace.lists.values()},
            "attributes": {
                thing.slug: {each.api_slug: each.type for each in thing.attributes.values()}
                for thing in things
            },
            "received": {thing.slug: dict(thing.received) for thing in things},
        }

    def error(self, status: int, reason: str) -> Answer:
        """Return an error in Attio's shape."""
        return error(status, reason)

    def admit(self, call: Call, route: Route) -> None:
        """Check the token (401) and its scopes (403); who asks about itself needs neither."""
        needed = self._scopes[route.method, route.template]
        if not needed:
            return
        held = self._held(call)
        if held is None:
            raise Refused(error(401, "The access token is missing or not valid."))
        for scope in needed:
            # A right to write includes the right to read.
            if scope not in held and f"{scope}-write" not in held:
                raise Refused(error(403, f"The access token lacks the scope {scope}."))

    def identifiers(self, call: Call) -> Collection[str]:
        """Return the record id in the path and every string in the body."""
        return [*call.parameters.values(), *_strings(call.document)]

    def _declared(self) -> Iterator[Route]:
        yield self._route("GET", "/v2/self", (), "read", self._myself)
        yield self._route("GET", "/v2/objects", READ_SHAPE, "read", objects.list_objects)
        yield self._route("POST", "/v2/objects", WRITE_SHAPE, "write", objects.create_object)
        for bearer, right in ((OBJECT, WRITE_SHAPE), (LIST, WRITE_LISTS)):
            shape, chosen = bearer + "/attributes", bearer + "/attributes/{attribute}"
            yield self._route("GET", shape, READ_SHAPE, "read", attributes.list_attributes)
            yield self._route("POST", shape, right, "write", attributes.create_attribute)
            yield self._route("GET", chosen + "/options", READ_SHAPE, "read", attributes.list_options)
            yield self._route("POST", chosen + "/options", WRITE_SHAPE, "write", attributes.create_option)
            yield self._route("GET", chosen + "/statuses", READ_SHAPE, "read", attributes.list_statuses)
            yield self._route("POST", chosen + "/statuses", WRITE_SHAPE, "write", attributes.create_status)
        yield self._route("POST", OBJECT + "/records/query", READ_RECORDS, "read", query.query_records)
        yield self._route("PUT", OBJECT + "/records", WRITE_RECORDS, "write", records.assert_record)
        yield self._route("POST", OBJECT + "/records", WRITE_RECORDS, "write", records.create_record)
        yield self._route("GET", RECORD, READ_RECORDS, "read", records.read_record)
        yield self._route("PATCH", RECORD, WRITE_RECORDS, "write", records.update_record)
        yield self._route("PUT", RECORD, WRITE_RECORDS, "write", records.overwrite_record)
        yield self._route("DELETE", RECORD, WRITE_RECORDS, "write", records.delete_record)
        yield from self._of_lists()

    def _of_lists(self) -> Iterator[Route]:
        of_record = (*READ_RECORDS, "list_entry:read")
        yield self._route("GET", RECORD + "/entries", of_record, "read", entries.entries_of_record)
        yield self._route("GET", "/v2/lists", READ_LISTS, "read", lists.list_lists)
        yield self._route("POST", "/v2/lists", WRITE_LISTS, "write", lists.create_list)
        yield self._route("GET", LIST, READ_LISTS, "read", lists.read_list)
        yield self._route("PUT", LIST + "/entries", WRITE_ENTRIES, "write", entries.assert_entry)
        yield self._route("POST", LIST + "/entries", WRITE_ENTRIES, "write", entries.create_entry)
        yield self._route("GET", ENTRY, READ_ENTRIES, "read", entries.read_entry)
        yield self._route("PATCH", ENTRY, WRITE_ENTRIES, "write", entries.update_entry)
        yield self._route("PUT", ENTRY, WRITE_ENTRIES, "write", entries.overwrite_entry)
        yield self._route("DELETE", ENTRY, WRITE_ENTRIES, "write", entries.delete_entry)

    def _route(self, method: str, template: str, scopes: tuple[str, ...], limit: str, work: _Work) -> Route:
        self._scopes[method, template] = scopes

        def endpoint(call: Call) -> Answer:
            allowance = self.limits.spend(limit, 1, call.now)
            if not allowance.allowed:
                # An HTTP date has whole seconds: the first one at which a call can pass.
                when = formatdate(math.ceil(call.wall + allowance.wait), usegmt=True)
                return error(429, "Rate limit exceeded, please try again later.", None, {"Retry-After": when})
            if call.document is MALFORMED:
                raise refused("The body is not JSON.")
            for reason in call.poisoned.values():
                raise refused(reason)
            return work(call, self._workspace)

        return Route(method, template, endpoint)

    def _held(self, call: Call) -> Collection[str] | None:
        kind, _, token = call.headers.get("authorization", "").partition(" ")
        return self._tokens.get(token) if kind == "Bearer" else None

    def _myself(self, call: Call, workspace: Workspace) -> Answer:
        scopes = self._held(call)
        if scopes is None:
            return Answer(200, {"active": False})
        return Answer(
            200,
            {
                "active": True,
                "scope": " ".join(scopes),
                "client_id": None,
                "token_type": "Bearer",
                "exp": None,
                "sub": workspace.workspace_id,
                "iss": "attio.com",
                "workspace_id": workspace.workspace_id,
                "workspace_name": NAME,
                "workspace_slug": SLUG,
                "workspace_logo_url": None,
            },
        )


def _strings(document: Any) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict | list):
        for each in document.values() if isinstance(document, dict) else document:
            yield from _strings(each)
