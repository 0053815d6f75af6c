"""The stand-in for Iterable, as a client of the vendor's API meets it."""

import httpx
import pytest

from activation_platform.contracts.authorities import trusted
from activation_platform.sandbox import running
from activation_platform.sandbox.faults import Extent, Kind, Rule
from activation_platform.sandbox.iterable import API_KEY, Iterable
from activation_platform_tests.sandbox.conftest import NOON

DELAY = 120.0
EVENT = {"eventName": "seen", "email": "ada@acme.com", "id": "e1", "createdAt": 1_700_000_000}


@pytest.fixture(scope="module")
def opened(clock):
    platforms = [Iterable(deletion_delay=DELAY, disallowed=("secret",))]
    with running(platforms=platforms, clock=clock, wall=lambda: NOON + clock.now) as sandbox:
        yield sandbox


@pytest.fixture
def api(opened, world):
    with httpx.Client(
        verify=trusted(), base_url=opened.base_url("iterable"), headers={"Api-Key": API_KEY}, timeout=5
    ) as client:
        yield client


@pytest.fixture
def update(api):
    def said(*users, **more):
        answer = api.post("/api/users/bulkUpdate", json={"users": users, **more})
        assert answer.status_code == 200, answer.text
        return answer.json()

    return said


@pytest.fixture
def other_kinds():
    """A client of a project of another type."""
    open_ones = []

    def of(kind):
        sandbox = running(platforms=[Iterable(kind=kind)], limits=False)
        url = sandbox.__enter__().base_url("iterable")
        open_ones.append(
            (sandbox, httpx.Client(verify=trusted(), base_url=url, headers={"Api-Key": API_KEY}))
        )
        return open_ones[-1][1]

    yield of
    for sandbox, client in open_ones:
        client.close()
        sandbox.__exit__(None, None, None)


def user(api, email):
    return api.get("/api/users/getByEmail", params={"email": email}).json().get("user")


def fault(answer):
    document = answer.json()
    assert set(document) == {"code", "msg", "params"}
    return answer.status_code, document["code"]


def test_only_the_key_opens_the_project(opened, api):
    for headers in ({}, {"Api-Key": "wrong"}, {"Authorization": f"Bearer {API_KEY}"}):
        answer = httpx.get(opened.base_url("iterable") + "/api/lists", headers=headers)
        assert fault(answer) == (401, "BadApiKey")
    assert len(api.get("/api/channels").json()["channels"]) == 2


def test_users_are_made_and_fields_are_overwritten_one_by_one(api, update):
    first = update({"email": "Ada@acme.com", "dataFields": {"plan": "gold", "visits": 3}})
    update({"email": "ada@ACME.com", "dataFields": {"plan": None}})

    assert (first["successCount"], first["failCount"], first["createdFields"]) == (1, 0, ["plan", "visits"])
    assert user(api, "ada@acme.com") == {
        "email": "Ada@acme.com",
        "dataFields": {"email": "Ada@acme.com", "visits": 3},
    }
    assert user(api, "joe@acme.com") is None


def test_a_new_field_is_made_or_dropped_as_the_call_says_and_keeps_its_type(api, update):
    dropped = update({"email": "ada@acme.com", "dataFields": {"plan": "gold"}}, createNewFields=False)
    values = {
        "a": "x",
        "b": 1,
        "c": 1.5,
        "d": True,
        "e": "2016-08-02 18:53:45 +00:00",
        "f": ["x"],
        "g": {"h": 1},
    }
    update({"email": "ada@acme.com", "dataFields": values})

    fields = api.get("/api/users/getFields").json()["fields"]
    assert dropped["filteredOutFields"] == ["plan"]
    assert "plan" not in fields
    assert [fields[name] for name in values] == [
        "string",
        "long",
        "double",
        "boolean",
        "date",
        "string",
        "object",
    ]
    for wrong in ({"b": "1"}, {"d": 1}, {"e": "soon"}, {"a": 1}, {"g": "x"}):
        told = update({"email": "eve@acme.com", "dataFields": wrong})
        assert told["failedUpdates"] == {"invalidDataEmails": ["eve@acme.com"]}, wrong
    assert user(api, "eve@acme.com") is None  # nobody is made in part
    assert (
        update({"email": "ada@acme.com", "dataFields": {"c": 2, "a": "2016-08-02", "b": None}})["failCount"]
        == 0
    )


