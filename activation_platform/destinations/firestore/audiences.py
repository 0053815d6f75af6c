"""Audiences in Firestore: the names of those that a user is in, as an array in the user's document."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import httpx

from activation_platform.contracts.batch import IDENTIFIER, Batch
from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.fields import Field
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind, Operation
from activation_platform.contracts.outcomes import ACCEPTED, DELETED, Outcome
from activation_platform.contracts.service import Service
from activation_platform.destinations.firestore.answers import Code, outcomes_of
from activation_platform.destinations.firestore.places import DOCUMENT_ID, FIELDS, InCollection, field_path

if TYPE_CHECKING:
    from activation_platform.destinations.firestore.destination import Firestore

__all__ = ["Audiences", "AudiencesOptions"]


@dataclass(frozen=True, slots=True)
class AudiencesOptions(InCollection):
    """`collection`: where the users' documents are. `audience`: the name that stands in the array. `field`: the array."""

    audience: str = field(kw_only=True, metadata={"example": "VIP customers"})
    field: str = "audiences"

    def __post_init__(self) -> None:
        InCollection.__post_init__(self)
        if not isinstance(self.audience, str) or not self.audience.strip():
            raise DeclarationError("an audience has a name", remedy="Say it in the option audience.")
        if not isinstance(self.field, str) or not FIELDS.accepts(self.field):
            raise DeclarationError(
                f'"{self.field}" is no name of a field',
                remedy=f"Choose one of {FIELDS.words} (option field).",
            )


class Audiences(Service):
    """Add the name of an audience to an array in the documents of its users, and take it away from those who left.

    A document that is not there is made, with nothing else in it. Names of other audiences in the array stay; a field of that
    name that is no array becomes one. Nothing is made of who leaves: where the document is gone, so is the name.
    """

    docs: ClassVar[str] = "https://cloud.google.com/firestore/docs/reference/rest/v1/Write#fieldtransform"
    object: ClassVar[ObjectKind] = ObjectKind.LIST
    modes: ClassVar[frozenset[Mode]] = frozenset({Mode.UPSERT, Mode.MIRROR})
    model_kinds: ClassVar[frozenset[ModelKind]] = frozenset({ModelKind.USERS})
    batch_size: ClassVar[int] = 500
    max_request_bytes: ClassVar[int | None] = 10 * 1024 * 1024
    Options: ClassVar[type[Any]] = AudiencesOptions
    fields: ClassVar[tuple[Field, ...]] = (DOCUMENT_ID,)

    destination: "Firestore"
    options: AudiencesOptions

    @property
    def target(self) -> str:
        """The collection, the array in its documents, and the name in that."""
        return "/".join((self.options.collection, self.options.field, self.options.audience))

    def request(self, batch: Batch) -> httpx.Request:
        """An update of nothing for each document, with a change of the array after it."""
        leaving = batch.operation is Operation.DELETE
        change = {
            "fieldPath": field_path(self.options.field),
            "removeAllFromArray" if leaving else "appendMissingElements": {
                "values": [{"stringValue": self.options.audience}]
            },
        }
        rest: Mapping[str, Any] = {"updateMask": {"fieldPaths": []}, "updateTransforms": [change]}
        if leaving:
            rest = {**rest, "currentDocument": {"exists": True}}
        before, same = self.destination.documents(self.options.collection), json.dumps(rest)[1:]
        names = (json.dumps(before + id_) for id_ in batch.frame[IDENTIFIER])
        return self.destination.write(self, [f'{{"update":{{"name":{name}}},{same}' for name in names])

    def outcomes(self, response: httpx.Response, batch: Batch) -> list[Outcome]:
        """One a write; who has no document is in no audience."""
        leaving = batch.operation is Operation.DELETE
        meant = {Code.NOT_FOUND: DELETED} if leaving else {}
        return outcomes_of(self.destination, response, batch, meant, DELETED if leaving else ACCEPTED)
