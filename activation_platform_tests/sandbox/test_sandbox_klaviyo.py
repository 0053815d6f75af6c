"""The stand-in for Klaviyo, as a client of the vendor's API meets it."""

import httpx
import pytest

from activation_platform.contracts.authorities import trusted
from activation_platform.sandbox import running
from activation_platform.sandbox.faults import Extent, Kind, Rule
from activation_platform.sandbox.klaviyo import ACCOUNT, PRIVATE_KEY, Klaviyo

JOBS = "/api/profile-bulk-import-jobs"
HEADERS = {
    "Authorization": f"Klaviyo-API-Key {PRIVATE_KEY}",
    "revision": "2026-07-15",
    "Content-Type": "application/vnd.api+json",
}


@pytest.fixture(scope="module")
def opened(clock):
    with running(platforms=[Klaviyo(import_looks=2)], clock=clock) as sandbox:
        yield sandbox


@pytest.fixture
def api(opened, world):
    with httpx.Client(
        verify=trusted(), base_url=opened.base_url("klaviyo"), headers=HEADERS, timeout=5
    ) as client:
        yield client


@pytest.fixture
def make(api):
    """Creates a profile and tells its ID."""

    def create(**attributes):
        answer = api.post("/api/profiles", json=document("profile", **attributes))
        assert answer.status_code == 201
        return answer.json()["data"]["id"]

    return create


def document(kind, /, **attributes):
    return {"data": {"type": kind, "attributes": attributes}}


def profile(**attributes):
    return document("profile", **attributes)["data"]


def imports(*profiles):
    return document("profile-bulk-import-job", profiles={"data": list(profiles)})


def detail(answer):
    (error,) = answer.json()["errors"]
    return error["code"], error["source"]["pointer"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": f"Klaviyo-API-Key {PRIVATE_KEY}x"}, 401),
        ({"Authorization": f"Bearer {PRIVATE_KEY}"}, 401),
        ({"revision": "tomorrow"}, 400),
    ],
)
def test_a_call_needs_the_private_key_and_a_revision(api, headers, status):
    assert api.get("/api/accounts").json()["data"][0]["id"] == ACCOUNT
    assert api.get("/api/accounts", headers=headers).status_code == status


def test_a_job_is_queued_processing_and_complete_and_tells_each_error(api):
    job = api.post(JOBS, json=imports(profile(email="a@acme.com"), profile(email="no"))).json()["data"]
    states = [api.get(f"{JOBS}/{job['id']}").json()["data"]["attributes"] for _ in range(3)]
    (error,) = api.get(f"{JOBS}/{job['id']}/import-errors").json()["data"]

    assert job["attributes"]["status"] == "queued"
    assert [one["status"] for one in states] == ["processing", "processing", "complete"]
    assert (states[-1]["completed_count"], states[-1]["failed_count"]) == (1, 1)
    assert error["attributes"]["source"] == {"pointer": "/data/attributes/profiles/data/1/attributes/email"}
    assert error["attributes"]["original_payload"]["attributes"] == {"email": "no"}


def test_errors_come_in_pages(api):
    job = api.post(JOBS, json=imports(*(profile(email=str(n)) for n in range(5)))).json()["data"]["id"]
    first = api.get(f"{JOBS}/{job}/import-errors", params={"page[size]": 3}).json()
    cursor = httpx.URL(first["links"]["next"]).params["page[cursor]"]
    second = api.get(f"{JOBS}/{job}/import-errors", params={"page[size]": 3, "page[cursor]": cursor}).json()

    assert [len(one["data"]) for one in (first, second)] == [3, 2]
    assert "next" not in second["links"]


def test_a_job_clears_no_attribute_and_a_single_call_does(api, make):
    id_ = make(email="a@acme.com", title="Cook", properties={"vip": True, "kept": 1})
    cleared = {"email": "A@acme.com", "title": None}

    api.post(JOBS, json=imports(profile(**cleared)))
    held = api.get(f"/api/profiles/{id_}").json()["data"]["attributes"]
    assert held["title"] == "Cook"

    body = {"data": {**profile(**cleared), "meta": {"patch_properties": {"unset": ["vip"]}}}}
    assert api.post("/api/profile-import", json=body).status_code == 200
    held = api.get(f"/api/profiles/{id_}").json()["data"]["attributes"]
    assert (held["title"], held["properties"]) == (None, {"kept": 1})


def test_an_identifier_belongs_to_one_profile(api, make):
    make(email="a@acme.com", external_id="1")
    make(email="b@acme.com", external_id="2")

    taken = api.post("/api/profiles", json=document("profile", email="a@acme.com"))
    crossed = api.post("/api/profile-import", json=document("profile", external_id="1", email="b@acme.com"))

    assert (taken.status_code, detail(taken)[0]) == (409, "duplicate_profile")
    assert (crossed.status_code, detail(crossed)[1]) == (409, "/data/attributes/email")


@pytest.mark.parametrize(
    "attributes",
    [
        {"first_name": "Nobody"},
        {"email": "no address"},
        {"phone_number": "0639981337"},
        {"email": "a@acme.com", "nickname": "A"},
        {"email": "a@acme.com", "location": {"planet": "Mars"}},
        {"email": "a@acme.com", "properties": {"notes": "x" * 100_000}},
    ],
    ids=lambda one: ",".join(one),
)
def test_a_profile_of_the_wrong_form_is_refused_and_not_made(api, world, attributes):
    assert api.post("/api/profile-import", json=document("profile", **attributes)).status_code == 400
    assert world.part("klaviyo", "profiles") == {}


