"""What may be asked of the sandbox beside our services is answered as the vendor describes it; what finds that out can fail."""

import json

import httpx
import pytest

from activation_platform.contracts.authorities import trusted
from activation_platform.contracts.modes import Mode
from activation_platform.sandbox.emarsys import CLIENT_ID, CLIENT_SECRET
from activation_platform_tests.destinations.conversation import carry
from activation_platform_tests.destinations.descriptions import Witness, description_of
from activation_platform_tests.destinations.descriptions.postman import Postman
from activation_platform_tests.destinations.emarsys.exam import EXAM, SUITE
from activation_platform_tests.destinations.emarsys.stateful import ORDERS, RelationalData

JANE, JOE = "jane@acme.com", "joe@acme.com"
RECORDS = "/rds/connections/shop/tables/orders/records"
ROWS = [{"order_id": "A1", "state": "paid"}]
# The rows that are asked for are an array, by the newer description; the collection shows what a refusal looks like.
ASKED = {f"{SUITE}/14/item/1/response/0/body": json.dumps([{"name": "Joe", "age": 34}])}


@pytest.fixture
def witness(account):
    description = description_of(EXAM.description, {**EXAM.errata, **ASKED})
    return Witness(description, account.root_url, account.default_base_url)


@pytest.fixture
def api(account, witness):
    with httpx.Client(
        base_url=account.root_url,
        transport=witness,
        auth=account.auth(),
        headers={"Accept": "application/json"},
    ) as client:
        yield client


def test_every_endpoint_of_the_sandbox_answers_as_described(api, witness):
    def person(key, **more):
        return {"key_id": "3", "contacts": [{"3": key}], **more}

    made = api.post("/v2/contactlist", json={"key_id": "3", "name": "Best", "external_ids": []}).json()
    place = f"/v2/contactlist/{made['data']['id']}"
    keyed = {"key_id": "3", "external_ids": [JANE, "eva@acme.com"]}

    answers = [
        api.post("/v2/contact", json=person(JANE, contact_list_id=made["data"]["id"])),
        api.post("/v2/contact", json=person(JANE)),
        api.put("/v2/contact/", params={"create_if_not_exists": 1}, json=person(JOE)),
        api.put("/v2/contact/", params={"create_if_not_exists": 0}, json=person("eva@acme.com")),
        api.post("/v2/contact/getdata", json={"keyId": "3", "keyValues": [JANE], "fields": ["1", "3"]}),
        api.post("/v2/contact/checkids", json={"key_id": "3", "external_ids": [JANE, "eva@acme.com"]}),
        api.post(f"{place}/add", json=keyed),
        api.post(f"{place}/delete", json=keyed),
        api.post(f"{place}/replace", json=keyed),
        api.get(f"{place}/count"),
        api.get(f"{place}/", params={"offset": 0, "limit": 10}),
        api.get("/v2/contactlist"),
        api.post(f"{place}/deletelist"),
        api.get("/v2/field/translate/en"),
        api.get("/v2/field/choices", params={"fields": "5", "language": "en"}),
        api.post("/v2/field", json={"name": "shoe", "application_type": "numeric"}),
        api.post(f"{RECORDS}/upsert", json=ROWS),
        api.post(RECORDS, json=ROWS),
        api.put(RECORDS, json=ROWS),
        api.get(RECORDS, params={"order_id": "A1"}),
        api.post(f"{RECORDS}/remove", json=ROWS),
        api.post("/v2/contact/delete", json={"key_id": "3", "3": [JANE, "eva@acme.com"]}),
    ]
    refusals = [
        api.post("/v2/contact", json={"key_id": "999", "contacts": []}),
        api.post(f"{place}/add", json=keyed),
        api.get("/v2/field/choices", params={"fields": "999", "language": "en"}),
        api.post(RECORDS, json=[{"state": "paid"}]),
        api.post("/rds/connections/shop/tables/unknown/records", json=ROWS),
    ]

    assert [answer.status_code for answer in answers] == [200] * len(answers)
    assert {answer.status_code for answer in refusals} == {400, 404}
    assert not witness.problems, "\n".join(witness.problems)


def test_a_table_is_looked_for_as_described(account, witness):
    look = RelationalData(account, ORDERS).require_rights(Mode.UPSERT, [])

    with httpx.Client(transport=witness) as client:
        assert carry(look, account, client).raised is None

    assert [request.method for request, _ in witness.exchanges] == ["GET"]
    assert not witness.problems, "\n".join(witness.problems)


