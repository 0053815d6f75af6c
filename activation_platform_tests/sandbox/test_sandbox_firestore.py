"""The stand-in for Firestore, as a client of Google's API meets it."""

import base64
import json

import google.auth.crypt
import google.auth.jwt
import httpx
import pytest

from activation_platform.contracts.authorities import trusted
from activation_platform.sandbox import running
from activation_platform.sandbox.firestore import Firestore, service_account_key
from activation_platform.sandbox.firestore.identity import AUDIENCE, EDITOR, GRANT, VIEWER
from activation_platform.sandbox.limits import Limit

NOON = 1_750_000_000.0
DATABASE = "/v1/projects/sandbox-project/databases/(default)"
DATASTORE = "https://www.googleapis.com/auth/datastore"


@pytest.fixture(scope="module")
def opened(clock):
    with running(platforms=[Firestore()], clock=clock, wall=lambda: NOON + clock.now) as sandbox:
        yield sandbox


@pytest.fixture
def sign(clock):
    """An assertion of the editor, with other claims where a test says so."""

    def make(pem=None, **claims):
        key = json.loads(service_account_key("http://sandbox"))
        now = int(NOON + clock.now)
        all_claims = {
            "iss": EDITOR,
            "scope": DATASTORE,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + 3600,
        } | claims
        signer = google.auth.crypt.RSASigner.from_string(pem or key["private_key"], key["private_key_id"])
        return google.auth.jwt.encode(signer, all_claims).decode()

    return make


@pytest.fixture
def grant(opened, world):
    def ask(assertion, **form):
        body = {"grant_type": GRANT, "assertion": assertion} | form
        return httpx.post(f"{opened.base_url('firestore')}/token", data=body)

    return ask


@pytest.fixture
def api(opened, grant, sign):
    """Clients with tokens for these claims."""
    clients = []

    def client(**claims):
        token = grant(sign(**claims)).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        clients.append(
            httpx.Client(verify=trusted(), base_url=opened.base_url("firestore"), headers=headers, timeout=5)
        )
        return clients[-1]

    yield client
    for one in clients:
        one.close()


@pytest.fixture
def write(api):
    client = api()
    return lambda *writes: client.post(f"{DATABASE}/documents:batchWrite", json={"writes": list(writes)})


def name(id_, collection="users"):
    return f"projects/sandbox-project/databases/(default)/documents/{collection}/{id_}"


def update(id_, fields=None, **more):
    return {"update": {"name": name(id_), "fields": fields or {}}, **more}


def text(value):
    return {"stringValue": value}


def statuses(response):
    return [one.get("code", 0) for one in response.json()["status"]]


def users(world):
    return world.part("firestore", "documents").get("users", {})


def test_a_token_is_given_for_an_assertion_and_is_good_for_an_hour(api, grant, sign, clock):
    told = grant(sign()).json()
    client = api()

    assert (told["expires_in"], told["token_type"]) == (3599, "Bearer")
    assert client.get(DATABASE).status_code == 200
    clock.now += 3599
    assert client.get(DATABASE).status_code == 401


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"iss": "nobody@shop.iam.gserviceaccount.com"}, "account not found"),
        ({"aud": "https://example.org"}, "Failed audience check."),
        ({"iat": 1, "exp": 3601}, "short-lived token"),
        ({"exp": int(NOON) + 100_000}, "short-lived token"),
        ({"exp": None}, "short-lived token"),
        ({"scope": ""}, "Invalid OAuth scope"),
    ],
)
def test_an_assertion_that_says_something_wrong_gets_no_token(grant, sign, claims, words):
    answer = grant(sign(**claims))

    assert answer.status_code == 400
    assert words in answer.json()["error_description"]


