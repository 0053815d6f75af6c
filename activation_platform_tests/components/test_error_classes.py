"""The six classes of errors through Dagster: each failed step says its class, what happened and what to do; none is retried."""

import socket

import dagster as dg
import pytest

from activation_platform.contracts.errors import ErrorClass
from activation_platform.sandbox.faults import Kind, Rule
from activation_platform_tests.components.project import (
    LEADS,
    LETTERS,
    Runner,
    fill,
    person,
    refusal,
    succeeded,
)

SECRETS = ("sandbox-rest-key", "sandbox-live-key", "sandbox-attio-token")


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def connection(world, patch, warehouse):
    patch.setenv("BATCH_BASE_URL", f"http://127.0.0.1:{closed_port()}")


def not_an_api(world, patch, warehouse):
    world.add_fault(Rule(Kind.HTML_200, path="/batch/*"))


def credentials(world, patch, warehouse):
    patch.setenv("BATCH_REST_API_KEY", "another-key-of-somebody")


def permissions(world, patch, warehouse):
    world.add_fault(Rule(Kind.STATUS, path="/batch/*/profiles/*", status=403, reason="for sandbox-rest-key"))


def rate_limit(world, patch, warehouse):
    world.add_fault(Rule(Kind.STATUS, path="/batch/*/profiles/*", status=429, retry_after=86_400))


def timeout(world, patch, warehouse):
    world.add_fault(Rule(Kind.TIMEOUT, path="/batch/*/audiences/*", cap=2))


def not_found(world, patch, warehouse):
    world.add_fault(Rule(Kind.STATUS, path="/batch/*/audiences/*", status=404))


def no_warehouse(world, patch, warehouse):
    warehouse.unlink()


CASES = {
    "nobody answers": (connection, ErrorClass.CONNECTION, "cannot be reached"),
    "something answers that is not the API": (not_an_api, ErrorClass.CONNECTION, "base_url"),
    "a wrong credential": (credentials, ErrorClass.CREDENTIALS, "answered 401"),
    "a missing permission": (permissions, ErrorClass.CREDENTIALS, "answered 403"),
    "no more requests for today": (rate_limit, ErrorClass.RATE_LIMIT, "batch"),
    "no answer in time": (timeout, ErrorClass.TIMEOUT, "did not answer within"),
    "nothing of that name at the vendor": (not_found, ErrorClass.NOT_FOUND, "404"),
    "no such warehouse": (no_warehouse, ErrorClass.NOT_FOUND, "There is no file"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_failed_step_says_its_class_what_happened_and_what_to_do(
    case, runner, sandbox, monkeypatch, warehouse
):
    arrange, error_class, words = CASES[case]
    arrange(sandbox.world, monkeypatch, warehouse)
    result = runner.run(LETTERS)
    description = refusal(result)
    assert description.startswith(f"{error_class}: ")
    assert words in description
    failed = next(
        event for event in result.all_events if event.is_step_failure
    ).step_failure_data.user_failure_data
    assert failed.metadata["error_class"].value == error_class
    assert failed.metadata["what_to_do"].value in description
    assert failed.metadata["page"].value == error_class.page
    assert description.endswith(f"More in {error_class.page}.")
    assert not [secret for secret in SECRETS if secret in str(result.all_events)]


def test_a_wrong_configuration_that_only_the_frame_shows_is_one_of_the_six(project, loaded):
    open_columns = "  columns:\n    id: integer\n    email: text\n    first_name: text\n    orders: integer\n"
    project.replaced(open_columns, "").replaced("$email_address: email", "$email_address: mail")
    description = refusal(loaded(project).run(LETTERS))
    assert description.startswith(f"{ErrorClass.CONFIGURATION}: ")
    assert 'no column "mail"' in description
    assert 'Did you mean "email"?' in description


def test_a_field_that_the_account_does_not_have_is_named_before_anything_is_written(project, loaded, sandbox):
    project.replaced("name.first_name: first_name", "favourite_colour: first_name")
    description = refusal(loaded(project).run(LEADS))
    assert description.startswith(f"{ErrorClass.CONFIGURATION}: ")
    assert "favourite_colour" in description


def test_none_of_them_is_retried_though_the_job_retries(runner, sandbox, instance, monkeypatch):
    monkeypatch.setenv("BATCH_REST_API_KEY", "another-key-of-somebody")
    retrying = dg.define_asset_job(
        "retrying",
        selection=dg.AssetSelection.assets(dg.AssetKey(LETTERS.split("/"))).upstream().materializable(),
        op_retry_policy=dg.RetryPolicy(max_retries=3),
    )
    defs = dg.Definitions.merge(runner.defs, dg.Definitions(jobs=[retrying]))
    result = defs.resolve_job_def("retrying").execute_in_process(
        instance=instance, partition_key="2024-01-01-06:00", raise_on_error=False
    )
    assert not result.success
    assert not [event for event in result.all_events if event.is_step_restarted or event.is_step_up_for_retry]


def test_the_figures_of_a_failed_run_are_kept(runner, sandbox, instance, warehouse):
    fill(warehouse, [person(number) for number in range(1, 211)])
    sandbox.world.add_fault(Rule(Kind.STATUS, path="/batch/*/profiles/*", status=401, after=1))
    result = runner.run(LETTERS)
    assert not result.success
    (newest,) = instance.fetch_observations(dg.AssetKey(LETTERS.split("/")), limit=1).records
    metadata = {name: value.value for name, value in newest.asset_observation.metadata.items()}
    assert metadata["status"] == "failed"
    assert (
        metadata["inserted"] + metadata["unsent"] + metadata["destination_issues"],
        metadata["extracted"],
    ) == (210, 210)
    sandbox.world.clear_faults()
    again = succeeded(Runner(runner.defs, instance).run(LETTERS, upstream=False))
    assert set(sandbox.world.part("batch", "received").values()) == {1}
    assert again.success


def test_a_check_of_a_destination_says_whether_the_account_lets_us_in(runner, instance, monkeypatch):
    def verdict():
        job = runner.defs.resolve_implicit_global_asset_job_def()
        key = dg.AssetCheckKey(dg.AssetKey(["destinations", "mail"]), "ready")
        result = job.get_subset(asset_check_selection={key}, asset_selection=set()).execute_in_process(
            instance=instance
        )
        (found,) = result.get_asset_check_evaluations()
        return found

    assert verdict().passed
    monkeypatch.setenv("BATCH_REST_API_KEY", "another-key-of-somebody")
    found = verdict()
    assert not found.passed
    assert found.description.startswith(ErrorClass.CREDENTIALS)
    assert found.metadata["page"].value == "docs/troubleshooting/credentials.md"
    assert "another-key" not in found.description


def test_a_check_of_a_source_says_which_step_failed(runner, instance, warehouse):
    def verdict():
        job = runner.defs.resolve_implicit_global_asset_job_def()
        key = dg.AssetCheckKey(dg.AssetKey(["sources", "shop"]), "connection")
        result = job.get_subset(asset_check_selection={key}, asset_selection=set()).execute_in_process(
            instance=instance
        )
        (found,) = result.get_asset_check_evaluations()
        return found

    assert verdict().passed
    warehouse.unlink()
    assert verdict().description.startswith("connection: ")
