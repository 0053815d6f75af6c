"""The stand-in for SendGrid, as a client of the vendor's API meets it."""

import httpx
import pytest

from activation_platform.contracts.authorities import trusted
from activation_platform.sandbox import running
from activation_platform.sandbox.limits import Limit
from activation_platform.sandbox.sendgrid import SendGrid

CONTACTS = "/v3/marketing/contacts"


@pytest.fixture(scope="module")
def opened():
    with running(platforms=[SendGrid(read_only=("SG.reads",))]) as sandbox:
        yield sandbox


@pytest.fixture
def api(opened, world):
    headers = {"Authorization": "Bearer SG.sandbox"}
    with httpx.Client(
        verify=trusted(), base_url=opened.base_url("sendgrid"), headers=headers, timeout=5
    ) as client:
        yield client


@pytest.fixture
def put(api):
    def upsert(*contacts, **more):
        return api.put(CONTACTS, json={"contacts": list(contacts), **more})

    return upsert


@pytest.fixture
def done(api):
    def wait(begun):
        for _ in range(3):
            job = api.get(f"{CONTACTS}/imports/{begun.json()['job_id']}").json()
            if job["status"] != "pending":
                return job
        raise AssertionError("it never ends")

    return wait


@pytest.fixture
def define(api):
    def create(name, kind):
        return api.post("/v3/marketing/field_definitions", json={"name": name, "field_type": kind})

    return create


def search(api, *values, kind="email"):
    return api.post(f"{CONTACTS}/search/identifiers/{kind}", json={"identifiers": list(values)})


def test_an_upsert_is_taken_on_first_and_done_later(api, put, done):
    begun = put({"email": "Jane@ACME.com", "city": "Paris"})

    first = api.get(f"{CONTACTS}/imports/{begun.json()['job_id']}").json()
    then = done(begun)

    assert begun.status_code == 202
    assert (first["status"], then["status"], then["job_type"]) == ("pending", "completed", "upsert")
    assert then["results"]["created_count"] == 1
    contact = search(api, "jane@acme.com").json()["result"]["jane@acme.com"]["contact"]
    assert (contact["email"], contact["city"], contact["first_name"]) == ("jane@acme.com", "Paris", "")


def test_fields_that_are_not_said_stay_and_an_empty_text_clears(api, put, done):
    done(put({"email": "jane@acme.com", "city": "Paris", "country": "France"}))

    job = done(put({"email": "jane@acme.com", "city": ""}))

    contact = search(api, "jane@acme.com").json()["result"]["jane@acme.com"]["contact"]
    assert job["results"]["updated_count"] == 1
    assert (contact["city"], contact["country"]) == ("", "France")


@pytest.mark.parametrize(
    ("contact", "field", "words"),
    [
        ({"email": "jane"}, "contacts[1].email", "email 'jane' is not valid"),
        ({"city": "Paris"}, "contacts[1]", "at least one identifier"),
        ({"email": "j@acme.com", "first_name": "x" * 51}, "contacts[1].first_name", "longer than 50"),
        ({"email": "j@acme.com", "shoe": "43"}, "contacts[1].shoe", "no field shoe"),
        ({"email": "j@acme.com", "alternate_emails": ["x"]}, "contacts[1].alternate_emails", "not valid"),
        (
            {"email": "j@acme.com", "custom_fields": {"e9_T": "x"}},
            "contacts[1].custom_fields.e9_T",
            "invalid custom field ids supplied",
        ),
        ({"external_id": 7}, "contacts[1].external_id", "is a string"),
    ],
)
def test_one_contact_that_is_malformed_refuses_the_call_and_is_named(api, put, contact, field, words):
    answer = put({"email": "fine@acme.com"}, contact)

    (error,) = [one for one in answer.json()["errors"] if words in one["message"]]
    assert (answer.status_code, error["field"]) == (400, field)
    assert api.get(CONTACTS).json()["contact_count"] == 0


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        ("Text", "gold", [7, None, "x" * 32_767]),
        ("Number", 4.5, ["four", None, True]),
        ("Date", "07/20/1989", ["1989-07-20", None, "13/40/1989"]),
    ],
)
def test_a_custom_field_takes_what_its_type_says_and_never_null(put, done, define, world, kind, right, wrong):
    id_ = define("Favourite", kind).json()["id"]

    for value in wrong:
        assert put({"email": "jane@acme.com", "custom_fields": {id_: value}}).status_code == 400
    done(put({"email": "jane@acme.com", "custom_fields": {id_: right}}))

    (held,) = world.part("sendgrid", "contacts").values()
    assert held == {"email": "jane@acme.com", "Favourite": right}
    assert world.part("sendgrid", "fields") == {"Favourite": kind}


