"""Calls of a receiver, written as templates: a method, and a path in which the names of fields stand for values."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Self
from urllib.parse import parse_qs, quote

from activation_platform.contracts.errors import DeclarationError

__all__ = ["IDENTIFIER", "Call", "Unsayable", "as_text", "plain"]

IDENTIFIER = "identifier"
"""Stands for the identifying field in a call."""

_CALL = re.compile(r"(POST|PUT|PATCH|DELETE)(?: (/[^?#\s]*)(?:\?([^#\s]*))?)?")
_NAME = re.compile(r"\{([^{}]+)\}")


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


def as_text(value: Any) -> str:
    """A value as it stands in an address."""
    if value is None:
        return ""
    text = plain(value)
    return text if isinstance(text, str) else json.dumps(text)


def plain(value: Any) -> Any:
    """A value in a form that JSON has."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    return value.isoformat() if isinstance(value, date) else value
