"""`activation fields`: those that the account has now, and what is said where it tells none."""

import json

import httpx
import pytest


@pytest.fixture
def products(sandbox):
    """Makes the catalog."""

    def make():
        headers = {"Authorization": "Bearer sandbox-rest-key", "X-Batch-Project": "sandbox-project"}
        body = {"name": "products", "fields": [{"name": "page", "type": "url"}]}
        address = f"{sandbox.base_url('batch')}/2.11/catalogs/create"
        assert httpx.post(address, headers=headers, json=body).status_code == 201

    return make


def test_the_fields_of_what_the_options_name_are_read_from_the_account(project, activation, products):
    products()

    said = activation("fields", "messages", "catalogs", "--option", "catalog=products", "--json")

    assert [one["name"] for one in json.loads(said.stdout)] == ["id", "url(page)"]
    assert [one["clearable"] for one in json.loads(said.stdout)] == [True, False]


@pytest.mark.parametrize(
    ("service", "why"),
    [
        ("catalogs", "batch has none of its own there yet"),
        ("profiles", "does not tell an account's own fields"),
    ],
)
def test_where_an_account_tells_none_the_declared_ones_are_shown(project, activation, service, why):
    options = ["--option", "catalog=products"] if service == "catalogs" else []

    said = activation("fields", "messages", service, *options)

    assert "key" in said.stdout
    assert why in " ".join(said.stdout.split())