@pytest.mark.parametrize(
    ("name", "kind"),
    [("favourite", "Text"), ("EMAIL", "Text"), ("1st", "Text"), ("a b", "Text"), ("", "Text"), ("x", "Bool")],
)
def test_a_custom_field_that_cannot_be_is_refused(define, name, kind):
    assert define("Favourite", "Text").status_code == 200
    assert define(name, kind).status_code == 400


def test_a_contact_is_updated_only_when_all_its_identifiers_are_said(api, put, done):
    done(put({"email": "jane@acme.com", "external_id": "C1"}))

    job = done(put({"email": "jane@acme.com", "city": "Paris"}, {"email": "joe@acme.com"}))
    file = api.get(httpx.URL(job["results"]["errors_url"]), headers={"Authorization": ""})

    assert (job["status"], job["results"]["errored_count"], job["results"]["created_count"]) == (
        "errored",
        1,
        1,
    )
    assert [one["email"] for one in file.json()] == ["jane@acme.com"]
    assert (
        done(put({"email": "jane@acme.com", "external_id": "C1", "city": "Paris"}))["status"] == "completed"
    )


def test_identifiers_of_two_contacts_make_no_third(put, done, world):
    done(put({"email": "jane@acme.com"}, {"external_id": "C1"}))

    job = done(put({"email": "jane@acme.com", "external_id": "C1"}))

    assert job["status"] == "failed"
    assert len(world.part("sendgrid", "contacts")) == 2


def test_contacts_are_deleted_by_their_ids_and_their_identifiers_are_free_again(api, put, done, world):
    done(put({"email": "jane@acme.com"}, {"email": "joe@acme.com"}))
    id_ = search(api, "jane@acme.com").json()["result"]["jane@acme.com"]["contact"]["id"]

    job = done(api.delete(CONTACTS, params={"ids": f"{id_},unknown"}))

    assert (job["job_type"], job["results"]["deleted_count"]) == ("delete", 1)
    assert search(api, "jane@acme.com").status_code == 404
    assert done(put({"email": "jane@acme.com"}))["results"]["created_count"] == 1
    assert done(api.delete(CONTACTS, params={"delete_all_contacts": "true"}))["results"]["deleted_count"] == 2
    assert world.part("sendgrid", "contacts") == {}
    for params in ({}, {"ids": ",".join(map(str, range(101)))}):
        assert api.delete(CONTACTS, params=params).status_code == 400


def test_a_search_finds_who_is_there_and_says_who_is_not(api, put, done):
    done(put({"email": "jane@acme.com", "external_id": "C1", "alternate_emails": ["j@home.org"]}))

    told = search(api, "jane@acme.com", "joe@acme.com").json()["result"]
    by_alternate = api.post(f"{CONTACTS}/search/emails", json={"emails": ["J@home.org"]}).json()["result"]
    id_ = told["jane@acme.com"]["contact"]["id"]

    assert told["joe@acme.com"] == {"error": "contact not found"}
    assert by_alternate["j@home.org"]["contact"]["id"] == id_
    assert search(api, "C1", kind="external_id").json()["result"]["C1"]["contact"]["id"] == id_
    assert search(api, "j@home.org").status_code == 404
    assert api.get(f"{CONTACTS}/{id_}").json()["email"] == "jane@acme.com"
    assert [one["id"] for one in api.post(f"{CONTACTS}/batch", json={"ids": [id_]}).json()["result"]] == [id_]
    for wrong in (search(api, "jane"), search(api, "x", kind="id"), search(api, *map(str, range(101)))):
        assert wrong.status_code == 400


