"""What a user says of the requests to a receiver: which calls, where values stand, what is safe to repeat."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.modes import Operation
from activation_platform.destinations.webhook.calls import IDENTIFIER, Call

__all__ = ["HEADER_NAME", "EventsOptions", "RequestsOptions", "SendingOptions"]

HEADER_NAME = re.compile(r"[A-Za-z0-9_-]+")

_DEFAULT = {
    Operation.INSERT: Call("POST", "", {}),
    Operation.UPDATE: Call("PUT", f"/{{{IDENTIFIER}}}", {}),
    Operation.DELETE: Call("DELETE", f"/{{{IDENTIFIER}}}", {}),
}


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


@dataclass(frozen=True, slots=True)
class EventsOptions(SendingOptions):
    """`event`: a method, and a path below the URL in which the names of fields stand for values
    (`POST /events/{kind}?source=shop`). `values`: where they are sent, as JSON `body` or `query`. `headers`: those that
    are no secrets. `identifier`: the field that tells one event from another. `idempotent`: whether the receiver takes an
    event twice without harm, because it knows it by its identifier or remembers the header `Idempotency-Key`.
    """

    event: str = "POST"

    def __post_init__(self) -> None:
        SendingOptions.__post_init__(self)
        Call.parse(self.event, "event")


@dataclass(frozen=True, slots=True)
class RequestsOptions(SendingOptions):
    """`insert`, `update`, `delete`: a method, and a path below the URL in which `{identifier}` and the names of fields
    stand for values (`PUT /customers/{identifier}?source=shop`); omitted, POST, PUT and DELETE, the last two to
    `/{identifier}`. `per`: a request per `record`, or per `batch` of at most `batch_size` (a JSON array; no values in
    the path). `values`: where they are sent, as JSON `body` or `query`. `headers`: those that are no secrets.
    `identifier`: the field by which the receiver knows a record. `idempotent`: whether the receiver takes a request
    twice without harm; without it, one whose answer is lost is in doubt (`in_doubt`).
    """

    per: Literal["record", "batch"] = "record"
    batch_size: int = 100
    insert: str = "POST"
    update: str | None = None
    delete: str | None = None

    def __post_init__(self) -> None:
        SendingOptions.__post_init__(self)
        if self.per not in ("record", "batch"):
            raise DeclarationError("per is record or batch", remedy="Choose one of the two.")
        if not isinstance(self.batch_size, int) or not 1 <= self.batch_size <= 10_000:
            raise DeclarationError("batch_size lies between 1 and 10,000", remedy="Choose a smaller one.")
        if self.per == "batch" and self.values == "query":
            raise DeclarationError(
                "a batch has no place in a query", remedy="Say values: body, or per: record."
            )
        calls = {operation: self.call(operation) for operation in _DEFAULT}
        if self.per == "batch" and any(call.names for call in calls.values()):
            raise DeclarationError(
                "a request per batch cannot name a record in its path", remedy="Leave the braces out."
            )
        if set(calls[Operation.DELETE].names) - {IDENTIFIER, self.identifier}:
            raise DeclarationError(
                "of a record that left, only its identifier is known", remedy="Use no other field in delete."
            )

    def call(self, operation: Operation) -> Call:
        """What is said for an operation."""
        written = getattr(self, operation)
        if written is not None:
            return Call.parse(written, operation)
        return replace(_DEFAULT[operation], path="") if self.per == "batch" else _DEFAULT[operation]


def _require(holds: bool, words: str) -> None:
    if not holds:
        raise DeclarationError(words, remedy="Correct the activation's options.")
