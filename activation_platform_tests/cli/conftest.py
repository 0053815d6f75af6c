"""A small project on disk, a sandbox on loopback, and the command line called in this process."""

import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from activation_platform.cli.app import app
from activation_platform.sandbox.server import RunningSandbox, running

NUMBERS = itertools.count()

PEOPLE = """
create or replace table people as select * from (values
    ('p1', 'ada@example.com', 'Ada'),
    ('p2', 'blaise@example.com', 'Blaise'),
    ('p3', 'carl@example.com', 'Carl'),
    ('p4' || chr(27) || '[2J[red]', 'no address', 'Dorothy'),
    ('person-number-5', 'no address either', 'Emmy'),
) as rows (id, email, first_name)
"""

DECLARED = """
type: activation_platform.SourceComponent
attributes:
  name: shop
  kind: duckdb
  settings: {path: env:SHOP_WAREHOUSE}
---
type: activation_platform.ModelComponent
attributes:
  name: people
  source: shop
  table: people
  kind: users
  primary_key: id
---
type: activation_platform.DestinationComponent
attributes:
  name: messages
  platform: batch
  settings:
    base_url: env:BATCH_BASE_URL
    rest_api_key: env:BATCH_REST_API_KEY
    project_key: sandbox-project
---
type: activation_platform.DestinationComponent
attributes:
  name: crm
  platform: attio
  settings: {base_url: env:ATTIO_BASE_URL, access_token: env:ATTIO_ACCESS_TOKEN}
---
type: activation_platform.ActivationComponent
attributes:
  name: newsletter
  model: people
  destination: messages
  service: profiles
  mapping: {custom_id: id, $email_address: email, first_name: first_name}
"""


@pytest.fixture(scope="session")
def open_sandbox() -> Iterator[RunningSandbox]:
    with running(limits=False) as opened:
        yield opened


@pytest.fixture
def sandbox(open_sandbox):
    open_sandbox.world.reset()
    return open_sandbox


@dataclass(frozen=True)
class Project:
    folder: Path
    yaml: Path
    warehouse: Path

    def declare(self, text):
        self.yaml.write_text(text)

    def warehouse_holds(self, statement):
        with duckdb.connect(str(self.warehouse)) as connection:
            connection.execute(statement)


@pytest.fixture
def project(tmp_path, monkeypatch, sandbox):
    """A second project: a folder with a dg.toml and a package that nobody installed."""
    module = f"second_project_{next(NUMBERS)}"
    defs = tmp_path / module / "defs"
    (defs / "shop").mkdir(parents=True)
    for folder in (defs.parent, defs):
        (folder / "__init__.py").touch()
    (tmp_path / "dg.toml").write_text(f'directory_type = "project"\n[project]\nroot_module = "{module}"\n')
    made = Project(tmp_path, defs / "shop" / "defs.yaml", tmp_path / "shop.duckdb")
    made.declare(DECLARED)
    made.warehouse_holds(PEOPLE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    for name, value in {
        "ACTIVATION_STORAGE": str(tmp_path / ".activation"),
        "SHOP_WAREHOUSE": str(made.warehouse),
        "BATCH_BASE_URL": sandbox.base_url("batch"),
        "BATCH_REST_API_KEY": "sandbox-rest-key",
        "ATTIO_BASE_URL": sandbox.base_url("attio"),
        "ATTIO_ACCESS_TOKEN": "sandbox-attio-token",
    }.items():
        monkeypatch.setenv(name, value)
    return made


@pytest.fixture
def activation():
    """Calls `activation` and returns what it said and how it ended."""
    runner = CliRunner()

    def call(*arguments, fails=0):
        result = runner.invoke(app, [str(argument) for argument in arguments], prog_name="activation")
        assert result.exit_code == fails, (result.stdout, result.stderr, result.exception)
        return result

    return call
