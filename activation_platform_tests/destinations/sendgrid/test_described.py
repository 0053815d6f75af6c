"""What the vendor's client may ask of the sandbox beside our services is answered as the vendor describes it."""

import httpx
import pytest

from activation_platform_tests.destinations.descriptions import Witness, description_of
from activation_platform_tests.destinations.sendgrid.exam import EXAM

JANE, JOE = "jane@acme.com", "joe@acme.com"


@pytest.fixture
def witness(account):
    description = description_of([*EXAM.description, "sendgrid/tsg_scopes_v3.json"], EXAM.errata)
    return Witness(description, account.root_url, account.default_base_url, EXAM.beside)


@pytest.fixture
def api(account, witness):
    headers = {"Authorization": f"Bearer {account.api_key}"}
    with httpx.Client(base_url=account.root_url, headers=headers, transport=witness) as client:
        yield client


def test_every_endpoint_of_the_sandbox_answers_as_described(api, witness):
    people, lists = "/v3/marketing/contacts", "/v3/marketing/lists"
    made = api.post(lists, json={"name": "Best"}).json()["id"]
    body = {"list_ids": [made], "contacts": [{"email": JANE, "city": "Paris"}, {"email": JOE}]}
    job = api.put(people, json=body).json()["job_id"]
    looks = [api.get(f"{people}/imports/{job}").json()["status"] for _ in range(2)]
    found = api.post(f"{people}/search/emails", json={"emails": [JANE, "eva@acme.com"]}).json()["result"]
    jane = found[JANE]["contact"]["id"]

    answers = [
        api.get("/v3/scopes"),
        api.get(people),
        api.get(f"{people}/count"),
        api.get(f"{people}/{jane}"),
        api.post(f"{people}/batch", json={"ids": [jane]}),
        api.post(f"{people}/search/identifiers/email", json={"identifiers": [JANE]}),
        api.get(lists, params={"page_size": 1}),
        api.get(f"{lists}/{made}"),
        api.get(f"{lists}/{made}/contacts/count"),
        api.patch(f"{lists}/{made}", json={"name": "Better"}),
        api.delete(f"{lists}/{made}/contacts", params={"contact_ids": jane}),
        api.delete(f"{lists}/{made}"),
        api.delete(people, params={"delete_all_contacts": "true"}),
        api.get("/v3/marketing/field_definitions"),
        api.post("/v3/marketing/field_definitions", json={"name": "shoe", "field_type": "Number"}),
    ]
    refusals = [
        api.post(f"{people}/search/emails", json={"emails": ["nobody@acme.com"]}),
        api.post(f"{people}/search/emails", json={"emails": ["nobody"]}),
        api.get(f"{people}/imports/unknown"),
        api.post("/v3/marketing/field_definitions", json={"name": "shoe", "field_type": "Number"}),
        api.post(lists, json={"name": ""}),
        api.patch(f"{lists}/unknown", json={"name": "Best"}),
    ]

    assert looks == ["pending", "completed"]
    assert all(answer.is_success for answer in answers)
    assert {answer.status_code for answer in refusals} == {400, 404}
    # The names of a list and of a field are said wrongly on purpose.
    assert [one for one in witness.problems if "body.name" not in one] == []
