"""Pauses through a real Dagster instance with its daemon: who rests, who does not, and who goes on by itself (SEMANTICS E7)."""

import os
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import dagster as dg
import duckdb
import pytest

from activation_platform_tests.components.daemon import daemon
from activation_platform_tests.components.project import Project, fill, person

SUCCESS, FAILURE = dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE
HOUR = timedelta(hours=1)

SHOP = """\
type: activation_platform.SourceComponent
attributes:
  name: shop
  kind: postgres
  settings:
    {host: env:SHOP_HOST, port: env:SHOP_PORT, database: env:SHOP_DATABASE, user: env:SHOP_USER, password: env:SHOP_PASSWORD}
---
type: activation_platform.ModelComponent
attributes: {name: people, source: shop, sql: "select id, email from people", primary_key: id, kind: users}
---
type: activation_platform.ModelComponent
attributes: {name: stores, source: shop, sql: "select id, city from stores", primary_key: id}
---
type: activation_platform.DestinationComponent
attributes: {name: copies, platform: database, settings: {url: env:COPIES_URL}}
"""
ACTIVATION = """\
type: activation_platform.ActivationComponent
attributes:
  name: {name}
  model: {model}
  destination: copies
  service: table
  mode: mirror
  options: {{table: {name}, key: id}}
  mapping: {{id: id}}
  schedule: {{at: "06:00"}}
"""


@pytest.fixture
def shop(postgres_server, postgres_database, monkeypatch):
    """What people do to the warehouse."""
    settings = {
        "HOST": postgres_server.host,
        "PORT": str(postgres_server.port),
        "DATABASE": postgres_database,
    }
    settings |= {"USER": postgres_server.user, "PASSWORD": postgres_server.password}
    for name, value in settings.items():
        monkeypatch.setenv(f"SHOP_{name}", value)

    def run(*statements):
        postgres_server.run(*statements, database=postgres_database)

    run(
        "create table people as select 1 as id, 'a@example.org' as email",
        "create table stores as select 1 as id, 'Paris' as city",
    )
    return run


@pytest.fixture
def copies(tmp_path, monkeypatch):
    """The ids that a table of the destination holds."""
    file = tmp_path / "copies.duckdb"
    monkeypatch.setenv("COPIES_URL", f"duckdb:///{file}")
    with duckdb.connect(str(file)) as connection:
        for name in ("letters", "quiet", "places"):
            connection.execute(f"create table {name} (id bigint)")

    def ids(table):
        with duckdb.connect(str(file), read_only=True) as connection:
            return sorted(row[0] for row in connection.execute(f"select id from {table}").fetchall())

    return ids


@pytest.fixture
def altered(copies, tmp_path):
    """What people do to the destination."""

    def run(statement):
        with duckdb.connect(str(tmp_path / "copies.duckdb")) as connection:
            connection.execute(statement)

    return run


@pytest.fixture
def dev(tmp_path, storage, shop, copies, monkeypatch):
    home = tmp_path / "home"
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    of = {"letters": "people", "quiet": "people", "places": "stores"}
    each = [ACTIVATION.format(name=name, model=model) for name, model in of.items()]
    project = Project(tmp_path, {"defs.yaml": "---\n".join([SHOP, *each])})
    with daemon(home, project.write()) as made:
        made.turn()
        made.pause("quiet_schedule")
        yield made


def at_six(days):
    return datetime.now(UTC).replace(hour=6, minute=0, second=0, microsecond=0) + timedelta(days=days)


def ended(runs):
    """How the runs ended, by what they were for."""
    return {run.tags.get("activation") or run.tags["activation_platform/probe"]: run.status for run in runs}


def test_e7_a_dropped_column_pauses_what_is_below_it_until_it_is_back(dev, shop, copies):
    dev.at(at_six(1))
    assert ended(dev.settle()) == {"letters": SUCCESS, "places": SUCCESS}

    shop("alter table people rename email to gone")
    dev.at(at_six(1))
    assert ended(dev.settle()) == {"letters": FAILURE, "places": SUCCESS}
    assert "the model people is broken since" in dev.page("letters")
    assert dev.page("places") is None

    dev.at(at_six(1))
    assert ended(dev.settle()) == {"model people": FAILURE, "places": SUCCESS}  # at most one probe
    assert dev.skipped("letters_schedule") == dev.page("letters")

    shop("alter table people rename gone to email", "insert into people values (2, 'b@example.org')")
    assert dev.settle() == []  # it has been asked this hour
    dev.at(datetime.now(UTC) + HOUR)
    runs = dev.settle()
    assert ended(runs) == {"model people": SUCCESS, "letters": SUCCESS}
    assert runs[-1].tags["dagster/partition"] == at_six(0).strftime("%Y-%m-%d-%H:%M")
    assert (copies("letters"), copies("quiet")) == ([1, 2], [])
    assert dev.page("letters") is None


