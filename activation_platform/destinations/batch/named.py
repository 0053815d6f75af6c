"""What a Batch project keeps under a name, its audiences and catalogs: made where it is missing, changed now and indexed later.

Sources: https://doc.batch.com/developer/api/cep/audiences/update, https://doc.batch.com/developer/api/cep/catalogs/edit-items.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, ClassVar

import httpx

from activation_platform.contracts.batch import Batch
from activation_platform.contracts.encode import JSON, Shape, json_array
from activation_platform.contracts.errors import DeclarationError, TimedOut
from activation_platform.contracts.fields import Field
from activation_platform.contracts.modes import Operation
from activation_platform.contracts.pace import Budget
from activation_platform.contracts.service import (
    BatchRefused,
    Conversation,
    Inquiry,
    UnreadableAnswer,
    Wait,
    body_of,
)

if TYPE_CHECKING:
    from activation_platform.destinations.batch.destination import Batch as BatchProject

__all__ = ["Asking", "Named"]

Asking = Generator[httpx.Request | Wait, Any, Any]

# The page of an audience's update says IN_PROCESS, all others IN_PROGRESS.
_UNDER_WAY = ("IN_PROGRESS", "IN_PROCESS")
_DONE = ("APPLIED", "REPLACED")
_LOOK_EVERY = 5.0
_LOOKS = 120
"""Ten minutes in all: an indexing takes seconds to minutes (second-hand)."""


class Named(ABC):
    """A service about the one audience or catalog that its option names."""

    kept: ClassVar[str]
    """Batch's word for it, which is the name of the option; its endpoints and their budget have it in the plural."""
    makeable: ClassVar[str]
    """What to do where Batch refuses to make it."""

    fields: ClassVar[tuple[Field, ...]]
    destination: "BatchProject"
    options: Any

    @property
    def target(self) -> str:
        """Its name at Batch, which tells A from a."""
        return str(getattr(self.options, self.kept))

    def account_fields(self) -> Inquiry:
        """The fields, after a look whether it is such as they are for."""
        yield from self.look()
        return self.fields

    @abstractmethod
    def request(self, batch: Batch) -> httpx.Request:
        """The change that says the batch."""

    @abstractmethod
    def creation(self, batch: Batch) -> httpx.Request:
        """The request that makes it, for a batch that it is to hold."""

    def deliver(self, batch: Batch) -> Conversation:
        """Say the change; make what is changed first where that is why it was refused; wait for a replacement to be applied.

        Where it stands after all, the change is said once more: another conversation of this run may have made it since, and a
        refusal does not say why. What follows a replacement may be said only then, or it might be replaced itself.
        """
        response = yield self.request(batch)
        if not response.is_success:
            if (yield from self.look()) is None:
                if batch.operation is Operation.DELETE:
                    return batch.accepted()  # nothing is in what does not exist
                yield from self._make(batch)
            response = yield self.request(batch)
        token = body_of(response, self.destination).get("indexing_token")
        if not isinstance(token, str):
            raise UnreadableAnswer(f"{response.status_code} without an indexing token")
        if batch.operation is Operation.CLEAR:
            yield from self._applied(token)
        return batch.accepted()

    def look(self, **params: str) -> Asking:
        """What Batch says of it, or None where it does not know it."""
        response = yield self._ask("GET", "view", params={"name": self.target, **params})
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        return body_of(response, self.destination)

    def say(self, word: str, **body: Any) -> httpx.Request:
        """A request of these members beside the name."""
        return self._ask("POST", word, json={"name": self.target, **body})

    def say_all(self, word: str, member: str, batch: Batch, shape: Callable[[Batch], Shape]) -> httpx.Request:
        """A request of one such member, an array of the batch's records."""
        head = f'{{"name":{json.dumps(self.target, ensure_ascii=False)},"{member}":'
        content = head.encode() + json_array(batch, shape) + b"}"
        return self._ask("POST", word, content=content, headers=JSON)

    def _ask(self, method: str, word: str, **what: Any) -> httpx.Request:
        many = f"{self.kept}s"
        budget: Budget = getattr(self.destination, many)
        return self.destination.ask(
            method, f"/{self.destination.version}/{many}/{word}", budget=budget, **what
        )

    def _make(self, batch: Batch) -> Asking:
        """Make it, unless another conversation of this run was quicker."""
        response = yield self.creation(batch)
        try:
            token = body_of(response, self.destination).get("indexing_token")
        except BatchRefused as refused:
            if (yield from self.look()) is not None:
                return
            raise DeclarationError(
                f'Batch refuses to make the {self.kept} "{self.target}" ({refused.reason})',
                remedy=self.makeable,
            ) from refused
        if token is not None:
            yield from self._applied(str(token))

    def _applied(self, token: str) -> Asking:
        """Wait until Batch has applied the change of this token."""
        for _ in range(_LOOKS):
            told = yield from self.look(indexing_token=token)
            state = _UNDER_WAY[0] if told is None else told.get("indexing_state")
            if state in _DONE:
                return
            if state not in _UNDER_WAY:
                raise UnreadableAnswer(f"200 with the indexing state {state}")
            yield Wait(_LOOK_EVERY)
        minutes = _LOOKS * _LOOK_EVERY / 60
        raise TimedOut(
            f'Batch has not applied a change of the {self.kept} "{self.target}" within {minutes:.0f} minutes',
            remedy=f"Look at the {self.kept} in Batch's dashboard; the next run begins again.",
        )
