"""The stand-in for Emarsys, as a client of the vendor's API meets it."""

import base64
import hashlib

import httpx
import pytest

from activation_platform.contracts.authorities import trusted
from activation_platform.sandbox import running
from activation_platform.sandbox.emarsys import CLIENT_ID, CLIENT_SECRET, SECRET, USERNAME, Emarsys
from activation_platform.sandbox.limits import Limit

JANE, JOE = "jane@acme.com", "joe@acme.com"
UPDATE, CREATE = "/v2/contact/", "/v2/contact"
MADE = {"create_if_not_exists": "1"}
RECORDS = "/rds/connections/shop/tables/orders/records"


def header(username=USERNAME, secret=SECRET, nonce="d36e316282959a9ed4c89851497a717f", **parts):
    created = parts.get("created", "2024-01-31T09:30:00Z")
    digest = base64.b64encode(hashlib.sha1((nonce + created + secret).encode()).hexdigest().encode()).decode()
    said = {"Username": username, "PasswordDigest": digest, "Nonce": nonce, "Created": created}
    return "UsernameToken " + ", ".join(f'{name}="{value}"' for name, value in said.items())


@pytest.fixture(scope="module")
def opened():
    with running(platforms=[Emarsys(read_only=("reader",))]) as sandbox:
        yield sandbox


@pytest.fixture
def anonymous(opened, world):
    with httpx.Client(verify=trusted(), base_url=opened.base_url("emarsys"), timeout=5) as client:
        yield client


@pytest.fixture
def api(anonymous):
    anonymous.headers["X-WSSE"] = header()
    return anonymous


@pytest.fixture
def put(api):
    def update(*contacts, key="3", params=MADE, **more):
        return api.put(UPDATE, params=params, json={"key_id": key, "contacts": list(contacts), **more})

    return update


@pytest.fixture
def held(world):
    return lambda: list(world.part("emarsys", "contacts").values())


def errors(answer):
    return answer.json()["data"]["errors"]


@pytest.mark.parametrize(
    "said",
    [
        "",
        "Bearer token",
        header(username="nobody"),
        header(secret="wrong"),
        header(nonce=""),
        header(created="yesterday"),
        header().replace("PasswordDigest", "Digest"),
    ],
)
def test_a_digest_that_is_not_made_of_the_secret_opens_nothing(anonymous, said):
    answer = anonymous.get("/v2/field/translate/en", headers={"X-WSSE": said})

    assert (answer.status_code, answer.json()["replyText"]) == (401, "Unauthorized")


def test_the_vendors_own_spelling_of_a_digest_is_read_too(anonymous):
    said = header().replace("Nonce=", "nonce=").replace(", ", ",")

    assert anonymous.get("/v2/field/translate/en", headers={"X-WSSE": said}).status_code == 200


def test_who_may_only_read_looks_at_everything_and_writes_nothing(anonymous):
    anonymous.headers["X-WSSE"] = header(username="reader")

    assert anonymous.get("/v2/contactlist").status_code == 200
    assert (
        anonymous.post("/v2/contact/checkids", json={"key_id": "3", "external_ids": [JANE]}).status_code
        == 200
    )
    assert anonymous.put(UPDATE, json={"key_id": "3", "contacts": []}).status_code == 403


def test_a_token_is_given_to_a_client_and_opens_the_third_version_until_it_is_over(anonymous, world):
    asked = {"url": "/oauth2/token", "data": {"grant_type": "client_credentials"}}

    given = anonymous.post(**asked, auth=(CLIENT_ID, CLIENT_SECRET)).json()
    bearer = {"Authorization": f"Bearer {given['access_token']}"}

    assert given["token_type"] == "bearer"
    assert anonymous.get("/v3/contactlist", headers=bearer).status_code == 200
    assert anonymous.get("/v2/contactlist", headers=bearer).status_code == 401
    assert anonymous.get("/v3/contactlist", headers={"X-WSSE": header()}).status_code == 401
    world.platforms["emarsys"].credentials.forget_tokens()
    assert anonymous.get("/v3/contactlist", headers=bearer).status_code == 401
    assert anonymous.post(**asked, auth=(CLIENT_ID, "wrong")).json() == {"error": "invalid_client"}
    assert anonymous.post("/oauth2/token", auth=(CLIENT_ID, CLIENT_SECRET)).status_code == 400


