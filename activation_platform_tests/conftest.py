"""What several parts of the tests stand on, on the loopback, started once and only when asked for: PostgreSQL, and S3 (moto)."""

import shutil
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

from activation_platform_tests.postgres_server import PostgreSQLServer, serving

# A gate says the same of the same code: the suite draws the same examples every time, and `make soak` looks for others.
settings.register_profile("suite", derandomize=True, deadline=None)
settings.register_profile("soak", max_examples=2_000, deadline=None)
settings.load_profile("suite")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgreSQLServer]:
    """A PostgreSQL of this test session."""
    with serving() as server:
        yield server


@pytest.fixture
def postgres_database(postgres_server: PostgreSQLServer) -> Iterator[str]:
    """The name of an empty database that nobody else uses, dropped at the end."""
    name = f"db_{uuid.uuid4().hex[:12]}"
    postgres_server.run(f'create database "{name}" strategy file_copy')
    yield name
    postgres_server.run(f'drop database "{name}" with (force)')


@pytest.fixture(scope="session")
def store_server() -> Iterator[Any]:
    """A stand-in of S3 on the loopback, started once and only when asked for."""
    from activation_platform_tests.destinations.files.stores import serving

    with serving() as front:
        yield front


@pytest.fixture
def front(store_server: Any) -> Iterator[Any]:
    """What stands before the stand-in of S3, and can fail."""
    yield store_server
    store_server.faults.clear()
    store_server.seen.clear()
    store_server.careless = False


@pytest.fixture(scope="session")
def bqemulator() -> Iterator[Any]:
    """A BigQuery project that others play, where it is installed."""
    from activation_platform_tests.sources.bqemulator_project import PYTHON, serving

    if not PYTHON.exists():
        pytest.skip("bqemulator is in an environment of its own: make bigquery")
    with serving() as emulator:
        yield emulator


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A real Spark in this process, where there is one."""
    pytest.importorskip("pyspark", reason="pyspark is in an environment of its own: make spark")
    if shutil.which("java") is None:
        pytest.skip("there is no Java, which Spark runs on")
    from activation_platform_tests.sources.spark import session

    with session(tmp_path_factory.mktemp("spark")) as started:
        yield started


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what the suite lived through, whichever worker did it: histories of the state machine, deaths of processes."""
    told: Counter[str] = Counter()
    for report in terminalreporter.stats.get("passed", []):
        for name, count in report.user_properties:
            told[name] += count if isinstance(count, int) else 0
    if told["histories"]:
        terminalreporter.write_line(
            f"state machine: {told['histories']:,} histories of {told['runs']:,} runs"
        )
    if told["faults"]:
        terminalreporter.write_line(f"storms: {told['faults']:,} faults of vendors outlived")
    if told["kills"]:
        stages = [
            f"{told[name]:,} {name.removeprefix('kills ')}" for name in sorted(told) if "kills while" in name
        ]
        terminalreporter.write_line(f"kill -9: {told['kills']:,} processes ({', '.join(stages)})")
        terminalreporter.write_line(
            f"         {told['forgotten']:,} of {told['acknowledged']:,} acknowledged operations forgotten; "
            f"{told['resent']:,} sent again, of {told['in flight']:,} in flight; among torn writes "
            f"({told['torn writes']:,}) and wrong clocks ({told['wrong clocks']:,})"
        )
    if told["full disks"]:
        terminalreporter.write_line(
            f"full disk: {told['full disks']:,} runs; {told['forgotten on full disks']:,} of "
            f"{told['acknowledged on full disks']:,} acknowledged operations forgotten; "
            f"{told['in flight on full disks']:,} in flight"
        )
    if told["clock jumps"]:
        terminalreporter.write_line(
            f"clocks: {told['clock jumps']:,} jumps by years; {told['forgotten by clocks']:,} of "
            f"{told['acknowledged despite clocks']:,} acknowledged operations forgotten; "
            f"{told['sent again despite clocks']:,} sent again"
        )
    if told["flipped bits"]:
        terminalreporter.write_line(
            f"damage: {told['flipped bits']:,} flipped bits and {told['torn journals']:,} torn journals, all noticed"
        )


def rsa_key(bits: int = 2048) -> dict[str, str]:
    """A new RSA key: its private half as `pem` and in `base64`, its `public` half."""
    from base64 import b64encode

    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(65537, bits)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return {"pem": pem.decode(), "base64": b64encode(pem).decode(), "public": public.decode()}


@pytest.fixture(scope="session")
def snowflake_key() -> dict[str, str]:
    """The key of the Snowflake account's user."""
    return rsa_key()


@pytest.fixture(scope="session")
def snowflake_account(snowflake_key: dict[str, str]) -> Iterator[Any]:
    """A Snowflake account on the loopback, started once and only when asked for."""
    from activation_platform_tests.sources.snowflake_account import serving

    with serving(snowflake_key["public"]) as account:
        yield account


@pytest.fixture(scope="session")
def bigquery_key() -> dict[str, str]:
    """The key of the BigQuery project's service account; a short one, for Google's client examines it with every session."""
    return rsa_key(bits=1024)


@pytest.fixture(scope="session")
def _bigquery(bigquery_key: dict[str, str]) -> Iterator[Any]:
    from activation_platform_tests.sources.bigquery_project import serving

    with serving(bigquery_key["public"]) as project:
        yield project


@pytest.fixture
def bigquery_project(_bigquery: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A BigQuery project on the loopback, started once and only when asked for, where Google's client finds it."""
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", _bigquery.url)
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    yield _bigquery
    _bigquery.forget()
