"""Firestore in a workspace, as its page shows it: after every run the collection holds the model, and the arrays the segment."""

import httpx
import pytest

from activation_platform.sandbox.faults import Extent, Kind, Rule
from activation_platform_tests.components.pages import example_of
from activation_platform_tests.components.project import fill, person, succeeded, told

EXAMPLE = example_of("firestore")
USERS, LOYAL = "activations/app/users", "activations/app/loyal"
DAYS = [f"2024-01-{day:02}" for day in (1, 8, 15, 22)]
"""The first partitions: documents at five, the audience at six."""


@pytest.fixture
def workspace(project, sandbox, loaded, monkeypatch):
    """The page's example, pointed at the sandbox, with the key that it serves."""
    address = sandbox.base_url("firestore")
    monkeypatch.setenv("FIRESTORE_KEY", httpx.get(f"{address}/key.json").text)
    first, *rest = EXAMPLE.split("---\n")
    return loaded(project.also("---\n".join([f"{first}    base_url: {address}\n", *rest])))


@pytest.fixture
def held(sandbox):
    return lambda: sandbox.world.part("firestore", "documents").get("users", {})


def document(one):
    """A person's document, without the audiences."""
    return dict(zip(("email", "firstName", "orders"), one[1:], strict=True))


def writes(sandbox):
    return sum(one["count"] for one in sandbox.world.requests() if one["path"].endswith("batchWrite"))


def test_documents_and_audiences_are_kept_in_step_as_the_page_says(workspace, warehouse, sandbox, held):
    first = [person(number) for number in range(1, 5)]
    second = [person(1, first_name="Ada"), person(2, orders=1), person(3), person(6), person(7)]
    sandbox.world.add_fault(Rule(Kind.POISON, identifier="7", extent=Extent.RECORD, reason="is too large"))

    fill(warehouse, first)
    succeeded(workspace.run(USERS, partition=f"{DAYS[0]}-05:00"))
    succeeded(workspace.run(LOYAL, partition=f"{DAYS[0]}-06:00"))
    assert held() == {str(one[0]): {**document(one), "audiences": ["loyal"]} for one in first}

    fill(warehouse, second)
    again = told(succeeded(workspace.run(USERS, partition=f"{DAYS[1]}-05:00")), USERS)
    figures = [again[name] for name in ("inserted", "updated", "deleted", "destination_issues")]
    assert figures == [1, 2, 1, 1]
    sandbox.world.clear_faults()
    succeeded(workspace.run(USERS, partition=f"{DAYS[2]}-05:00"))
    succeeded(workspace.run(LOYAL, partition=f"{DAYS[1]}-06:00"))
    assert held() == {
        str(one[0]): document(one) | {"audiences": ["loyal"] if one[3] >= 3 else []} for one in second
    }

    before = writes(sandbox)
    succeeded(workspace.run(USERS, partition=f"{DAYS[3]}-05:00"))
    succeeded(workspace.run(LOYAL, partition=f"{DAYS[2]}-06:00"))
    assert writes(sandbox) == before
