"""The evaluation of a condition over Parquet snapshots of models: DuckDB says which rows, Polars takes them.

DuckDB reads only the columns of the condition, out of core and without access to anything but the snapshots; it answers
with row numbers. The rows themselves never pass through it, so no type is altered (it knows no Enum, Duration or
Int128, and renames columns that differ in case alone).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import numpy as np
import polars as pl
from sqlglot import exp

from activation_platform.segmentation.compile import compile_condition, compile_source
from activation_platform.segmentation.conditions import Condition
from activation_platform.segmentation.definitions import typed
from activation_platform.segmentation.reads import fields_read
from activation_platform.segmentation.scope import Model, Scope, in_duckdb

__all__ = ["Snapshots", "answers", "evaluate"]

_MEMORY = "1GiB"


@dataclass(frozen=True)
class Snapshots:
    """The snapshots of models that conditions may read, each one or several Parquet files of one schema.

    `declared`: what is said of the models beside their fields, which are those of the files.
    """

    files: Mapping[str, Sequence[Path]]
    declared: Scope

    @classmethod
    def alone(cls, *files: Path) -> "Snapshots":
        """The snapshot of a model without relations."""
        return cls({"model": [file.absolute() for file in files]}, Scope("model", {"model": Model(None)}))

    @cached_property
    def scope(self) -> Scope:
        """All models, with the fields that their snapshots have, and the computed ones."""
        return typed(self.declared, {name: self.frame(name).collect_schema() for name in self.files})

    def frame(self, model: str) -> pl.LazyFrame:
        """The rows of a model, in the order of its snapshot."""
        if not self.files[model]:
            raise ValueError("a snapshot without a file has no rows and no schema")
        return pl.scan_parquet(list(self.files[model]), glob=False, hive_partitioning=False)

    def rows(self, model: str) -> exp.Expr:
        """What to select a model from: a view."""
        return exp.to_table(f"m{list(self.files).index(model)}")

    def column(self, model: str, field: str) -> exp.Condition:
        """A field. By position: DuckDB's names ignore case even when quoted, so that "Email" and "email" would be one column."""
        return exp.column(f"c{list(self.scope.models[model].schema or ()).index(field)}")

    def written(self, model: str, field: str, dtype: pl.DataType) -> exp.Expr:
        """A field of a key as text."""
        return in_duckdb(self.column(model, field), dtype)

    def views(self) -> Iterator[str]:
        """Statements that make a view of each model; each row says which row of which file it is."""
        for name, files in self.files.items():
            width = len(self.frame(name).collect_schema())
            columns = [exp.to_identifier(f"c{place}") for place in range(width)]
            paths = exp.Array(expressions=[exp.Literal.string(_literally(file)) for file in files])
            read = exp.Anonymous(this="read_parquet", expressions=[paths])
            source = exp.Table(this=read, alias=exp.TableAlias(this=exp.to_identifier("t"), columns=columns))
            query = exp.select("*", "file_index", "file_row_number").from_(source)
            yield exp.Create(this=self.rows(name), kind="VIEW", expression=query).sql(dialect="duckdb")


def evaluate(
    condition: Condition | None, snapshots: Snapshots, *, now: datetime, fields: Sequence[str] = ()
) -> pl.LazyFrame:
    """Return the rows of the scope's model that belong at the instant `now`, with some of its computed fields as columns.

    Where there is no condition, all rows belong. The frame is lazy, in the order of the snapshot, with its columns and types;
    beside what a query over it holds it costs one bit per row of the snapshot and the values of the fields, and while it is made
    a byte per row and 12 per row that belongs. Raises InvalidCondition as `compile_condition` and `compile_source` do.
    """
    name = snapshots.scope.name
    frame, files = snapshots.frame(name), snapshots.files[name]
    if condition is None and not fields:
        return frame
    heights = [pl.scan_parquet(file, glob=False).select(pl.len()).collect().item() for file in files]
    numbers, made = _rows(condition, snapshots, now, fields, np.cumsum([0, *heights])[:-1])
    if condition is not None:
        belongs = np.zeros(sum(heights), dtype=np.bool_)
        belongs[numbers] = True
        # no column of the snapshot is as long
        mark = "_" * (1 + max(map(len, frame.collect_schema()), default=0))
        marked = pl.concat([frame, pl.LazyFrame({mark: belongs})], how="horizontal")
        frame = marked.filter(pl.col(mark)).drop(mark)
    return pl.concat([frame, made.lazy()], how="horizontal") if fields else frame


