"""Profiles found by an identifier, a hundred at a time.

Source: https://developers.klaviyo.com/en/reference/get_profiles, https://developers.klaviyo.com/en/reference/get_profiles_for_list.
"""

import json
from collections.abc import Generator, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import httpx

from activation_platform.contracts.batch import Batch
from activation_platform.contracts.waiting import answered_at
from activation_platform.destinations.klaviyo.answers import resources_of

if TYPE_CHECKING:
    from activation_platform.destinations.klaviyo.destination import Klaviyo

__all__ = ["People", "known_ids", "profiles_with"]

_MOST = 100
"""Profiles of a page. Unconfirmed: that a filter takes as many values."""
_LONGEST = 4_000
"""Characters of a filter, so that the address stays one that every proxy takes."""


class People(dict[str, Mapping[str, Any]]):
    """Profiles by an identifier; `now` is the vendor's time when they were found (Unix seconds; 0: it told none)."""

    now: float = 0.0


def profiles_with(
    account: "Klaviyo", name: str, values: Iterable[str], path: str = "/api/profiles"
) -> Generator[httpx.Request, Any, People]:
    """The profiles (of the account, or of a list's path) with these values of an identifier, by the value."""
    asked = list(dict.fromkeys(values))
    held: dict[str, Mapping[str, Any]] = {}
    found = People()
    for some in _cut(asked):
        response = yield account.call(
            "GET",
            path,
            budget=account.profile_reads,
            params={"filter": f"any({name},{json.dumps(some, ensure_ascii=False)})", "page[size]": _MOST},
        )
        found.now = answered_at(response)
        for one in resources_of(response, account):
            value = one.get("id") if name == "id" else (one.get("attributes") or {}).get(name)
            held[_folded(str(value))] = one
    found.update({value: held[_folded(value)] for value in asked if _folded(value) in held})
    return found


def known_ids(account: "Klaviyo", name: str, batch: Batch) -> Generator[httpx.Request, Any, dict[int, str]]:
    """The IDs of those of a batch who are there, by position: found by the identifier last sent, or else by today's."""
    names = {
        n: [name for name in (one.previous_identifier, one.identifier) if name]
        for n, one in enumerate(batch.records)
    }
    found = yield from profiles_with(account, name, [one for two in names.values() for one in two])
    there = {n: [found[one]["id"] for one in two if one in found] for n, two in names.items()}
    return {n: str(ids[0]) for n, ids in there.items() if ids}


def _cut(values: list[str]) -> Iterator[list[str]]:
    some: list[str] = []
    length = 0
    for value in values:
        if some and (len(some) == _MOST or length + len(value) > _LONGEST):
            yield some
            some, length = [], 0
        some.append(value)
        length += len(value)
    if some:
        yield some


def _folded(value: str) -> str:
    return value.lower()
