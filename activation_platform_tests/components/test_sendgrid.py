"""SendGrid in a workspace, as its page shows it: after every run the account holds the model, and the list the segment."""

import httpx
import pytest

from activation_platform.contracts.authorities import trusted
from activation_platform.sandbox.faults import Extent, Kind, Rule
from activation_platform_tests.components.pages import example_of
from activation_platform_tests.components.project import fill, person, succeeded, told

EXAMPLE = example_of("sendgrid")
CONTACTS, LIST = "activations/newsletter/contacts", "activations/newsletter/loyal_list"
DAYS = [f"2024-01-{day:02}" for day in (1, 8, 15, 22)]
"""The first partitions: contacts at five, the list at six."""

REFUSED = "person7@example.com"


@pytest.fixture
def api(sandbox, monkeypatch):
    """The account that the page's key opens, with the custom field that it names."""
    monkeypatch.setenv("SENDGRID_API_KEY", "SG.sandbox")
    headers = {"Authorization": "Bearer SG.sandbox"}
    with httpx.Client(
        verify=trusted(), base_url=f"{sandbox.base_url('sendgrid')}/v3/marketing", headers=headers
    ) as client:
        made = client.post("/field_definitions", json={"name": "orders", "field_type": "Number"})
        assert made.is_success
        yield client


@pytest.fixture
def workspace(project, api, sandbox, loaded):
    """The page's example, pointed at the sandbox, with other modes where a test says so."""

    def load(contacts="mirror", members="mirror"):
        first, second, third = EXAMPLE.split("---\n")
        address = f"    base_url: {sandbox.base_url('sendgrid')}\n"
        project.also(first + address).also(second.replace("mode: mirror", f"mode: {contacts}"))
        return loaded(project.also(third.replace("mode: mirror", f"mode: {members}")))

    return load


@pytest.fixture
def held(sandbox):
    def contacts():
        found = sandbox.world.part("sendgrid", "contacts").values()
        return {one["email"]: (one.get("first_name"), one.get("orders")) for one in found}

    return contacts


@pytest.fixture
def members(sandbox):
    return lambda: {
        one["email"] for one in sandbox.world.part("sendgrid", "lists")["Loyal customers"].values()
    }


def as_sent(*people):
    return {email: (first_name, orders) for _, email, first_name, orders in people}


def writes(sandbox):
    return sum(one["count"] for one in sandbox.world.requests() if one["method"] in ("PUT", "DELETE"))


def figures(result, asset):
    metadata = told(result, asset)
    return tuple(metadata[name] for name in ("inserted", "updated", "deleted", "destination_issues"))


@pytest.mark.parametrize("mode", ["mirror", "upsert", "update_only"])
def test_contacts_are_kept_in_step_with_the_model_as_the_mode_promises(
    mode, workspace, warehouse, sandbox, api, held
):
    first = [person(number) for number in range(1, 5)]
    second = [person(1, first_name="Ada"), *first[1:3], person(6), person(7)]
    if mode == "update_only":  # 6 and 7 are there, and 5 is not
        known = [{"email": one[1]} for one in (*first, *second)]
        api.put("/contacts", json={"contacts": known})
    sandbox.world.add_fault(
        Rule(Kind.POISON, identifier=REFUSED, extent=Extent.RECORD, reason="is a role address")
    )
    run = workspace(contacts=mode)

    fill(warehouse, first)
    succeeded(run.run(CONTACTS, partition=f"{DAYS[0]}-05:00"))
    assert {email: value for email, value in held().items() if value[0]} == as_sent(*first)

    fill(warehouse, second)
    again = succeeded(run.run(CONTACTS, partition=f"{DAYS[1]}-05:00"))
    expected = as_sent(*second[:4]) | (as_sent(first[3]) if mode != "mirror" else {})
    assert {email: value for email, value in held().items() if value[0]} == expected
    assert (
        figures(again, CONTACTS)
        == {
            "mirror": (1, 1, 1, 1),
            "upsert": (1, 1, 0, 1),
            "update_only": (0, 2, 0, 1),
        }[mode]
    )

    sandbox.world.clear_faults()
    succeeded(run.run(CONTACTS, partition=f"{DAYS[2]}-05:00"))
    assert held()[REFUSED] == ("Name 7", 5)
    before = writes(sandbox)
    succeeded(run.run(CONTACTS, partition=f"{DAYS[3]}-05:00"))
    assert writes(sandbox) == before


@pytest.mark.parametrize("mode", ["mirror", "upsert"])
def test_a_list_is_kept_in_step_with_the_segment_as_the_mode_promises(
    mode, workspace, warehouse, sandbox, held, members
):
    run = workspace(members=mode)
    fill(warehouse, [*(person(number) for number in range(1, 5)), person(5, orders=1)])
    succeeded(run.run(CONTACTS, partition=f"{DAYS[0]}-05:00"))

    succeeded(run.run(LIST, partition=f"{DAYS[0]}-06:00"))
    assert members() == {f"person{number}@example.com" for number in range(1, 5)}

    fill(warehouse, [person(1), person(2), person(3, orders=1), person(4), person(5)])
    succeeded(run.run(LIST, partition=f"{DAYS[1]}-06:00"))
    left = set() if mode == "mirror" else {"person3@example.com"}
    assert members() == {f"person{number}@example.com" for number in (1, 2, 4, 5)} | left
    assert len(held()) == 5

    before = writes(sandbox)
    succeeded(run.run(LIST, partition=f"{DAYS[2]}-06:00"))
    assert writes(sandbox) == before
