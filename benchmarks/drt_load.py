"""drt loading the people, run by the Python of an environment that holds drt-core and DuckDB: the same Parquet, the same batches.

Arguments: the frame's folder, the sink's address, how many rows, and `published` or `fixed`: without the TLS context that drt
makes anew for every batch. Prints what it sent, and what the load cost, imports excluded.
"""

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import httpx
from drt.config.credentials import DuckDBProfile  # type: ignore[import-not-found]
from drt.config.models import SyncConfig  # type: ignore[import-not-found]
from drt.destinations.rest_api import RestApiDestination  # type: ignore[import-not-found]
from drt.engine.sync import run_sync  # type: ignore[import-not-found]
from drt.sources.duckdb import DuckDBSource  # type: ignore[import-not-found]

folder, address, rows, how = sys.argv[1:]
if how == "fixed":
    shared = httpx.create_ssl_context()
    httpx._transports.default.create_ssl_context = lambda *_, **__: shared  # type: ignore[attr-defined]
sync = SyncConfig.model_validate(
    {
        "name": "people",
        "model": f"select * from read_parquet('{folder}/part-*.parquet') limit {rows}",  # noqa: S608
        "destination": {
            "type": "rest_api",
            "url": address,
            "method": "POST",
            "headers": {"Content-Type": "application/json"},
            "body_mode": "batch",
            "batch_template": "{{ rows | tojson_safe }}",
        },
        "sync": {
            "mode": "full",
            "batch_size": 100,
            "on_error": "fail",
            "rate_limit": {"requests_per_second": 1_000_000},
        },
    }
)
with tempfile.TemporaryDirectory() as project:
    wall, cpu = time.perf_counter(), time.process_time()
    result = run_sync(sync, DuckDBSource(), RestApiDestination(), DuckDBProfile(type="duckdb"), Path(project))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
assert (result.success, result.failed) == (int(rows), 0), result
resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(json.dumps({"rows": result.success, "wall": wall, "cpu": cpu, "resident": resident}))
