"""What a vendor has not told the end of: deletes that are pending, operations in doubt, and what became of them."""

from dataclasses import dataclass

from activation_platform.contracts.modes import Operation

__all__ = ["Doubt", "Pending", "Settlement"]


@dataclass(frozen=True, slots=True)
class Pending:
    """An asynchronous delete that was requested: by key, identifier as sent, and the vendor's request id.

    `request` is empty where the request was sent but its answer never came (in doubt). `since` is a Unix time in seconds.
    """

    key: str
    identifier: str
    request: str
    since: float


@dataclass(frozen=True, slots=True)
class Doubt:
    """An operation that was sent without an answer: its record, as it was sent, and the id of the batch that held it."""

    operation: Operation
    key: str
    identifier: str | None
    batch: str


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a pending delete: `done`, still `pending` (with its request id), or `unheard` of at the vendor.

    An unheard delete is asked for again; `request` then holds the part that was heard of, for `Record.request`.
    """

    state: str
    request: str = ""