def test_lists_are_made_renamed_and_paged(api):
    ids = [api.post("/v3/marketing/lists", json={"name": f"l{n}"}).json()["id"] for n in range(3)]

    page = api.get("/v3/marketing/lists", params={"page_size": 2}).json()
    rest = api.get("/v3/marketing/lists", params=httpx.URL(page["_metadata"]["next"]).params).json()

    assert [one["id"] for one in (*page["result"], *rest["result"])] == ids
    assert "next" not in rest["_metadata"]
    assert api.post("/v3/marketing/lists", json={"name": "l1"}).status_code == 400
    assert api.post("/v3/marketing/lists", json={"name": "x" * 101}).status_code == 400
    assert api.patch(f"/v3/marketing/lists/{ids[0]}", json={"name": "First"}).json()["name"] == "First"
    assert api.get("/v3/marketing/lists/unknown").status_code == 404


def test_contacts_are_put_on_a_list_by_an_upsert_and_taken_off_by_a_job(api, put, done, world):
    list_id = api.post("/v3/marketing/lists", json={"name": "Best"}).json()["id"]
    done(put({"email": "jane@acme.com"}, {"email": "joe@acme.com"}, list_ids=[list_id]))
    id_ = search(api, "jane@acme.com").json()["result"]["jane@acme.com"]["contact"]["id"]
    place = f"/v3/marketing/lists/{list_id}/contacts"

    assert api.get(f"{place}/count").json()["contact_count"] == 2
    done(api.delete(place, params={"contact_ids": id_}))

    assert [one["email"] for one in world.part("sendgrid", "lists")["Best"].values()] == ["joe@acme.com"]
    assert len(world.part("sendgrid", "contacts")) == 2
    assert api.delete(place, params={"contact_ids": "unknown"}).status_code == 404
    assert api.delete(place).status_code == 400
    assert put({"email": "jane@acme.com"}, list_ids=["unknown"]).status_code == 404


def test_a_list_is_deleted_alone_or_with_the_contacts_on_it(api, put, done, world):
    first, second = (api.post("/v3/marketing/lists", json={"name": name}).json()["id"] for name in "ab")
    done(put({"email": "jane@acme.com"}, list_ids=[first, second]))

    alone = api.delete(f"/v3/marketing/lists/{first}")
    assert (alone.status_code, alone.content) == (204, b"")
    assert len(world.part("sendgrid", "contacts")) == 1
    whole = api.delete(f"/v3/marketing/lists/{second}", params={"delete_contacts": "true"})

    assert done(whole)["results"]["deleted_count"] == 1
    assert (world.part("sendgrid", "contacts"), world.part("sendgrid", "lists")) == ({}, {})
    assert api.delete(f"/v3/marketing/lists/{first}").status_code == 404


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"contacts": []}', b'{"contacts": "x"}', b'{"contacts": [7]}']
)
def test_a_body_that_is_none_is_refused(api, body):
    assert api.put(CONTACTS, content=body).status_code == 400


def test_a_key_opens_the_account_and_one_that_reads_writes_nothing(api, opened):
    for key, status in (("SG.other", 401), ("SG.reads", 200)):
        headers = {"Authorization": f"Bearer {key}"}
        assert api.get("/v3/marketing/lists", headers=headers).status_code == status
        assert api.get("/v3/scopes", headers=headers).status_code == status
    reads = {"Authorization": "Bearer SG.reads"}
    body = {"contacts": [{"email": "jane@acme.com"}]}
    assert api.put(CONTACTS, json=body, headers=reads).status_code == 403
    found = api.post(f"{CONTACTS}/search/emails", json={"emails": ["jane@acme.com"]}, headers=reads)
    assert found.status_code == 404
    assert api.get("/v3/scopes").json()["scopes"]


def test_a_limit_is_told_by_headers_and_kept(api, world):
    world.enable_limits(True)
    before = api.get("/v3/marketing/lists").headers

    world.change_limit("sendgrid", "lists", Limit(0.01, 1))
    api.get("/v3/marketing/lists")
    refused = api.get("/v3/marketing/lists")

    assert (before["X-RateLimit-Limit"], before["X-RateLimit-Remaining"]) == ("600", "599")
    assert refused.status_code == 429
    assert refused.json() == {"errors": [{"field": None, "message": "too many requests"}]}
    assert float(refused.headers["X-RateLimit-Reset"]) > 1e9
    assert api.get("/v3/marketing/field_definitions").status_code == 200
