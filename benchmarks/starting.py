"""How long a workspace takes to load, and what it would take if every source's client came with it."""

import subprocess
import sys
import time

from benchmarks.cell import call, interleaved, middle
from benchmarks.registry import Result, figure

__all__ = ["load"]

_CLIENTS = (
    "dagster_snowflake",
    "dagster_gcp",
    "redshift_connector",
    "adbc_driver_postgresql.dbapi",
    "obstore",
    "asyncssh",
)
_LOAD = "import activation_platform.definitions as loaded; loaded.defs().get_repository_def()"


def load(*clients: str) -> float:
    """Seconds from the start of a process to the loaded definitions of the demo's workspace, which reads DuckDB."""
    program = "".join(f"import {client}\n" for client in clients) + _LOAD
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    return time.perf_counter() - started


@figure("start_up_s")
def start_up() -> list[Result]:
    """The workspace alone, with all clients, and again."""
    cells = interleaved({"alone": call(load), "with all clients": call(load, *_CLIENTS)}, times=5)
    alone, clients = (middle(some) for some in cells.values())
    return [
        Result(
            "start_up_s",
            round(alone.wall, 2),
            "s",
            "from the start of a process to the loaded definitions of the demo's workspace, which reads DuckDB: CPU "
            f"{alone.cpu:.2f} s; {clients.wall:.2f} s with the clients of all sources, which are not imported unless used",
        )
    ]
