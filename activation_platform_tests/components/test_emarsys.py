"""Emarsys in a workspace, as its page shows it: after every run the account holds the model, the list the segment."""

import dagster as dg
import httpx
import pytest

from activation_platform.contracts.authorities import trusted
from activation_platform.destinations.emarsys.destination import Emarsys
from activation_platform.sandbox.emarsys import CLIENT_ID, CLIENT_SECRET
from activation_platform.sandbox.faults import Extent, Kind, Rule
from activation_platform_tests.components.pages import example_of
from activation_platform_tests.components.project import fill, person, succeeded, told
from activation_platform_tests.destinations.conversation import carry

EXAMPLE = example_of("emarsys")
CONTACTS, LIST, TABLE = (
    f"activations/engagement/{name}" for name in ("contacts", "loyal_contacts", "order_counts")
)
DAYS = [f"2024-01-{day:02}" for day in (1, 8, 15, 22)]
"""The first partitions: contacts at five, the list at six, the table at seven."""

REFUSED = "person7@example.com"


@pytest.fixture
def account(sandbox, monkeypatch):
    """The account that the page's credentials open, with the field that it names."""
    monkeypatch.setenv("EMARSYS_CLIENT_ID", CLIENT_ID)
    monkeypatch.setenv("EMARSYS_CLIENT_SECRET", CLIENT_SECRET)
    base_url = sandbox.base_url("emarsys")
    made = Emarsys(
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        base_url=base_url,
        token_url=f"{base_url}/oauth2/token",
    )

    def say(path, body):
        def asked():
            return (yield made.call("POST", path, json=body))

        with httpx.Client(verify=trusted()) as client:
            return carry(asked(), made, client).outcomes

    say("/field", {"name": "orders", "application_type": "numeric"})
    return say


@pytest.fixture
def workspace(project, account, sandbox, loaded):
    """The page's example, pointed at the sandbox, with another mode where a test says so."""

    def load(contacts="upsert", others="mirror", table="order_counts"):
        first, second, *more = EXAMPLE.split("---\n")
        base_url = sandbox.base_url("emarsys")
        project.also(f"{first}    base_url: {base_url}\n    token_url: {base_url}/oauth2/token\n")
        meant = "  allow_irreversible_deletes: true\n" if contacts == "mirror" else ""
        project.also(second.replace("  mode: upsert\n", f"  mode: {contacts}\n{meant}"))
        for one in more:
            changed = one.replace("mode: mirror", f"mode: {others}")
            project.also(changed.replace("table: order_counts", f"table: {table}"))
        return loaded(project)

    return load


@pytest.fixture
def held(sandbox):
    def contacts():
        found = sandbox.world.part("emarsys", "contacts").values()
        return {one["email"]: (one.get("first_name"), one.get("orders")) for one in found}

    return contacts


def as_sent(*people):
    return {email: (first_name, orders) for _, email, first_name, orders in people}


def writes(sandbox):
    return sum(
        one["count"]
        for one in sandbox.world.requests()
        if one["method"] != "GET" and not one["path"].startswith("/oauth2")
    )


def figures(result, asset):
    metadata = told(result, asset)
    return tuple(metadata[name] for name in ("inserted", "updated", "deleted", "destination_issues"))


def test_d7_contacts_are_deleted_for_good_only_where_somebody_says_so(project):
    refused = project.also(EXAMPLE.replace("mode: upsert", "mode: mirror")).refusal()
    assert "mirror erases records for good here; say allow_irreversible_deletes: true" in refused


@pytest.mark.parametrize("mode", ["mirror", "upsert", "update_only", "insert_only"])
def test_contacts_are_kept_in_step_with_the_model_as_the_mode_promises(
    mode, workspace, warehouse, sandbox, account, held
):
    first = [person(number) for number in range(1, 5)]
    changed = person(1, first_name="Ada")
    second = [changed, *first[1:3], person(6), person(7)]
    if mode == "update_only":
        account("/contact", {"key_id": "3", "contacts": [{"3": one[1]} for one in (*first, *second)]})
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
    expected |= as_sent(first[0]) if mode == "insert_only" else {}
    assert {email: value for email, value in held().items() if value[0]} == expected
    assert (
        figures(again, CONTACTS)
        == {
            "mirror": (1, 1, 1, 1),
            "upsert": (1, 1, 0, 1),
            "update_only": (0, 2, 0, 1),
            "insert_only": (1, 0, 0, 1),
        }[mode]
    )

    sandbox.world.clear_faults()
    succeeded(run.run(CONTACTS, partition=f"{DAYS[2]}-05:00"))
    assert held()[REFUSED] == ("Name 7", 5)
    before = writes(sandbox)
    succeeded(run.run(CONTACTS, partition=f"{DAYS[3]}-05:00"))
    assert writes(sandbox) == before


