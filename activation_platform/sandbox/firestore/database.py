"""The documents of one database, in memory, and the writes that change them.

Vendor: https://cloud.google.com/firestore/docs/reference/rest/v1/Write. Unconfirmed: the words of refusals, and whether what is
wrong with one document ends a batch or only its write (here: what is no JSON of a write ends it).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from activation_platform.sandbox.firestore.errors import (
    ALREADY_EXISTS,
    FAILED_PRECONDITION,
    INVALID_ARGUMENT,
    NOT_FOUND,
    Unwritable,
    malformed,
)
from activation_platform.sandbox.firestore.values import fields, plain, read, size_of

LARGEST = 1_048_572
_STEP = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)|`((?:[^`\\]|\\.)+)`", re.DOTALL)
_KEYS = {"update", "delete", "transform", "updateMask", "updateTransforms", "currentDocument"}
_ARRAYS = ("appendMissingElements", "removeAllFromArray")


@dataclass(slots=True)
class Document:
    """A document: its fields as they are kept, and when it was made and changed (seconds since 1970)."""

    fields: dict[str, dict[str, Any]]
    created: float
    updated: float


class Database:
    """One database. `received` counts how often a document was written, by the name below `documents/`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.documents: dict[str, Document] = {}
        self.received: Counter[str] = Counter()

    def place(self, name: Any) -> str:
        """Return where a document is below `documents/`; 400 where that is no document of this database."""
        before = f"{self.name}/documents/"
        if not isinstance(name, str) or not name.startswith(before):
            raise malformed(f"Document name {str(name)[:200]!r} is not of the database {self.name!r}.")
        steps = name.removeprefix(before).split("/")
        if len(steps) % 2 or not all(map(_may_be, steps)):
            raise malformed(f"Document name {name[:200]!r} is invalid.")
        return "/".join(steps)

    def target(self, write: Any) -> str:
        """Return the place that a write is about; 400 where it is no write."""
        if not isinstance(write, dict) or (unknown := sorted(set(write) - _KEYS)):
            name = unknown[0] if isinstance(write, dict) else write
            raise malformed(
                f"Invalid JSON payload received. Unknown name \"{name}\" at 'writes': Cannot find field."
            )
        kinds = [kind for kind in ("update", "delete", "transform") if kind in write]
        if len(kinds) != 1 or not isinstance(write[kinds[0]], str if kinds == ["delete"] else dict):
            raise malformed("A write is an update, a delete or a transform.")
        about = write[kinds[0]]
        return self.place(about if kinds == ["delete"] else about.get("name", about.get("document")))

    def write(self, write: Mapping[str, Any], now: float) -> dict[str, Any]:
        """Carry out one write, and return its result; `Unwritable` where it cannot be."""
        place = self.target(write)
        held = self.documents.get(place)
        _require(write.get("currentDocument"), held, place)
        self.received[place] += 1
        if "delete" in write:
            self.documents.pop(place, None)
            return {}
        made = deepcopy(held.fields) if held is not None else {}
        if "update" in write:
            made = _updated(made, fields(write["update"].get("fields") or {}), write.get("updateMask"))
        changes = (
            write["transform"].get("fieldTransforms")
            if "transform" in write
            else write.get("updateTransforms")
        )
        results = [_transform(made, one) for one in changes or ()]
        if (size := size_of(made) + len(place.encode()) + 32) > LARGEST:
            raise Unwritable(
                INVALID_ARGUMENT,
                f"Document '{place[:100]}' is too large ({size:,} bytes).",
            )
        if held is None or held.fields != made:
            self.documents[place] = Document(made, now if held is None else held.created, now)
        told = {"updateTime": instant(self.documents[place].updated)}
        return told | ({"transformResults": results} if results else {})

    def shown(self, place: str) -> dict[str, Any]:
        """Return a document as the API shows it."""
        one = self.documents[place]
        times = {"createTime": instant(one.created), "updateTime": instant(one.updated)}
        return {"name": f"{self.name}/documents/{place}", "fields": deepcopy(one.fields), **times}

    def state(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Return what is held: {collection: {ID: {field: value}}}."""
        found: dict[str, dict[str, dict[str, Any]]] = {}
        for place, one in self.documents.items():
            collection, _, id_ = place.rpartition("/")
            found.setdefault(collection, {})[id_] = {name: plain(value) for name, value in one.fields.items()}
        return found


def instant(moment: float) -> str:
    """Return a moment as the API writes it."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def steps_of(path: Any) -> list[str]:
    """Return the names that a field path leads through; 400 where it is none."""
    steps, rest = [], path if isinstance(path, str) else ""
    while found := _STEP.match(rest):
        steps.append(found[1] or re.sub(r"\\(.)", r"\1", found[2], flags=re.DOTALL))
        rest = rest[found.end() :]
        if not rest:
            return steps
        if not rest.startswith("."):
            break
        rest = rest[1:]
    raise malformed(f"Invalid property path {str(path)[:100]!r}.")


def _may_be(step: str) -> bool:
    reserved = re.fullmatch("__.*__", step, re.DOTALL) is not None
    return 0 < len(step.encode()) <= 1_500 and step not in (".", "..") and not reserved


def _require(condition: Any, held: Document | None, place: str) -> None:
    condition = condition or {}
    if "exists" in condition and condition["exists"] is not (held is not None):
        if held is None:
            raise Unwritable(NOT_FOUND, f"No document to update: {place}")
        raise Unwritable(ALREADY_EXISTS, f"Document already exists: {place}")
    if "updateTime" in condition and (held is None or instant(held.updated) != condition["updateTime"]):
        raise Unwritable(FAILED_PRECONDITION, "the stored version does not match the required base version")


def _updated(held: dict[str, Any], given: dict[str, Any], mask: Any) -> dict[str, Any]:
    """Return the fields after an update: of those that the mask names, or of all where there is none."""
    if mask is None:
        return given
    if not isinstance(mask, dict) or set(mask) - {"fieldPaths"}:
        raise malformed("Invalid value at 'update_mask'.")
    for path in mask.get("fieldPaths") or ():
        steps = steps_of(path)
        value: Any = {"mapValue": {"fields": given}}
        for step in steps:
            value = (value.get("mapValue") or {"fields": {}})["fields"].get(step) if value else None
        _put(held, steps, value)
    return held


def _put(held: dict[str, Any], steps: list[str], value: Any) -> None:
    """Set the field at a path; with None, take it away."""
    for step in steps[:-1]:
        if "mapValue" not in held.get(step, {}):
            if value is None:
                return
            held[step] = {"mapValue": {"fields": {}}}
        held = held[step]["mapValue"]["fields"]
    if value is None:
        held.pop(steps[-1], None)
    else:
        held[steps[-1]] = value


def _transform(held: dict[str, Any], change: Any) -> dict[str, Any]:
    """Add elements to an array or take them away; what else a transform may do is not known here."""
    kind = next((kind for kind in _ARRAYS if isinstance(change, dict) and kind in change), None)
    if kind is None or set(change) != {"fieldPath", kind}:
        raise malformed("This transform is not known to the sandbox.")
    steps = steps_of(change["fieldPath"])
    elements = read({"arrayValue": change[kind]})["arrayValue"]["values"]
    value: Any = {"mapValue": {"fields": held}}
    for step in steps:
        value = value.get("mapValue", {"fields": {}})["fields"].get(step, {})
    there = list(value.get("arrayValue", {"values": []})["values"])
    if kind == "appendMissingElements":
        there += [one for n, one in enumerate(elements) if one not in there and one not in elements[:n]]
    else:
        there = [one for one in there if one not in elements]
    _put(held, steps, {"arrayValue": {"values": there}})
    return {"nullValue": None}