def test_an_update_makes_or_changes_and_the_kind_of_its_id_says_which(put, held):
    first = put({"3": JANE, "1": "Jane"}).json()["data"]
    second = put({"3": JANE.upper(), "2": "Doe"}, {"3": JOE}).json()["data"]

    assert [type(one) for one in (*first["ids"], *second["ids"])] == [int, str, int]
    assert first["errors"] == []
    assert held() == [{"email": JANE.upper(), "first_name": "Jane", "last_name": "Doe"}, {"email": JOE}]


def test_without_the_parameter_nobody_is_made(put, held):
    answer = put({"3": JANE}, params={})

    assert answer.status_code == 200
    assert errors(answer) == {JANE: {"2008": "No contact found with the external id: 3"}}
    assert held() == []


def test_who_is_there_is_not_made_again(api, put, held):
    put({"3": JANE, "1": "Jane"})

    answer = api.post(CREATE, json={"key_id": "3", "contacts": [{"3": JANE, "1": "Joan"}, {"3": JOE}]})

    assert errors(answer) == {JANE: {"2009": "Contact with the external id already exists: 3"}}
    assert [one.get("first_name") for one in held()] == ["Jane", None]


def test_null_and_an_empty_text_clear(put, held):
    put({"3": JANE, "1": "Jane", "2": "Doe", "31": "1"})

    put({"3": JANE, "1": None, "2": "", "31": None})

    assert held() == [{"email": JANE}]


@pytest.mark.parametrize(
    ("number", "value"),
    [
        ("1", "x" * 61),
        ("31", "3"),
        ("31", "True"),
        ("4", "31.01.2024"),
        ("5", "Male"),
        ("999", "x"),
        ("3", 7),
    ],
)
def test_a_value_that_cannot_be_refuses_its_contact_alone(put, held, number, value):
    wrong = {"3": JANE, number: value}

    answer = put(wrong, {"3": JOE})

    assert list(errors(answer)) == [str(wrong["3"])]
    assert held() == [{"email": JOE}]


def test_of_several_contacts_with_one_value_none_is_touched(api, put, held):
    number = str(
        api.post("/v2/field", json={"name": "code", "application_type": "shorttext"}).json()["data"]["id"]
    )
    put({"3": JANE, number: "C1"}, {"3": JANE, number: "C2"}, key=number)

    changed = put({"3": JANE, "1": "Jane"})
    gone = api.post("/v2/contact/delete", json={"key_id": "3", "3": [JANE]})

    assert [list(errors(one)[JANE]) for one in (changed, gone)] == [["2010"], ["2010"]]
    assert [one["code"] for one in held()] == ["C1", "C2"]


def test_a_contact_without_its_key_is_told_of_without_a_name(put):
    assert errors(put({"1": "Jane"})) == {"<NO_KEY_ID>": {"2005": "No value provided for key field: 3"}}


@pytest.mark.parametrize(
    ("more", "code"),
    [({"key": "999"}, 2004), ({"contact_list_id": 1}, 2020)],
)
def test_a_call_that_means_nothing_is_refused_as_a_whole(put, held, more, code):
    answer = put({"3": JANE}, **more)

    assert (answer.status_code, answer.json()["replyCode"], answer.json()["data"]) == (400, code, "")
    assert held() == []