@pytest.fixture
def members(sandbox):
    def emails():
        contacts = sandbox.world.part("emarsys", "contacts")
        return {contacts[id_]["email"] for id_ in sandbox.world.part("emarsys", "lists")["Loyal customers"]}

    return emails


@pytest.mark.parametrize("mode", ["mirror", "upsert", "snapshot"])
def test_a_list_is_kept_in_step_with_the_segment_as_the_mode_promises(
    mode, workspace, warehouse, sandbox, held, members
):
    run = workspace(others=mode)
    fill(warehouse, [*(person(number) for number in range(1, 5)), person(5, orders=1)])
    succeeded(run.run(CONTACTS, partition=f"{DAYS[0]}-05:00"))

    succeeded(run.run(LIST, partition=f"{DAYS[0]}-06:00"))
    assert members() == {f"person{number}@example.com" for number in range(1, 5)}

    fill(warehouse, [person(1), person(2), person(3, orders=1), person(4), person(5)])
    succeeded(run.run(LIST, partition=f"{DAYS[1]}-06:00"))
    left = {"person3@example.com"} if mode == "upsert" else set()
    assert members() == {f"person{number}@example.com" for number in (1, 2, 4, 5)} | left
    assert len(held()) == 5

    if mode != "snapshot":
        before = writes(sandbox)
        succeeded(run.run(LIST, partition=f"{DAYS[2]}-06:00"))
        assert writes(sandbox) == before


@pytest.mark.parametrize("mode", ["mirror", "upsert", "snapshot"])
def test_a_table_is_kept_in_step_with_the_model_as_the_mode_promises(mode, workspace, warehouse, sandbox):
    def rows():
        found = sandbox.world.part("emarsys", "tables")["shop.order_counts"]
        return {one["email"]: one["orders"] for one in found}

    run = workspace(others=mode)
    fill(warehouse, [person(number) for number in range(1, 5)])
    succeeded(run.run(TABLE, partition=f"{DAYS[0]}-07:00"))
    assert rows() == {f"person{number}@example.com": 5 for number in range(1, 5)}

    fill(warehouse, [person(1, orders=9), *(person(number) for number in (2, 3, 6))])
    succeeded(run.run(TABLE, partition=f"{DAYS[1]}-07:00"))
    left = {"person4@example.com": 5} if mode == "upsert" else {}
    assert rows() == {f"person{n}@example.com": 9 if n == 1 else 5 for n in (1, 2, 3, 6)} | left

    if mode != "snapshot":
        before = writes(sandbox)
        succeeded(run.run(TABLE, partition=f"{DAYS[2]}-07:00"))
        assert writes(sandbox) == before


def checked(runner):
    """What the check of the destination found."""
    job = runner.defs.resolve_implicit_global_asset_job_def()
    key = dg.AssetCheckKey(dg.AssetKey(["destinations", "engagement"]), "ready")
    result = job.get_subset(asset_check_selection={key}, asset_selection=set()).execute_in_process(
        instance=runner.instance
    )
    (found,) = [one for one in result.get_asset_check_evaluations() if one.check_name == "ready"]
    return found


def test_the_check_of_the_destination_looks_at_fields_lists_and_tables_and_writes_nothing(workspace, sandbox):
    runner = workspace()
    before = writes(sandbox)

    found = checked(runner)

    assert found.passed
    assert found.metadata["mappings_that_do_not_fit"].value == 0
    assert writes(sandbox) == before
    asked = [one for one in sandbox.world.requests() if one["platform"] == "emarsys"]
    assert {one["path"] for one in asked if one["method"] == "GET"} == {
        "/v3/contactlist",
        "/v3/field/translate/{language}",
        "/v3/field/choices",
        "/rds/v1/connections/{connection}/tables/{table}/records",
    }


def test_a_table_that_does_not_exist_is_told_by_the_check_and_blocks_its_activation_alone(workspace):
    found = checked(workspace(table="order_count"))

    assert found.passed
    assert found.metadata["mappings_that_do_not_fit"].value == 1
    assert "It does not fit: order_counts" in found.description
