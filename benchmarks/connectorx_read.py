"""connectorx reading a query of a PostgreSQL, run by the Python of an environment that holds it: as a stream, its leanest way.

Arguments: the server's URI, the query. Prints rows, seconds and the peak of its memory, imports excluded.
"""

import json
import sys
import time
from pathlib import Path

import connectorx  # type: ignore[import-not-found]

uri, query = sys.argv[1:]
wall, cpu = time.perf_counter(), time.process_time()
rows = 0
for batch in connectorx.read_sql(uri, query, return_type="arrow_stream", batch_size=50_000):
    rows += batch.num_rows
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
status = Path("/proc/self/status").read_text()
resident = int(status.partition("VmHWM:")[2].split()[0]) / 2**10
print(json.dumps({"rows": rows, "wall": wall, "cpu": cpu, "resident": resident}))
