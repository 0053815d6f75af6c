"""bqemulator on free ports of the loopback, for as long as somebody holds its input open; it says where.

It runs in an environment of its own (`environments/bigquery.in`), and without DuckDB's geography, which it would fetch.
"""

import asyncio
import sys

from bqemulator.config import LogLevel, Settings
from bqemulator.server import EmulatorServer
from bqemulator.storage.engine import DuckDBEngine


async def serve() -> None:
    server = EmulatorServer(Settings(rest_port=0, grpc_port=0, log_level=LogLevel.ERROR))
    await server.start()
    print(server.rest_url, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await server.stop()


DuckDBEngine._load_spatial = lambda engine: None
asyncio.run(serve())
