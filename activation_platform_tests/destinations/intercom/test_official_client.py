"""The vendor's own client and our services take turns at the sandbox, and find what the other one wrote."""

import pytest
from intercom import (
    CreateContactRequestWithEmail,
    CreateContactRequestWithExternalId,
    CreateOrUpdateCompanyRequest,
    MultipleFilterSearchRequest,
    NotFoundError,
    SingleFilterSearchRequest,
    TagMultipleUsersRequest,
    TagMultipleUsersRequestUsersItem,
    UnauthorizedError,
)
from intercom import Intercom as Theirs
from intercom.core.api_error import ApiError

from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import ACCEPTED, CREATED, DELETED, UPDATED, ignored
from activation_platform.destinations.intercom.companies import Companies
from activation_platform.destinations.intercom.contacts import Contacts
from activation_platform.destinations.intercom.people import Identified
from activation_platform.destinations.intercom.segments import Segments, SegmentsOptions

MIRROR, UPDATE_ONLY, INSERT_ONLY = Mode.MIRROR, Mode.UPDATE_ONLY, Mode.INSERT_ONLY
DELETE = Operation.DELETE
UNKNOWN = ignored("unknown at the destination")


@pytest.fixture
def theirs(account, client):
    return Theirs(token=account.access_token, base_url=account.root_url, httpx_client=client)


@pytest.fixture
def person(theirs):
    def create(external_id, **values):
        request = CreateContactRequestWithExternalId(external_id=external_id, **values)
        return theirs.contacts.create(request=request).id

    return create


def test_their_client_finds_the_contacts_that_we_write(theirs, account, deliver):
    people = [{"external_id": "p1", "name": "Ada", "plan": "gold", "score": 4.5, "trial": True}]

    assert deliver(Contacts(account), *people) == [CREATED]
    told = theirs.contacts.show_contact_by_external_id("p1")

    assert (told.name, told.role) == ("Ada", "user")
    assert told.custom_attributes == {"plan": "gold", "score": 4.5, "trial": True}


def test_we_find_the_contacts_that_their_client_writes_and_leave_what_we_do_not_say(
    theirs, account, person, deliver
):
    known = person("p1", name="Ada", phone="+33639981337")
    contacts = Contacts(account)

    updated = deliver(contacts, {"external_id": "p1", "name": "Ada L."}, mode=UPDATE_ONLY)
    unknown = deliver(contacts, {"external_id": "p2", "name": "Joe"}, mode=UPDATE_ONLY)
    inserted = deliver(contacts, {"external_id": "p1", "name": "Joe"}, mode=INSERT_ONLY)

    told = theirs.contacts.find(known)
    assert (updated, unknown, inserted) == ([UPDATED], [UNKNOWN], [ignored("already there")])
    assert (told.name, told.phone) == ("Ada L.", "+33639981337")


def test_addresses_are_searched_by_both(theirs, account, deliver):
    made = theirs.contacts.create(request=CreateContactRequestWithEmail(email="Ada@acme.com"))
    contacts = Contacts(account, Identified("email"))

    assert deliver(contacts, {"email": "ada@acme.com", "name": "Ada"}, operation=Operation.UPDATE) == [
        UPDATED
    ]
    assert deliver(contacts, {"email": "joe@acme.com", "name": "Joe"}) == [CREATED]

    filters = [
        SingleFilterSearchRequest(field="email", operator="=", value=f"{one}@acme.com")
        for one in ("ada", "joe")
    ]
    told = list(theirs.contacts.search(query=MultipleFilterSearchRequest(operator="OR", value=filters)))
    assert [one.name for one in told] == ["Ada", "Joe"]
    assert told[0].id == made.id


def test_deletes_are_seen_by_both(theirs, account, person, deliver):
    first, second = person("p1"), person("p2")
    theirs.contacts.delete(second)
    contacts = Contacts(account)

    assert deliver(contacts, {"external_id": "p1"}, mode=MIRROR, operation=DELETE) == [DELETED]
    assert deliver(contacts, {"external_id": "p2"}, mode=MIRROR, operation=DELETE) == [DELETED]
    with pytest.raises(ApiError, match="status_code: 404"):
        theirs.contacts.find(first)

    assert deliver(contacts, {"external_id": "p2", "name": "Back"}) == [UPDATED]
    assert theirs.contacts.find(second).name == "Back"


def test_companies_are_written_found_and_deleted_by_both(theirs, account, deliver):
    companies = Companies(account)
    request = CreateOrUpdateCompanyRequest(company_id="theirs", name="Theirs", website="theirs.com")
    made = theirs.companies.create_or_update(request=request)

    assert deliver(companies, {"company_id": "ours", "name": "Ours", "tier": "a"}) == [ACCEPTED]
    assert deliver(companies, {"company_id": "theirs", "name": "Still theirs"}, mode=UPDATE_ONLY) == [UPDATED]

    ours = theirs.companies.retrieve(company_id="ours").data[0]
    told = theirs.companies.find(made.id)
    assert (ours.name, ours.custom_attributes) == ("Ours", {"tier": "a"})
    assert (told.name, told.website) == ("Still theirs", "theirs.com")

    assert deliver(companies, {"company_id": "theirs"}, mode=MIRROR, operation=DELETE) == [DELETED]
    with pytest.raises(NotFoundError):
        theirs.companies.find(made.id)
    theirs.companies.delete(ours.id)
    assert deliver(companies, {"company_id": "ours"}, mode=UPDATE_ONLY) == [UNKNOWN]


def test_tags_are_given_and_taken_by_both(theirs, account, person, deliver, tagged):
    first, second, third = (person(f"p{number}") for number in (1, 2, 3))
    segment = Segments(account, SegmentsOptions(tag="VIP"))
    users = [TagMultipleUsersRequestUsersItem(id=first)]
    tag = theirs.tags.create(request=TagMultipleUsersRequest(name="VIP", users=users))

    assert deliver(segment, {"external_id": "p2"}, {"external_id": "p3"}, mode=MIRROR) == [ACCEPTED, ACCEPTED]
    assert [one.name for one in theirs.tags.list().data] == ["VIP"]
    assert [one.id for one in theirs.contacts.list_attached_tags(second).data] == [tag.id]

    assert deliver(segment, {"external_id": "p1"}, mode=MIRROR, operation=DELETE) == [DELETED]
    theirs.tags.untag_contact(third, tag.id)
    assert deliver(segment, {"external_id": "p3"}, mode=MIRROR, operation=DELETE) == [DELETED]
    assert tagged() == ["p2"]


def test_they_are_told_who_we_are_and_a_wrong_token_nothing(theirs, account, client):
    assert theirs.admins.identify().app.id_code == "sandbox1"
    with pytest.raises(UnauthorizedError):
        Theirs(token="wrong", base_url=account.root_url, httpx_client=client).tags.list()
