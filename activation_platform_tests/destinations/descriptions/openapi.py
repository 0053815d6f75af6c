"""Descriptions in OpenAPI 3.0, 3.1 and Swagger 2.0: operations with their parameters, bodies and answers.

Schemas are judged by openapi-schema-validator. They are taken strictly: a property that a schema with properties does not
name is a mistake of ours, unless the schema says that there may be others, or is a part of a composition (`allOf`).
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import httpx
from openapi_schema_validator import OAS30Validator, OAS31Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4, DRAFT202012

from activation_platform_tests.destinations.descriptions.description import (
    MAY_BE_LEFT_OUT,
    Description,
    media_of,
)

__all__ = ["OpenApi"]

_HERE = "urn:description"
_METHODS = ("get", "put", "post", "delete", "patch")


@dataclass(frozen=True)
class _Parameter:
    name: str
    where: str
    required: bool
    schema: Mapping[str, Any]


@dataclass(frozen=True)
class _Operation:
    pattern: re.Pattern[str]
    parameters: Sequence[_Parameter]
    bodies: Mapping[str, Mapping[str, Any]]
    needs_body: bool
    answers: Mapping[str, Mapping[str, Mapping[str, Any]]]
    """Schemas by status (a number, `4XX` or `default`) and media type."""
    security: Sequence[Sequence[Mapping[str, Any]]]
    document: "_Document" = field(repr=False)


class OpenApi(Description):
    """The operations of one or several documents."""

    def __init__(self, documents: Sequence[Any]) -> None:
        self._operations: dict[str, list[_Operation]] = {}
        for document in documents:
            read = _Document(document)
            for method, operation in read.operations():
                self._operations.setdefault(method, []).append(operation)

    def problems(self, request: httpx.Request, response: httpx.Response) -> Iterator[str]:
        """What is wrong with a request to the vendor, or with its answer."""
        address = str(request.url.copy_with(query=None))
        found = [
            (operation, match)
            for operation in self._operations.get(request.method, ())
            if (match := operation.pattern.fullmatch(address))
        ]
        if not found:
            yield "there is no such operation"
            return
        # A path without parameters comes before one with them: /lists/all is not the list "all".
        operation, match = min(found, key=lambda one: len(one[1].groups()))
        yield from _of_parameters(operation, request, match)
        yield from _of_body(operation, request)
        yield from _of_security(operation, request)
        yield from _of_answer(operation, response)


class _Document:
    def __init__(self, document: Any) -> None:
        self._closed = _closed(document)
        self.old = "swagger" in document
        modern = str(document.get("openapi", "")).startswith("3.1")
        self._validator = OAS31Validator if modern else OAS30Validator
        specification = DRAFT202012 if modern else DRAFT4
        resource = Resource(contents=self._closed, specification=specification)
        self._registry = Registry().with_resource(_HERE, resource)

    def errors(self, schema: Mapping[str, Any], value: Any, where: str) -> Iterator[str]:
        judge = self._validator(
            schema, registry=self._registry, format_checker=self._validator.FORMAT_CHECKER
        )
        for error in judge.iter_errors(value):
            yield f"{where}{error.json_path[1:]}: {error.message[:300]}"

    def operations(self) -> Iterator[tuple[str, _Operation]]:
        for path, item in self._closed["paths"].items():
            for method in _METHODS:
                if method in item:
                    operation = self.resolved(item[method])
                    both = [*item.get("parameters", ()), *operation.get("parameters", ())]
                    yield (
                        method.upper(),
                        self._operation(path, operation, [self.resolved(one) for one in both]),
                    )

    def resolved(self, found: Any) -> Any:
        while isinstance(found, dict) and "$ref" in found:
            found = self._registry.resolver().lookup(found["$ref"]).contents
        return found

    def _operation(self, path: str, operation: Any, parameters: Sequence[Any]) -> _Operation:
        servers = "|".join(re.escape(server) for server in self._servers())
        template = re.sub(r"\\\{[^{}]+\\\}", "([^/]+)", re.escape(path))
        bodies, needs_body = self._bodies(operation, parameters)
        answers = {
            str(status): self._contents(self.resolved(answer))
            for status, answer in operation["responses"].items()
        }
        return _Operation(
            re.compile(f"(?:{servers}){template}"),
            [self._parameter(one) for one in parameters if one["in"] not in ("body", "formData")],
            bodies,
            needs_body,
            answers,
            self._security(operation),
            self,
        )

    def _servers(self) -> list[str]:
        if self.old:
            base = self._closed.get("basePath", "").rstrip("/")
            return [
                f"{scheme}://{self._closed['host']}{base}"
                for scheme in self._closed.get("schemes") or ["https"]
            ]
        return [server["url"].rstrip("/") for server in self._closed["servers"]]

    def _parameter(self, parameter: Any) -> _Parameter:
        schema = parameter.get("schema") or {
            name: value for name, value in parameter.items() if name in ("type", "enum", "maximum", "minimum")
        }
        return _Parameter(parameter["name"], parameter["in"], bool(parameter.get("required")), schema)

    def _bodies(self, operation: Any, parameters: Sequence[Any]) -> tuple[Mapping[str, Any], bool]:
        if self.old:
            bodies = [one for one in parameters if one["in"] == "body"]
            media = operation.get("consumes") or self._closed.get("consumes") or ["application/json"]
            found = {name: one["schema"] for one in bodies for name in media}
            return found, any(one.get("required") for one in bodies)
        body = self.resolved(operation.get("requestBody")) or {}
        return self._contents(body), bool(body.get("required"))

    def _contents(self, described: Any) -> Mapping[str, Any]:
        """Schemas by media type."""
        if self.old:
            return {"application/json": described["schema"]} if "schema" in described else {}
        return {media: one.get("schema", {}) for media, one in (described.get("content") or {}).items()}

    def _security(self, operation: Any) -> list[list[Any]]:
        schemes = self._closed.get("securityDefinitions") or self._closed.get("components", {}).get(
            "securitySchemes", {}
        )
        wanted = operation.get("security") or self._closed.get("security") or []
        return [[self.resolved(schemes[name]) for name in names] for names in wanted]


def _of_parameters(operation: _Operation, request: httpx.Request, match: re.Match[str]) -> Iterator[str]:
    given: dict[str, Mapping[str, str]] = {
        "query": dict(request.url.params),
        "header": {name.lower(): value for name, value in request.headers.items()},
        "path": dict(
            zip((p.name for p in operation.parameters if p.where == "path"), match.groups(), strict=False)
        ),
    }
    for parameter in operation.parameters:
        name = parameter.name.lower() if parameter.where == "header" else parameter.name
        value = given.get(parameter.where, {}).get(name)
        if value is None:
            if parameter.required:
                yield f"the {parameter.where} parameter {parameter.name} is missing"
            continue
        schema = operation.document.resolved(parameter.schema)
        yield from operation.document.errors(
            parameter.schema,
            _typed(unquote(value), schema.get("type")),
            f"{parameter.where} {parameter.name}",
        )
    known = {parameter.name for parameter in operation.parameters if parameter.where == "query"}
    for name in given["query"]:
        if name not in known:
            yield f"there is no query parameter {name}"


def _of_body(operation: _Operation, request: httpx.Request) -> Iterator[str]:
    if not request.content:
        if operation.needs_body:
            yield "the body is missing"
        return
    media = media_of(request.headers)
    if media not in operation.bodies:
        yield f"a body of {media} is not described: {', '.join(operation.bodies)}"
        return
    yield from operation.document.errors(operation.bodies[media], json.loads(request.content), "body")


def _of_security(operation: _Operation, request: httpx.Request) -> Iterator[str]:
    if operation.security and not any(
        all(_proven(scheme, request) for scheme in schemes) for schemes in operation.security
    ):
        yield "no credentials of the described kind are given"


def _of_answer(operation: _Operation, response: httpx.Response) -> Iterator[str]:
    status = response.status_code
    described = next(
        (
            operation.answers[name]
            for name in (str(status), f"{status // 100}XX", "default")
            if name in operation.answers
        ),
        None,
    )
    if described is None:
        may_be_left_out = status in MAY_BE_LEFT_OUT or (status == 400 and not operation.bodies)
        if status < 500 and not may_be_left_out:
            yield f"the answer's status {status} is not described"
        return
    if not described or status == httpx.codes.NO_CONTENT:  # which never has any, whatever is described
        return
    if not response.content:
        yield "the answer has no body"
        return
    media = media_of(response.headers)
    if media not in described:
        yield f"an answer of {media} is not described: {', '.join(described)}"
        return
    yield from operation.document.errors(described[media], response.json(), "answer")


def _proven(scheme: Mapping[str, Any], request: httpx.Request) -> bool:
    if scheme["type"] == "apiKey":
        place = request.headers if scheme["in"] == "header" else request.url.params
        return bool(place.get(scheme["name"]))
    word = "basic" if "basic" in (scheme["type"], scheme.get("scheme", "").lower()) else "bearer"
    return bool(request.headers.get("authorization", "").lower().startswith(f"{word} "))


def _typed(text: str, kind: str | None) -> Any:
    """A parameter's text in the type that its schema has."""
    if kind in ("integer", "number", "boolean"):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text.split(",") if kind == "array" else text


