"""The stand-in for Intercom, as a client of the vendor's API meets it."""

import httpx
import pytest

from activation_platform.contracts.authorities import trusted
from activation_platform.sandbox import running
from activation_platform.sandbox.faults import Extent, Kind, Rule
from activation_platform.sandbox.intercom import TOKEN, Intercom
from activation_platform.sandbox.limits import Limit
from activation_platform_tests.sandbox.conftest import NOON

DELAY = 120.0


@pytest.fixture(scope="module")
def opened(clock):
    platforms = [Intercom(search_delay=DELAY)]
    with running(platforms=platforms, clock=clock, wall=lambda: NOON + clock.now) as sandbox:
        yield sandbox


@pytest.fixture
def api(opened, world):
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(
        verify=trusted(), base_url=opened.base_url("intercom"), headers=headers, timeout=5
    ) as client:
        yield client


@pytest.fixture
def create(api):
    def made(**values):
        answer = api.post("/contacts", json=values)
        assert answer.status_code == 200, answer.text
        return answer.json()["id"]

    return made


@pytest.fixture
def found(api):
    def emails(*filters, operator="AND", **pagination):
        body = {"query": {"operator": operator, "value": list(filters)}, "pagination": pagination}
        answer = api.post("/contacts/search", json=body).json()
        return [one["email"] for one in answer["data"]], answer["pages"]

    return emails


def one(field, operator, value):
    return {"field": field, "operator": operator, "value": value}


def fault(answer):
    document = answer.json()
    assert document["type"] == "error.list"
    (error,) = document["errors"]
    return answer.status_code, error["code"], error["message"]


def test_only_the_token_opens_the_workspace(opened, api):
    assert api.get("/me").json()["app"]["id_code"] == "sandbox1"
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        answer = httpx.get(f"{opened.base_url('intercom')}/me", headers=headers)
        assert fault(answer) == (401, "unauthorized", "Access Token Invalid")
        assert "x-ratelimit-remaining" not in answer.headers


def test_a_contact_is_created_read_changed_and_cleared(api, create):
    id_ = create(external_id="a/b", email="Ada@b.co", name="Ada", signed_up_at=5)

    changed = api.put(f"/contacts/{id_}", json={"name": None, "phone": "+33639981337"}).json()

    assert changed == api.get(f"/contacts/{id_}").json()
    assert changed == api.get("/contacts/find_by_external_id/a%2Fb").json()
    assert (changed["email"], changed["name"], changed["phone"]) == ("ada@b.co", None, "+33639981337")
    assert (changed["role"], changed["signed_up_at"]) == ("user", 5)


def test_details_that_somebody_has_are_refused_with_who_has_them(api, create):
    by_id = create(external_id="a")
    by_email = create(email="a@b.co")
    words = "A contact matching those details already exists with id="

    assert fault(api.post("/contacts", json={"external_id": "a"})) == (409, "conflict", words + by_id)
    assert fault(api.post("/contacts", json={"email": "A@b.co"})) == (409, "conflict", words + by_email)
    taken = api.put(f"/contacts/{by_email}", json={"external_id": "a"})
    assert fault(taken) == (409, "conflict", words + by_id)


def test_users_with_ids_and_leads_may_share_an_address(create):
    ids = {create(external_id="a", email="a@b.co"), create(external_id="b", email="a@b.co")}

    assert len(ids | {create(role="lead", email="a@b.co")}) == 3


