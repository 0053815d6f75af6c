"""The Dagster web UI over what the demo left, with the sandbox beside it, so that everything can be run again by hand."""

import os
import signal
import subprocess
import sys

from rich.console import Console

from activation_platform.cli.demo.story import DEMO, MONDAYS, PORT, environment, prepare
from activation_platform.cli.demo.warehouse import build_warehouse
from activation_platform.sandbox.server import running

__all__ = ["show"]


def show(console: Console, *, port: int = 3000, sandbox_port: int = PORT) -> int:
    """Serve until interrupted; returns Dagster's exit code."""
    with running(port=sandbox_port) as sandbox:
        os.environ.update(environment(sandbox.url))
        if not DEMO.exists():
            prepare()
            build_warehouse(DEMO / "shop.duckdb", MONDAYS[-1])
        console.print(
            f"The sandbox listens on {sandbox.url}; it starts empty. The UI: http://127.0.0.1:{port}"
        )
        command = [sys.executable, "-m", "dagster", "dev", "--host", "127.0.0.1", "--port", str(port)]
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
        with subprocess.Popen(command) as dagster:  # noqa: S603 -- the words are ours, and numbers
            try:
                return dagster.wait()
            except KeyboardInterrupt:
                return dagster.wait()
            finally:
                dagster.terminate()
