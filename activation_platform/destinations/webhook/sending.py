"""What requests and events have in common: the bodies and addresses that calls become, and what an answer means.

Values are written as JSON: moments and days as ISO 8601, numbers as numbers (64-bit floats: map a text column to keep
every digit of a decimal), null as null. In an address, null is an empty text, and lists repeat their name.
"""

import gzip
import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import httpx

from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.outcomes import Outcome, rejected
from activation_platform.contracts.service import refuse
from activation_platform.contracts.values import Text, TextList
from activation_platform.destinations.webhook.calls import IDENTIFIER, Call, as_text, plain
from activation_platform.destinations.webhook.options import SendingOptions

if TYPE_CHECKING:
    from activation_platform.destinations.webhook.destination import Webhook

__all__ = ["Sender"]

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

    def refused(self, response: httpx.Response) -> Outcome:
        """The outcome of the one record of a call that was refused; raises `NotFound` where it leads nowhere."""
        if response.status_code == httpx.codes.NOT_FOUND:
            refuse(response, self.destination)
        return rejected(self.destination.refusal(response))

    def fields_for(self, *calls: Call) -> tuple[Field, ...]:
        """The identifying field, and those that stand in paths: they must be there, as text."""
        named = {name for call in calls for name in call.names} - {IDENTIFIER, self.identifying_field}
        return (
            Field(
                self.identifying_field, Text(min=1), key=True, required=True, docs="Tells one from another."
            ),
            *(Field(name, Text(min=1), required=True, docs="Stands in the path.") for name in sorted(named)),
        )


def _parameters(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: [as_text(one) for one in value] if isinstance(value, list) else as_text(value)
        for name, value in values.items()
    }


def _encoded(payload: Any) -> bytes:
    return json.dumps(
        payload, default=plain, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    ).encode()