def test_an_assertion_that_is_not_signed_by_the_key_gets_no_token(grant, sign):
    head, claims, signature = sign().split(".")
    other = (
        base64.urlsafe_b64encode(json.dumps({"iss": EDITOR, "aud": AUDIENCE}).encode()).decode().strip("=")
    )
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().strip("=")

    for assertion in (f"{head}.{other}.{signature}", f"{head}.{claims}."):
        assert grant(assertion).json()["error_description"] == "Invalid JWT Signature."
    for assertion in ("", "a.b.c", f"{none}.{claims}.", "no assertion"):
        assert grant(assertion).json()["error"] == "invalid_grant"
    assert grant(sign(), grant_type="password").json()["error"] == "unsupported_grant_type"


def test_a_token_opens_what_its_scope_and_account_may(api, opened):
    viewer, elsewhere = api(iss=VIEWER), api(scope="https://www.googleapis.com/auth/bigquery")
    body = {"writes": []}

    assert httpx.get(f"{opened.base_url('firestore')}{DATABASE}").status_code == 401
    assert viewer.get(DATABASE).status_code == 200
    assert (
        viewer.post(f"{DATABASE}/documents:batchWrite", json=body).json()["error"]["status"]
        == "PERMISSION_DENIED"
    )
    assert elsewhere.get(DATABASE).status_code == 403


def test_the_key_that_is_served_is_for_the_address_it_was_asked_at(opened, world):
    address = opened.base_url("firestore")

    assert httpx.get(f"{address}/key.json").json() == json.loads(service_account_key(address))


def test_an_update_without_a_mask_replaces_and_with_one_merges(write, world):
    write(update("ada", {"a": text("1"), "b": text("2"), "c": text("3")}))

    write(update("ada", {"a": text("9")}, updateMask={"fieldPaths": ["a", "b"]}))
    assert users(world) == {"ada": {"a": "9", "c": "3"}}
    write(update("ada", updateMask={"fieldPaths": []}))
    assert users(world) == {"ada": {"a": "9", "c": "3"}}
    write(update("ada", {"z": text("0")}))
    assert users(world) == {"ada": {"z": "0"}}


def test_a_path_leads_into_maps_and_may_be_quoted(write, world):
    inner = {"mapValue": {"fields": {"b-c": text("1"), "d": text("2")}}}
    write(update("ada", {"a": inner}))

    write(
        update(
            "ada", {"a": {"mapValue": {"fields": {"b-c": text("9")}}}}, updateMask={"fieldPaths": ["a.`b-c`"]}
        )
    )
    assert users(world) == {"ada": {"a": {"b-c": "9", "d": "2"}}}
    write(update("ada", updateMask={"fieldPaths": ["a.d", "x.y"]}))
    assert users(world) == {"ada": {"a": {"b-c": "9"}}}


def test_a_condition_is_checked_for_each_document_by_itself(write, world):
    told = write(
        update("ada", currentDocument={"exists": True}),
        update("joe", currentDocument={"exists": False}),
        {"delete": name("eva")},
    )

    assert told.status_code == 200
    assert statuses(told) == [5, 0, 0]
    assert statuses(write(update("joe", currentDocument={"exists": False}))) == [6]
    assert set(users(world)) == {"joe"}


def test_an_array_is_changed_after_the_update_whatever_stood_there(write, world):
    added = {"fieldPath": "tags", "appendMissingElements": {"values": [text("a"), text("b"), text("a")]}}
    gone = {"fieldPath": "tags", "removeAllFromArray": {"values": [text("a")]}}
    mask = {"fieldPaths": []}
    write(update("ada", {"tags": text("none")}), update("joe", updateMask=mask, updateTransforms=[gone]))

    told = write(update("ada", updateMask=mask, updateTransforms=[added]))
    assert told.json()["writeResults"][0]["transformResults"] == [{"nullValue": None}]
    assert users(world) == {"ada": {"tags": ["a", "b"]}, "joe": {"tags": []}}
    write({"transform": {"document": name("ada"), "fieldTransforms": [gone]}})
    assert users(world)["ada"] == {"tags": ["b"]}


