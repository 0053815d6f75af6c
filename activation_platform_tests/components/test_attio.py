"""Attio in a workspace, as its page shows it: after its runs it holds the model, and each list the segment."""

import dagster as dg
import httpx
import pytest

from activation_platform.contracts.authorities import trusted
from activation_platform.sandbox.attio import TOKEN
from activation_platform_tests.components.pages import example_of, pointed
from activation_platform_tests.components.project import fill, person, succeeded

EXAMPLE = example_of("attio")
ASSETS = {
    f"activations/workspace/{name}": hour
    for name, hour in (("crm_people", 5), ("best_customers", 6), ("newsletter", 6))
}
LIST = {
    "name": "Our best customers",
    "api_slug": "our_best_customers",
    "parent_object": "people",
    "workspace_access": "full-access",
    "workspace_member_access": [],
}
ORDERS = {
    "title": "Orders",
    "description": None,
    "api_slug": "orders",
    "type": "number",
    "is_required": False,
    "is_unique": False,
    "is_multiselect": False,
    "config": {},
}


@pytest.fixture
def runner(project, sandbox, loaded, monkeypatch):
    """The page's example, pointed at a workspace that has the list and the attribute that the page names."""
    monkeypatch.setenv("ATTIO_ACCESS_TOKEN", TOKEN)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(verify=trusted(), base_url=sandbox.base_url("attio"), headers=headers) as client:
        for path, data in (("/v2/lists", LIST), ("/v2/lists/our_best_customers/attributes", ORDERS)):
            assert client.post(path, json={"data": data}).is_success
    token = "    access_token: env:ATTIO_ACCESS_TOKEN\n"
    return loaded(project.also(pointed(EXAMPLE, token, sandbox.base_url("attio"))))


@pytest.fixture
def held(sandbox):
    """First names, and of each list the orders of who is on it, by address."""

    def found():
        world = sandbox.world.state()["attio"]
        people = world["people"]

        def address(record):
            return people[record]["email_addresses"][0]

        names = {address(record): one.get("name", {}).get("first_name") for record, one in people.items()}
        lists = {
            slug: {address(one["parent_record"]): one.get("orders") for one in entries.values()}
            for slug, entries in world["lists"].items()
        }
        return names, lists

    return found


def run(runner, day):
    for asset, hour in ASSETS.items():
        succeeded(runner.run(asset, partition=f"2024-01-{day:02}-{hour:02}:00"))


def test_the_example_of_the_page_keeps_the_workspace_in_step(runner, warehouse, held):
    run(runner, 1)
    fill(
        warehouse,
        [person(1, first_name="Ada"), person(2, orders=1), person(3), person(4, orders=9), person(6)],
    )
    run(runner, 8)

    names, lists = held()
    address = {number: f"person{number}@example.com" for number in range(1, 7)}
    assert names[address[1]] == "Ada"
    assert set(names) == set(address.values())
    assert set(lists) == {"our_best_customers", "newsletter"}
    assert set(lists["our_best_customers"]) == {address[number] for number in (1, 3, 4, 6)}
    assert lists["our_best_customers"][address[4]] == 9
    assert set(lists["newsletter"]) == {address[number] for number in (1, 2, 3, 4, 6)}  # nobody is taken off


def test_the_check_of_the_destination_tries_every_mapping_and_writes_nothing(runner, sandbox):
    job = runner.defs.resolve_implicit_global_asset_job_def()
    key = dg.AssetCheckKey(dg.AssetKey(["destinations", "workspace"]), "ready")

    result = job.get_subset(asset_check_selection={key}, asset_selection=set()).execute_in_process(
        instance=runner.instance
    )

    (found,) = [one for one in result.get_asset_check_evaluations() if one.check_name == "ready"]
    assert found.passed
    assert found.metadata["mappings_that_do_not_fit"].value == 0
    written = [one for one in sandbox.world.requests() if one["method"] != "GET"]
    assert [(one["path"], one["count"]) for one in written] == [
        ("/v2/lists", 1),
        ("/v2/lists/{list}/attributes", 1),
    ]  # what the test itself set up