@pytest.mark.parametrize(
    ("filter_", "found"),
    [
        ('any(email,["a@acme.com","c@acme.com"])', {"a@acme.com"}),
        ("equals(email,'B@acme.com')", {"b@acme.com"}),
        ('equals(external_id,"x\\"y")', {"b@acme.com"}),
    ],
)
def test_profiles_are_found_by_a_filter(api, make, filter_, found):
    make(email="a@acme.com")
    make(email="b@acme.com", external_id='x"y')

    told = api.get("/api/profiles", params={"filter": filter_}).json()["data"]

    assert {one["attributes"]["email"] for one in told} == found


@pytest.mark.parametrize(
    "filter_", ['equals(nickname,"A")', "any(email)", 'contains(email,"a")', "equals(email,7)"]
)
def test_a_filter_that_klaviyo_does_not_have_is_refused(api, filter_):
    assert api.get("/api/profiles", params={"filter": filter_}).status_code == 400


def test_who_is_not_on_the_list_is_unsubscribed_from_everything(api, make, world):
    both = {
        "email": {"marketing": {"consent": "SUBSCRIBED"}},
        "sms": {"marketing": {"consent": "SUBSCRIBED"}},
    }
    person = {"email": "a@acme.com", "phone_number": "+33639981337"}
    list_id = api.post("/api/lists", json=document("list", name="News")).json()["data"]["id"]
    to = {"relationships": {"list": {"data": {"type": "list", "id": list_id}}}}
    subscribe = document(
        "profile-subscription-bulk-create-job", profiles={"data": [profile(**person, subscriptions=both)]}
    )
    assert api.post("/api/profile-subscription-bulk-create-jobs", json=subscribe).status_code == 202

    left = profile(email="a@acme.com", subscriptions={"email": {"marketing": {"consent": "UNSUBSCRIBED"}}})
    body = document("profile-subscription-bulk-delete-job", profiles={"data": [left]})
    api.post("/api/profile-subscription-bulk-delete-jobs", json={"data": {**body["data"], **to}})

    ((held,),) = [list(world.part("klaviyo", "profiles").values())]
    assert {name: one["consent"] for name, one in held["consent"].items()} == {
        "email": "UNSUBSCRIBED",
        "sms": "UNSUBSCRIBED",
    }


@pytest.mark.parametrize(
    ("history", "at"), [(True, None), (False, "2024-01-01T00:00:00Z"), (True, "2999-01-01T00:00:00Z")]
)
def test_the_moment_of_consent_belongs_to_a_historical_import_and_is_over(api, history, at):
    marketing = {"consent": "SUBSCRIBED"} | ({"consented_at": at} if at else {})
    person = profile(email="a@acme.com", subscriptions={"email": {"marketing": marketing}})
    body = document(
        "profile-subscription-bulk-create-job", profiles={"data": [person]}, historical_import=history
    )

    answer = api.post("/api/profile-subscription-bulk-create-jobs", json=body)

    assert answer.status_code == 400
    assert detail(answer)[1].startswith("/data/attributes/profiles/data/0/")


def test_a_deletion_is_carried_out_later_and_takes_one_identifier(api, make, world, opened):
    make(email="a@acme.com")
    one = document("data-privacy-deletion-job", profile={"data": profile(email="a@acme.com")})
    two = document("data-privacy-deletion-job", profile={"data": {**profile(email="a@acme.com"), "id": "x"}})

    assert api.post("/api/data-privacy-deletion-jobs", json=two).status_code == 400
    assert api.post("/api/data-privacy-deletion-jobs", json=one).status_code == 202
    assert len(world.part("klaviyo", "profiles")) == 1
    with opened.control() as control:
        assert control.finish_erasures() == 1
    assert world.part("klaviyo", "profiles") == {}


def test_each_endpoint_has_a_limit_by_the_second_and_one_by_the_minute(api, world, clock):
    world.enable_limits(True)

    def burst():
        return [api.get("/api/accounts").status_code for _ in range(2)]

    assert burst() == [200, 429]
    told = api.get("/api/profiles")
    assert (told.headers["RateLimit-Remaining"], told.status_code) == ("749", 200)
    for _ in range(14):
        clock.now += 1
        api.get("/api/accounts")
    clock.now += 1
    refused = api.get("/api/accounts")
    assert refused.status_code in (200, 429)
    clock.now += 60
    assert api.get("/api/accounts").status_code == 200


def test_a_fault_aims_at_one_record_of_a_job(api, world):
    world.add_fault(Rule(Kind.POISON, identifier="b@acme.com", extent=Extent.RECORD, reason="Suppressed."))
    job = api.post(JOBS, json=imports(profile(email="a@acme.com"), profile(email="b@acme.com"))).json()[
        "data"
    ]

    (error,) = api.get(f"{JOBS}/{job['id']}/import-errors").json()["data"]

    assert error["attributes"]["detail"] == "Suppressed."
    assert [one["email"] for one in world.part("klaviyo", "profiles").values()] == ["a@acme.com"]
