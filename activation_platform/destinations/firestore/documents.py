"""The documents of a Firestore collection: merged or overwritten in batches, each write with a status of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import httpx
import polars as pl

from activation_platform.contracts.batch import IDENTIFIER, Batch
from activation_platform.contracts.encode import Member, Part, Shape, json_objects, members
from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind, Operation
from activation_platform.contracts.outcomes import ACCEPTED, ALREADY_THERE, DELETED, UNKNOWN_THERE, Outcome
from activation_platform.contracts.service import Service
from activation_platform.destinations.firestore.answers import Code, outcomes_of
from activation_platform.destinations.firestore.places import DOCUMENT_ID, FIELDS, InCollection
from activation_platform.destinations.firestore.values import paths_of, typed_fields

if TYPE_CHECKING:
    from activation_platform.destinations.firestore.destination import Firestore

__all__ = ["Documents", "DocumentsOptions"]

_MEANT: Mapping[Mode, Mapping[Code, Outcome]] = {
    Mode.UPDATE_ONLY: {Code.NOT_FOUND: UNKNOWN_THERE},
    Mode.INSERT_ONLY: {Code.ALREADY_EXISTS: ALREADY_THERE},
}


@dataclass(frozen=True, slots=True)
class DocumentsOptions(InCollection):
    """`collection`: where the documents are (`users`, or `shops/paris/customers`). `write`: *merge* writes the mapped fields and
    leaves the others of a document; *overwrite* replaces the whole document, so that other fields vanish.
    """

    write: Literal["merge", "overwrite"] = "merge"

    def __post_init__(self) -> None:
        InCollection.__post_init__(self)
        if self.write not in ("merge", "overwrite"):
            raise DeclarationError("write is merge or overwrite", remedy="Choose one of the two.")


class Documents(Service):
    """Create and update the documents of a Firestore collection; under mirror, delete those that left.

    A document is known by its ID. Fields need not exist before; one that is null in the model is null in the document. With
    *overwrite*, a document holds what is mapped and nothing else: not the audiences of `audiences` either, nor a field that is
    null and mapped with `on_null: keep`. Deleting a document leaves the collections within it.

    Unconfirmed: that a batch takes no more than 500 writes: the limit of every request until 2023, of which the vendor's pages
    say nothing any more.
    """

    docs: ClassVar[str] = (
        "https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases.documents/batchWrite"
    )
    object: ClassVar[ObjectKind] = ObjectKind.RECORD
    modes: ClassVar[frozenset[Mode]] = frozenset(
        {Mode.UPSERT, Mode.UPDATE_ONLY, Mode.INSERT_ONLY, Mode.MIRROR}
    )
    model_kinds: ClassVar[frozenset[ModelKind]] = frozenset({ModelKind.USERS, ModelKind.CUSTOM})
    batch_size: ClassVar[int] = 500
    max_request_bytes: ClassVar[int | None] = 10 * 1024 * 1024  # https://cloud.google.com/firestore/quotas
    Options: ClassVar[type[Any]] = DocumentsOptions
    fields: ClassVar[tuple[Field, ...]] = (DOCUMENT_ID,)
    custom_fields: ClassVar[CustomFields | None] = FIELDS

    destination: "Firestore"
    options: DocumentsOptions

    @property
    def target(self) -> str:
        """The collection."""
        return self.options.collection

    def request(self, batch: Batch) -> httpx.Request:
        """All writes of the batch, each with what its mode wants to be there before."""
        return self.destination.write(self, json_objects(batch, self._write))

    def outcomes(self, response: httpx.Response, batch: Batch) -> list[Outcome]:
        """One a write. To delete what is not there succeeds."""
        success = DELETED if batch.operation is Operation.DELETE else ACCEPTED
        return outcomes_of(self.destination, response, batch, _MEANT.get(batch.mode, {}), success)

    def _write(self, batch: Batch) -> Shape:
        name = Member(pl.lit(self.destination.documents(self.target)) + pl.col(IDENTIFIER))
        if batch.operation is Operation.DELETE:
            return {"delete": name}
        told = {field: one for field, one in members(batch).items() if field != DOCUMENT_ID.name}
        write: dict[str, Member | Part | Shape] = {
            "update": {"name": name, "fields": typed_fields(batch.frame, told)}
        }
        if self.options.write == "merge":
            write["updateMask"] = {"fieldPaths": paths_of(told)}
        if batch.mode in _MEANT:
            write["currentDocument"] = {"exists": Member(pl.lit(batch.mode is Mode.UPDATE_ONLY))}
        return write
