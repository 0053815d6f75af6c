"""Iterable in a workspace, as its page shows it: after its runs the project holds the model, the list the segment."""

import dagster as dg
import httpx
import pytest

from activation_platform.contracts.authorities import trusted
from activation_platform.sandbox.faults import Extent, Kind, Rule
from activation_platform.sandbox.iterable import API_KEY
from activation_platform_tests.components.pages import example_of, pointed
from activation_platform_tests.components.project import fill, person, succeeded, told

EXAMPLE = example_of("iterable")
EVERYBODY, BEST = (f"activations/messages/{name}" for name in ("everybody", "best_customers"))
DAYS = [f"2024-01-{day:02}" for day in (1, 8, 15, 22)]
"""The first partitions: users at five, the list at six."""

FIRST = [person(number) for number in range(1, 5)]
SECOND = [person(1, first_name="Ada"), *FIRST[1:3], person(6), person(7)]
"""One changed, one left, two entered, of whom the last is refused."""


@pytest.fixture
def api(sandbox, monkeypatch):
    """The project that the page's key opens, with the field that it names."""
    monkeypatch.setenv("ITERABLE_API_KEY", API_KEY)
    with httpx.Client(
        verify=trusted(), base_url=sandbox.base_url("iterable"), headers={"Api-Key": API_KEY}
    ) as client:
        body = {"users": [{"email": "x@example.com", "dataFields": {"orders": 1}}]}
        assert client.post("/api/users/bulkUpdate", json=body).json()["createdFields"] == ["orders"]
        assert client.post("/api/users/forget", json={"email": "x@example.com"}).is_success
        yield client


@pytest.fixture
def workspace(project, api, sandbox, loaded):
    """The page's example, pointed at the sandbox, with other modes where a test says so."""

    def load(users="mirror", members="mirror"):
        key = "    api_key: env:ITERABLE_API_KEY\n"
        account, *parts = pointed(EXAMPLE, key, sandbox.base_url("iterable")).split("---\n")
        chosen = [
            part.replace("mode: mirror", f"mode: {mode}")
            for part, mode in zip(parts, (users, members), strict=True)
        ]
        return loaded(project.also("---\n".join((account, *chosen))))

    return load


@pytest.fixture
def held(sandbox):
    """Names and orders by address, of those who have a name."""

    def people():
        found = sandbox.world.part("iterable", "users")
        return {one["email"]: (one["firstName"], one["orders"]) for one in found if "firstName" in one}

    return people


def as_sent(*people):
    return {email: (first_name, orders) for _, email, first_name, orders in people}


def writes(sandbox):
    asked = (one for one in sandbox.world.requests() if one["platform"] == "iterable")
    return sum(one["count"] for one in asked if one["method"] != "GET")


def figures(result, asset):
    metadata = told(result, asset)
    return tuple(metadata[name] for name in ("inserted", "updated", "deleted", "destination_issues"))


@pytest.mark.parametrize("mode", ["mirror", "upsert", "update_only"])
def test_users_are_kept_in_step_with_the_model_as_the_mode_promises(
    mode, workspace, warehouse, sandbox, api, held
):
    if mode == "update_only":
        known = [{"email": f"person{number}@example.com"} for number in (1, 2, 3, 4, 6, 7)]
        assert api.post("/api/users/bulkUpdate", json={"users": known}).is_success
    run = workspace(mode)
    refused = "person7@example.com"
    sandbox.world.add_fault(Rule(Kind.POISON, identifier=refused, extent=Extent.RECORD, reason="No."))

    fill(warehouse, FIRST)
    succeeded(run.run(EVERYBODY, partition=f"{DAYS[0]}-05:00"))
    assert held() == as_sent(*FIRST)

    fill(warehouse, SECOND)
    again = succeeded(run.run(EVERYBODY, partition=f"{DAYS[1]}-05:00"))
    sandbox.world.finish_erasures()
    assert held() == as_sent(*SECOND[:4]) | ({} if mode == "mirror" else as_sent(FIRST[3]))
    expected = {"mirror": (1, 1, 1, 1), "upsert": (1, 1, 0, 1), "update_only": (0, 2, 0, 1)}
    assert figures(again, EVERYBODY) == expected[mode]

    sandbox.world.clear_faults()
    succeeded(run.run(EVERYBODY, partition=f"{DAYS[2]}-05:00"))
    assert held()[refused] == ("Name 7", 5)

    before = writes(sandbox)
    silent = succeeded(run.run(EVERYBODY, partition=f"{DAYS[3]}-05:00"))
    assert (writes(sandbox), told(silent, EVERYBODY)["status"]) == (before, "nothing to do")


@pytest.mark.parametrize("mode", ["mirror", "upsert"])
def test_a_list_is_kept_in_step_with_the_segment_as_the_mode_promises(mode, workspace, warehouse, sandbox):
    run = workspace(members=mode)
    address = {number: f"person{number}@example.com" for number in range(1, 6)}

    def members():
        return {one["email"] for one in sandbox.world.part("iterable", "lists")["Our best customers"]}

    fill(warehouse, [*(person(number) for number in range(1, 5)), person(5, orders=1)])
    succeeded(run.run(EVERYBODY, partition=f"{DAYS[0]}-05:00"))
    sandbox.world.add_fault(Rule(Kind.POISON, identifier=address[4], extent=Extent.RECORD, reason="No."))
    first = succeeded(run.run(BEST, partition=f"{DAYS[0]}-06:00"))
    assert members() == {address[1], address[2], address[3]}
    assert figures(first, BEST) == (3, 0, 0, 1)

    sandbox.world.clear_faults()
    fill(warehouse, [person(1), person(2), person(3, orders=1), person(4), person(5)])
    succeeded(run.run(BEST, partition=f"{DAYS[1]}-06:00"))
    stays = set() if mode == "mirror" else {address[3]}
    assert members() == {address[1], address[2], address[4], address[5]} | stays

    before = writes(sandbox)
    silent = succeeded(run.run(BEST, partition=f"{DAYS[2]}-06:00"))
    assert (writes(sandbox), told(silent, BEST)["status"]) == (before, "nothing to do")


def test_the_check_of_the_destination_looks_at_channels_fields_and_lists_and_writes_nothing(
    workspace, sandbox
):
    runner = workspace()
    before = writes(sandbox)
    job = runner.defs.resolve_implicit_global_asset_job_def()
    key = dg.AssetCheckKey(dg.AssetKey(["destinations", "messages"]), "ready")

    result = job.get_subset(asset_check_selection={key}, asset_selection=set()).execute_in_process(
        instance=runner.instance
    )

    (found,) = [one for one in result.get_asset_check_evaluations() if one.check_name == "ready"]
    assert found.passed
    assert writes(sandbox) == before
    asked = [one for one in sandbox.world.requests() if one["platform"] == "iterable"]
    assert {one["path"] for one in asked if one["method"] == "GET"} == {
        "/api/channels",
        "/api/lists",
        "/api/users/getFields",
    }
