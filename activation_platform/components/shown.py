"""How things are shown in the Dagster UI: metadata, tables, failures; nothing personal in clear, vendor's words escaped."""

import re
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from activation_platform.components.frames import Snapshot
from activation_platform.components.storage import storage_root
from activation_platform.components.values_read import values_read
from activation_platform.contracts.errors import ActivationError, ErrorClass
from activation_platform.contracts.redaction import mask, mask_addresses, mask_text
from activation_platform.sync import history
from activation_platform.sync.allowed import Allowed
from activation_platform.sync.disk import storage_failure
from activation_platform.sync.history import Run
from activation_platform.sync.ledgers import readable_manifest

__all__ = [
    "escaped",
    "frame_metadata",
    "issues_table",
    "markdown_table",
    "masked",
    "named",
    "page",
    "run_metadata",
    "tamed",
    "told_plainly",
]

_REASONS, _SAMPLES = 10, 3
_READABLE = re.compile(
    r"\b[1-5]\d\d \([1-5]\d\d\b|127\.0\.0\.1(?::\d+)?|\d{4}-\d\d-\d\d(?:[-T ]\d\d:\d\d(?::\d\d)?(?:[+-]\d\d:?\d\d)?)?"
)
_ACTIVE = re.compile(r"(?<!\\)<|(?<=\])[(\[]")
_WORD = re.compile(r"[^\W_]([\w.-]*[^\W_])?")
_SPECIAL = str.maketrans({character: f"\\{character}" for character in "\\`*_{}[]()#+-!|<>~"})


def escaped(text: str) -> str:
    """Untrusted text as Markdown that shows it and does nothing else."""
    return " ".join(text.split()).translate(_SPECIAL)


def tamed(text: str) -> str:
    """Words of others as the description of a check, which the UI reads as Markdown: no link, no picture, nothing swallowed.

    It stays legible where it is read as it is: in logs, alerts and the terminal.
    """
    return _ACTIVE.sub(r"\\\g<0>", text)


def named(name: str) -> str:
    """A name out of somebody's schema in a sentence that the UI reads as Markdown: a word as it is, others as code."""
    return name if _WORD.fullmatch(name) else "`" + " ".join(name.replace("`", "'").split()) + "`"


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; cells are expected to be escaped."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def frame_metadata(snapshot: Snapshot, *, reused: bool = False) -> dict[str, Any]:
    """What the UI shows of a snapshot."""
    columns = [dg.TableColumn(name=name, type=words) for name, words in snapshot.schema.items()]
    return {
        "dagster/row_count": snapshot.rows,
        "dagster/column_schema": dg.TableSchema(columns=columns),
        "snapshot": snapshot.number,
        "as_of": dg.MetadataValue.timestamp(snapshot.as_of),
        "read_at": dg.MetadataValue.timestamp(snapshot.read_at),
        "reused": reused,
    }


def run_metadata(run: Run) -> dict[str, Any]:
    """What the UI shows, and plots, of a run of an activation: its own issues, and those that still stand, by reason."""
    figures = run.figures
    numbers: Mapping[str, int] = {
        "extracted": figures.extracted,
        "loaded": figures.loaded,
        "inserted": figures.inserted,
        "updated": figures.updated,
        "deleted": figures.deleted,
        "deletes_requested": figures.deletes_requested,
        "source_issues": figures.source_issues,
        "destination_issues": figures.destination_issues,
        "ignored": figures.ignored,
        "withheld": figures.withheld,
        "no_operation": figures.no_operation,
        "unsent": figures.unsent,
        "standing_issues": figures.standing,
        "left_behind": figures.left_behind,
        "requests": figures.requests,
        "ledger_sequence": run.number,
    }
    told: dict[str, Any] = {"status": str(run.status)}
    if run.notes:
        told["notes"] = dg.MetadataValue.md("\n".join(f"- {escaped(masked(note))}" for note in run.notes))
    root, beside = storage_root(), _Beside(run)
    issues = history.issues(root, run.ledger, run.number)
    if issues.height:
        told["issues"] = dg.MetadataValue.md(issues_table(issues, beside))
    if figures.standing:
        standing = history.standing(root, run.ledger).rename({"kind": "event"})
        told["still_wrong"] = dg.MetadataValue.md(issues_table(standing, beside))
    return {**told, **numbers, "seconds": round(run.seconds, 3), "full": run.full}


