"""Intercom in a workspace, as its page shows it: it holds the model, the tag the segment, and companies theirs."""

import httpx
import pytest

from activation_platform.contracts.authorities import trusted
from activation_platform.sandbox.faults import Extent, Kind, Rule
from activation_platform.sandbox.intercom import TOKEN
from activation_platform_tests.components.pages import example_of, pointed
from activation_platform_tests.components.project import fill, person, succeeded, told

EXAMPLE = example_of("intercom")
USERS, TAG, FIRMS = (f"activations/support/{name}" for name in ("users", "loyal_tag", "firms"))
DAYS = [f"2024-01-{day:02}" for day in (1, 8, 15, 22)]
"""The first partitions: contacts and companies at five, the tag at six."""

COMPANIES = """\
---
type: activation_platform.ActivationComponent
attributes:
  name: firms
  model: people
  destination: support
  service: companies
  mode: MODE
  mapping:
    company_id: id
    name: first_name
    size: {column: orders, on_null: keep}
  schedule: {cron: "0 5 * * 1", start: 2024-01-01}
"""


@pytest.fixture
def api(sandbox, monkeypatch):
    """The workspace that the page's token opens, with the attribute that it names."""
    monkeypatch.setenv("INTERCOM_ACCESS_TOKEN", TOKEN)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(verify=trusted(), base_url=sandbox.base_url("intercom"), headers=headers) as client:
        body = {"name": "orders", "model": "contact", "data_type": "integer"}
        assert client.post("/data_attributes", json=body).is_success
        yield client


@pytest.fixture
def workspace(project, api, sandbox, loaded):
    """The page's example with an activation of companies, pointed at the sandbox, with other modes where a test says so."""

    def load(users="mirror", members="mirror", firms="mirror"):
        token = "    access_token: env:INTERCOM_ACCESS_TOKEN\n"
        example = pointed(EXAMPLE, token, sandbox.base_url("intercom"))
        account, contacts, tag = example.split("---\n")
        parts = (account, contacts.replace("mode: mirror", f"mode: {users}"), tag.replace("mirror", members))
        return loaded(project.also("---\n".join(parts) + COMPANIES.replace("MODE", firms)))

    return load


@pytest.fixture
def contacts(sandbox):
    """Names and orders by ID, of those who have a name."""

    def held():
        found = sandbox.world.part("intercom", "contacts").values()
        return {one["external_id"]: (one["name"], one["orders"]) for one in found if "name" in one}

    return held


@pytest.fixture
def companies(sandbox):
    def held():
        found = sandbox.world.part("intercom", "companies").items()
        return {id_: (one["name"], one["size"]) for id_, one in found if "name" in one}

    return held


def as_sent(*people):
    return {str(id_): (first_name, orders) for id_, _, first_name, orders in people}


def writes(sandbox):
    reading = ("/contacts/search",)
    return sum(
        one["count"]
        for one in sandbox.world.requests()
        if one["platform"] == "intercom" and one["method"] != "GET" and one["path"] not in reading
    )


def figures(result, asset):
    metadata = told(result, asset)
    return tuple(metadata[name] for name in ("inserted", "updated", "deleted", "destination_issues"))


FIRST = [person(number) for number in range(1, 5)]
SECOND = [person(1, first_name="Ada"), *FIRST[1:3], person(6), person(7)]
"""One changed, one left, two entered, of whom the last is refused."""


def story(run, asset, warehouse, sandbox, held):
    """Four runs; what was held after the first two, and the figures of the second."""
    sandbox.world.add_fault(Rule(Kind.POISON, identifier="7", extent=Extent.RECORD, reason="No."))
    fill(warehouse, FIRST)
    succeeded(run.run(asset, partition=f"{DAYS[0]}-05:00"))
    first = held()
    fill(warehouse, SECOND)
    again = succeeded(run.run(asset, partition=f"{DAYS[1]}-05:00"))
    second = held()
    sandbox.world.clear_faults()
    succeeded(run.run(asset, partition=f"{DAYS[2]}-05:00"))
    before = writes(sandbox)
    succeeded(run.run(asset, partition=f"{DAYS[3]}-05:00"))
    assert writes(sandbox) == before
    return first, second, figures(again, asset)


@pytest.mark.parametrize("mode", ["mirror", "upsert", "update_only", "insert_only"])
def test_contacts_are_kept_in_step_with_the_model_as_the_mode_promises(
    mode, workspace, warehouse, sandbox, api, contacts
):
    if mode == "update_only":
        for number in (1, 2, 3, 4, 6, 7):
            assert api.post("/contacts", json={"external_id": str(number)}).is_success

    first, second, numbers = story(workspace(users=mode), USERS, warehouse, sandbox, contacts)

    left = {} if mode == "mirror" else as_sent(FIRST[3])
    ada = as_sent(FIRST[0]) if mode == "insert_only" else {}
    assert first == as_sent(*FIRST)
    assert second == as_sent(*SECOND[:4]) | left | ada
    assert contacts()["7"] == ("Name 7", 5)
    expected = {
        "mirror": (1, 1, 1, 1),
        "upsert": (1, 1, 0, 1),
        "update_only": (0, 2, 0, 1),
        "insert_only": (1, 0, 0, 1),
    }
    assert numbers == expected[mode]


@pytest.mark.parametrize("mode", ["mirror", "upsert", "update_only"])
def test_companies_are_kept_in_step_with_the_model_as_the_mode_promises(
    mode, workspace, warehouse, sandbox, api, companies
):
    if mode == "update_only":
        for number in (1, 2, 3, 4, 6, 7):
            assert api.post("/companies", json={"company_id": str(number)}).is_success

    first, second, numbers = story(workspace(firms=mode), FIRMS, warehouse, sandbox, companies)

    assert first == as_sent(*FIRST)
    assert second == as_sent(*SECOND[:4]) | ({} if mode == "mirror" else as_sent(FIRST[3]))
    assert companies()["7"] == ("Name 7", 5)
    expected = {"mirror": (1, 1, 1, 1), "upsert": (1, 1, 0, 1), "update_only": (0, 2, 0, 1)}
    assert numbers == expected[mode]


@pytest.mark.parametrize("mode", ["mirror", "upsert"])
def test_a_tag_is_kept_in_step_with_the_segment_as_the_mode_promises(
    mode, workspace, warehouse, sandbox, contacts
):
    run = workspace(members=mode)

    def members():
        return {one["external_id"] for one in sandbox.world.part("intercom", "tags")["Loyal"]}

    fill(warehouse, [*(person(number) for number in range(1, 5)), person(5, orders=1)])
    succeeded(run.run(USERS, partition=f"{DAYS[0]}-05:00"))
    sandbox.world.add_fault(Rule(Kind.POISON, identifier="4", extent=Extent.RECORD, reason="No."))
    first = succeeded(run.run(TAG, partition=f"{DAYS[0]}-06:00"))
    assert (members(), figures(first, TAG)) == ({"1", "2", "3"}, (3, 0, 0, 1))

    sandbox.world.clear_faults()
    fill(warehouse, [person(1), person(2), person(3, orders=1), person(4), person(5)])
    succeeded(run.run(TAG, partition=f"{DAYS[1]}-06:00"))
    assert members() == {"1", "2", "4", "5"} | (set() if mode == "mirror" else {"3"})
    assert len(contacts()) == 5

    before = writes(sandbox)
    succeeded(run.run(TAG, partition=f"{DAYS[2]}-06:00"))
    assert writes(sandbox) == before
