"""What requests and events have in common: calls written as templates, and the bodies and addresses they become.

Values are written as JSON: moments and days as ISO 8601, numbers as numbers (64-bit floats: map a text column to keep
every digit of a decimal), null as null. In an address, null is an empty text, and lists repeat their name.
"""

import gzip
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self
from urllib.parse import parse_qs, quote

import httpx

from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.values import Text, TextList

if TYPE_CHECKING:
    from activation_platform.destinations.webhook.destination import Webhook

__all__ = ["HEADER_NAME", "IDENTIFIER", "Call", "Sender", "SendingOptions", "Unsayable"]

IDENTIFIER = "identifier"
"""Stands for the identifying field in a call."""

_CALL = re.compile(r"(POST|PUT|PATCH|DELETE)(?: (/[^?#\s]*)(?:\?([^#\s]*))?)?")
_NAME = re.compile(r"\{([^{}]+)\}")
HEADER_NAME = re.compile(r"[A-Za-z0-9_-]+")


class Unsayable(Exception):  # the record is at fault, not the run
    """A value has no place in the address; the text says why, and never the value."""


@dataclass(frozen=True, slots=True)
class Call:
    """A method, a path below the receiver's address with names in braces, and parameters that are always the same."""

    method: str
    path: str
    query: Mapping[str, list[str]]

    @classmethod
    def parse(cls, written: Any, option: str) -> Self:
        """`PUT /customers/{identifier}?source=shop`, or a method alone; raises `DeclarationError` for anything else."""
        parts = _parts(written) if isinstance(written, str) else None
        if parts is None:
            raise DeclarationError(
                f'"{option}" is not a call',
                remedy="Write POST, PUT, PATCH or DELETE, and a path where there is one: PUT /customers/{identifier}.",
            )
        return cls(*parts)

    @property
    def names(self) -> list[str]:
        """The names in braces, in order."""
        return _NAME.findall(self.path)

    def filled(self, values: Mapping[str, Any]) -> str:
        """The path with values in place of names, percent-encoded; raises `Unsayable`."""

        def encoded(name: re.Match[str]) -> str:
            text = as_text(values.get(name[1]))
            # A dot or two would be taken for a step through the path.
            if text.strip(".") == "":
                raise Unsayable(f"{name[1]} cannot stand in the path: it is empty or only dots")
            return quote(text, safe="")

        return _NAME.sub(encoded, self.path)


@lru_cache
def _parts(written: str) -> tuple[str, str, Mapping[str, list[str]]] | None:
    """Method, path and parameters of a call; None where it is none."""
    found = _CALL.fullmatch(written)
    if found is None or re.search("[{}]", _NAME.sub("", found[2] or "")):
        return None
    return found[1], found[2] or "", parse_qs(found[3] or "", keep_blank_values=True)


@dataclass(frozen=True, slots=True)
class SendingOptions:
    """Options of both services; each says them for its users."""

    identifier: str = "id"
    values: Literal["body", "query"] = "body"
    headers: Mapping[str, str] = field(default_factory=dict)
    idempotent: bool = False

    def __post_init__(self) -> None:
        _require(
            isinstance(self.identifier, str) and self.identifier != "", "identifier names a field, as in id"
        )
        _require(self.values in ("body", "query"), "values is body or query")
        _require(isinstance(self.idempotent, bool), "idempotent is true or false")
        _require(
            isinstance(self.headers, Mapping)
            and all(HEADER_NAME.fullmatch(str(name)) for name in self.headers)
            and all(
                isinstance(text, str) and text.isascii() and text.isprintable()
                for text in self.headers.values()
            ),
            "headers are names (letters, digits, hyphens) with texts of one line; secret ones belong to the destination",
        )


_WORTH_IT = 1_000
"""Bytes of a body that are worth compressing."""


class Sender:
    """What a service that sends to a receiver is made of, beside being a `Service`."""

    custom_fields: ClassVar[CustomFields | None] = CustomFields(
        pattern=r"[^\x00-\x1f]{1,200}", words="any name the receiver knows", texts=TextList()
    )
    fields: ClassVar[tuple[Field, ...]] = ()

    destination: "Webhook"
    options: SendingOptions

    @property
    def identifying_field(self) -> str:
        """As the options say."""
        return self.options.identifier

    @property
    def idempotent(self) -> bool:
        """As the options say: only the receiver's owner knows."""
        return self.options.idempotent

    def message(self, call: Call, path: str, payload: Any, *, operation: str, key: str) -> httpx.Request:
        """One request; `payload` is a mapping, a body or None.

        `key` and the mapping tell it from every other request; of a body, the key says whose it is.
        """
        in_query = self.options.values == "query"
        parameters = {**self.destination.query, **call.query}
        content = b""
        if in_query:
            parameters |= _parameters(payload or {})
        elif payload is not None:
            content = payload if isinstance(payload, bytes) else _encoded(payload)
        told = repr((key, operation, call.method, path, parameters))
        digest = hashlib.sha256(f"{told}\n".encode())
        if content is not payload:
            digest.update(content)
        headers: httpx.Headers | dict[str, str] = {"Content-Type": "application/json"} if content else {}
        if self.options.headers:
            headers = httpx.Headers(headers)
            headers.update(self.options.headers)
        headers.update({"X-Operation": operation, "Idempotency-Key": digest.hexdigest()[:32]})
        if self.destination.gzip and len(content) >= _WORTH_IT:
            content = gzip.compress(content, compresslevel=1, mtime=0)
            headers["Content-Encoding"] = "gzip"
        return self.destination.ask(
            call.method,
            path,
            budget=self.destination.pace,
            params=parameters or None,
            content=content,
            headers=headers,
        )

    def fields_for(self, *calls: Call) -> tuple[Field, ...]:
        """The identifying field, and those that stand in paths: they must be there, as text."""
        named = {name for call in calls for name in call.names} - {IDENTIFIER, self.identifying_field}
        return (
            Field(
                self.identifying_field, Text(min=1), key=True, required=True, docs="Tells one from another."
            ),
            *(Field(name, Text(min=1), required=True, docs="Stands in the path.") for name in sorted(named)),
        )


def as_text(value: Any) -> str:
    """A value as it stands in an address."""
    if value is None:
        return ""
    plain = _plain(value)
    return plain if isinstance(plain, str) else json.dumps(plain)


def _parameters(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: [as_text(one) for one in value] if isinstance(value, list) else as_text(value)
        for name, value in values.items()
    }


def _encoded(payload: Any) -> bytes:
    return json.dumps(
        payload, default=_plain, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    ).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    return value.isoformat() if isinstance(value, date) else value


def _require(holds: bool, words: str) -> None:
    if not holds:
        raise DeclarationError(words, remedy="Correct the activation's options.")