def test_more_than_a_call_may_have_is_refused(put, api):
    many = put(*({"3": f"p{n}@acme.com"} for n in range(1_001)))
    large = put({"3": JANE, "1": "x" * 8_000_000})
    listed = api.post("/v2/contactlist", json={"key_id": "3", "name": "Best", "external_ids": ["x"] * 10_001})

    assert [one.json()["replyCode"] for one in (many, listed)] == [1000, 3002]
    assert large.status_code == 413


def test_contacts_are_deleted_and_leave_their_lists(api, put, world, held):
    put({"3": JANE}, {"3": JOE})
    best = {"key_id": "3", "name": "Best", "external_ids": [JANE, JOE]}
    assert api.post("/v2/contactlist", json=best).json()["data"]["errors"] == []

    answer = api.post("/v2/contact/delete", json={"key_id": "3", "3": [JANE, "eva@acme.com"]})

    assert list(errors(answer)) == ["eva@acme.com"]
    assert held() == [{"email": JOE}]
    assert len(world.part("emarsys", "lists")["Best"]) == 1


def test_a_list_takes_contacts_in_and_out_and_whole(api, put, world):
    put({"3": JANE}, {"3": JOE})
    made = api.post("/v2/contactlist", json={"key_id": "3", "name": "Best", "external_ids": []}).json()
    place = f"/v2/contactlist/{made['data']['id']}"

    def told(word, *emails):
        data = api.post(f"{place}/{word}", json={"key_id": "3", "external_ids": list(emails)}).json()["data"]
        return data.get("inserted_contacts", data.get("deleted_contacts")), list(data["errors"])

    assert told("add", JANE, "eva@acme.com") == (1, ["eva@acme.com"])
    assert told("add", JANE, JOE) == (1, [])
    assert told("delete", JANE) == (1, [])
    assert told("replace", JANE) == (1, [])
    assert api.get(f"{place}/count").json()["data"] == 1
    assert len(world.part("emarsys", "lists")["Best"]) == 1
    again = api.post("/v2/contactlist", json={"key_id": "3", "name": "Best", "external_ids": []})
    assert again.json()["replyCode"] == 3005
    assert (
        api.post("/v2/contactlist/1/add", json={"key_id": "3", "external_ids": []}).json()["replyCode"]
        == 3004
    )


def test_rows_are_kept_by_their_primary_key_and_a_call_is_carried_out_whole_or_not_at_all(api, world):
    def rows():
        return world.part("emarsys", "tables")["shop.orders"]

    api.post(f"{RECORDS}/upsert", json=[{"order_id": 1, "state": "paid", "sum": 9}, {"order_id": 2}])
    api.post(f"{RECORDS}/upsert", json=[{"order_id": 1, "state": "sent"}])
    assert rows() == [{"order_id": 1, "state": "sent", "sum": 9}, {"order_id": 2}]

    assert api.post(f"{RECORDS}/upsert", json=[{"order_id": 3}, {"state": "paid"}]).status_code == 400
    assert len(rows()) == 2
    api.post(RECORDS, json=[{"order_id": 1, "state": "lost"}, {"order_id": 4}])
    assert api.get(RECORDS, params={"order_id": "1"}).json() == [{"order_id": 1, "state": "sent", "sum": 9}]
    api.post(f"{RECORDS}/remove", json=[{"state": "sent"}, {"order_id": "2"}])
    assert rows() == [{"order_id": 4}]
    api.put(RECORDS, json=[{"order_id": 5}])
    assert rows() == [{"order_id": 5}]
    assert api.get("/rds/connections/shop/tables/unknown/records?id=1").status_code == 404


def test_the_limit_is_told_and_kept(api, world):
    world.enable_limits(True)
    world.change_limit("emarsys", "requests", Limit(1 / 60, 2))

    answers = [api.get("/v2/contactlist") for _ in range(3)]

    assert [one.status_code for one in answers] == [200, 200, 429]
    assert [one.headers["X-RateLimit-Remaining"] for one in answers] == ["1", "0", "0"]
    assert int(answers[2].headers["X-RateLimit-Reset"]) > 1_700_000_000
