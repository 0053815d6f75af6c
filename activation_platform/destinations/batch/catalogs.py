"""A catalog of a Batch project: items such as products or offers, from which messages take what they show."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import httpx
import polars as pl

from activation_platform.contracts.batch import IDENTIFIER, Batch
from activation_platform.contracts.encode import Member, Shape
from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind, Operation
from activation_platform.contracts.service import Inquiry, Service
from activation_platform.contracts.values import Text
from activation_platform.destinations.batch.catalog_fields import CUSTOM, attributes, definitions, fields_of
from activation_platform.destinations.batch.named import Named

if TYPE_CHECKING:
    from activation_platform.destinations.batch.destination import Batch as BatchProject

__all__ = ["Catalogs", "CatalogsOptions"]

_ID = "id"


@dataclass(frozen=True, slots=True)
class CatalogsOptions:
    """`catalog`: the name of the catalog."""

    catalog: str = field(metadata={"example": "products"})

    def __post_init__(self) -> None:
        if not isinstance(self.catalog, str) or not self.catalog or self.catalog != self.catalog.strip():
            raise DeclarationError(
                "the name of a catalog is not empty, and has no spaces around it",
                remedy="Choose such a name in the option catalog.",
            )


class Catalogs(Named, Service):
    """Keep the items of a Batch catalog; under mirror, remove those that left.

    A catalog has up to 25 fields, each of a type, and 2,000,000 items. Where there is none of the name, it is made of the fields
    that are mapped; a field that it lacks afterwards is added in Batch. `url(website)` is the field website of type url. No way
    is known to take a value away from an item, so null keeps the one that there is. Batch takes changes on and applies them
    later; it knows no change that failed, so what it took on counts.

    Unconfirmed: that an item is added over the one of its ID, whose other values stay; that dates and addresses carry their type
    in the name of an attribute; how long IDs and names may be; that a call with one bad item is refused as a whole.
    """

    docs: ClassVar[str] = "https://doc.batch.com/developer/api/cep/catalogs/edit-items"
    object: ClassVar[ObjectKind] = ObjectKind.RECORD
    modes: ClassVar[frozenset[Mode]] = frozenset({Mode.UPSERT, Mode.MIRROR})
    model_kinds: ClassVar[frozenset[ModelKind]] = frozenset({ModelKind.USERS, ModelKind.CUSTOM})
    batch_size: ClassVar[int] = 200
    max_fields: ClassVar[int | None] = 25
    Options: ClassVar[type[Any]] = CatalogsOptions
    fields: ClassVar[tuple[Field, ...]] = (
        Field(_ID, Text(min=1), key=True, required=True, docs="Your own ID of the item."),
    )
    custom_fields: ClassVar[CustomFields | None] = CUSTOM
    kept: ClassVar[str] = "catalog"
    makeable: ClassVar[str] = (
        "A project has at most 5 catalogs, and a catalog 1 to 25 fields. Map a field beside id, or remove a catalog in Batch."
    )

    destination: "BatchProject"
    options: CatalogsOptions

    def account_fields(self) -> Inquiry:
        """The fields of the catalog, None where it is still to be made."""
        catalog = yield from self.look()
        if catalog is None:
            return None
        return (*self.fields, *(one for one in fields_of(catalog) if one.name != _ID))

    def request(self, batch: Batch) -> httpx.Request:
        """Add or remove the items."""
        return self.say_all("items/edit", "items", batch, _item)

    def creation(self, batch: Batch) -> httpx.Request:
        """A catalog of the fields that are mapped."""
        return self.say("create", fields=definitions(batch, but=_ID))


def _item(batch: Batch) -> Shape:
    item = {"id": Member(pl.col(IDENTIFIER))}
    if batch.operation is Operation.DELETE:
        return {**item, "action": Member(pl.lit("remove"))}
    return {**item, "action": Member(pl.lit("add")), "attributes": attributes(batch, but=_ID)}
