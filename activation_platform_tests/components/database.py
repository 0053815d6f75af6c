"""An empty database for a workspace to read: DuckDB's file or a real PostgreSQL, and the settings of the source that it is."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

__all__ = ["database"]


def database(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, Callable[..., None]]:
    """The source's settings as YAML, and what carries out statements."""
    if kind == "duckdb":
        file = tmp_path / "shop.duckdb"

        def run(*statements: str) -> None:
            with duckdb.connect(file) as connection:
                for statement in statements:
                    connection.execute(statement)

        return f"{{path: {file}}}", run
    server, name = request.getfixturevalue("postgres_server"), request.getfixturevalue("postgres_database")
    monkeypatch.setenv("PG_PASSWORD", server.password)
    settings = (
        f"{{host: {server.host}, port: {server.port}, database: {name}, user: {server.user}, "
        "password: env:PG_PASSWORD}"
    )
    return settings, lambda *statements: server.run(*statements, database=name)
