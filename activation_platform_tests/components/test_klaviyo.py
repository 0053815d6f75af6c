"""Klaviyo in a workspace, as its page shows it: after its runs the account holds the model, the list the segment, and consent."""

import dagster as dg
import pytest

from activation_platform.sandbox.klaviyo import ACCOUNT, PRIVATE_KEY
from activation_platform_tests.components.pages import example_of, pointed
from activation_platform_tests.components.project import fill, person, succeeded

EXAMPLE = example_of("klaviyo")
ASSETS = [f"activations/marketing/{name}" for name in ("everybody", "best_customers", "newsletter")]
FIVE, SIX = "05:00", "06:00"


@pytest.fixture
def runner(project, sandbox, loaded, monkeypatch):
    """The page's example, pointed at the sandbox."""
    monkeypatch.setenv("KLAVIYO_PRIVATE_KEY", PRIVATE_KEY)
    key = "    private_key: env:KLAVIYO_PRIVATE_KEY\n"
    return loaded(project.also(pointed(EXAMPLE, key, sandbox.base_url("klaviyo"))))


@pytest.fixture
def held(sandbox):
    """Names and orders, members of the list, and consent to e-mail, by address."""

    def found():
        world = sandbox.world.state()["klaviyo"]
        profiles = world["profiles"]
        people = {
            one["email"]: (one.get("first_name"), one["properties"].get("orders"))
            for one in profiles.values()
        }
        members = {profiles[id_]["email"] for id_ in world["lists"]["Our best customers"]}
        consent = {
            one["email"]: one["consent"]["email"]["consent"] for one in profiles.values() if one["consent"]
        }
        return people, members, consent

    return found


def run(runner, day):
    for asset, hour in zip(ASSETS, (FIVE, SIX, SIX), strict=True):
        succeeded(runner.run(asset, partition=f"2024-01-{day:02}-{hour}"))


def test_the_example_of_the_page_keeps_the_account_in_step(runner, warehouse, held):
    run(runner, 1)
    fill(warehouse, [person(1, first_name="Ada"), person(2, orders=1), person(3), person(4), person(6)])
    run(runner, 8)

    people, members, consent = held()
    address = {number: f"person{number}@example.com" for number in range(1, 7)}
    assert people[address[1]][0] == "Ada"
    assert people[address[2]][1] == 1
    assert set(people) == set(address.values())
    assert members == {address[number] for number in (1, 3, 4, 6)}
    assert consent == {
        **{address[number]: "SUBSCRIBED" for number in (1, 3, 4, 6)},
        address[2]: "UNSUBSCRIBED",
    }


def test_the_check_of_the_destination_names_the_account_and_writes_nothing(runner, sandbox):
    job = runner.defs.resolve_implicit_global_asset_job_def()
    key = dg.AssetCheckKey(dg.AssetKey(["destinations", "marketing"]), "ready")

    result = job.get_subset(asset_check_selection={key}, asset_selection=set()).execute_in_process(
        instance=runner.instance
    )

    (found,) = [one for one in result.get_asset_check_evaluations() if one.check_name == "ready"]
    assert found.passed
    assert found.metadata["account"].value == ACCOUNT
    asked = [one for one in sandbox.world.requests() if one["platform"] == "klaviyo"]
    assert {(one["method"], one["path"]) for one in asked} == {
        ("GET", "/api/accounts"),
        ("GET", "/api/lists"),
    }
