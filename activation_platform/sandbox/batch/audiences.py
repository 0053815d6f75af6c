"""The audiences of a Batch project: named lists of custom IDs, created, changed, replaced, looked at and removed.

Vendor: https://doc.batch.com/developer/api/cep/audiences/create and its neighbours. Batch answers a change with a token and
indexes it later; the sandbox applies it at once and says IN_PROCESS to the first looks at the token. Unconfirmed by the pages
as read: that an unknown or taken name is refused with 400 (a look at an unknown one is 404), that an empty array of ids is
taken, the name of the list's cursor (`from`), the body of remove, and the form of tokens.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from activation_platform.sandbox.batch import attributes, named
from activation_platform.sandbox.batch.errors import error, malformed
from activation_platform.sandbox.batch.named import Tokens
from activation_platform.sandbox.exchange import Answer, Call

NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
TYPES: Mapping[str, str] = {"custom_ids": "CUSTOM_ID", "emails": "EMAIL", "install_ids": "INSTALL_ID"}
IDS_MAX = 10_000
ID_MAX = 512
ATTRIBUTES_MAX = 15

Members = dict[str, dict[str, Any]]


@dataclass(slots=True)
class Audience:
    """A list: its members with their attributes, and the replacements that had been when each of its changes was taken on."""

    name: str
    display_name: str
    type: str
    created: str
    updated: str
    members: Members = field(default_factory=dict)
    replacements: int = 0
    changes: dict[str, int] = field(default_factory=dict)

    def document(self, state: str) -> dict[str, Any]:
        """Return the audience as list and view show it."""
        return {
            "name": self.name,
            "display_name": self.display_name,
            "type": TYPES[self.type],
            "nb_ids": len(self.members),
            "indexing_state": state,
            "created": self.created,
            "updated": self.updated,
        }


class Audiences:
    """All audiences of a project. `polls`: how many looks at a token find its change in process."""

    def __init__(self, polls: int) -> None:
        self._audiences: dict[str, Audience] = {}
        self._tokens = Tokens(polls)

    def create(self, call: Call) -> Answer:
        """Make an empty audience."""
        body = named.body(call, {"name", "type"}, {"display_name"})
        name, kind = body["name"], body["type"]
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise malformed("The name of an audience is 1 to 255 letters, digits, _ and -.")
        if name in self._audiences:
            raise malformed(f"There is already an audience {name}.")
        if kind not in TYPES:
            raise malformed(f"The type of an audience is one of {', '.join(TYPES)}.")
        now = named.instant(call)
        made = Audience(name, str(body.get("display_name") or name), kind, created=now, updated=now)
        self._audiences[name] = made
        return self._taken_on(made, call)

    def update(self, call: Call) -> Answer:
        """Add and remove members; of several actions on one id the last holds."""
        audience, ids = self._change(call)
        for each in ids:
            if each.get("action") not in ("add", "remove"):
                raise malformed("The action is add or remove.")
            if each["action"] == "remove" and "attributes" in each:
                raise malformed("Only what is added has attributes.")
        for each in ids:
            if each["action"] == "add":
                audience.members[each["id"]] = each.get("attributes") or {}
            else:
                audience.members.pop(each["id"], None)
        return self._taken_on(audience, call)

    def replace(self, call: Call) -> Answer:
        """Put these members in the place of all that there are."""
        audience, ids = self._change(call)
        if any("action" in each for each in ids):
            raise malformed("There is no action in a replacement.")
        audience.members = {each["id"]: each.get("attributes") or {} for each in ids}
        audience.replacements += 1
        return self._taken_on(audience, call)

    def remove(self, call: Call) -> Answer:
        """Remove the audience itself."""
        audience = self._named(named.body(call, {"name"})["name"])
        del self._audiences[audience.name]
        return self._taken_on(audience, call)

    def view(self, call: Call) -> Answer:
        """Show an audience, and the state of the change that a token stands for."""
        audience = self._audiences.get(call.query.get("name", ""))
        if audience is None:
            return error(404, "There is no such audience.")
        token = call.query.get("indexing_token")
        if token is None:
            return Answer(200, audience.document("APPLIED"))
        if self._tokens.under_way(token):
            return Answer(200, audience.document("IN_PROCESS"))
        replaced = audience.changes.get(token, 0) < audience.replacements
        return Answer(200, audience.document("REPLACED" if replaced else "APPLIED"))

    def page(self, call: Call) -> Answer:
        """Show a page of audiences, by name."""
        return named.page(
            call, "audiences", self._audiences, lambda name: self._audiences[name].document("APPLIED")
        )

    def document(self) -> dict[str, Any]:
        """Return all audiences: their members with attributes, by name."""
        return {
            name: {id_: dict(held) for id_, held in one.members.items()}
            for name, one in self._audiences.items()
        }

    def _change(self, call: Call) -> tuple[Audience, list[dict[str, Any]]]:
        body = named.body(call, {"name", "ids"})
        audience, ids = self._named(body["name"]), body["ids"]
        if not isinstance(ids, list) or len(ids) > IDS_MAX:
            raise malformed(f"ids is an array of at most {IDS_MAX} objects.")
        for each in ids:
            _check(each)
        return audience, ids

    def _named(self, name: Any) -> Audience:
        if not isinstance(name, str) or name not in self._audiences:
            raise malformed("There is no such audience.")
        return self._audiences[name]

    def _taken_on(self, audience: Audience, call: Call) -> Answer:
        token = self._tokens.given()
        audience.updated = named.instant(call)
        audience.changes[token] = audience.replacements
        return Answer(202, {"indexing_token": token})


def _check(member: Any) -> None:
    if not isinstance(member, dict) or not {"id"} <= set(member) <= {"id", "action", "attributes"}:
        raise malformed("Each of ids is an object of id, action and attributes.")
    if not isinstance(member["id"], str) or not 1 <= len(member["id"]) <= ID_MAX:
        raise malformed(f"An id is a string of 1 to {ID_MAX} characters.")
    sent = member.get("attributes", {})
    if not isinstance(sent, dict) or len(sent) > ATTRIBUTES_MAX:
        raise malformed(f"attributes is an object of at most {ATTRIBUTES_MAX}.")
    for key, value in sent.items():
        try:
            attributes.write({}, key, value)
        except ValueError as reason:
            raise malformed(f"{key}: {reason}") from None