def _rows(
    condition: Condition | None,
    snapshots: Snapshots,
    now: datetime,
    fields: Sequence[str],
    starts: np.ndarray,
) -> tuple[np.ndarray, pl.DataFrame]:
    """The numbers of the rows that belong, and the fields in their order: they hold whatever order the engine answers in."""
    scope, places = snapshots.scope, ("file_index", "file_row_number")
    answer = [exp.cast(exp.column(name), "UINT").as_(name) for name in places]
    answer += [snapshots.column(scope.name, field).as_(f"f{place}") for place, field in enumerate(fields)]
    query = _query(condition, snapshots, answer, now, fields)
    found = answers(query, snapshots, trust_statistics=not _reads_floats(condition, snapshots, fields))
    numbers: np.ndarray = starts[found["file_index"].to_numpy()] + found["file_row_number"].to_numpy()
    order = np.argsort(numbers) if fields else slice(None)
    values = found.select(
        pl.col(f"f{place}").cast(scope.schema[field]).alias(field) for place, field in enumerate(fields)
    )
    return numbers, values[order]


def answers(query: exp.Select, snapshots: Snapshots, *, trust_statistics: bool = False) -> pl.DataFrame:
    """Return what a query over the snapshots answers, in any order.

    `trust_statistics`: whether the files' own least and greatest values may be used, faster and right where no float is compared.
    """
    with _engine(snapshots, trust_statistics=trust_statistics) as (engine, spill):
        # Through a file: DuckDB's `.pl()` needs pyarrow's dataset, and taking its Arrow
        # stream directly makes the interpreter print a leak report when it exits (DuckDB 2.0, Polars 2.1).
        rows = spill / "rows.parquet"
        copy = exp.Copy(
            this=exp.Subquery(this=query),
            kind=False,
            files=[exp.Literal.string(str(rows))],
            params=[exp.CopyParameter(this=exp.var("FORMAT"), expression=exp.var("PARQUET"))],
        )
        engine.execute(copy.sql(dialect="duckdb"))
        return pl.read_parquet(rows, glob=False)


def _query(
    condition: Condition | None,
    snapshots: Snapshots,
    answer: Sequence[exp.Expr],
    now: datetime,
    fields: Sequence[str] = (),
) -> exp.Select:
    scope = snapshots.scope
    where = [] if condition is None else [compile_condition(condition, scope, now=now, naming=snapshots)]
    source = compile_source(scope, *answer, *where, now=now, naming=snapshots, fields=fields)
    return exp.select(*answer).from_(source).where(*where)


def _reads_floats(condition: Condition | None, snapshots: Snapshots, fields: Sequence[str] = ()) -> bool:
    models = snapshots.scope.models
    return any(
        (models[model].schema or {})[field].is_float()
        for model, field in fields_read(condition, snapshots.scope, fields)
    )


@contextmanager
def _engine(
    snapshots: Snapshots, *, trust_statistics: bool
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """An embedded DuckDB that reads these files and writes to a directory of its own: no network, no extension."""
    with TemporaryDirectory(prefix="segment-") as spill:
        options: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": _MEMORY,
            "temp_directory": spill,
            "preserve_insertion_order": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
        with duckdb.connect(":memory:", config=options) as engine:
            files = [file for some in snapshots.files.values() for file in some]
            paths = [path for file in files for path in (str(file), _literally(file))]
            allowed = exp.Array(expressions=[exp.Literal.string(path) for path in paths])
            engine.execute(f"SET allowed_paths = {allowed.sql(dialect='duckdb')}")
            engine.execute("SET allowed_directories = [current_setting('temp_directory')]")
            if not trust_statistics:
                # A Parquet file's least and greatest float leave NaN out, and DuckDB concludes that there is none:
                # https://github.com/duckdb/duckdb/issues/25521
                engine.execute("SET disabled_optimizers = 'statistics_propagation,filter_pushdown'")
            engine.execute("SET enable_external_access = false")
            for view in snapshots.views():
                engine.execute(view)
            engine.execute("SET lock_configuration = true")
            yield engine, Path(spill)


def _literally(file: Path) -> str:
    """Return a path in which DuckDB's pattern characters stand for themselves."""
    return re.sub(r"([*?\[])", r"[\1]", str(file))