def test_e7_a_refused_login_pauses_everything_that_reads_the_source_but_no_model_is_blamed(
    dev, copies, monkeypatch
):
    dev.at(at_six(1))
    dev.settle()
    password = os.environ["SHOP_PASSWORD"]
    monkeypatch.setenv("SHOP_PASSWORD", "wrong")
    dev.at(at_six(1))
    assert ended(dev.settle()) == {"letters": FAILURE, "places": FAILURE}
    assert "the source shop is broken since" in dev.page("places")
    assert "model" not in dev.page("places")
    dev.at(at_six(1))
    assert ended(dev.settle()) == {"source shop": SUCCESS}  # a check that fails is a run that succeeds
    monkeypatch.setenv("SHOP_PASSWORD", password)
    dev.at(datetime.now(UTC) + HOUR)
    assert ended(dev.settle()) == {"source shop": SUCCESS, "letters": SUCCESS, "places": SUCCESS}
    assert copies("letters") == copies("places") == [1]


def test_e7_a_revoked_credential_pauses_its_account_and_asks_once_an_hour(
    tmp_path, project, storage, warehouse, sandbox, monkeypatch
):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BATCH_REST_API_KEY", "revoked")
    monday = at_six(8 - datetime.now(UTC).isoweekday())

    def asked():
        return sum(one["count"] for one in sandbox.world.requests() if one["platform"] == "batch")

    with daemon(tmp_path / "home", project.write()) as dev:
        dev.turn()
        dev.at(monday)
        assert ended(dev.settle()) == {"letters": FAILURE, "leads": SUCCESS}
        assert "the destination mail is broken since" in dev.page("letters")
        refused = asked()
        dev.settle()
        assert asked() == refused
        dev.at(datetime.now(UTC) + HOUR)
        assert ended(dev.settle()) == {"destination mail": SUCCESS}
        dev.settle()
        assert asked() == refused + 1
        monkeypatch.setenv("BATCH_REST_API_KEY", "sandbox-rest-key")
        dev.at(datetime.now(UTC) + HOUR)
        assert ended(dev.settle()) == {"destination mail": SUCCESS, "letters": SUCCESS}
    assert sorted(sandbox.world.part("batch", "profiles")) == ["1", "2", "3", "4"]


def test_e7_a_field_that_the_account_lost_pauses_only_what_maps_it(dev, copies, altered):
    altered("alter table letters rename id to other")
    dev.at(at_six(1))
    assert ended(dev.settle()) == {"letters": FAILURE, "places": SUCCESS}
    assert "the activation letters is broken since" in dev.page("letters")
    assert dev.page("places") is None
    dev.at(at_six(1))
    assert ended(dev.settle()) == {"destination copies": SUCCESS, "places": SUCCESS}
    assert dev.skipped("letters_schedule") == dev.page("letters")
    altered("alter table letters rename other to id")
    dev.at(datetime.now(UTC) + HOUR)
    assert ended(dev.settle()) == {"destination copies": SUCCESS, "letters": SUCCESS}
    assert copies("letters") == [1]


@pytest.mark.parametrize("engine", ["frames", "warehouse"])
def test_e7_a_computed_field_that_does_not_fit_pauses_only_what_maps_it_until_it_is_corrected(
    tmp_path, storage, shop, copies, altered, monkeypatch, engine
):
    home = tmp_path / "home"
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    altered("alter table letters add column twice double")

    def written(formula):
        people = f'engine: {engine}, computed: {{twice: {{formula: "{formula}"}}}}'
        documents = [
            SHOP.replace("primary_key: id, kind: users", f"primary_key: id, kind: users, {people}"),
            ACTIVATION.format(name="letters", model="people").replace("{id: id}", "{id: id, twice: twice}"),
            ACTIVATION.format(name="quiet", model="people"),
        ]
        return Project(tmp_path, {"defs.yaml": "---\n".join(documents)}).write()

    with daemon(home, written("email * 2")) as dev:
        dev.turn()
        dev.at(at_six(1))
        assert ended(dev.settle()) == {"letters": FAILURE, "quiet": SUCCESS}
        paused = dev.page("letters")
        assert "the computed field people.twice (for the activation letters) is broken since" in paused
        assert dev.page("quiet") is None
        dev.at(at_six(1))
        assert ended(dev.settle()) == {"destination copies": SUCCESS, "quiet": SUCCESS}
        assert (dev.skipped("letters_schedule"), dev.page("letters")) == (paused, paused)
    with daemon(home, written("id * 2")) as dev:
        dev.turn()
        dev.at(at_six(3))
        assert ended(dev.settle()) == {"destination copies": SUCCESS, "letters": SUCCESS, "quiet": SUCCESS}
    assert copies("letters") == [1]