def test_a_write_that_changes_nothing_keeps_its_time(write, clock):
    first = write(update("ada", {"a": text("1")})).json()["writeResults"]
    clock.now += 60

    assert write(update("ada", {"a": text("1")})).json()["writeResults"] == first


@pytest.mark.parametrize(
    ("writes", "words"),
    [
        ([{"upsert": {}}], "Unknown name"),
        ([{}], "an update, a delete or a transform"),
        ([{"delete": name("a"), "update": {"name": name("a")}}], "an update, a delete or a transform"),
        ([{"delete": "users/a"}], "is not of the database"),
        ([{"delete": name("")}], "is invalid"),
        ([{"delete": name("__a__")}], "is invalid"),
        ([{"delete": name("a/b")}], "is invalid"),
        ([{"delete": name("a")}, {"delete": name("a")}], "more than once"),
        ([{"delete": name(str(n))} for n in range(501)], "maximum 500 writes"),
        ([update("a", {"x": {"stringValue": 1}})], "Invalid value at 'stringValue'"),
        ([update("a", {"x": {"integerValue": str(2**63)}})], "Invalid value at 'integerValue'"),
        ([update("a", {"x": {"stringValue": "a", "nullValue": None}})], "must be set once"),
        ([update("a", {"x": {"timestampValue": "2024-01-31"}})], "Invalid value at 'timestampValue'"),
        ([update("a", updateMask={"fieldPaths": ["a-b"]})], "Invalid property path"),
        ([update("a", updateMask={"fieldPaths": ["a."]})], "Invalid property path"),
        (
            [update("a", updateTransforms=[{"fieldPath": "a", "increment": {"integerValue": "1"}}])],
            "not known",
        ),
    ],
)
def test_what_is_no_write_ends_the_whole_batch(write, world, writes, words):
    told = write(*writes)

    assert told.status_code == 400
    assert told.json()["error"]["status"] == "INVALID_ARGUMENT"
    assert words in told.json()["error"]["message"]
    assert users(world) == {}


@pytest.mark.parametrize(
    "fields",
    [
        {"__name__": text("a")},
        {"": text("a")},
        {"x": {"arrayValue": {"values": [{"arrayValue": {}}]}}},
        {"x": text("a" * 1_048_488)},
        {"x": text("a" * 600_000), "y": text("a" * 600_000)},
    ],
)
def test_what_no_document_may_hold_is_refused_by_itself(write, world, fields):
    assert statuses(write(update("ada", fields), update("joe"))) == [3, 0]
    assert set(users(world)) == {"joe"}


def test_a_body_that_is_no_json_or_too_large_is_refused(api):
    client, address = api(), f"{DATABASE}/documents:batchWrite"

    assert client.post(address, content="{").status_code == 400
    assert client.post(address, json={"write": []}).status_code == 400
    large = client.post(address, content=b'{"writes":[]}' + b" " * 10 * 1024 * 1024)
    assert "payload size exceeds" in large.json()["error"]["message"]


def test_documents_are_written_as_fast_as_the_limit_allows(api, world, clock):
    world.enable_limits(True)
    world.change_limit("firestore", "writes", Limit(500, 500))
    client = api()

    def delete(count):
        body = {"writes": [{"delete": name(str(n))} for n in range(count)]}
        return client.post(f"{DATABASE}/documents:batchWrite", json=body)

    assert delete(500).status_code == 200
    refused = delete(500)
    assert (refused.status_code, refused.json()["error"]["status"]) == (429, "RESOURCE_EXHAUSTED")
    clock.now += 1
    assert delete(500).status_code == 200


def test_a_database_says_its_mode(api):
    assert api().get(DATABASE).json()["type"] == "FIRESTORE_NATIVE"
    assert api().get("/v1/projects/sandbox-project/databases/eu").status_code == 404
    assert api().get("/v1/projects/shop/databases/(default)").status_code == 404