@pytest.mark.parametrize("way", [("DELETE", ""), ("POST", "/archive")])
def test_who_is_deleted_or_archived_is_found_by_a_conflict_alone_and_can_come_back(api, create, way):
    method, path = way
    id_ = create(external_id="a", name="Ada")

    assert api.request(method, f"/contacts/{id_}{path}").json()["external_id"] == "a"
    gone = [api.get(f"/contacts/{id_}"), api.get("/contacts/find_by_external_id/a")]
    assert [fault(answer)[:2] for answer in gone] == [(404, "not_found")] * 2
    status, _, words = fault(api.post("/contacts", json={"external_id": "a"}))
    assert (status, words) == (
        409,
        f"An archived contact matching those details already exists with id={id_}",
    )

    assert api.post(f"/contacts/{id_}/unarchive").json()["archived"] is False
    assert api.get(f"/contacts/{id_}").json()["name"] == "Ada"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "email or external_id or role is required"),
        ({"external_id": None}, "external_id cannot be null"),
        ({"external_id": 7}, "external_id is invalid"),
        ({"email": "nobody"}, "email is invalid"),
        ({"role": "robot"}, "role must be either user or lead"),
        ({"role": "user", "signed_up_at": "now"}, "signed_up_at is invalid"),
        ({"role": "user", "name": "x" * 256}, "name is invalid"),
        ({"role": "user", "nickname": "x"}, "bad 'nickname' parameter"),
        ({"role": "user", "custom_attributes": {"plan": "x"}}, "Custom attribute 'plan' does not exist"),
    ],
)
def test_what_a_contact_cannot_be_is_refused(api, world, values, words):
    assert fault(api.post("/contacts", json=values))[::2] == (400, words)
    assert world.part("intercom", "contacts") == {}


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("string", "x", 1),
        ("integer", 1, 1.5),
        ("float", 1.5, "1.5"),
        ("boolean", True, 1),
        ("date", 1_750_000_000, "2026-01-01"),
    ],
)
def test_a_custom_attribute_holds_values_of_its_type_alone(api, world, kind, good, bad):
    attribute = {"name": "The One Ring", "model": "contact", "data_type": kind}
    assert api.post("/data_attributes", json=attribute).json()["custom"] is True

    def write(value):
        return api.post("/contacts", json={"role": "lead", "custom_attributes": {"The One Ring": value}})

    assert write(good).json()["custom_attributes"] == {"The One Ring": good}
    assert write(None).json()["custom_attributes"] == {}
    assert fault(write(bad))[0] == 400


def test_an_attribute_of_options_takes_one_of_them(api):
    options = [{"value": "a"}, {"value": "b"}]
    body = {"name": "tier", "model": "company", "data_type": "options", "options": options}
    assert api.post("/data_attributes", json=body).json()["options"] == ["a", "b"]
    body |= {"name": "one", "options": options[:1]}
    assert fault(api.post("/data_attributes", json=body))[0] == 400

    listed = api.get("/data_attributes", params={"model": "company"}).json()["data"]
    assert [each["name"] for each in listed if each["custom"]] == ["tier"]
    company = {"company_id": "c", "custom_attributes": {"tier": "c"}}
    assert fault(api.post("/companies", json=company))[0] == 400


def test_the_search_finds_what_is_new_after_a_while_page_by_page(api, clock, create, found):
    for name in "abc":
        create(external_id=name, email=f"{name}@b.co")
    wanted = one("email", "IN", ["A@b.co", "b@b.co", "c@b.co"])

    assert found(wanted)[0] == []
    clock.now += DELAY
    first, pages = found(wanted, per_page=2)
    rest, last = found(wanted, per_page=2, starting_after=pages["next"]["starting_after"])
    assert (first, rest) == (["a@b.co", "b@b.co"], ["c@b.co"])
    assert "next" not in last


def test_filters_are_joined_and_denied(clock, create, found):
    create(email="a@b.co")
    create(role="lead", email="b@b.co")
    clock.now += DELAY

    assert found(one("role", "=", "lead"), one("email", "=", "b@b.co"))[0] == ["b@b.co"]
    assert found(one("email", "=", "a@b.co"), one("email", "=", "b@b.co"))[0] == []
    assert found(one("email", "=", "a@b.co"), one("role", "=", "lead"), operator="OR")[0] == [
        "a@b.co",
        "b@b.co",
    ]
    assert found(one("email", "NIN", ["a@b.co"]), one("role", "!=", "user"))[0] == ["b@b.co"]