def test_e7_the_nightly_validation_finds_what_is_broken_before_a_run_does(
    tmp_path, project, storage, warehouse, sandbox, monkeypatch
):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    monday = at_six(8 - datetime.now(UTC).isoweekday())
    with daemon(tmp_path / "home", project.write(), validations=True) as dev:
        dev.at(monday - 8 * HOUR)
        dev.turn()
        monkeypatch.setenv("BATCH_REST_API_KEY", "revoked")
        dev.at(monday - 4 * HOUR)
        jobs = sorted(run.job_name for run in dev.settle())
        assert jobs == ["validate_destination_crm", "validate_destination_mail", "validate_source_shop"]
        dev.at(monday)
        assert ended(dev.settle()) == {"destination mail": SUCCESS, "leads": SUCCESS}
        why = f"paused: the destination mail is broken since {monday:%Y-%m-%d} 02:00"
        assert dev.skipped("letters_schedule").startswith(why)


@pytest.fixture
def following(tmp_path, project, storage, warehouse, sandbox, monkeypatch):
    """Starts the daemon of a project whose letters follow their data, which is new whenever one says so."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    weekly = '    first_name: first_name\n  schedule: {cron: "0 6 * * 1", start: 2024-01-01}\n'
    project.replaced("  table: people\n", "  table: people\n  after: [dbt/people]\n")
    project.replaced(weekly, weekly.replace('{cron: "0 6 * * 1", start: 2024-01-01}', "{follow: upstream}"))
    project.replaced("  platform: batch\n", "  platform: batch\n  credential_expires: 2026-01-01\n")

    @contextmanager
    def started():
        with daemon(tmp_path / "home", project.write()) as dev:

            def new_data():
                dev.instance.report_runless_asset_event(dg.AssetMaterialization(["dbt", "people"]))
                return [(min(run.asset_selection).path[0], run.status) for run in dev.settle()]

            dev.settle()
            yield dev, new_data

    return started


def test_e7_what_follows_its_data_waits_for_its_destination_but_not_because_of_a_warning(
    following, warehouse, sandbox, monkeypatch
):
    with following() as (dev, new_data):
        monkeypatch.setenv("BATCH_REST_API_KEY", "revoked")
        assert new_data() == [("models", SUCCESS), ("segments", SUCCESS), ("activations", FAILURE)]
        assert "the destination mail is broken since" in dev.page("letters")
        fill(warehouse, [person(1), person(9)])
        assert new_data() == [("models", SUCCESS), ("segments", SUCCESS)]
        monkeypatch.setenv("BATCH_REST_API_KEY", "sandbox-rest-key")
        dev.at(datetime.now(UTC) + HOUR)
        probe, run = dev.settle()
        assert (ended([probe]), run.tags["activation"]) == ({"destination mail": SUCCESS}, "letters")
    assert sorted(sandbox.world.part("batch", "profiles")) == ["1", "9"]


def test_e7_what_follows_its_data_goes_on_with_what_it_failed_at_though_nothing_new_came(
    following, sandbox, monkeypatch
):
    with following() as (dev, new_data):
        monkeypatch.setenv("BATCH_REST_API_KEY", "revoked")
        assert new_data()[-1] == ("activations", FAILURE)
        monkeypatch.setenv("BATCH_REST_API_KEY", "sandbox-rest-key")
        dev.at(datetime.now(UTC) + HOUR)
        probe, run = dev.settle()
        assert ended([probe, run]) == {"destination mail": SUCCESS, "letters": SUCCESS}
        assert [key.path[0] for key in run.asset_selection] == ["activations"]
        assert dev.page("letters") is None
        assert dev.settle() == []
    assert sorted(sandbox.world.part("batch", "profiles")) == ["1", "2", "3", "4"]


def test_e7_what_follows_its_data_has_it_made_once_its_source_is_back(following, warehouse, sandbox):
    with following() as (dev, new_data):
        assert new_data()[-1] == ("activations", SUCCESS)
        fill(warehouse, [person(1), person(9)])
        shop = warehouse.read_bytes()
        warehouse.write_bytes(b"no database")
        assert new_data() == [("models", FAILURE)]
        assert "the source shop is broken since" in dev.page("letters")
        warehouse.write_bytes(shop)
        dev.at(datetime.now(UTC) + HOUR)
        probe, run, *others = dev.settle()
        assert ended([probe, run]) == {"source shop": SUCCESS, "letters": SUCCESS}
        assert others == []
        assert dev.page("letters") is None
    assert sorted(sandbox.world.part("batch", "profiles")) == ["1", "2", "3", "4", "9"]
