"""Every endpoint of the sandbox answers as Google describes it, and what is not as described would be told."""

import httpx
import pytest

from activation_platform_tests.destinations.descriptions import Witness, description_of
from activation_platform_tests.destinations.firestore.exam import EXAM

DATABASE = "https://firestore.googleapis.com/v1/projects/shop/databases/(default)"
WRITE = f"{DATABASE}/documents:batchWrite"
TOKEN = {"Authorization": "Bearer token"}
GOOD = httpx.Response(200, json={})


def test_every_endpoint_of_the_sandbox_answers_as_described(account):
    described = description_of(EXAM.description, EXAM.errata)
    witness = Witness(described, account.root_url, account.default_base_url, EXAM.beside)
    name = account.documents("users")
    value = {"mapValue": {"fields": {"b": {"arrayValue": {"values": [{"nullValue": "NULL_VALUE"}]}}}}}
    transform = {"fieldPath": "tags", "appendMissingElements": {"values": [{"stringValue": "x"}]}}
    update = {"update": {"name": f"{name}ada", "fields": {"a": value}}, "updateTransforms": [transform]}
    documents = f"/v1/{name.removesuffix('/users/')}"

    with httpx.Client(base_url=account.root_url, auth=account.auth(), transport=witness) as api:
        answers = [
            api.post(f"{documents}:batchWrite", json={"writes": [update, {"delete": f"{name}joe"}]}),
            api.post(f"{documents}:commit", json={"writes": [update]}),
            api.get(f"{documents}/users/ada"),
            api.get(f"{documents}/users", params={"pageSize": 1}),
            api.delete(f"{documents}/users/ada"),
            api.get(documents.removesuffix("/documents")),
        ]
        refusals = [
            api.get(f"{documents}/users/ada"),
            api.post(f"{documents}:batchWrite", json={"writes": [{"delete": "joe"}]}),
            api.post(
                f"{documents}:commit", json={"writes": [{**update, "currentDocument": {"exists": True}}]}
            ),
        ]

    assert [answer.status_code for answer in answers] == [200] * 6
    assert [answer.status_code for answer in refusals] == [404, 400, 404]
    assert witness.problems == []


@pytest.fixture(scope="module")
def problems():
    described = description_of(EXAM.description, EXAM.errata)

    def found(method, url, body=None, answer=GOOD, headers=TOKEN):
        return list(described.problems(httpx.Request(method, url, headers=headers, json=body), answer))

    return found


def valued(**value):
    return {"writes": [{"update": {"name": "n", "fields": {"a": value}}}]}


def test_what_is_as_described_has_no_problem(problems):
    status = {"code": 5, "message": "no", "details": [{"@type": "type.googleapis.com/x", "more": 1}]}
    told = {"writeResults": [{"updateTime": "2024-01-31T12:00:00.000250Z"}], "status": [status]}
    refused = {"error": {"code": 404, "message": "no", "status": "NOT_FOUND"}}

    assert problems("POST", WRITE, valued(nullValue=None), httpx.Response(200, json=told)) == []
    assert problems("POST", WRITE, valued(integerValue="-9223372036854775808")) == []
    assert problems("POST", WRITE, {}, httpx.Response(404, json=refused)) == []
    assert (
        problems("GET", f"{DATABASE}/documents/shops/paris/users/ada?mask.fieldPaths=a&mask.fieldPaths=b")
        == []
    )
    assert problems("GET", f"{DATABASE}/documents/users?pageSize=3&showMissing=true") == []


@pytest.mark.parametrize(
    ("method", "url", "problem"),
    [
        ("POST", f"{DATABASE}/documents:batchwrite", "there is no such method"),
        ("PUT", WRITE, "there is no such method"),
        ("GET", f"{DATABASE}?pageSize=3", "there is no query parameter pageSize"),
        (
            "GET",
            f"{DATABASE}/documents/users?pageSize=all",
            "the query parameter pageSize is not a whole number",
        ),
        ("GET", f"{DATABASE}/documents/users?pageSize=1&pageSize=2", "pageSize is given more than once"),
        ("GET", f"{DATABASE}/documents/users?showMissing=yes", "showMissing is not true or false"),
        ("GET", f"{DATABASE}?alt=xml", "the query parameter alt is none of json, media, proto"),
    ],
)
def test_a_request_of_no_method_or_with_other_parameters_is_told(problems, method, url, problem):
    (told,) = problems(method, url, {} if method != "GET" else None)

    assert problem in told


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"write": []}, "'write' was unexpected"),
        ({"writes": [{"updateMask": ["a"]}]}, "is not of type 'object'"),
        (valued(integerValue=3), "3 is not of type 'string'"),
        (valued(integerValue="9223372036854775808"), "is not a 'int64'"),
        (valued(timestampValue="2024-01-31"), "is not a 'google-datetime'"),
        (valued(timestampValue="2024-01-31T12:00:00"), "is not a 'google-datetime'"),
        (valued(bytesValue="not base64"), "is not a 'byte'"),
        (valued(nullValue="null"), "is not one of"),
        (valued(dateValue="2024-01-31"), "'dateValue' was unexpected"),
    ],
)
def test_a_body_that_says_something_else_is_told(problems, body, problem):
    (told,) = problems("POST", WRITE, body)

    assert problem in told


def test_a_request_without_a_token_is_told(problems):
    assert problems("POST", WRITE, {}, headers={}) == ["no token is given"]


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (200, {"status": [{"code": "5"}]}, "'5' is not of type 'integer'"),
        (200, {"status": [{"code": 2**31}]}, "is not a 'int32'"),
        (200, {"results": []}, "'results' was unexpected"),
        (404, {"error": "invalid_grant"}, "is not of type 'object'"),
        (
            404,
            {"error": {"code": 400, "message": "", "status": "NOT_FOUND"}},
            "the error's code is not the status",
        ),
        (404, {"error": {"code": 404, "message": ""}}, "'status' is a required property"),
        (404, {}, "'error' is a required property"),
    ],
)
def test_an_answer_that_says_something_else_is_told(problems, status, body, problem):
    (told,) = problems("POST", WRITE, {}, httpx.Response(status, json=body))

    assert problem in told
