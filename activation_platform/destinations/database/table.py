"""A table, kept in step row by row: every batch is one transaction, which also writes down that it was carried out."""

from collections.abc import Collection, Generator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from activation_platform.contracts.batch import Batch
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.modes import Mode, ObjectKind, Operation
from activation_platform.contracts.outcomes import Outcome
from activation_platform.contracts.passes import Pass
from activation_platform.contracts.service import Conversation, Doubt, Inquiry, Service
from activation_platform.contracts.statement import Statement, Transaction
from activation_platform.contracts.values import Text, TextList
from activation_platform.destinations.database.acknowledgements import TABLE, Acknowledgements, carried_out
from activation_platform.destinations.database.layout import Layout, exists, layout
from activation_platform.destinations.database.rights import require_rights
from activation_platform.destinations.database.staging import Staging
from activation_platform.destinations.database.writing import Writing

if TYPE_CHECKING:
    from activation_platform.destinations.database.destination import Database

__all__ = ["Table", "TableOptions"]

Known = tuple[Layout, Acknowledgements]


@dataclass(frozen=True, slots=True)
class TableOptions:
    """`table`: its name, letter by letter. `key`: the column by which a row is recognised. `schema`: empty for the user's own."""

    table: str = field(metadata={"example": "customers"})
    key: str = field(metadata={"example": "customer_id"})
    schema: str = ""


class Table(Service):
    """Keep the rows of a table in step.

    A row is recognised by the column `key`, which should have a unique index. Columns that are not mapped are left alone,
    and get their default in new rows. Each batch is one transaction, in which the database also writes down that it was
    carried out, in the table `activation_acknowledgements` of the same schema: whatever crashes, nothing is carried out
    twice, so triggers fire once. Under snapshot all rows of the table are replaced at once.
    """

    docs: ClassVar[str] = "https://www.postgresql.org/docs/current/dml.html"
    object: ClassVar[ObjectKind] = ObjectKind.RECORD
    modes: ClassVar[frozenset[Mode]] = frozenset(
        {Mode.UPSERT, Mode.UPDATE_ONLY, Mode.INSERT_ONLY, Mode.MIRROR, Mode.SNAPSHOT}
    )
    batch_size: ClassVar[int] = 5_000  # measured: a thousand takes up to twice as long
    fields: ClassVar[tuple[Field, ...]] = ()
    custom_fields: ClassVar[CustomFields | None] = CustomFields(
        pattern=r"(?s).+", words="the name of a column, letter by letter", text=Text(), texts=TextList()
    )
    # Saying a batch twice would be harmless to rows but not to triggers. It is never said twice: see `Acknowledgements`.
    idempotent: ClassVar[bool] = False
    can_look_up: ClassVar[bool] = True
    in_one_piece: ClassVar[frozenset[Mode]] = frozenset({Mode.SNAPSHOT})
    Options: ClassVar[type[Any]] = TableOptions

    destination: "Database"
    options: TableOptions

    def __init__(self, destination: "Database", options: Any = None) -> None:
        super().__init__(destination, options)
        self._known: Known | None = None

    @property
    def identifying_field(self) -> str:
        """The option `key`."""
        return self.options.key

    @property
    def target(self) -> str:
        """The table, with its schema where the options name one."""
        return ".".join(filter(None, (self.options.schema, self.options.table)))

    def declared_fields(self) -> tuple[Field, ...]:
        """The key: the other columns are known to the database alone."""
        return (Field(self.options.key, Text(), key=True, required=True, docs="The column `key`."),)

    def account_fields(self) -> Inquiry:
        """The columns that can be written. Raises `NotFound` or `DeclarationError` where table or key do not exist."""
        found, _, _ = yield from self._found()
        return found.fields(self.options.key)

    def require_rights(self, mode: Mode, fields: Collection[str]) -> Inquiry:
        """Whether the user may do what the mode needs; whether a new row is complete."""
        found, _, remembers = yield from self._found()
        if mode is not Mode.UPDATE_ONLY:
            found.complete(fields)
        if self.destination.dialect == "postgres":
            made = TABLE if remembers else ""
            yield from require_rights(found, made, self.options.key, mode, fields)

    def deliver(self, batch: Batch) -> Conversation:
        """Carry the batch out in one transaction, or find that it was carried out before."""
        found, acknowledgements = yield from self._prepared()
        if batch.operation is not Operation.DELETE and batch.mode is not Mode.UPDATE_ONLY:
            found.complete(field.name for field in batch.fields)
        writing = self._writing(found, batch.token or found.table)
        outcomes: list[Outcome] = yield Transaction(lambda: acknowledgements.once(batch, writing), once=True)
        return outcomes

    def look_up(self, doubts: Sequence[Doubt]) -> Inquiry:
        """Find the batches of these operations among those that were written down."""
        _, acknowledgements = yield from self._prepared()
        return carried_out(doubts, (yield acknowledgements.sought(doubts)))

    def begin(self, pass_: Pass) -> Inquiry:
        """Make a stage beside the table; its name is the token."""
        found, _ = yield from self._prepared()
        staging = Staging(self.destination.dialect, found)
        stage = staging.name(pass_.id)
        found.require_creation(
            f'the stage of "{found.table}"', f'GRANT CREATE ON SCHEMA "{found.schema}" TO the user;'
        )
        yield Transaction(lambda: staging.begin(stage), once=True)
        return stage

    def finish(self, token: str) -> Inquiry:
        """Replace the table's rows by those of the stage, in one transaction."""
        found, acknowledgements = yield from self._prepared()
        staging, writing = Staging(self.destination.dialect, found), self._writing(found, found.table)
        yield Transaction(lambda: staging.finish(token, writing, acknowledgements), once=True)

    def abandon(self, token: str) -> Inquiry:
        """Drop the stage."""
        found, _ = yield from self._prepared()
        staging = Staging(self.destination.dialect, found)
        yield Transaction(lambda: staging.abandon(token), once=True)

    def _writing(self, found: Layout, table: str) -> Writing:
        return Writing(self.destination.dialect, found, table, found.column(self.options.key))

    def _found(self) -> Generator[Statement, Any, tuple[Layout, Acknowledgements, bool]]:
        """Table, acknowledgements, and whether their table is there. Raises where it is not and cannot be made."""
        dialect = self.destination.dialect
        found: Layout = yield from layout(dialect, self.options.schema, self.options.table)
        acknowledgements = Acknowledgements(dialect, found.schema)
        remembers = yield from exists(dialect, found.schema, TABLE)
        if not remembers:
            found.require_creation(f'the table "{TABLE}"', acknowledgements.creation().sql + ";")
        return found, acknowledgements, remembers

    def _prepared(self) -> Generator[Statement, Any, Known]:
        """Table and acknowledgements, asked for and made ready once a run."""
        if self._known is None:
            found, acknowledgements, remembers = yield from self._found()
            yield acknowledgements.pruning() if remembers else acknowledgements.creation()
            self._known = found, acknowledgements
        return self._known