class _Beside:
    """What a run's declaration allows to be shown of a key."""

    def __init__(self, run: Run | None = None) -> None:
        manifest = None if run is None else readable_manifest(storage_root(), run.ledger)
        self._run, self._key = run, () if manifest is None or manifest.key is None else manifest.key.columns
        self._allowed = Allowed([] if run is None else run.fields or ())

    def told(self, keys: Sequence[str]) -> dict[str, str]:
        """Each key, masked unless it is allowed, with the values of the fields that are."""
        fields = self._allowed.fields
        found = (
            values_read(storage_root(), self._run, self._key, keys, fields) if self._run and fields else {}
        )
        values = {} if isinstance(found, str) else found
        clear = "key" in self._allowed.columns(self._key)
        return {
            key: self._one(mask_addresses(key) if clear else mask(key), values.get(key, {})) for key in keys
        }

    def _one(self, key: str, values: Mapping[str, Any]) -> str:
        told = ", ".join(f"{name}: {self._allowed.told(name, value)}" for name, value in values.items())
        return f"{key} ({told})" if told else key


def issues_table(issues: pl.DataFrame, beside: _Beside | None = None) -> str:
    """Issues by reason, the most frequent first, each with some keys, as a masked Markdown table."""
    words = {reason: mask_text(reason) for reason in issues["reason"].unique().drop_nulls()}
    reasons = issues.with_columns(pl.col("reason").fill_null("").replace(words))
    counted = reasons.group_by("event", "reason").agg(pl.len(), pl.col("key").sort().head(_SAMPLES))
    first = counted.sort("len", "event", "reason", descending=[True, False, False]).head(_REASONS)
    keys = (beside or _Beside()).told(
        first["key"].explode(empty_as_null=True).unique().drop_nulls().to_list()
    )
    shown = [
        [
            escaped(row["event"].replace("_", " ")),
            escaped(row["reason"]),
            f"{row['len']:,}",
            escaped(", ".join(keys[key] for key in row["key"])),
        ]
        for row in first.iter_rows(named=True)
    ]
    more = counted.height - len(shown)
    table = markdown_table(["issue", "reason", "records", "for example"], shown)
    return f"{table}\n\n… and {more:,} more reasons: `activation issues NAME`" if more > 0 else table


def masked(text: str) -> str:
    """Text with personal values masked; days, partition keys and the loopback, which look like long numbers, stay readable."""
    pieces = _READABLE.split(text)
    between = [*_READABLE.findall(text), ""]
    return "".join(mask_text(piece) + readable for piece, readable in zip(pieces, between, strict=True))


def failure(error: ActivationError) -> dg.Failure:
    """An error of the six classes as a failed step that is not retried (SEMANTICS E2)."""
    return dg.Failure(
        description=masked(str(error)),
        metadata={
            "error_class": str(error.error_class),
            "what_to_do": masked(error.remedy),
            "page": page(error.error_class),
        },
        allow_retries=False,
    )


def page(error_class: ErrorClass) -> dg.MetadataValue[Any]:
    """The page of a class: a link where the documentation has an address, else its path in the repository."""
    where = error_class.page
    return dg.MetadataValue.url(where) if "://" in where else dg.MetadataValue.text(where)


def _defect(error: Exception) -> dg.Failure:
    """An error that nobody foresaw: where it happened, and its words without personal values."""
    frames = traceback.extract_tb(error.__traceback__)
    where = "\n".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames)
    return dg.Failure(
        description=f"{type(error).__name__}: {masked(str(error))}",
        metadata={"where": dg.MetadataValue.md(f"```\n{where}\n```")},
        allow_retries=False,
    )


@contextmanager
def told_plainly() -> Iterator[None]:
    """Let errors reach Dagster's log with their class and remedy, but without the values that they quote (SEMANTICS D9).

    The chain of causes would be stored too, with the words of drivers and vendors; so it is cut. What stays as the cause is
    the masked error of its class.
    """
    try:
        yield
    except ActivationError as error:
        cause = type(error)(masked(error.what), remedy=masked(error.remedy))
        cause.__suppress_context__ = True
        raise failure(error) from cause
    except (dg.Failure, dg.DagsterError):
        raise
    except Exception as error:  # noqa: BLE001 -- whatever it is, its words go into the log
        full = storage_failure(error, storage_root())
        raise (_defect(error) if full is None else failure(full)) from None