@pytest.mark.parametrize(
    "query",
    [
        None,
        one("shoe", "=", "43"),
        one("email", "~~", "a"),
        one("email", "=", ["a"]),
        one("tag_id", "IN", ["1"]),
        {"operator": "AND", "value": []},
        {"operator": "AND", "value": [one("email", "=", "a")] * 16},
    ],
)
def test_a_query_that_cannot_be_is_refused(api, create, clock, query):
    create(email="a@b.co")
    clock.now += DELAY

    assert fault(api.post("/contacts/search", json={"query": query}))[0] == 400


def test_a_company_is_made_changed_by_either_id_found_and_taken_away(api):
    made = api.post("/companies", json={"company_id": "acme", "name": "Acme", "plan": "Pro"}).json()
    again = api.post("/companies", json={"company_id": "acme", "name": ""}).json()
    put = api.put(f"/companies/{made['id']}", json={"size": 5}).json()

    assert (again["id"], again["plan"]["name"], put["size"]) == (made["id"], "Pro", 5)
    assert api.get("/companies", params={"company_id": "acme"}).json()["data"] == [put]
    assert fault(api.put(f"/companies/{made['id']}", json={"company_id": "x"}))[0] == 400
    assert api.delete(f"/companies/{made['id']}").json()["deleted"] is True
    gone = api.get("/companies", params={"company_id": "acme"})
    assert fault(gone)[:2] == (404, "company_not_found")


def test_a_tag_is_made_given_to_many_and_taken_from_one(api, create, world):
    ids = [create(external_id=name) for name in "ab"]

    tag = api.post("/tags", json={"name": "VIP", "users": [{"id": id_} for id_ in ids]}).json()
    assert api.post("/tags", json={"name": "vip"}).json()["id"] == tag["id"]
    assert api.delete(f"/contacts/{ids[0]}/tags/{tag['id']}").json()["name"] == "VIP"

    assert [each["external_id"] for each in world.part("intercom", "tags")["VIP"]] == ["b"]
    assert api.get(f"/contacts/{ids[1]}/tags").json()["data"] == [tag]
    assert fault(api.delete(f"/contacts/{ids[1]}/tags/9"))[0] == 404


def test_who_is_unknown_lets_nobody_be_tagged(api, create, world):
    users = [{"id": create(external_id="a")}, {"id": "nobody"}]

    assert fault(api.post("/tags", json={"name": "VIP", "users": users}))[:2] == (404, "not_found")
    assert world.part("intercom", "tags") == {}


def test_calls_are_counted_by_ten_seconds_and_told_in_headers(api, world, clock):
    world.enable_limits(True)
    first = api.get("/tags")
    assert (first.headers["x-ratelimit-limit"], first.headers["x-ratelimit-remaining"]) == ("1666", "1665")

    world.change_limit("intercom", "calls", Limit(0.2, 2))
    refused = [api.get("/tags") for _ in range(3)][-1]

    assert fault(refused) == (429, "rate_limit_exceeded", "Exceeded rate limit of 2 in 10_seconds")
    assert float(refused.headers["x-ratelimit-reset"]) >= NOON + clock.now
    clock.now += 10
    assert api.get("/tags").status_code == 200


def test_a_fault_condemns_whom_a_call_writes_and_not_who_is_sought(api, create, world):
    id_ = create(external_id="a", email="a@b.co")
    world.add_fault(Rule(Kind.POISON, identifier="a", extent=Extent.RECORD, reason="No."))

    assert api.get("/contacts/find_by_external_id/a").status_code == 200
    refusals = [
        api.put(f"/contacts/{id_}", json={"name": "x"}),
        api.post("/tags", json={"name": "VIP", "users": [{"id": id_}]}),
        api.delete(f"/contacts/{id_}"),
    ]
    assert [fault(answer)[::2] for answer in refusals] == [(400, "No.")] * 3
