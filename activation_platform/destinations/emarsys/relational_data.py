"""A table of an Emarsys account's relational data: rows, each known by its primary key."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, ClassVar

import httpx

from activation_platform.contracts.batch import IDENTIFIER, Batch
from activation_platform.contracts.encode import json_objects, sized
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.modes import Mode, ObjectKind, Operation
from activation_platform.contracts.outcomes import Outcome
from activation_platform.contracts.service import Inquiry, Service, refuse
from activation_platform.contracts.values import Integer, Text
from activation_platform.destinations.emarsys.answers import data_of
from activation_platform.destinations.emarsys.tables import RelationalDataOptions, records_of, row

if TYPE_CHECKING:
    from activation_platform.destinations.emarsys.destination import Emarsys

__all__ = ["RelationalData"]


class RelationalData(Service):
    """Keep the rows of a relational data table of an Emarsys account in step.

    The add-on must be booked, and connection and table be there, in a MySQL database that Emarsys hosts. A row is known by its
    primary key, one column, and inserted where there is none of that key; columns that are not mapped are left alone. Emarsys
    does not tell the columns of a table: one that there is none of is found out by the first write. It does not tell which row of
    a call it refuses either, so that the call is halved to find out. Snapshot replaces all rows (those after the first 1,000 are
    added in steps, while the table is in use).

    Unconfirmed: the form of moments (that of MySQL, in UTC); that no rows may take the place of all; that a row is removed
    whose key alone is said; that keys are told apart letter by letter (MySQL often takes A for a); bytes of a call (10 MB).
    """

    docs: ClassVar[str] = "https://help.emarsys.com/hc/en-us/articles/360024778974"
    object: ClassVar[ObjectKind] = ObjectKind.RECORD
    modes: ClassVar[frozenset[Mode]] = frozenset({Mode.UPSERT, Mode.MIRROR, Mode.SNAPSHOT})
    batch_size: ClassVar[int] = 1_000
    max_request_bytes: ClassVar[int | None] = 10_000_000
    fields: ClassVar[tuple[Field, ...]] = ()
    custom_fields: ClassVar[CustomFields | None] = CustomFields(
        pattern=r"[^\x00-\x1f\x7f]+", words="the name of a column, letter by letter"
    )
    Options: ClassVar[type[Any]] = RelationalDataOptions

    destination: "Emarsys"
    options: RelationalDataOptions

    @property
    def identifying_field(self) -> str:
        """The option `key`."""
        return self.options.key

    @property
    def target(self) -> str:
        """Connection and table."""
        return f"{self.options.connection}.{self.options.table}"

    def declared_fields(self) -> tuple[Field, ...]:
        """The key: Emarsys does not tell the other columns."""
        kind = Integer() if self.options.key_is_number else Text(min=1)
        return (Field(self.options.key, kind, key=True, required=True, docs="The primary key."),)

    def require_rights(self, mode: Mode, fields: Collection[str]) -> Inquiry:
        """Ask for a row that may not be there: whether connection, table and key are. What may be written is not told."""
        del mode, fields
        response = yield records_of(self.destination, self.options, "GET", params={self.options.key: "0"})
        if not response.is_success:
            refuse(response, self.destination)

    def request(self, batch: Batch) -> httpx.Request:
        """Upsert or remove these rows, or put them in the place of all."""
        account, options = self.destination, self.options
        if batch.operation is Operation.DELETE:
            gone = [{options.key: options.said(key)} for key in batch.frame[IDENTIFIER]]
            return records_of(account, options, "POST", "/remove", json=gone)
        content = f"[{','.join(sized(json_objects(batch, row), self))}]".encode()
        if batch.operation is Operation.CLEAR:
            return records_of(account, options, "PUT", content=content)
        return records_of(account, options, "POST", "/upsert", content=content)

    def outcomes(self, response: httpx.Response, batch: Batch) -> list[Outcome]:
        """All or none: a refusal names no row."""
        data_of(response, self.destination)
        return batch.accepted()
