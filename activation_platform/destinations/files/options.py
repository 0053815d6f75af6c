"""The options of an export: how its file is named and written."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from zoneinfo import ZoneInfo, available_timezones

from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.fields import nearest
from activation_platform.contracts.formats import Compression, Csv, Format, JsonLines, Parquet
from activation_platform.contracts.passes import Pass
from activation_platform.destinations.files.columns import ANY_COLUMN
from activation_platform.destinations.files.naming import FileName

__all__ = ["ExportOptions"]

_FORMATS = ("csv", "jsonl", "parquet")
_COMPRESSIONS: dict[str, Compression] = {"none": "uncompressed", "gzip": "gzip", "zstd": "zstd"}


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """How the file is named and written.

    `path`: its name below the destination's url. Variables: {YYYY} {YY} {MM} {DD} {HH} {mm} {ss}, the moment of the run's
    partition in the time zone `timezone`; {partition}, its key; {run}, which no other run has. `format`: csv, jsonl or parquet.
    `compression`: none, gzip or zstd. `delimiter`, `quote`, `header`, `null` (the text of a null) and `escape_formulas` (an
    apostrophe before what a spreadsheet would take for a formula) are for CSV. `identifier`: the field that identifies a
    record. `operation_column`: under mirror, the column that says insert, update or delete. `replace`: whether a file of
    changes may take the place of one that is there; a snapshot always does.
    """

    path: str = field(metadata={"example": "people_{YYYY}-{MM}-{DD}.csv"})
    format: str = "csv"
    compression: str = "none"
    timezone: str = "UTC"
    delimiter: str = ","
    quote: str = '"'
    header: bool = True
    null: str = ""
    escape_formulas: bool = False
    identifier: str = "id"
    operation_column: str = "_operation"
    replace: bool = False

    def __post_init__(self) -> None:
        problems = [*self._types()] or [*self._choices(), *self._csv(), *self._names()]
        if problems:
            raise DeclarationError("; ".join(problems), remedy="Correct the activation's options.")

    def _types(self) -> Iterator[str]:
        for option in fields(self):
            if type(getattr(self, option.name)) is not option.type:
                yield f"{option.name} is {'true or false' if option.type is bool else 'a text'}"

    def _choices(self) -> Iterator[str]:
        for name, known in (("format", _FORMATS), ("compression", _COMPRESSIONS)):
            if (value := getattr(self, name)) not in known:
                yield f"{name} is one of {', '.join(known)}.{nearest(value, known)}"
        if self.timezone not in available_timezones():
            yield f"timezone is a name such as Europe/Paris.{nearest(self.timezone, available_timezones())}"

    def _csv(self) -> Iterator[str]:
        for name in ("delimiter", "quote"):
            value = getattr(self, name)
            if len(value.encode()) != 1 or value in "\r\n\0":
                yield f"{name} is one ASCII character"
        if self.delimiter == self.quote:
            yield "delimiter and quote are the same character"
        if {self.delimiter, self.quote, "\r", "\n"} & set(self.null):
            yield "null holds the delimiter, the quote or a line break"

    def _names(self) -> Iterator[str]:
        name = FileName(self.path)
        yield from name.problems()
        yield from name.contradicts(self.format, self.compression)
        if not ANY_COLUMN.accepts(self.identifier):
            yield f"identifier is {ANY_COLUMN.words}"
        if not self.operation_column or self.operation_column == self.identifier:
            yield "operation_column is the name of a column of its own"

    def name(self, pass_: Pass) -> str:
        """The name of one run's file."""
        return FileName(self.path).of(pass_, ZoneInfo(self.timezone))

    @property
    def varies(self) -> bool:
        """Whether two runs can have files of two names."""
        return FileName(self.path).varies

    @property
    def written(self) -> Format:
        """The format of the file."""
        compression = _COMPRESSIONS[self.compression]
        if self.format == "parquet":
            return Parquet(compression)
        if self.format == "jsonl":
            return JsonLines(compression)
        return Csv(compression, self.delimiter, self.header, self.quote, self.null, self.escape_formulas)
