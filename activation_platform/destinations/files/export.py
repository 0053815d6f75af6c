"""Files of a model's or segment's rows: the whole of it, or only what changed since the run before."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar

from activation_platform.contracts.batch import Batch
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.modes import Mode, ObjectKind
from activation_platform.contracts.passes import Pass
from activation_platform.contracts.service import Conversation, Inquiry, Service
from activation_platform.contracts.writes import Append, Discard, Open, Publish
from activation_platform.destinations.files.columns import ANY_COLUMN, Identifier, columns_of, rows_of
from activation_platform.destinations.files.options import ExportOptions

__all__ = ["Export", "ExportOptions"]


class Export(Service):
    """Write files: CSV, JSON Lines or Parquet.

    The mode says what is in a file. *Snapshot*: everything, every run. *Upsert*: what is new or changed since the run before.
    *Insert only*: what is new. *Mirror*: what is new, changed or gone, with a column that says which. A run without a change
    writes no file, except under snapshot.

    A run is one file. It is written beside, and takes its name when it is whole; only then its records count as
    acknowledged. The identifier is the first column, the others follow in alphabetical order.
    """

    docs: ClassVar[str] = "https://www.rfc-editor.org/rfc/rfc4180"
    object: ClassVar[ObjectKind] = ObjectKind.RECORD
    modes: ClassVar[frozenset[Mode]] = frozenset({Mode.SNAPSHOT, Mode.UPSERT, Mode.INSERT_ONLY, Mode.MIRROR})
    in_one_piece: ClassVar[frozenset[Mode]] = modes
    batch_size: ClassVar[int] = 10_000
    fields: ClassVar[tuple[Field, ...]] = (
        Field("id", Identifier(), key=True, required=True, docs="Identifies a record; see `identifier`."),
    )
    custom_fields: ClassVar[CustomFields | None] = ANY_COLUMN
    Options: ClassVar[type[Any]] = ExportOptions

    options: ExportOptions

    @property
    def identifying_field(self) -> str:
        """The option `identifier`."""
        return self.options.identifier

    def declared_fields(self) -> tuple[Field, ...]:
        """The identifier; every other column is a field of its own."""
        (identifier,) = self.fields
        return (replace(identifier, name=self.identifying_field),)

    def objections(self, mode: Mode) -> Iterator[str]:
        """A name that every run has would have each file of changes replace the one before, read or not."""
        if mode is not Mode.SNAPSHOT and not (self.options.varies or self.options.replace):
            yield (
                f"under {mode} every run writes a file of its changes, and without a variable such as {{YYYY}}{{MM}}{{DD}} or "
                "{run} in path it would replace the one before; say replace: true if that is meant"
            )

    @property
    def target(self) -> str:
        """The template of the file's name."""
        return self.options.path

    def begin(self, pass_: Pass) -> Inquiry:
        """Open a draft of the run's file; returns its path."""
        path = self.options.name(pass_)
        columns = columns_of(pass_, self.identifying_field, self.options.operation_column)
        yield Open(path, columns, pass_.mode is Mode.SNAPSHOT or self.options.replace)
        return path

    def deliver(self, batch: Batch) -> Conversation:
        """Append the records to the draft."""
        rows = rows_of(batch, self.identifying_field, self.options.operation_column)
        yield Append(batch.token, rows)
        return batch.accepted()

    def finish(self, token: str) -> Inquiry:
        """Give the file its name."""
        yield Publish(token, self.options.written)

    def abandon(self, token: str) -> Inquiry:
        """Throw the draft away."""
        yield Discard(token)
