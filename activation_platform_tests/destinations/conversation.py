"""Conversations with a service: what it says, request by request, and what it makes of the answers."""

import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import polars as pl

from activation_platform.contracts.batch import IDENTIFIER, KEY, PREVIOUS, REQUEST, Batch, MappedField
from activation_platform.contracts.destination import Destination
from activation_platform.contracts.errors import ActivationError
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.rows import Rows
from activation_platform.contracts.service import BatchRefused, Service, UnreadableAnswer, Wait

_OWN = (KEY, IDENTIFIER, PREVIOUS, REQUEST)


@dataclass
class Said:
    """The requests of a conversation, and how it ended: with a result, or with what it raised; `waits` in seconds, not waited."""

    requests: list[httpx.Request] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    result: Any = None
    raised: Exception | None = None

    @property
    def outcomes(self) -> Any:
        """The result, which must be there."""
        if self.raised is not None:
            raise self.raised
        return self.result

    @property
    def lines(self) -> list[str]:
        """Method and target of each request, as in its first line."""
        return [f"{request.method} {request.url.raw_path.decode()}" for request in self.requests]

    @property
    def bodies(self) -> list[Any]:
        """The JSON of each request, None where it has no body."""
        return [json.loads(request.content) if request.content else None for request in self.requests]


def talk(conversation: Generator[Any, Any, Any], *responses: httpx.Response) -> Said:
    """Hold a conversation with prepared answers, which must be used up exactly."""
    answers = list(responses)

    def answer(request: httpx.Request) -> httpx.Response:
        if not answers:
            raise AssertionError(f"nobody answers {request.method} {request.url}")
        response = answers.pop(0)
        response.request = request
        return response

    heard = _hold(conversation, answer)
    assert not answers, "an answer was not asked for"
    return heard


def carry(conversation: Generator[Any, Any, Any], destination: Destination, client: httpx.Client) -> Said:
    """Hold a conversation with whoever answers at the destination's address, as the loader would, but without patience."""
    return _hold(conversation, lambda request: client.send(request, auth=destination.auth()))


def _hold(conversation: Generator[Any, Any, Any], answer: Callable[[httpx.Request], httpx.Response]) -> Said:
    heard = Said()
    try:
        said = next(conversation)
        while True:
            if isinstance(said, Wait):
                heard.waits.append(said.seconds)
                said = conversation.send(None)
            else:
                heard.requests.append(said)
                said = conversation.send(answer(said))
    except StopIteration as end:
        heard.result = end.value
    except (ActivationError, BatchRefused, UnreadableAnswer) as raised:
        heard.raised = raised
    return heard


def converse(service: Service, batch: Batch, *responses: httpx.Response) -> Said:
    """Deliver a batch with prepared answers."""
    return talk(service.deliver(batch), *responses)


def batch_of(
    *people: Mapping[str, Any],
    identified_by: str,
    mode: Mode = Mode.UPSERT,
    operation: Operation = Operation.INSERT,
    schema: Mapping[str, Any] | None = None,
) -> Batch:
    """A batch of records given as mappings; columns that start with an underscore are the batch's own."""
    rows = [
        {
            KEY: str(position),
            IDENTIFIER: None if identified_by not in person else str(person[identified_by]),
            PREVIOUS: None,
            **person,
        }
        for position, person in enumerate(people)
    ]
    own = {KEY: pl.String, IDENTIFIER: pl.String, PREVIOUS: pl.String}
    frame = pl.DataFrame(
        rows or None,
        schema=None if rows else own,
        schema_overrides={PREVIOUS: pl.String, **(schema or {})} if rows else None,
        infer_schema_length=None,
    )
    if operation is Operation.DELETE:
        return Batch(operation, mode, Rows(frame.select(name for name in frame.columns if name in _OWN)))
    fields = tuple(MappedField(name) for name in frame.columns if name not in _OWN)
    return Batch(operation, mode, Rows(frame), fields)
