"""People said to the sandbox over a socket: what it then holds is what was meant."""

from datetime import UTC, date, datetime

import pytest

from activation_platform.contracts.batch import PREVIOUS
from activation_platform.contracts.errors import NotFound
from activation_platform.contracts.modes import Mode
from activation_platform.contracts.outcomes import ACCEPTED, CREATED, UPDATED, Verdict, ignored
from activation_platform.contracts.values import Boolean, Day, Instant, Integer, Number, Text
from activation_platform.destinations.attio.people import People, PeopleOptions
from activation_platform.destinations.attio.values import plain
from activation_platform_tests.destinations.conversation import batch_of, carry

CUSTOM = {
    "score": "number",
    "vip": "checkbox",
    "spent": "currency",
    "born": "date",
    "seen": "timestamp",
    "stars": "rating",
    "customer_id": "text",
}
CUSTOM_TYPES = {
    "score": Number(),
    "vip": Boolean(),
    "spent": Number(),
    "born": Day(),
    "seen": Instant(),
    "stars": Integer(min=0, max=5),
    "customer_id": Text(),
}


@pytest.fixture
def send(workspace, client):
    def deliver(person, mode=Mode.UPSERT, matching="email_addresses"):
        batch = batch_of(person, identified_by=matching, mode=mode)
        service = People(workspace, PeopleOptions(matching))
        return carry(service.deliver(batch), workspace, client)

    return deliver


@pytest.fixture
def people(workspace, client):
    def all_of_them():
        request = workspace.ask("POST", "/v2/objects/people/records/query", budget=None, json={})
        records = client.send(request, auth=workspace.auth()).json()["data"]
        return [
            {slug: [plain(value) for value in values] for slug, values in record["values"].items() if values}
            for record in records
        ]

    return all_of_them


@pytest.fixture
def attributes(attribute):
    for slug, kind in CUSTOM.items():
        attribute("people", slug, kind, unique=slug == "customer_id")


def emails(people):
    return [person["email_addresses"] for person in people()]


def test_the_account_is_proven(workspace, client):
    assert carry(workspace.account(), workspace, client).outcomes


def test_the_accounts_fields_are_read(workspace, client, attributes):
    fields = carry(People(workspace).account_fields(), workspace, client).outcomes

    told = {field.name: field.type for field in fields}
    assert told | CUSTOM_TYPES == told
    assert [field.name for field in fields if field.key] == ["email_addresses"]


def test_a_matching_attribute_that_is_not_there_is_told(workspace, client):
    service = People(workspace, PeopleOptions("loyalty_number"))

    assert isinstance(carry(service.account_fields(), workspace, client).raised, NotFound)


def test_what_was_sent_is_what_is_there(send, people, attributes):
    jane = {
        "email_addresses": "jane@acme.com",
        "phone_numbers": "+33639981337",
        "job_title": "Engineer ☃",
        "score": 42.5,
        "vip": True,
        "stars": 3,
        "born": date(1989, 7, 20),
        "seen": datetime(2024, 1, 31, 12, 30, tzinfo=UTC),
    }

    assert send(jane).outcomes == [ACCEPTED]

    (held,) = people()
    for slug in ("email_addresses", "phone_numbers", "job_title", "score", "vip", "stars"):
        assert held[slug] == [jane[slug]]
    assert held["born"] == ["1989-07-20"]
    assert held["seen"][0].startswith("2024-01-31T12:30:00")


@pytest.mark.parametrize(
    "name", [{"name": "Lovelace, Ada"}, {"name.first_name": "Ada", "name.last_name": "Lovelace"}]
)
def test_a_name_is_understood_either_way(sandbox, workspace, client, send, name):
    assert send({"email_addresses": "ada@acme.com", **name}).outcomes == [ACCEPTED]

    request = workspace.ask("POST", "/v2/objects/people/records/query", budget=None, json={})
    (record,) = client.send(request, auth=workspace.auth()).json()["data"]
    (held,) = record["values"]["name"]
    assert (held["first_name"], held["last_name"], held["full_name"]) == ("Ada", "Lovelace", "Ada Lovelace")


def test_an_upsert_creates_once_and_then_updates(send, people):
    send({"email_addresses": "jane@acme.com", "job_title": "Engineer"})
    send({"email_addresses": "jane@acme.com", "job_title": "Director"})

    assert [person["job_title"] for person in people()] == [["Director"]]


def test_a_null_clears_single_values_and_lists_alike(send, people, attributes):
    send(
        {
            "email_addresses": "jane@acme.com",
            "job_title": "Engineer",
            "phone_numbers": "+33639981337",
            "score": 1,
        }
    )

    send({"email_addresses": "jane@acme.com", "job_title": None, "phone_numbers": None, "score": None})

    (held,) = people()
    assert not {"job_title", "phone_numbers", "score"} & set(held)


def test_people_are_matched_by_any_unique_attribute(send, people, attributes):
    send({"customer_id": "C1", "job_title": "Engineer"}, matching="customer_id")
    send({"customer_id": "C1", "job_title": "Director"}, matching="customer_id")

    assert [(person["customer_id"], person["job_title"]) for person in people()] == [(["C1"], ["Director"])]


def test_insert_only_creates_and_never_overwrites(send, people):
    first = send({"email_addresses": "jane@acme.com", "job_title": "Engineer"}, Mode.INSERT_ONLY)
    second = send({"email_addresses": "jane@acme.com", "job_title": "Director"}, Mode.INSERT_ONLY)

    assert first.outcomes == [CREATED]
    assert second.outcomes == [ignored("already there")]
    assert [person["job_title"] for person in people()] == [["Engineer"]]


def test_update_only_updates_who_is_there_and_creates_nobody(send, people):
    send({"email_addresses": "jane@acme.com", "job_title": "Engineer"})

    known = send({"email_addresses": "jane@acme.com", "job_title": "Director"}, Mode.UPDATE_ONLY)
    unknown = send({"email_addresses": "john@acme.com", "job_title": "Director"}, Mode.UPDATE_ONLY)

    assert known.outcomes == [UPDATED]
    assert unknown.outcomes == [ignored("unknown at the destination")]
    assert [person["job_title"] for person in people()] == [["Director"]]


def test_update_only_moves_a_person_to_the_new_identifier_once(send, people):
    send({"email_addresses": "old@acme.com", "job_title": "Engineer"})
    moved = {"email_addresses": "new@acme.com", PREVIOUS: "old@acme.com", "job_title": "Director"}

    outcomes = [send(moved, Mode.UPDATE_ONLY).outcomes for _ in range(2)]

    assert outcomes == [[UPDATED], [UPDATED]]
    assert emails(people) == [["new@acme.com"]]


def test_update_only_keeps_the_other_addresses_of_a_person(workspace, client, send, people):
    body = {"data": {"values": {"email_addresses": ["private@acme.com", "old@acme.com"]}}}
    request = workspace.ask("POST", "/v2/objects/people/records", budget=None, json=body)
    assert client.send(request, auth=workspace.auth()).is_success

    send({"email_addresses": "new@acme.com", PREVIOUS: "old@acme.com"}, Mode.UPDATE_ONLY)

    assert [sorted(addresses) for addresses in emails(people)] == [["new@acme.com", "private@acme.com"]]


def test_an_attribute_that_does_not_exist_rejects_the_record(send):
    (outcome,) = send({"email_addresses": "jane@acme.com", "no_such_attribute": "x"}).outcomes

    assert outcome.verdict is Verdict.REJECTED
    assert "no_such_attribute" in outcome.reason
