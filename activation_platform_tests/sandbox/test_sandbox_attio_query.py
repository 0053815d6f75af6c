"""What the stand-in of Attio finds when it is asked."""

import pytest

PEOPLE = "/v2/objects/people/records"


def code(answer):
    document = answer.json()
    assert document["status_code"] == answer.status_code
    assert set(document) >= {"status_code", "type", "code", "message"}
    return answer.status_code, document["code"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (None, ["a", "b", "c"]),
        ({"email_addresses": "A@b.co"}, ["a"]),
        ({"email_addresses": "nobody@b.co"}, []),
        ({"email_addresses": {"email_address": {"$eq": "b@b.co"}}}, ["b"]),
        ({"email_addresses": {"$in": ["a@b.co", "C@b.co"]}}, ["a", "c"]),
        ({"job_title": "Chef"}, ["a", "b"]),
        ({"job_title": {"$not_empty": False}}, ["c"]),
        ({"job_title": {"$starts_with": "che"}}, ["a", "b"]),
        ({"name": "Jane Doe"}, ["a"]),
        ({"name": {"last_name": {"$eq": "Doe"}}}, ["a"]),
        ({"$and": [{"job_title": "Chef"}, {"$not": {"name": "Jane Doe"}}]}, ["b"]),
        ({"$or": [{"name": "Jane Doe"}, {"email_addresses": "c@b.co"}]}, ["a", "c"]),
        ({"size": {"$gte": 2}}, ["b"]),
    ],
)
def test_a_query_finds_what_its_filter_says(stage, wanted, found):
    stage.attribute("size", "number")
    stage.person("a@b.co", name="Doe, Jane", job_title="Chef", size=1)
    stage.person("b@b.co", job_title="Chef", size=2)
    stage.person("c@b.co")

    answer = stage.attio.post(f"{PEOPLE}/query", json={} if wanted is None else {"filter": wanted})

    addresses = [each["values"]["email_addresses"][0]["email_address"] for each in answer.json()["data"]]
    assert [address[0] for address in addresses] == found


def test_a_record_can_be_found_by_its_id(stage):
    record = stage.person("a@b.co").json()["data"]["id"]["record_id"]
    stage.person("b@b.co")

    answer = stage.attio.post(f"{PEOPLE}/query", json={"filter": {"record_id": {"$in": [record]}}})

    assert [each["id"]["record_id"] for each in answer.json()["data"]] == [record]


@pytest.mark.parametrize(
    "wanted", [{"shoe": 3}, {"name": {"$like": "x"}}, [], {"$and": {}}, {"name": {"$in": "x"}}]
)
def test_a_filter_that_is_not_understood_is_400(stage, wanted):
    answer = stage.attio.post(f"{PEOPLE}/query", json={"filter": wanted})

    assert code(answer) == (400, "filter_error")


def test_a_query_gives_pages_of_at_most_500(stage):
    for number in range(3):
        stage.person(f"{number}@b.co")

    page = stage.attio.post(f"{PEOPLE}/query", json={"limit": 2, "offset": 2}).json()["data"]
    assert [each["values"]["email_addresses"][0]["email_address"] for each in page] == ["2@b.co"]
    assert code(stage.attio.post(f"{PEOPLE}/query", json={"limit": 501})) == (400, "validation_type")