def test_who_cannot_be_written_is_told_by_reason_and_the_others_are(api, update):
    api.post("/api/users/forget", json={"email": "gone@acme.com"})
    told = update(
        {"email": "no address"},
        {"userId": "x" * 53},
        {"userId": "trailing "},
        {"email": "GONE@acme.com"},
        {"email": "ada@acme.com"},
    )

    assert (told["successCount"], told["failCount"]) == (1, 4)
    assert told["failedUpdates"] == {
        "invalidEmails": ["no address"],
        "invalidUserIds": ["x" * 53, "trailing "],
        "forgottenEmails": ["GONE@acme.com"],
    }


def test_an_identifier_that_somebody_has_is_not_given_to_another(update):
    update({"email": "ada@acme.com", "userId": "C1"})

    told = update(
        {"userId": "C2", "dataFields": {"email": "ada@acme.com"}},
        {"userId": "C1", "dataFields": {"email": "ada@new.com"}},
    )

    assert told["failedUpdates"] == {"conflictEmails": ["ada@acme.com"]}
    assert told["successCount"] == 1


def test_what_identifies_whom_is_up_to_the_type_of_the_project(other_kinds):
    email_based, id_based = other_kinds("email"), other_kinds("userId")

    def said(api, **one):
        return api.post("/api/users/bulkUpdate", json={"users": [one]}).json()["failedUpdates"]

    assert said(email_based, userId="C1") == {"notFoundUserIds": ["C1"]}
    assert said(email_based, userId="C1", preferUserId=True) == {}
    shown = email_based.get("/api/users/byUserId/C1").json()["user"]
    assert shown["email"] == "c1@placeholder.email"
    assert said(id_based, email="ada@acme.com") == {"invalidEmails": ["ada@acme.com"]}
    assert said(id_based, userId="C1") == {}
    assert fault(id_based.delete("/api/users/ada@acme.com")) == (400, "BadParams")


def test_a_deletion_is_carried_out_later(api, update, clock, world):
    update({"email": "a/da@acme.com"}, {"userId": "C/1"}, {"email": "joe@acme.com"})

    assert api.delete("/api/users/a%2Fda@acme.com").json() == {"code": "Success", "msg": "", "params": None}
    assert user(api, "a/da@acme.com")
    clock.now += DELAY
    assert user(api, "a/da@acme.com") is None

    api.delete("/api/users/byUserId/C%2F1")
    assert world.finish_erasures() == 1
    assert [one["email"] for one in world.part("iterable", "users")] == ["joe@acme.com"]
    assert api.delete("/api/users/nobody@acme.com").is_success


def test_lists_are_made_and_users_put_on_them_and_taken_off(api, update, world):
    update({"email": "ada@acme.com"})
    made = api.post("/api/lists", json={"name": "Best", "description": "who buys"}).json()["listId"]
    (shown,) = api.get("/api/lists").json()["lists"]
    assert shown["id"] == made
    assert (shown["name"], shown["listType"], shown["description"]) == ("Best", "Standard", "who buys")

    both = [{"email": "ada@acme.com"}, {"email": "joe@acme.com"}]
    body = {"listId": made, "subscribers": both, "updateExistingUsersOnly": True}
    told = api.post("/api/lists/subscribe", json=body).json()
    assert told["failedUpdates"] == {"notFoundEmails": ["joe@acme.com"]}
    told = api.post("/api/lists/subscribe", json={"listId": made, "subscribers": both}).json()
    assert told["successCount"] == 2

    off = {"listId": made, "subscribers": [both[0], {"email": "eve@acme.com"}], "channelUnsubscribe": False}
    told = api.post("/api/lists/unsubscribe", json=off).json()
    assert told["failedUpdates"] == {"notFoundEmails": ["eve@acme.com"]}
    assert [one["email"] for one in world.part("iterable", "lists")["Best"]] == ["joe@acme.com"]

    assert api.delete(f"/api/lists/{made}").is_success
    assert fault(api.post("/api/lists/subscribe", json={"listId": made, "subscribers": []})) == (
        400,
        "BadParams",
    )


def test_who_is_deleted_is_on_no_list(api, update, world):
    update({"email": "ada@acme.com"})
    made = api.post("/api/lists", json={"name": "Best"}).json()["listId"]
    api.post("/api/lists/subscribe", json={"listId": made, "subscribers": [{"email": "ada@acme.com"}]})

    api.delete("/api/users/ada@acme.com")
    world.finish_erasures()

    assert world.part("iterable", "lists") == {"Best": []}


