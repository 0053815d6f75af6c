"""Descriptions as Google's discovery service gives them: methods with their paths, parameters, bodies and answers.

Source: https://developers.google.com/discovery/v1/reference/apis. Their schemas are JSON Schema of an old draft, with names for
references and formats of Google's own; they are taken strictly, as those of OpenAPI are. What answers a refusal is described
once for all of Google's APIs: https://cloud.google.com/apis/design/errors.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote

import httpx
from jsonschema import Draft4Validator, FormatChecker

from activation_platform_tests.destinations.descriptions.description import Description

__all__ = ["Discovery"]

_FORMATS = FormatChecker(formats=())
_ERROR = {
    "type": "object",
    "required": ["code", "message", "status"],
    "properties": {
        "code": {"type": "integer"},
        "message": {"type": "string"},
        "status": {"type": "string", "pattern": "^[A-Z_]+$"},
        "details": {"type": "array", "items": {"type": "object"}},
    },
    "additionalProperties": False,
}


@dataclass(frozen=True)
class _Method:
    pattern: re.Pattern[str]
    parameters: Mapping[str, Mapping[str, Any]]
    body: Mapping[str, Any] | None
    answer: Mapping[str, Any] | None
    scopes: Sequence[str]
    schemas: Mapping[str, Any] = field(repr=False)


class Discovery(Description):
    """The methods of one or several documents."""

    def __init__(self, documents: Sequence[Mapping[str, Any]]) -> None:
        self._methods: dict[str, list[_Method]] = {}
        for document in documents:
            root, common = document["rootUrl"] + document["servicePath"], document.get("parameters", {})
            schemas = {name: _read(schema) for name, schema in document["schemas"].items()}
            for method in _methods(document):
                read = _method(root, method, common, schemas)
                self._methods.setdefault(method["httpMethod"], []).append(read)

    def problems(self, request: httpx.Request, response: httpx.Response) -> Iterator[str]:
        """What is wrong with a request to the vendor, or with its answer: by the method that it fits best."""
        address = unquote(str(request.url.copy_with(query=None)))
        fitting = [one for one in self._methods.get(request.method, ()) if one.pattern.fullmatch(address)]
        if not fitting:
            yield "there is no such method"
            return
        yield from min((list(_of(one, request, response)) for one in fitting), key=len)


def _of(method: _Method, request: httpx.Request, response: httpx.Response) -> Iterator[str]:
    yield from _of_query(method, request)
    yield from _of_body(method, request)
    if method.scopes and not request.headers.get("authorization", "").startswith("Bearer "):
        yield "no token is given"
    if not response.is_success:
        yield from _of_refusal(response)
    elif method.answer is not None:
        yield from _errors(method.answer, response.json(), "answer", method.schemas)


def _of_body(method: _Method, request: httpx.Request) -> Iterator[str]:
    if method.body is None:
        if request.content:
            yield "no body is described"
    elif request.headers.get("content-type", "").partition(";")[0] != "application/json":
        yield "the body is not said to be JSON"
    else:
        yield from _errors(method.body, json.loads(request.content), "body", method.schemas)


def _of_refusal(response: httpx.Response) -> Iterator[str]:
    body = response.json()
    wrong = list(_errors({"properties": {"error": _ERROR}, "required": ["error"]}, body, "error", {}))
    if not wrong and body["error"]["code"] != response.status_code:
        wrong.append("the error's code is not the status")
    yield from wrong


def _errors(schema: Mapping[str, Any], value: Any, where: str, schemas: Mapping[str, Any]) -> Iterator[str]:
    whole = {"allOf": [schema], "definitions": schemas}  # beside a reference nothing counts
    for error in Draft4Validator(whole, format_checker=_FORMATS).iter_errors(value):
        yield f"{where}{error.json_path[1:]}: {error.message[:300]}"


def _methods(found: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from found.get("methods", {}).values()
    for resource in found.get("resources", {}).values():
        yield from _methods(resource)


def _method(
    root: str, method: Mapping[str, Any], common: Mapping[str, Any], schemas: Mapping[str, Any]
) -> _Method:
    parameters = method.get("parameters", {})

    def placed(found: re.Match[str]) -> str:
        wanted = parameters[found[2]].get("pattern", r"^[^/]+$")
        return f"(?:{wanted.removeprefix('^').removesuffix('$')})"

    template = re.sub(r"\\\{(\\\+)?(\w+)\\\}", placed, re.escape(root + method["path"]))
    query = {name: one for name, one in parameters.items() if one["location"] == "query"}
    return _Method(
        re.compile(template, re.DOTALL),
        {**common, **query},
        _read(method["request"]) if "request" in method else None,
        _read(method["response"]) if "response" in method else None,
        method.get("scopes", ()),
        schemas,
    )


def _of_query(method: _Method, request: httpx.Request) -> Iterator[str]:
    given = request.url.params
    for name in given:
        if name not in method.parameters:
            yield f"there is no query parameter {name}"
    for name, parameter in method.parameters.items():
        values = given.get_list(name)
        if parameter.get("required") and not values:
            yield f"the query parameter {name} is missing"
        if len(values) > 1 and not parameter.get("repeated"):
            yield f"the query parameter {name} is given more than once"
        for value in values:
            if "enum" in parameter and value not in parameter["enum"]:
                yield f"the query parameter {name} is none of {', '.join(parameter['enum'])}"
            if parameter["type"] == "boolean" and value not in ("true", "false"):
                yield f"the query parameter {name} is not true or false"
            if parameter["type"] == "integer" and not re.fullmatch(r"-?\d+", value):
                yield f"the query parameter {name} is not a whole number"


def _read(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema of the fourth draft: references by path, `any` as nothing, properties closed to others."""
    if "$ref" in schema:
        return {"$ref": f"#/definitions/{schema['$ref']}"}
    found = {name: schema[name] for name in ("type", "format", "enum", "pattern") if name in schema}
    if found.get("type") == "any":
        del found["type"]
    if "items" in schema:
        found["items"] = _read(schema["items"])
    if "properties" in schema:
        found["properties"] = {name: _read(one) for name, one in schema["properties"].items()}
        found["additionalProperties"] = False
    if "additionalProperties" in schema:
        found["additionalProperties"] = _read(schema["additionalProperties"])
    return found


def _between(low: int, high: int) -> Any:
    return lambda value: not re.fullmatch(r"-?\d+", str(value)) or low <= int(value) <= high


_FORMATS.checks("int32")(_between(-(2**31), 2**31 - 1))


@_FORMATS.checks("int64")
def _is_int64(value: Any) -> bool:
    return re.fullmatch(r"-?\d+", str(value)) is not None and -(2**63) <= int(value) < 2**63


@_FORMATS.checks("byte", raises=binascii.Error)
def _is_base64(value: Any) -> bool:
    return base64.b64decode(value, validate=True) is not None


@_FORMATS.checks("google-datetime", raises=ValueError)
def _is_moment(value: Any) -> bool:
    return datetime.fromisoformat(value).tzinfo is not None and "T" in value
