"""The Dagster web UI over what the demo left, with the sandbox beside it, so that everything can be run again by hand."""

import os
import signal
import subprocess
import sys

from activation_platform.cli.demo.story import DEMO, MONDAYS, PORT, environment, prepare
from activation_platform.cli.demo.warehouse import build_warehouse
from activation_platform.cli.saying import say, say_json
from activation_platform.sandbox.server import running

__all__ = ["show"]


def show(*, port: int = 3000, sandbox_port: int = PORT, as_json: bool = False) -> int:
    """Serve until interrupted; returns Dagster's exit code. `as_json`: standard output holds one document and nothing else."""
    with running(port=sandbox_port) as sandbox:
        os.environ.update(environment(sandbox.url))
        if not DEMO.exists():
            prepare()
            build_warehouse(DEMO / "shop.duckdb", MONDAYS[-1])
        address = f"http://127.0.0.1:{port}"
        if as_json:
            say_json({"sandbox": sandbox.url, "ui": address})
        else:
            say(f"The sandbox listens on {sandbox.url}; it starts empty. The UI: {address}")
        sys.stdout.flush()
        command = [sys.executable, "-m", "dagster", "dev", "--host", "127.0.0.1", "--port", str(port)]
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
        with subprocess.Popen(  # noqa: S603 -- the words are ours, and numbers
            command, stdout=sys.stderr if as_json else None
        ) as dagster:
            try:
                return dagster.wait()
            except KeyboardInterrupt:
                return dagster.wait()
            finally:
                dagster.terminate()
