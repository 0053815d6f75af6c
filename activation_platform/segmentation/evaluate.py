"""The evaluation of a condition over a model's Parquet snapshot: DuckDB says which rows, Polars takes them.

DuckDB reads only the columns of the condition, out of core and without access to anything but the snapshot; it answers
with row numbers. The rows themselves never pass through it, so no type is altered (it knows no Enum, Duration or
Int128, and renames columns that differ in case alone).
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import polars as pl
from sqlglot import exp

from activation_platform.segmentation.compile import compile_condition
from activation_platform.segmentation.conditions import Condition, fields

_MEMORY = "1GiB"


def evaluate(condition: Condition, snapshot: Path | Sequence[Path], *, now: datetime) -> pl.LazyFrame:
    """Return the rows of a snapshot (one or several Parquet files of one schema) that belong at the instant `now`.

    The frame is lazy, in the order of the snapshot, with its columns and types; beside what a query over it holds it
    costs one bit per row of the snapshot, and 4 bytes per row that belongs while it is made. Raises InvalidCondition
    as `compile_condition` does.
    """
    return pl.concat([_members(condition, file, now) for file in _files(snapshot)])


def select(condition: Condition, snapshot: Path | Sequence[Path], target: Path, *, now: datetime) -> None:
    """Write the rows that belong at the instant `now` to the Parquet file `target`, streamed, in the order of the snapshot.

    The file appears under its name only when it is complete. Raises InvalidCondition as `compile_condition` does.
    """
    if target.absolute() in _files(snapshot):
        raise ValueError(f"{target} is the snapshot itself; a segment is written to a file of its own")
    partial = target.with_name(f"{target.name}.partial")
    try:
        evaluate(condition, snapshot, now=now).sink_parquet(partial, maintain_order=True)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def count(condition: Condition, snapshot: Path | Sequence[Path], *, now: datetime) -> int:
    """Return how many rows of a snapshot belong at the instant `now`; reads only the columns of the condition."""
    return sum(_count(condition, file, now) for file in _files(snapshot))


def _files(snapshot: Path | Sequence[Path]) -> list[Path]:
    files = [snapshot] if isinstance(snapshot, Path) else list(snapshot)
    if not files:
        raise ValueError("a snapshot without a file has no rows and no schema")
    return [file.absolute() for file in files]


def _scan(file: Path) -> pl.LazyFrame:
    return pl.scan_parquet(file, glob=False, hive_partitioning=False)


def _count(condition: Condition, file: Path, now: datetime) -> int:
    query = _query(condition, file, exp.Count(this=exp.Star()), now)
    with _engine(file, trust_statistics=not _reads_floats(condition, file)) as (engine, _):
        (number,) = engine.execute(query.sql(dialect="duckdb"), [_literally(file)]).fetchall()[0]
    return int(number)


def _members(condition: Condition, file: Path, now: datetime) -> pl.LazyFrame:
    # Row numbers and not a column of answers: they hold whatever order the engine answers in.
    rows = _rows(condition, file, now)
    frame = _scan(file)
    height = frame.select(pl.len()).collect().item()
    belongs = pl.repeat(False, height, dtype=pl.Boolean, eager=True).scatter(rows, True)
    name = "_" * (
        1 + max(map(len, frame.collect_schema()), default=0)
    )  # no column of the snapshot is as long
    return pl.concat([frame, pl.LazyFrame({name: belongs})], how="horizontal").filter(pl.col(name)).drop(name)


def _rows(condition: Condition, file: Path, now: datetime) -> pl.Series:
    query = _query(condition, file, exp.cast(exp.column("file_row_number"), "UINT"), now)
    with _engine(file, trust_statistics=not _reads_floats(condition, file)) as (engine, spill):
        # Through a file: DuckDB's `.pl()` needs pyarrow, which is no dependency of ours, and taking its Arrow
        # stream directly makes the interpreter print a leak report when it exits (DuckDB 2.0, Polars 2.1).
        answer = spill / "rows.parquet"
        copy = exp.Copy(
            this=exp.Subquery(this=query),
            kind=False,
            files=[exp.Literal.string(str(answer))],
            params=[exp.CopyParameter(this=exp.var("FORMAT"), expression=exp.var("PARQUET"))],
        )
        engine.execute(copy.sql(dialect="duckdb"), [_literally(file)])
        return pl.read_parquet(answer, glob=False).to_series()


def _query(condition: Condition, file: Path, answer: exp.Condition, now: datetime) -> exp.Select:
    schema = _scan(file).collect_schema()
    # By position: DuckDB's names ignore case even when quoted, so that "Email" and "email" would be one column.
    aliases = {name: f"c{position}" for position, name in enumerate(schema)}
    where = compile_condition(
        condition, schema, now=now, column=lambda name: exp.column(aliases[name], quoted=True)
    )
    columns = [exp.to_identifier(alias) for alias in aliases.values()]
    source = exp.TableAlias(this=exp.to_identifier("snapshot"), columns=columns)
    read = exp.Anonymous(this="read_parquet", expressions=[exp.Placeholder()])
    return exp.select(answer.as_("answer")).from_(exp.Table(this=read, alias=source)).where(where)


def _reads_floats(condition: Condition, file: Path) -> bool:
    schema = _scan(file).collect_schema()
    return any(schema[name].is_float() for name in fields(condition))


@contextmanager
def _engine(file: Path, *, trust_statistics: bool) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """An embedded DuckDB that reads one file and writes to a directory of its own: no network, no extension."""
    with TemporaryDirectory(prefix="segment-") as spill:
        options: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": _MEMORY,
            "temp_directory": spill,
            "preserve_insertion_order": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
        with duckdb.connect(":memory:", config=options) as engine:
            allowed = exp.Array(
                expressions=[exp.Literal.string(path) for path in (str(file), _literally(file))]
            )
            engine.execute(f"SET allowed_paths = {allowed.sql(dialect='duckdb')}")
            engine.execute("SET allowed_directories = [current_setting('temp_directory')]")
            if not trust_statistics:
                # A Parquet file's least and greatest float leave NaN out, and DuckDB concludes that there is none:
                # https://github.com/duckdb/duckdb/issues/25521
                engine.execute("SET disabled_optimizers = 'statistics_propagation,filter_pushdown'")
            engine.execute("SET enable_external_access = false")
            engine.execute("SET lock_configuration = true")
            yield engine, Path(spill)


def _literally(file: Path) -> str:
    """Return a path in which DuckDB's pattern characters stand for themselves."""
    return re.sub(r"([*?\[])", r"[\1]", str(file))
