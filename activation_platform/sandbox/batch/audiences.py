"""The audiences of a Batch project: named lists of custom IDs, created, changed, replaced, looked at and removed.

Vendor: https://doc.batch.com/developer/api/cep/audiences/create and its neighbours. Batch answers a change with a token and
indexes it later; the sandbox applies it at once and says IN_PROCESS to the first looks at the token. Unconfirmed by the pages
as read: that an unknown or taken name is refused with 400 (a look at an unknown one is 404), that an empty array of ids is
taken, the name of the list's cursor (`from`), the body of remove, and the form of tokens.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from activation_platform.sandbox.batch import attributes
from activation_platform.sandbox.batch.errors import error, malformed
from activation_platform.sandbox.exchange import Answer, Call

NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
TYPES: Mapping[str, str] = {"custom_ids": "CUSTOM_ID", "emails": "EMAIL", "install_ids": "INSTALL_ID"}
IDS_MAX = 10_000
ID_MAX = 512
ATTRIBUTES_MAX = 15
PAGE = 10

Members = dict[str, dict[str, Any]]


@dataclass(slots=True)
class Audience:
    """A list: its members with their attributes, and the tokens of its changes with the number of the last replacement."""

    name: str
    display_name: str
    type: str
    created: str
    updated: str
    members: Members = field(default_factory=dict)
    replacements: int = 0
    # By token: the replacements up to then, and the looks that still find it in process.
    changes: dict[str, tuple[int, int]] = field(default_factory=dict)

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
        self._polls = polls
        self._audiences: dict[str, Audience] = {}
        self._tokens = 0

    def create(self, call: Call) -> Answer:
        """Make an empty audience."""
        body = _body(call, {"name", "type"}, {"display_name"})
        name, kind = body["name"], body["type"]
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise malformed("The name of an audience is 1 to 255 letters, digits, _ and -.")
        if name in self._audiences:
            raise malformed(f"There is already an audience {name}.")
        if kind not in TYPES:
            raise malformed(f"The type of an audience is one of {', '.join(TYPES)}.")
        now = _instant(call)
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
        audience = self._named(_body(call, {"name"}, set())["name"])
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
        if token not in audience.changes:
            raise malformed("There is no such indexing token.")
        replacements, looks = audience.changes[token]
        audience.changes[token] = (replacements, max(0, looks - 1))
        applied = "REPLACED" if replacements < audience.replacements else "APPLIED"
        return Answer(200, audience.document("IN_PROCESS" if looks else applied))

    def page(self, call: Call) -> Answer:
        """Show a page of audiences, by name."""
        first, limit = call.query.get("from", ""), call.query.get("limit", str(PAGE))
        if not limit.isdecimal() or int(limit) < 1:
            raise malformed("limit is a whole number above 0.")
        names = [name for name in sorted(self._audiences) if name >= first]
        page, rest = names[: int(limit)], names[int(limit) :]
        shown = [self._audiences[name].document("APPLIED") for name in page]
        count = {} if first else {"count": len(self._audiences)}
        more = {"has_more": bool(rest), "next_from": rest[0] if rest else None}
        return Answer(200, {"audiences": shown, **count, **more})

    def document(self) -> dict[str, Any]:
        """Return all audiences: their members with attributes, by name."""
        return {
            name: {id_: dict(held) for id_, held in one.members.items()}
            for name, one in self._audiences.items()
        }

    def _change(self, call: Call) -> tuple[Audience, list[dict[str, Any]]]:
        body = _body(call, {"name", "ids"}, set())
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
        self._tokens += 1
        token = f"{self._tokens:032x}"
        audience.updated = _instant(call)
        audience.changes[token] = (audience.replacements, self._polls)
        return Answer(202, {"indexing_token": token})


def carried(document: Any) -> Iterable[str]:
    """Return the ids in a body, whatever its form."""
    ids = document.get("ids") if isinstance(document, dict) else None
    found = (each.get("id") for each in (ids if isinstance(ids, list) else ()) if isinstance(each, dict))
    return [id_ for id_ in found if isinstance(id_, str)]


def _body(call: Call, required: set[str], optional: set[str]) -> dict[str, Any]:
    for reason in call.poisoned.values():
        raise malformed(reason)
    document = call.document
    if not isinstance(document, dict) or not required <= set(document) <= required | optional:
        raise malformed(f"The body is an object of {', '.join(sorted(required))}.")
    return document


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


def _instant(call: Call) -> str:
    return datetime.fromtimestamp(call.wall, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
