"""A service: one thing a platform can keep for us, as a class that talks. It yields requests and is handed the answers.

A service opens no socket, never sleeps, holds no token, retries nothing, logs nothing: the loader does.
Three rungs, take the lowest that reaches: write `request`; write `outcomes` too where the answer is per record; write
`deliver` where one batch needs several requests.
"""

from abc import ABC
from collections.abc import Collection, Generator, Iterator, Sequence
from dataclasses import MISSING, dataclass
from dataclasses import fields as dataclass_fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import httpx

from activation_platform.contracts.batch import Batch
from activation_platform.contracts.errors import NotFound
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.modes import (
    MODES_OF,
    MODES_THAT_DELETE,
    RUN_TYPES_OF,
    Mode,
    ModelKind,
    ObjectKind,
    RunType,
)
from activation_platform.contracts.outcomes import Outcome
from activation_platform.contracts.passes import Pass
from activation_platform.contracts.pending import Doubt, Pending, Settlement

if TYPE_CHECKING:
    from activation_platform.contracts.destination import Destination

__all__ = [
    "BatchRefused",
    "Carried",
    "Conversation",
    "Doubt",
    "Inquiry",
    "NoOptions",
    "Pending",
    "Service",
    "Settlement",
    "UnreadableAnswer",
    "Wait",
    "body_of",
    "refuse",
    "said",
]


@dataclass(frozen=True, slots=True)
class Wait:
    """Ask the loader to come back after so many seconds (polling an asynchronous job)."""

    seconds: float


class Carried:
    """What a carrier other than http carries: statements (sql), writes (file)."""

    __slots__ = ()


Conversation = Generator[httpx.Request | Carried | Wait, Any, list[Outcome]]
"""Yields requests, is sent `httpx.Response`s, returns one outcome per record, in the batch's order."""

Inquiry = Generator[httpx.Request | Carried | Wait, Any, Any]
"""A conversation that is no batch: it asks, begins or finishes something, and returns what its caller wants to know."""