def test_the_third_version_has_the_same_endpoints_without_a_slash_at_the_end(account):
    base_url = account.root_url
    client = account.model_copy(
        update={
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "token_url": f"{base_url}/oauth2/token",
        }
    )
    with httpx.Client(verify=trusted(), base_url=base_url, auth=client.auth()) as api:
        assert api.get("/v3/field/translate/en").status_code == 200
        assert api.put("/v3/contact", json={"key_id": "3", "contacts": []}).status_code == 200
        assert api.put("/v3/contact/", json={"key_id": "3", "contacts": []}).status_code == 404
        assert api.get("/rds/v1/connections/shop/tables/orders/records?order_id=1").status_code == 200
        assert api.get("/v2/field/translate/en").status_code == 401


COLLECTION = {
    "variable": [{"key": "baseUrl", "value": "https://api.example.com/api"}],
    "item": [
        {
            "name": "a folder",
            "item": [
                {
                    "name": "Put people",
                    "request": {
                        "auth": {"type": "apikey", "apikey": {"key": "X-Key", "value": "", "in": "header"}},
                        "method": "PUT",
                        "header": [{"key": "Accept", "value": "application/json"}],
                        "url": {
                            "raw": "{{baseUrl}}/lists/:id/people?new=1",
                            "query": [{"key": "new", "value": "1", "description": "(Required) Whether."}],
                        },
                        "body": {
                            "mode": "raw",
                            "raw": '{"key": 3, "people": [{"3": "a"}], "more": {"x": 1}}',
                        },
                    },
                    "response": [
                        {
                            "code": 200,
                            "body": '{"code": 0, "data": {"ids": [1], "errors": {"a": {"2009": "no"}}}}',
                        },
                        {"code": 400, "body": '{"code": 0, "data": "no"}'},
                    ],
                }
            ],
        }
    ],
}
GOOD = {"key": "3", "people": [{"3": "a", "15": ["b"]}], "more": {}}
SAID = {"code": 0, "data": {"ids": ["x"], "errors": {"jane": {"2008": "no"}}}}


def problems(
    body=GOOD,
    told=SAID,
    status=200,
    url="/lists/7/people?new=1",
    method="PUT",
    media="application/json",
    **headers,
):
    given = {"Accept": "application/json", "X-Key": "k"} | headers
    request = httpx.Request(
        method,
        f"https://api.example.com/api{url}",
        headers={name: value for name, value in given.items() if value},
        **({} if body is None else {"json": body}),
    )
    content = json.dumps(told).encode()
    response = httpx.Response(status, headers={"Content-Type": media}, content=content)
    return list(Postman([COLLECTION]).problems(request, response))


@pytest.mark.parametrize(
    "good",
    [
        {},
        {"told": {**SAID, "data": {"ids": [], "errors": []}}},
        {"told": {"code": 1, "data": ""}, "status": 400},
        {"told": "<html>", "status": 503, "media": "text/html"},
        {"told": "<html>", "status": 401, "media": "text/html"},
    ],
)
def test_what_is_like_the_examples_is_no_problem(good):
    assert problems(**good) == []


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        ({"method": "POST"}, "there is no such request"),
        ({"url": "/lists/7/people/?new=1"}, "there is no such request"),
        ({"url": "/lists/7/8/people?new=1"}, "there is no such request"),
        ({"url": "/lists/7/people"}, "the query parameter new is missing"),
        ({"url": "/lists/7/people?new=1&old=1"}, "there is no query parameter old"),
        ({"Accept": "text/plain"}, "the header Accept is not application/json"),
        ({"X-Key": ""}, "the credentials X-Key are missing"),
        ({"body": None}, "the body is missing"),
        ({"body": [GOOD]}, "body is not an object"),
        ({"body": {**GOOD, "keys": "3"}}, "body.keys is not described"),
        ({"body": {**GOOD, "people": {}}}, "body.people is not an array"),
        ({"body": {**GOOD, "people": ["a"]}}, "body.people[0] is not an object"),
        ({"body": {**GOOD, "key": ["3"]}}, "body.key is an object or an array"),
        ({"body": {**GOOD, "more": {"y": 1}}}, "body.more.y is not described"),
        ({"status": 202}, "the answer's status 202 is not described"),
        ({"media": "text/html"}, "an answer of text/html is not described"),
        ({"told": {"code": 0, "data": []}}, None),
        ({"told": {"code": 0, "date": ""}}, "answer.date is not described"),
        ({"told": {"code": 0, "data": {"ids": 1}}}, "answer.data.ids is not an array"),
        (
            {"told": {"code": 0, "data": {"errors": {"jane": "no"}}}},
            "answer.data.errors.jane is not an object",
        ),
    ],
)
def test_what_is_unlike_the_examples_is_told(bad, problem):
    assert problems(**bad) == ([] if problem is None else [problem])
