"""File formats: how rows become the bytes of a file, streamed, never all in memory."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl

__all__ = ["Compression", "Csv", "Format", "JsonLines", "Parquet"]

Compression = Literal["uncompressed", "gzip", "zstd"]

_MOMENT = "%Y-%m-%dT%H:%M:%S%.fZ"
_FORMULA = r"^[=+\-@\t\r]"
"""What a spreadsheet takes for a formula (https://owasp.org/www-community/attacks/CSV_Injection)."""


@dataclass(frozen=True, slots=True)
class Format(ABC):
    """A format, with the compression of its files."""

    compression: Compression = "uncompressed"

    @abstractmethod
    def write(self, rows: pl.LazyFrame, path: Path) -> None:
        """Stream the rows into the file; OSError or a Polars error where it cannot be written."""


@dataclass(frozen=True, slots=True)
class Csv(Format):
    """Comma-separated values (RFC 4180, but for the line feed at the end of a line), in UTF-8.

    What holds the delimiter, the quote or a line break is quoted, and so is an empty text: a null is not, and reads `null`.
    Moments are ISO 8601 in UTC, lists are JSON. `escapes_formulas` puts an apostrophe before a text that a spreadsheet would
    take for a formula.
    """

    delimiter: str = ","
    header: bool = True
    quote: str = '"'
    null: str = ""
    escapes_formulas: bool = False

    def write(self, rows: pl.LazyFrame, path: Path) -> None:
        """Stream the rows into the file."""
        schema = rows.collect_schema()
        texts = [_as_json(name) for name, dtype in schema.items() if dtype.is_nested()]
        if self.escapes_formulas:
            texts += [_escaped(name) for name, dtype in schema.items() if dtype == pl.String]
        _with_moments(rows, schema).with_columns(texts).sink_csv(
            path,
            compression=self.compression,
            check_extension=False,
            include_header=self.header,
            separator=self.delimiter,
            quote_char=self.quote,
            null_value=self.null,
        )


@dataclass(frozen=True, slots=True)
class JsonLines(Format):
    """One JSON object a line, in UTF-8. Moments are ISO 8601 in UTC; decimals are text, so that no digit is lost."""

    def write(self, rows: pl.LazyFrame, path: Path) -> None:
        """Stream the rows into the file."""
        _with_moments(rows, rows.collect_schema()).sink_ndjson(
            path, compression=self.compression, check_extension=False
        )


@dataclass(frozen=True, slots=True)
class Parquet(Format):
    """Apache Parquet: every column keeps its type."""

    def write(self, rows: pl.LazyFrame, path: Path) -> None:
        """Stream the rows into the file."""
        rows.sink_parquet(path, compression=self.compression)


def _with_moments(rows: pl.LazyFrame, schema: pl.Schema) -> pl.LazyFrame:
    return rows.with_columns(
        pl.col(name).dt.to_string(_MOMENT) for name, dtype in schema.items() if isinstance(dtype, pl.Datetime)
    )


def _as_json(name: str) -> pl.Expr:
    # Polars writes the JSON of structs only, so the list is wrapped in one, and taken out of its text: {"v":[1,2]}
    wrapped = pl.struct(pl.col(name).alias("v")).struct.json_encode()
    return pl.when(pl.col(name).is_not_null()).then(wrapped.str.slice(len('{"v":')).str.head(-1)).alias(name)


def _escaped(name: str) -> pl.Expr:
    text = pl.col(name)
    return pl.when(text.str.contains(_FORMULA)).then("'" + text).otherwise(text).alias(name)
