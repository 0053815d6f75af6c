"""bqemulator as a BigQuery project: a second stand-in, written by others, in an environment of its own (`make bigquery`)."""

import io
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from activation_platform.sources.schemas import OURS
from activation_platform_tests.sources.bigquery_project import PROJECT

__all__ = ["DATASET", "Emulator", "serving"]

PYTHON = Path(__file__).parents[2] / ".environments" / "bigquery" / "bin" / "python"
PROGRAM = Path(__file__).with_name("bqemulator_program.py")
DATASET = "shop"
KINDS = {
    pl.Boolean: "BOOL",
    pl.Binary: "BYTES",
    pl.Date: "DATE",
    pl.Float32: "FLOAT64",
    pl.Float64: "FLOAT64",
    pl.String: "STRING",
}


@dataclass(frozen=True)
class Emulator:
    """A project with one dataset; `client` is its owner's."""

    url: str
    client: Any

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query, or of a statement that has none."""
        return [row.values() for row in self.client.query(query).result()]

    def forget(self) -> None:
        """Drop what the platform left there."""
        for dataset in OURS:
            self.client.delete_dataset(dataset, delete_contents=True, not_found_ok=True)

    def put(self, table: str, frame: pl.DataFrame) -> None:
        """Make a table of the dataset hold a frame and nothing else."""
        from google.cloud.bigquery import LoadJobConfig

        columns = ", ".join(f"`{name}` {_kind(dtype)}" for name, dtype in frame.schema.items())
        self.ask(f"CREATE OR REPLACE TABLE {DATASET}.{table} ({columns})")
        file = io.BytesIO()
        frame.write_parquet(file)
        config = LoadJobConfig(source_format="PARQUET", write_disposition="WRITE_TRUNCATE")
        self.client.load_table_from_file(
            file, f"{PROJECT}.{DATASET}.{table}", rewind=True, job_config=config
        ).result()


def _kind(dtype: pl.DataType) -> str:
    if isinstance(dtype, pl.List):
        return f"ARRAY<{_kind(dtype.inner)}>"
    if isinstance(dtype, pl.Datetime):
        return "TIMESTAMP" if dtype.time_zone else "DATETIME"
    if isinstance(dtype, pl.Decimal):
        return f"NUMERIC({dtype.precision}, {dtype.scale})"
    return "INT64" if dtype.is_integer() else KINDS[type(dtype)]


@contextmanager
def serving() -> Iterator[Emulator]:
    """Start it, and stop it."""
    from google.api_core.client_options import ClientOptions
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.bigquery import Client, QueryJobConfig

    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([PYTHON, "-I", PROGRAM], text=True, **pipes) as process:
        assert process.stdout is not None
        url = next(line.strip() for line in process.stdout if line.startswith("http://"))
        client = Client(
            project=PROJECT,
            credentials=AnonymousCredentials(),
            client_options=ClientOptions(api_endpoint=url),
            default_query_job_config=QueryJobConfig(default_dataset=f"{PROJECT}.{DATASET}"),
        )
        client.create_dataset(DATASET)
        yield Emulator(url, client)
        client.close()
