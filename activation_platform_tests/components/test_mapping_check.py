"""The check of a mapping against what the account itself has: its fields and their types, told before a run."""

import re

import dagster as dg
import httpx
import pytest

from activation_platform.components.standing import evaluated, newest_finished
from activation_platform.destinations.database.acknowledgements import Acknowledgements
from activation_platform_tests.components.project import LEADS, Project, Runner, refusal, succeeded
from activation_platform_tests.components.test_databases import COPY, DATABASE, PEOPLE, TABLES, rows

__all__ = ["rows"]

SIZE = {
    "title": "Size",
    "description": None,
    "api_slug": "size",
    "type": "number",
    "is_required": False,
    "is_unique": False,
    "is_multiselect": False,
    "config": {},
}
TYPED = """\
  primary_key: id
  columns:
    id: integer
    email: text
    first_name: text
    orders: integer
"""


@pytest.fixture
def numbered(sandbox):
    """An Attio workspace in which people have a number, `size`."""
    httpx.post(
        sandbox.base_url("attio") + "/v2/objects/people/attributes",
        json={"data": SIZE},
        headers={"Authorization": "Bearer sandbox-attio-token"},
        timeout=5,
    ).raise_for_status()


def mapped(project, column):
    return project.replaced(
        "    email_addresses: email\n", f"    email_addresses: email\n    size: {column}\n"
    )


def validated(runner: Runner, job: str, asset: str) -> dg.AssetCheckEvaluation:
    """What the validation of an account tells of an activation's mapping."""
    result = runner.defs.resolve_job_def(job).execute_in_process(instance=runner.instance)
    assert result.success
    return standing_of(runner, asset)


def standing_of(runner, asset):
    key = dg.AssetCheckKey(dg.AssetKey(asset.split("/")), "mapping_fits")
    return evaluated(newest_finished(runner.instance, [key])[key])


def test_text_for_a_number_of_the_account_warns_before_the_run_and_stays_told_after_it(
    project, loaded, numbered
):
    runner = loaded(mapped(project, "first_name"))
    said = validated(runner, "validate_destination_crm", LEADS)
    assert (said.passed, said.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert said.description.endswith(
        'But size: it takes a number, and the column "first_name" is text: what is none is set aside'
    )
    succeeded(runner.run(LEADS))
    assert standing_of(runner, LEADS).severity is dg.AssetCheckSeverity.WARN


def test_a_column_of_which_nothing_can_be_sent_fails_before_the_run_and_stops_it(project, loaded, numbered):
    project.replaced("    orders: integer\n", "    orders: integer\n    vip: boolean\n")
    project.replaced("  table: people\n", "  sql: select *, orders > 4 as vip from people\n")
    runner = loaded(mapped(project, "vip"))
    said = validated(runner, "validate_destination_crm", LEADS)
    assert (said.passed, said.severity) == (False, dg.AssetCheckSeverity.ERROR)
    words = 'size: it takes a number, and the column "vip" is true or false, of which nothing can be sent. Cast it'
    assert words in said.description
    assert words in refusal(runner.run(LEADS))


def test_a_number_for_a_number_fits(project, loaded, numbered):
    assert validated(loaded(mapped(project, "orders")), "validate_destination_crm", LEADS).passed


def test_types_that_nobody_declared_are_those_of_the_newest_frame_of_the_same_query(
    tmp_path, project, loaded, numbered
):
    project.replaced(TYPED, "  primary_key: id\n")
    runner = loaded(mapped(project, "first_name"))
    assert validated(runner, "validate_destination_crm", LEADS).passed  # nobody knows a type yet
    succeeded(runner.run("models/people", partition=None))
    assert not validated(runner, "validate_destination_crm", LEADS).passed

    mended = Project(tmp_path / "mended", dict(project.documents))
    mended.replaced("  table: people\n", "  sql: select * replace (orders as first_name) from people\n")
    again = Runner(mended.load(), runner.instance)
    assert validated(
        again, "validate_destination_crm", LEADS
    ).passed  # or what is paused would never be made anew


@pytest.mark.parametrize(
    ("column", "severity"),
    [("first_name", dg.AssetCheckSeverity.WARN), ("vip", dg.AssetCheckSeverity.ERROR), ("orders", None)],
)
def test_the_types_of_a_tables_columns_are_held_against_the_models(project, rows, loaded, column, severity):
    project.replaced("    orders: integer\n", "    orders: integer\n    vip: boolean\n")
    project.replaced("  table: people\n", "  sql: select *, orders > 4 as vip from people\n")
    mapping = "mapping: {id: id, email: email, orders: orders}"
    project.also(DATABASE.replace(mapping, mapping.replace("orders: orders", f"orders: {column}")))
    said = validated(loaded(project), "validate_destination_crm_database", PEOPLE)
    assert said.passed is (severity is None)
    if severity is not None:
        assert said.severity is severity
        assert "orders: it takes a whole number, and the column" in said.description


@pytest.fixture
def clerk(monkeypatch, postgres_server, postgres_database):
    """The account of a user who may only keep the table `everybody`; carries out what its owner runs."""
    name = f"clerk_{postgres_server.port}"

    def run(*statements):
        postgres_server.run(*statements, database=postgres_database)

    run(*TABLES, Acknowledgements("postgres", "public").creation().sql)
    run(f"create role {name} login password 'clerk'", f"grant create on schema public to {name}")
    run(f"grant all on everybody, activation_acknowledgements to {name}")
    server = f"{postgres_server.host}:{postgres_server.port}"
    monkeypatch.setenv("CRM_URL", f"postgresql://{name}@{server}/{postgres_database}")
    monkeypatch.setenv("CRM_PASSWORD", "clerk")
    yield run
    run(f"drop owned by {name}", f"drop role {name}")


def test_a_table_that_may_not_be_written_fails_the_check_of_its_activation_alone_until_it_is_granted(
    clerk, project, loaded
):
    runner = loaded(project.also(DATABASE))
    said = validated(runner, "validate_destination_crm_database", PEOPLE)
    assert (said.passed, said.severity) == (False, dg.AssetCheckSeverity.ERROR)
    (grant,) = re.findall(r"GRANT .+?;", said.description)
    assert re.fullmatch(r'GRANT SELECT, INSERT, UPDATE, DELETE ON "public"."loyal" TO "clerk_\d+";', grant)
    assert said.metadata["error"].value == "Bad credentials or insufficient permissions"
    assert standing_of(runner, COPY).passed

    clerk(grant)
    assert validated(runner, "validate_destination_crm_database", PEOPLE).passed
    succeeded(runner.run(PEOPLE))


def test_a_run_that_was_not_allowed_to_write_leaves_the_check_failed(clerk, project, loaded):
    runner = loaded(project.also(DATABASE))
    assert "permission denied for table loyal" in refusal(runner.run(PEOPLE))
    assert not standing_of(runner, PEOPLE).passed
