"""What the audiences and catalogs of a Batch project have in common: bodies, pages of a list, and changes that are indexed later.

Batch answers a change with a token; the sandbox applies it at once, and says that it is under way to the first looks at the
token. Unconfirmed by the pages as read: the form of tokens, and that a list is in the order of names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from activation_platform.sandbox.batch.errors import malformed
from activation_platform.sandbox.exchange import Answer, Call

PAGE, PAGE_MAX = 10, 100


def body(call: Call, required: set[str], optional: Iterable[str] = ()) -> dict[str, Any]:
    """Return the object in a body, which has these members and no others."""
    for reason in call.poisoned.values():
        raise malformed(reason)
    document = call.document
    if not isinstance(document, dict) or not required <= set(document) <= required.union(optional):
        raise malformed(f"The body is an object of {', '.join(sorted(required))}.")
    return document


def page(call: Call, word: str, names: Iterable[str], shown: Callable[[str], Any]) -> Answer:
    """Answer with a page of a list; its count is told on the first one only."""
    first, limit = call.query.get("from", ""), call.query.get("limit", str(PAGE))
    if not limit.isdecimal() or not 1 <= int(limit) <= PAGE_MAX:
        raise malformed(f"limit is a whole number of 1 to {PAGE_MAX}.")
    known = sorted(names)
    left = [name for name in known if name >= first]
    here, rest = left[: int(limit)], left[int(limit) :]
    count = {} if first else {"count": len(known)}
    more = {"has_more": bool(rest), "next_from": rest[0] if rest else None}
    return Answer(200, {word: [shown(name) for name in here], **count, **more})


def carried(document: Any, word: str) -> list[str]:
    """Return the ids in such an array of a body, whatever its form."""
    found = document.get(word) if isinstance(document, dict) else None
    ids = (each.get("id") for each in (found if isinstance(found, list) else ()) if isinstance(each, dict))
    return [id_ for id_ in ids if isinstance(id_, str)]


def instant(call: Call) -> str:
    """Return the moment of a call as the pages show it."""
    return datetime.fromtimestamp(call.wall, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Tokens:
    """The tokens of changes, each with the looks that still find it under way."""

    def __init__(self, polls: int) -> None:
        self._polls = polls
        self._looks: dict[str, int] = {}

    def given(self) -> str:
        """Return the token of a change that is taken on now."""
        token = f"{len(self._looks) + 1:032x}"
        self._looks[token] = self._polls
        return token

    def under_way(self, token: str) -> bool:
        """Look at a change; it is refused where there is none of this token."""
        if token not in self._looks:
            raise malformed("There is no such indexing token.")
        looks = self._looks[token]
        self._looks[token] = max(0, looks - 1)
        return looks > 0
