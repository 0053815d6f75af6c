"""The vendor's own client and our services take turns at the sandbox, and find what the other one wrote."""

import pytest
from python_http_client.exceptions import BadRequestsError, NotFoundError, UnauthorizedError
from sendgrid import SendGridAPIClient

from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import ACCEPTED, CREATED, DELETED, UPDATED, ignored
from activation_platform.destinations.sendgrid.contact_lists import ContactLists, ContactListsOptions
from activation_platform.destinations.sendgrid.contacts import Contacts
from activation_platform_tests.destinations.conversation import batch_of, carry

JANE, JOE = "jane@acme.com", "joe@acme.com"


@pytest.fixture
def theirs(account):
    """The part of the vendor's client that is about marketing."""
    return SendGridAPIClient(account.api_key, host=account.root_url).client.marketing


@pytest.fixture
def done(theirs):
    def wait(begun):
        for _ in range(3):
            job = theirs.contacts.imports._(begun.to_dict["job_id"]).get().to_dict
            if job["status"] != "pending":
                return job
        raise AssertionError("it never ends")

    return wait


@pytest.fixture
def people(theirs, done):
    """Contacts that the vendor's client makes."""

    def upsert(*contacts, **more):
        return done(theirs.contacts.put(request_body={"contacts": list(contacts), **more}))

    return upsert


@pytest.fixture
def ours(account, client):
    def deliver(*people, service=None, mode=Mode.MIRROR, operation=Operation.INSERT):
        batch = batch_of(*people, identified_by="email", mode=mode, operation=operation)
        return carry((service or Contacts(account)).deliver(batch), account, client).outcomes

    return deliver


@pytest.fixture
def best(account):
    return ContactLists(account, ContactListsOptions(list="Best"))


def found(theirs, *emails):
    result = theirs.contacts.search.emails.post(request_body={"emails": list(emails)}).to_dict["result"]
    return {email: one.get("contact") for email, one in result.items()}


def test_their_client_finds_the_contacts_that_we_write(theirs, ours):
    outcomes = ours({"email": JANE, "city": "Paris", "plan": "gold", "score": 4.5}, {"email": JOE})

    told = found(theirs, JANE, JOE)
    assert outcomes == [CREATED] * 2
    assert (told[JANE]["city"], told[JANE]["custom_fields"]) == ("Paris", {"plan": "gold", "score": 4.5})
    assert told[JOE]["city"] == ""


def test_we_find_the_contacts_that_their_client_writes_and_leave_what_we_do_not_say(theirs, people, ours):
    people({"email": JANE, "external_id": "C1", "city": "Paris", "country": "France"})

    outcomes = ours({"email": JANE, "city": "Rome"}, {"email": JOE, "city": "Oslo"}, mode=Mode.UPDATE_ONLY)

    told = found(theirs, JANE, JOE)
    assert outcomes == [UPDATED, ignored("unknown at the destination")]
    assert [told[JANE][name] for name in ("external_id", "city", "country")] == ["C1", "Rome", "France"]
    assert told[JOE] is None


def test_a_custom_field_that_their_client_makes_is_one_that_we_know(theirs, account, client, ours):
    theirs.field_definitions.post(request_body={"name": "shoe", "field_type": "Number"})

    fields = carry(Contacts(account).account_fields(), account, client).outcomes
    ours({"email": JANE, "shoe": 43.0})

    assert "shoe" in {field.name for field in fields}
    assert found(theirs, JANE)[JANE]["custom_fields"] == {"shoe": 43.0}


def test_whom_either_deletes_is_gone_for_the_other(theirs, people, ours, done):
    people({"email": JANE}, {"email": JOE})
    joe = found(theirs, JOE)[JOE]["id"]

    assert ours({"email": JANE}, operation=Operation.DELETE) == [DELETED]
    assert found(theirs, JANE, JOE)[JANE] is None
    done(theirs.contacts.delete(query_params={"ids": joe}))

    with pytest.raises(NotFoundError):
        found(theirs, JANE, JOE)
    assert ours({"email": JOE}, operation=Operation.DELETE) == [DELETED]


def test_a_list_that_their_client_makes_is_the_one_that_we_keep(theirs, people, ours, best):
    made = theirs.lists.post(request_body={"name": "Best"}).to_dict["id"]
    people({"email": JANE}, {"email": JOE}, list_ids=[made])
    people({"email": "eva@acme.com"})

    assert ours({"email": "eva@acme.com"}, service=best) == [ACCEPTED]
    assert ours({"email": JANE}, service=best, operation=Operation.DELETE) == [DELETED]

    (listed,) = theirs.lists.get().to_dict["result"]
    assert (listed["id"], listed["contact_count"]) == (made, 2)
    assert [one["list_ids"] for one in found(theirs, JANE, JOE).values()] == [[], [made]]


def test_their_client_takes_off_a_list_that_we_made_whom_it_wants(theirs, people, ours, best, done):
    people({"email": JANE}, {"email": JOE})
    ours({"email": JANE}, {"email": JOE}, service=best)
    (made,) = theirs.lists.get(query_params={"page_size": 10}).to_dict["result"]

    ids = [one["id"] for one in found(theirs, JANE).values()]
    done(theirs.lists._(made["id"]).contacts.delete(query_params={"contact_ids": ",".join(ids)}))

    assert theirs.lists._(made["id"]).contacts.count.get().to_dict["contact_count"] == 1


def test_a_refusal_reaches_their_client_in_the_vendors_form(theirs, account):
    with pytest.raises(BadRequestsError) as refused:
        theirs.contacts.put(request_body={"contacts": [{"email": "jane"}]})
    wrong = SendGridAPIClient("SG.wrong", host=account.root_url).client

    assert refused.value.to_dict["errors"][0]["message"] == "email 'jane' is not valid"
    with pytest.raises(UnauthorizedError):
        wrong.marketing.lists.get()
