"""Firestore as a platform of the sandbox: its routes, tokens and limits."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from activation_platform.sandbox.exchange import Answer, Call, Refused
from activation_platform.sandbox.firestore import reading, writing
from activation_platform.sandbox.firestore.database import Database
from activation_platform.sandbox.firestore.errors import Unwritable, error
from activation_platform.sandbox.firestore.identity import SCOPES, VIEWER, Tokens, service_account_key
from activation_platform.sandbox.limits import Limit, Limits
from activation_platform.sandbox.platform import Platform, Route

PROJECT = "sandbox-project"
DATABASE = "(default)"

_DATABASE = "/v1/projects/{project}/databases/{database}"
_ONE = f"{_DATABASE}/documents/{{collection}}/{{document}}"
_OPEN = ("/token", "/key.json")
_Work = Callable[[Call, Database], Answer]


class Firestore(Platform):
    """The API of one database, and Google's endpoint for tokens, at `/firestore`.

    A call needs `Authorization: Bearer <token>`; a token is given for an assertion that is signed by the key of a service
    account: the editor's is served at `key.json`, that of a viewer may not write. `mode`: the type of the database. Limits count
    documents, 500 a second, and are our choice: the vendor has no hard one, and throttles what grows too fast. Transactions,
    queries and the transforms of numbers are not kept.
    """

    name = "firestore"

    def __init__(self, *, mode: str = "FIRESTORE_NATIVE") -> None:
        self.limits = Limits({"reads": Limit(100, 1_000), "writes": Limit(500, 1_000)})
        about = partial(reading.database, mode=mode)
        deeper = f"{_ONE}/{{inner}}"
        self.routes = (
            Route("POST", "/token", self._token),
            Route("GET", "/key.json", self._key),
            Route("POST", f"{_DATABASE}/documents:batchWrite", self._writes(writing.batch)),
            Route("POST", f"{_DATABASE}/documents:commit", self._writes(writing.commit)),
            Route("GET", _DATABASE, self._reads(about)),
            *(Route("GET", one, self._reads(reading.document)) for one in (_ONE, f"{deeper}/{{id}}")),
            *(Route("DELETE", one, self._writes(reading.delete)) for one in (_ONE, f"{deeper}/{{id}}")),
            Route("GET", f"{_DATABASE}/documents/{{collection}}", self._reads(reading.listed)),
            Route("GET", deeper, self._reads(reading.listed)),
        )
        self.reset(0)

    def reset(self, seed: int) -> None:  # noqa: ARG002 - nothing here is drawn
        """Return to a database without documents; no token is good any more."""
        self._database = Database(f"projects/{PROJECT}/databases/{DATABASE}")
        self._tokens = Tokens()

    def state(self, now: float) -> dict[str, Any]:  # noqa: ARG002 - nothing here ends by itself
        """Return `documents` ({collection: {ID: fields}}) and `received` (how often each was written)."""
        return {"documents": self._database.state(), "received": dict(self._database.received)}

    def error(self, status: int, reason: str) -> Answer:
        """Return an error in Google's shape."""
        return error(status, reason)

    def admit(self, call: Call, route: Route) -> None:
        """Check the token: 401 without one that is good, 403 where it is of a scope or an account that may not do this."""
        if route.template in _OPEN:
            return
        kind, _, text = call.headers.get("authorization", "").partition(" ")
        token = self._tokens.find(text, call.wall) if kind == "Bearer" else None
        if token is None:
            words = "Request had invalid authentication credentials. Expected OAuth 2 access token."
            raise Refused(error(401, words))
        if not token.scopes & set(SCOPES):
            raise Refused(error(403, "Request had insufficient authentication scopes."))
        if token.email == VIEWER and route.method != "GET":
            raise Refused(error(403, "Missing or insufficient permissions."))

    def identifiers(self, call: Call) -> Collection[str]:
        """Return the IDs of the documents that a call is about."""
        return [*writing.names(call.document), *call.parameters.values()]

    def _token(self, call: Call) -> Answer:
        return self._tokens.grant(call)

    def _key(self, call: Call) -> Answer:
        """The editor's key, for the address at which it was asked for."""

        return Answer(
            200, json.loads(service_account_key(f"http://{call.headers.get('host', '')}/{self.name}"))
        )

    def _reads(self, work: _Work) -> Callable[[Call], Answer]:
        return lambda call: self._paced("reads", 1, call, work)

    def _writes(self, work: _Work) -> Callable[[Call], Answer]:
        return lambda call: self._paced("writes", max(1, len(list(writing.names(call.document)))), call, work)

    def _paced(self, limit: str, cost: float, call: Call, work: _Work) -> Answer:
        if not self.limits.spend(limit, cost, call.now).allowed:
            return error(429, "Quota exceeded.")
        given = {name: call.parameters[name] for name in ("project", "database")}
        if given != {"project": PROJECT, "database": DATABASE}:
            return error(
                404, f"The database {given['database']} does not exist for project {given['project']}."
            )
        try:
            return work(call, self._database)
        except Unwritable as refused:  # in what is no batch
            return error(400, refused.status["message"])