class BatchRefused(Exception):  # an answer, not an error: the loader halves the batch and asks again
    """The vendor refused the batch as a whole because of some record in it."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class UnreadableAnswer(Exception):  # see above: the loader treats it like no answer
    """The answer is not the vendor's API speaking (a proxy's page, a torn body)."""


@dataclass(frozen=True, slots=True)
class NoOptions:
    """The options of a service that has none."""


class Service(ABC):
    """What a platform can keep for us.

    The class docstring is the catalogue entry, written for users. Class attributes declare what it accepts and promises;
    an incomplete declaration is refused at import. `fields` may depend on options: read them through `declared_fields()`.
    """

    docs: ClassVar[str]
    object: ClassVar[ObjectKind]
    modes: ClassVar[frozenset[Mode]]
    says_again: ClassVar[bool] = True
    """Whether every run may say everything anew; not where that may undo what people decided since."""
    delete_batch_size: ClassVar[int | None] = None
    """Records per conversation that deletes; None: `batch_size`."""
    fields: ClassVar[tuple[Field, ...]]
    custom_fields: ClassVar[CustomFields | None] = None
    model_kinds: ClassVar[frozenset[ModelKind]] = frozenset(ModelKind)
    deletes_are_requests: ClassVar[bool] = False
    """Deletes are asynchronous and irreversible: they are requested, and settled by polling (SEMANTICS D7)."""
    deletes_are_irreversible: ClassVar[bool] = False
    """The vendor says that what it deletes is gone for good; what is requested is, too (see `erases`)."""
    in_one_piece: ClassVar[frozenset[Mode]] = frozenset()
    """Modes under which a run's batches stand beside what is there until `finish` puts them in its place, all at once.

    A record counts as acknowledged only then. Write `begin`, `finish` and `abandon` for them. A snapshot that is not in
    one piece begins with a batch of operation *clear* (SEMANTICS C1).
    """
    finishes_within: ClassVar[timedelta] = timedelta()
    """How long the vendor may yet be at what it took on when a run broke off. Until then who left is not deleted: they might be
    made again (SEMANTICS D4)."""
    can_look_up: ClassVar[bool] = False
    """Whether `look_up` can tell what became of an operation that got no answer."""
    max_fields: ClassVar[int | None] = None
    """How many fields one record may carry besides the identifying one; the mapping is refused above it."""
    max_record_bytes: ClassVar[int | None] = None
    """How many bytes of a body one record may be (see `contracts.encode.sized`)."""
    max_request_bytes: ClassVar[int | None] = None
    """How many bytes the body of a request may be; a batch that is more is halved before it is said."""
    Options: ClassVar[type[Any]] = NoOptions
    """A dataclass. An option without a default has an `example` in its metadata, so that the service can be described."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        missing = [name for name in ("docs", "object", "modes", "fields") if not hasattr(cls, name)]
        if cls.batch_size is Service.batch_size:
            missing.append("batch_size")
        if not (cls.__doc__ or "").strip():
            missing.append("a docstring")
        if cls.request is Service.request and cls.deliver is Service.deliver:
            missing.append("request or deliver")
        if missing:
            raise TypeError(f"{cls.__name__} must declare {', '.join(missing)}")
        broken = sorted(cls.modes - MODES_OF[cls.object])
        if broken:
            raise TypeError(
                f"{cls.__name__} keeps {cls.object}s, which cannot keep the promise of {', '.join(broken)}"
            )

    def __init__(self, destination: "Destination", options: Any = None) -> None:
        self.destination = destination
        self.options = options if options is not None else self.Options()

    @classmethod
    def described(cls, destination: "Destination") -> "Service":
        """The service with its options at their defaults or examples, to be shown and never to be sent with."""
        examples = {
            option.name: option.metadata["example"]
            for option in dataclass_fields(cls.Options)
            if option.default is MISSING and option.default_factory is MISSING
        }
        return cls(destination, cls.Options(**examples))

    @property
    def batch_size(self) -> int:
        """Records per conversation; a constant, or up to the options."""
        raise NotImplementedError(f"{type(self).__name__} must declare batch_size")

    @property
    def idempotent(self) -> bool:
        """Whether saying the same batch twice leaves the destination as saying it once; a constant, or up to the options."""
        return True

    @property
    def identifying_field(self) -> str:
        """The field by which the destination recognises a record."""
        return next(field.name for field in self.fields if field.key)

    @property
    def erasures_per_second(self) -> float | None:
        """How many records a second the vendor erases for this destination, so that the plan can say how long it takes."""
        return None

    def declared_fields(self) -> tuple[Field, ...]:
        """The fields under these options, without asking anybody; exactly one of them is the key."""
        return self.fields

    @classmethod
    def requirements(cls, mode: Mode) -> tuple[str, ...]:
        """Settings of the destination, optional in general, that must be configured for this mode; checked at load."""
        del mode
        return ()

    def objections(self, mode: Mode) -> Iterator[str]:
        """What these options must not be under this mode, each in a sentence; checked at load."""
        del mode
        return iter(())

    @property
    def target(self) -> str:
        """The object, list or table that this service writes to, where its options choose one (the ledger pins it)."""
        return ""

    @classmethod
    def run_types(cls) -> tuple[RunType, ...]:
        """Those that it takes, first the one that is meant where an activation names none."""
        return tuple(
            one for one in RUN_TYPES_OF[cls.object] if cls.says_again or one is not RunType.FULL_ONLY
        )

    @classmethod
    def erases(cls, mode: Mode) -> bool:
        """Whether records are deleted for good under this mode, which an activation must say that it means (SEMANTICS D7)."""
        final = cls.deletes_are_irreversible or cls.deletes_are_requests
        return final and (cls.deletes(mode) or mode is Mode.ERASE)

    @classmethod
    def deletes(cls, mode: Mode) -> bool:
        """Whether a record that leaves the frame is deleted at the destination under this mode."""
        return mode in MODES_THAT_DELETE

    def account_fields(self) -> Inquiry | None:
        """A conversation that returns the account's own fields (`tuple[Field, ...]`, None where what has them is still to be
        made), or None where nothing can be asked.
        """
        return None

    def require_rights(self, mode: Mode, fields: Collection[str]) -> Inquiry | None:
        """A conversation that writes nothing and raises what stands against writing these fields under this mode.

        `CredentialsRefused` says what must be granted. None where nothing can be asked.
        """
        del mode, fields
        return None

    def deliver(self, batch: Batch) -> Conversation:
        """Say the batch, hear the answer, return one outcome per record."""
        response = yield self.request(batch)
        return self.outcomes(response, batch)

    def request(self, batch: Batch) -> httpx.Request:
        """The one request that says the whole batch."""
        raise NotImplementedError(f"{type(self).__name__} says a batch in several requests; see deliver")

    def outcomes(self, response: httpx.Response, batch: Batch) -> list[Outcome]:
        """One outcome per record. By default all are accepted, or the batch is refused as a whole."""
        return batch.accepted() if response.is_success else refuse(response, self.destination)

    def settle(self, pending: Sequence[Pending]) -> Generator[httpx.Request, Any, list[Settlement]]:
        """Ask what became of pending deletes; one settlement each, in order."""
        raise NotImplementedError(f"{type(self).__name__} has no asynchronous deletes")

    def look_up(self, doubts: Sequence[Doubt]) -> Inquiry:
        """Ask what became of operations without an answer; returns one `bool` each, in order: whether it was carried out."""
        raise NotImplementedError(f"{type(self).__name__} cannot look anything up")

    def begin(self, pass_: Pass) -> Inquiry:
        """Prepare a place beside what stands, for a mode of `in_one_piece`; returns a token (text) that the batches carry."""
        raise NotImplementedError(f"{type(self).__name__} does not work in one piece")

    def finish(self, token: str) -> Inquiry:
        """Put what the batches delivered in the place of what stands, all at once; safe to say twice."""
        raise NotImplementedError(f"{type(self).__name__} does not work in one piece")

    def abandon(self, token: str) -> Inquiry:
        """Throw away what the batches delivered; what stands there stays."""
        raise NotImplementedError(f"{type(self).__name__} does not work in one piece")


def said(response: httpx.Response) -> Any:
    """The JSON of an answer; raises `UnreadableAnswer` where it is none (HTML with 200, a torn body)."""
    try:
        return response.json()
    except (ValueError, RecursionError) as error:
        raise UnreadableAnswer(f"{response.status_code} without JSON") from error


def body_of(response: httpx.Response, destination: "Destination") -> dict[str, Any]:
    """The JSON object of an answer; raises as `refuse` does where the call was refused, `UnreadableAnswer` where it is none."""
    if not response.is_success:
        refuse(response, destination)
    body = said(response)
    if not isinstance(body, dict):
        raise UnreadableAnswer(f"{response.status_code} without an object")
    return body


def refuse(response: httpx.Response, destination: "Destination") -> list[Outcome]:
    """Raise what a refusal of the whole batch means: `NotFound` for 404, without the secrets that an address may hold; else
    `BatchRefused`, which is still to be redacted."""
    words = destination.refusal(response)
    if response.status_code == httpx.codes.NOT_FOUND:
        hide = destination.redactor()
        raise NotFound(
            hide(f"{response.request.method} {response.request.url.path} answered 404 ({words})"),
            remedy="Check the destination's account, object and base_url: what they name does not exist there.",
        )
    raise BatchRefused(words)