def test_an_event_of_an_id_that_is_there_is_updated(api, update, world):
    update({"email": "ada@acme.com"})
    events = [{**EVENT, "dataFields": {"n": 1}}, {**EVENT, "dataFields": {"n": 2}}]

    told = api.post("/api/events/trackBulk", json={"events": events}).json()

    assert (told["successCount"], told["createdFields"], told["disallowedEventNames"]) == (2, ["n"], [])
    assert world.part("iterable", "events") == [{**EVENT, "dataFields": {"n": 2}}]


def test_events_that_are_not_taken_are_told_by_person_or_name(api, update):
    update({"email": "ada@acme.com"})
    events = [
        {**EVENT, "email": "joe@acme.com"},
        {**EVENT, "email": "joe@acme.com", "id": "e2"},
        {**EVENT, "eventName": "secret"},
        EVENT,
    ]

    told = api.post("/api/events/trackBulk", json={"events": events}).json()

    assert (told["successCount"], told["failCount"]) == (1, 3)
    assert told["failedUpdates"] == {"notFoundEmails": ["joe@acme.com"]}
    assert told["disallowedEventNames"] == ["secret"]


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("users/bulkUpdate", b"{", (400, "BadJsonBody")),
        ("users/bulkUpdate", b"[]", (400, "BadJsonBody")),
        ("users/bulkUpdate", b"{}", (400, "BadParams")),
        ("users/bulkUpdate", b'{"users": [], "more": 1}', (400, "BadParams")),
        ("users/bulkUpdate", b'{"users": [{"name": "x"}]}', (400, "BadParams")),
        ("users/bulkUpdate", b'{"users": [{"email": "a@b.co", "dataFields": 1}]}', (400, "BadParams")),
        ("users/bulkUpdate", b'{"users": [%s]}' % b",".join([b"{}"] * 1_001), (400, "BatchTooLarge")),
        ("users/bulkUpdate", b'{"users": ["%s"]}' % (b"x" * 4_000_000), (413, "BatchTooLarge")),
        ("lists", b'{"name": " "}', (400, "BadParams")),
        ("lists/subscribe", b'{"listId": "x", "subscribers": []}', (400, "BadParams")),
        ("events/trackBulk", b'{"events": [{"email": "a@b.co"}]}', (400, "BadParams")),
        ("events/trackBulk", b'{"events": [{"eventName": "x", "createdAt": "now"}]}', (400, "BadParams")),
        (
            "events/trackBulk",
            b'{"events": [{"eventName": "x", "id": "%s"}]}' % (b"x" * 513),
            (400, "BadParams"),
        ),
    ],
)
def test_what_is_not_as_described_is_refused_as_a_whole(api, path, body, expected):
    answer = api.post(f"/api/{path}", content=body, headers={"Content-Type": "application/json"})

    assert fault(answer) == expected


def test_a_value_of_another_type_than_before_refuses_the_events(api, update):
    update({"email": "ada@acme.com"})
    first = {**EVENT, "dataFields": {"n": 1}}
    assert api.post("/api/events/trackBulk", json={"events": [first]}).is_success

    answer = api.post("/api/events/trackBulk", json={"events": [{**EVENT, "dataFields": {"n": "x"}}]})

    assert fault(answer) == (400, "RequestFieldsTypesMismatched")


def test_a_condemned_record_is_refused_alone_where_the_api_can_tell_it(api, update, world):
    world.add_fault(Rule(Kind.POISON, identifier="ada@acme.com", extent=Extent.RECORD))

    told = update({"email": "ada@acme.com"}, {"email": "joe@acme.com"})

    assert told["failedUpdates"] == {"invalidDataEmails": ["ada@acme.com"]}
    assert fault(api.delete("/api/users/ada@acme.com")) == (400, "BadParams")


def test_each_endpoint_has_its_limit_by_the_second(api, update, clock, world):
    world.enable_limits(True)

    for _ in range(5):
        update({"email": "ada@acme.com"})
    answer = api.post("/api/users/bulkUpdate", json={"users": []})

    assert fault(answer) == (429, "RateLimitExceeded")
    assert api.get("/api/channels").is_success
    clock.now += 1
    assert update({"email": "ada@acme.com"})["successCount"] == 1


def test_there_is_nothing_at_other_paths(api):
    assert fault(api.get("/api/nothing")) == (404, "NotFound")
    assert fault(api.post("/api/users/x")) == (404, "NotFound")
