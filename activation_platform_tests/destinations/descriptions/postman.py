"""Descriptions that are Postman collections: requests with an example of their body, and examples of what answers them.

A collection has examples and no schemas, so it says less: which requests there are, with which headers, credentials and
parameters, and which members bodies have. Of values it says whether they are an object, an array, or neither. Examples are taken
strictly, but for names that are the account's own: where an example calls them by a number or in braces, where it has something
with such names by the name of each, and in the records of an array.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from activation_platform_tests.destinations.descriptions.description import (
    MAY_BE_LEFT_OUT,
    Description,
    media_of,
)

__all__ = ["Postman"]

_OWN_NAME = re.compile(r"\d+|\{+\w+\}+|")
"""A name in an example that stands for one of the account: a number, a placeholder in braces, or nothing."""


@dataclass(frozen=True)
class _Operation:
    method: str
    pattern: re.Pattern[str]
    headers: Mapping[str, str]
    required: frozenset[str]
    parameters: frozenset[str]
    takes_any: bool
    """Whether a parameter may have a name of the account's own."""
    credentials: str
    body: Any
    answers: Mapping[int, Sequence[Any]]
    """Examples of bodies, by status."""


class Postman(Description):
    """The requests of one or several collections."""

    def __init__(self, documents: Sequence[Any]) -> None:
        self._operations = [
            _operation(item, {one["key"]: one["value"] for one in document.get("variable", ())})
            for document in documents
            for item in _items(document)
        ]

    def problems(self, request: httpx.Request, response: httpx.Response) -> Iterator[str]:
        """What is wrong with a request to the vendor, or with its answer."""
        address = str(request.url.copy_with(query=None))
        found = [
            one for one in self._operations if one.method == request.method and one.pattern.fullmatch(address)
        ]
        if not found:
            yield "there is no such request"
            return
        # A path without parameters comes before one with them.
        operation = min(found, key=lambda one: one.pattern.groups)
        yield from _of_request(operation, request)
        yield from _of_answer(operation, response)


def _items(folder: Any) -> Iterator[Any]:
    for item in folder["item"]:
        if "item" in item:
            yield from _items(item)
        else:
            yield item


def _operation(item: Any, variables: Mapping[str, str]) -> _Operation:
    request = item["request"]
    url = request["url"] if isinstance(request["url"], dict) else {"raw": request["url"]}
    # Only the whole address of the API is a variable; in a query, braces are names.
    address = re.sub(r"\{\{(\w+)\}\}", lambda name: variables.get(name[1], ""), url["raw"].partition("?")[0])
    template = re.sub(r"/:\w+", "/([^/]+)", re.escape(address))
    query = url.get("query") or ()
    names = {one["key"] for one in query if not _OWN_NAME.fullmatch(one["key"])}
    answers: dict[int, list[Any]] = {}
    for answer in item.get("response", ()):
        answers.setdefault(answer["code"], []).append(_read(answer.get("body")))
    apikey = (request.get("auth") or {}).get("apikey") or {}
    return _Operation(
        request["method"],
        re.compile(template),
        {one["key"]: one["value"] for one in request.get("header", ())},
        frozenset(one["key"] for one in query if "(Required)" in (one.get("description") or "")) & names,
        frozenset(names),
        len(names) < len(query),
        apikey.get("key", "") if apikey.get("in") == "header" else "",
        _read((request.get("body") or {}).get("raw")),
        answers,
    )


def _read(text: str | None) -> Any:
    return json.loads(text) if text else None


def _of_request(operation: _Operation, request: httpx.Request) -> Iterator[str]:
    for name, value in operation.headers.items():
        if request.headers.get(name) != value:
            yield f"the header {name} is not {value}"
    if operation.credentials and not request.headers.get(operation.credentials):
        yield f"the credentials {operation.credentials} are missing"
    given = set(request.url.params)
    yield from (f"the query parameter {name} is missing" for name in sorted(operation.required - given))
    if not operation.takes_any:
        yield from (f"there is no query parameter {name}" for name in sorted(given - operation.parameters))
    if operation.body is None:
        if request.content:
            yield "no body is described"
    elif not request.content:
        yield "the body is missing"
    else:
        yield from _unlike(operation.body, json.loads(request.content), "body")


def _of_answer(operation: _Operation, response: httpx.Response) -> Iterator[str]:
    status = response.status_code
    if status not in operation.answers:
        if status < 500 and status not in MAY_BE_LEFT_OUT:
            yield f"the answer's status {status} is not described"
        return
    examples = [one for one in operation.answers[status] if one not in (None, {})]
    if not examples:
        return
    if media_of(response.headers) != "application/json":
        yield f"an answer of {media_of(response.headers)} is not described"
        return
    found = [list(_unlike(example, response.json(), "answer")) for example in examples]
    yield from min(found, key=len)


def _unlike(example: Any, value: Any, where: str) -> Iterator[str]:
    """Where a value is not of the example's form."""
    if isinstance(example, dict):
        if value == []:  # an object without members, as PHP writes it
            return
        if not isinstance(value, dict):
            yield f"{where} is not an object"
            return
        own = not example or _has_own_names(example)
        each = next(iter(example.values()), None)
        by_name = isinstance(each, dict) and _has_own_names(each)
        for name, member in value.items():
            if name in example or by_name:
                yield from _unlike(example.get(name, each), member, f"{where}.{name}")
            elif not own:
                yield f"{where}.{name} is not described"
    elif isinstance(example, list):
        if not isinstance(value, list):
            yield f"{where} is not an array"
            return
        for position, one in enumerate(value if example else ()):
            yield from _unlike(_record(example, where), one, f"{where}[{position}]")
    elif value is not None and isinstance(value, dict | list):
        yield f"{where} is an object or an array"


def _has_own_names(example: Mapping[str, Any]) -> bool:
    return any(_OWN_NAME.fullmatch(name) for name in example)


def _record(examples: Sequence[Any], where: str) -> Any:
    """What an item of an array is like: a record of the account's own columns where the array is the whole body."""
    if isinstance(examples[0], dict) and where in ("body", "answer"):
        return {}
    return examples[0]
