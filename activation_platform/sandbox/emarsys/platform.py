"""Emarsys as a platform of the sandbox: its routes at both versions, its credentials and limits."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from activation_platform.sandbox.emarsys import contacts, fields, lists, tables
from activation_platform.sandbox.emarsys.account import Account
from activation_platform.sandbox.emarsys.credentials import (
    CLIENT_ID,
    CLIENT_SECRET,
    SECRET,
    USERNAME,
    Credentials,
)
from activation_platform.sandbox.exchange import Answer, Call, Refused, decoded
from activation_platform.sandbox.limits import Allowance, Limit, Limits
from activation_platform.sandbox.platform import Platform, Route

TABLES = {("shop", "orders"): "order_id", ("shop", "order_counts"): "email"}
TOKEN = "/oauth2/token"  # noqa: S105 - a path

_Work = Callable[[Call, Account], Answer]

# Method, path below the version, work. At the third version no path ends with a slash.
_ROUTES: tuple[tuple[str, str, _Work], ...] = (
    ("GET", "/field/translate/{language}", fields.listed),
    ("GET", "/field/choices", fields.choices),
    ("POST", "/field", fields.create),
    ("POST", "/contact", contacts.create),
    ("PUT", "/contact/", contacts.update),
    ("POST", "/contact/delete", contacts.delete),
    ("POST", "/contact/checkids", contacts.look_up),
    ("POST", "/contact/getdata", contacts.read),
)
LIST = "/contactlist/{list_id}"
_ROUTES += (
    ("GET", "/contactlist", lists.listed),
    ("POST", "/contactlist", lists.create),
    ("GET", f"{LIST}/", lists.page),
    ("GET", f"{LIST}/count", lists.count),
    ("POST", f"{LIST}/add", lists.add),
    ("POST", f"{LIST}/delete", lists.remove),
    ("POST", f"{LIST}/replace", lists.replace),
    ("POST", f"{LIST}/deletelist", lists.delete),
)
RECORDS = "/connections/{connection}/tables/{table}/records"
# Below /rds with WSSE, below /rds/v1 with a token.
_TABLES: tuple[tuple[str, str, _Work], ...] = (
    ("GET", RECORDS, tables.query),
    ("PUT", RECORDS, tables.replace),
    ("POST", RECORDS, tables.insert),
    ("POST", f"{RECORDS}/upsert", tables.upsert),
    ("POST", f"{RECORDS}/remove", tables.remove),
)
_LOOK_UPS = ("/checkids", "/getdata")


class Emarsys(Platform):
    """The API of one Emarsys account, at `/emarsys`: /v2 with WSSE, /v3 with the token of an OpenID Connect client.

    `tables`: the primary keys of its tables of relational data, by connection and table.
    `read_only`: API users and clients whose permissions allow nothing that writes (403). The limit is the vendor's: 1,000 calls
    a minute; X-RateLimit-* headers accompany every answer, and Reset is the Unix time at which the limit is whole again.
    """

    name = "emarsys"

    def __init__(
        self, *, read_only: Collection[str] = (), tables: Mapping[tuple[str, str], str] = TABLES
    ) -> None:
        self._read_only = frozenset(read_only)
        self._tables = dict(tables)
        self.limits = Limits({"requests": Limit(1_000 / 60, 1_000)})
        self.routes = (Route("POST", TOKEN, self._token), *self._routes())
        self.reset(0)

    def document(self, headers: Any, body: bytes) -> Any:
        """Return the JSON of a body; a form, which asks for a token, is read from the body itself."""
        form = headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
        return None if form else decoded(body)

    def reset(self, seed: int) -> None:
        """Return to an account without contacts and lists."""
        self._account = Account(seed, self._tables)
        known = {USERNAME: SECRET, **dict.fromkeys(self._read_only, SECRET)}
        clients = {CLIENT_ID: CLIENT_SECRET, **dict.fromkeys(self._read_only, CLIENT_SECRET)}
        self.credentials = Credentials(known, clients)

    def state(self, now: float) -> dict[str, Any]:  # noqa: ARG002 - nothing happens by itself
        """Return `contacts` ({ID: values by string ID}), `lists` ({name: IDs}), `tables` ({connection.table: rows}), `received`.

        The last counts how often each contact was written, by ID.
        """
        account = self._account
        return {
            "contacts": {str(id_): account.named(id_) for id_ in account.contacts},
            "lists": {name: list(map(str, ids)) for name, ids in account.listed()},
            "tables": {".".join(name): list(table.rows.values()) for name, table in account.tables.items()},
            "received": {str(id_): times for id_, times in account.received.items()},
        }

    def error(self, status: int, reason: str) -> Answer:
        """Return an error in Emarsys' shape."""
        return Answer(status, {"replyCode": 1, "replyText": reason, "data": ""})

    def admit(self, call: Call, route: Route) -> None:
        """Check the credentials of the version: 401 without, 403 where they may not write."""
        if route.template == TOKEN:
            return
        who = self.credentials.proven(call, _version(route))
        if who is None:
            raise Refused(self.error(401, "Unauthorized"))
        writes = route.method != "GET" and not route.template.endswith(_LOOK_UPS)
        if who in self._read_only and writes:
            raise Refused(self.error(403, "Forbidden"))

    def identifiers(self, call: Call) -> Collection[str]:
        """Return the values of the key field, or of rows, that a call names."""
        return [*contacts.carried(call.document), *tables.carried(call.document)]

    def _routes(self) -> Iterator[Route]:
        for method, path, work in _ROUTES:
            yield Route(method, f"/v2{path}", self._paced(work))
            yield Route(method, f"/v3{path.rstrip('/')}", self._paced(work))
        for method, path, work in _TABLES:
            yield Route(method, f"/rds{path}", self._paced(work))
            yield Route(method, f"/rds/v1{path}", self._paced(work))

    def _token(self, call: Call) -> Answer:
        return self.credentials.give_token(call)

    def _paced(self, work: _Work) -> Callable[[Call], Answer]:
        def endpoint(call: Call) -> Answer:
            allowance = self.limits.spend("requests", 1, call.now)
            if not allowance.allowed:
                answer = self.error(429, "Too many requests")
            else:
                try:
                    answer = work(call, self._account)
                except Refused as refusal:
                    answer = refusal.answer
            return replace(answer, headers={**answer.headers, **_told(allowance, call)})

        return endpoint


def _version(route: Route) -> str:
    return "v3" if route.template.startswith(("/v3/", "/rds/v1/")) else "v2"


def _told(allowance: Allowance, call: Call) -> dict[str, str]:
    whole = math.ceil(call.wall + (allowance.wait or allowance.refill))
    return {
        "X-RateLimit-Limit": f"{allowance.limit.burst:g}",
        "X-RateLimit-Remaining": str(int(allowance.remaining)),
        "X-RateLimit-Reset": str(whole),
    }