def _closed(document: Any) -> Any:
    """The document with every schema of properties closed to others, and references that hold wherever they are read."""
    found = deepcopy(document)
    _close(found, {_found(found, ref) for ref in _composed(found)}, composed=False)
    return found


def _close(found: Any, parts: set[int], *, composed: bool) -> None:
    if isinstance(found, list):
        for each in found:
            _close(each, parts, composed=composed)
    if not isinstance(found, dict):
        return
    composed |= id(found) in parts
    for choice in ("oneOf", "anyOf"):
        if found.get("nullable") and isinstance(found.get(choice), list):
            found[choice].append({"enum": [None]})
    if isinstance(found.get("$ref"), str):
        found["$ref"] = _HERE + found["$ref"]
    if isinstance(found.get("properties"), dict) and not composed and "allOf" not in found:
        found.setdefault("additionalProperties", False)
    for name, each in found.items():
        if name not in ("example", "examples", "default", "enum"):
            _close(each, parts, composed=composed or name == "allOf")


def _composed(found: Any) -> Iterator[str]:
    """References to what is a part of a composition."""
    if isinstance(found, dict):
        for part in found.get("allOf") or ():
            if isinstance(part, dict) and "$ref" in part:
                yield part["$ref"]
    for each in found.values() if isinstance(found, dict) else found if isinstance(found, list) else ():
        yield from _composed(each)


def _found(document: Any, ref: str) -> int:
    """The identity of what a reference within the document means."""
    found = document
    for name in ref.removeprefix("#/").split("/"):
        found = found[unquote(name).replace("~1", "/").replace("~0", "~")]
    return id(found)
