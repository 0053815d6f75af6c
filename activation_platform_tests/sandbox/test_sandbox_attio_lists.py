"""What the stand-in of Attio does with lists and their entries."""

import pytest

LISTS = "/v2/lists"
ENTRIES = "/v2/lists/vip/entries"
VIP = {
    "name": "VIP",
    "api_slug": "vip",
    "parent_object": "people",
    "workspace_access": "full-access",
    "workspace_member_access": [],
}
NOBODY = "891dcbfc-9141-415d-9b2a-2238a6cc012d"


def code(answer):
    document = answer.json()
    assert document["status_code"] == answer.status_code
    return answer.status_code, document["code"]


@pytest.fixture
def attio(stage):
    """The workspace with a list that has a text and a multi-select of its own."""
    assert stage.attio.post(LISTS, json={"data": VIP}).status_code == 200
    for slug, kind, many in (("note", "text", False), ("tags", "select", True)):
        flags = {"is_required": False, "is_unique": False, "is_multiselect": many, "config": {}}
        data = {"title": slug, "description": None, "api_slug": slug, "type": kind, **flags}
        assert stage.attio.post(f"{LISTS}/vip/attributes", json={"data": data}).status_code == 200
    for title in ("new", "big"):
        options = f"{LISTS}/vip/attributes/tags/options"
        assert stage.attio.post(options, json={"data": {"title": title}}).status_code == 200
    return stage.attio


@pytest.fixture
def jane(stage):
    return stage.person("jane@b.co").json()["data"]["id"]["record_id"]


def entry(parent, **values):
    return {"data": {"parent_record_id": parent, "parent_object": "people", "entry_values": values}}


def held(stage):
    return list(stage.control.state("attio", "lists")["vip"].values())


def test_a_list_is_made_and_read_by_slug_and_by_id(attio):
    made = attio.get(f"{LISTS}/vip").json()["data"]

    assert (made["name"], made["parent_object"], made["workspace_access"]) == (
        "VIP",
        ["people"],
        "full-access",
    )
    assert attio.get(f"{LISTS}/{made['id']['list_id']}").json()["data"] == made
    assert attio.get(LISTS).json()["data"] == [made]
    assert code(attio.get(f"{LISTS}/gone")) == (404, "not_found")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({}, (409, "slug_conflict")),
        ({"api_slug": "Best customers"}, (400, "validation_type")),
        ({"api_slug": 7}, (400, "validation_type")),
        ({"name": ""}, (400, "validation_type")),
        ({"parent_object": "planets"}, (404, "not_found")),
        ({"api_slug": "b", "workspace_access": "all"}, (400, "validation_type")),
        ({"api_slug": "b", "workspace_access": "read-only"}, (400, "validation_type")),
        ({"api_slug": "b", "workspace_member_access": [{"level": "full-access"}]}, (400, "validation_type")),
        (
            {
                "api_slug": "b",
                "workspace_member_access": [{"level": "read-only", "workspace_member_id": NOBODY}],
            },
            (400, "value_not_found"),
        ),
    ],
)
def test_a_list_that_makes_no_sense_is_not_made(attio, data, expected):
    assert code(attio.post(LISTS, json={"data": {**VIP, **data}})) == expected
    assert len(attio.get(LISTS).json()["data"]) == 1


@pytest.mark.parametrize("missing", VIP)
def test_a_list_needs_all_that_the_page_says(attio, missing):
    data = {name: value for name, value in VIP.items() if name != missing}

    assert code(attio.post(LISTS, json={"data": data})) == (400, "missing_value")
    assert code(attio.post(LISTS, json=[])) == (400, "missing_value")


def test_a_list_has_attributes_of_its_own(attio):
    told = attio.get(f"{LISTS}/vip/attributes").json()["data"]

    assert [one["api_slug"] for one in told] == ["entry_id", "created_at", "created_by", "note", "tags"]
    assert [one["api_slug"] for one in told if one["is_writable"]] == ["note", "tags"]


def test_an_assert_creates_then_updates_the_one_entry_of_a_record(attio, stage, jane):
    first = attio.put(ENTRIES, json=entry(jane, note="a", tags=["new"])).json()["data"]
    second = attio.put(ENTRIES, json=entry(jane, tags=["big"])).json()["data"]

    assert first["id"] == second["id"]
    assert (second["parent_record_id"], second["parent_object"]) == (jane, "people")
    assert [one["option"] for one in second["entry_values"]["tags"]] == ["big"]
    assert held(stage) == [{"parent_record": jane, "note": "a", "tags": ["big"]}]


def test_a_create_makes_a_second_entry_which_an_assert_then_refuses(attio, stage, jane):
    for _ in range(2):
        assert attio.post(ENTRIES, json=entry(jane)).status_code == 200

    assert code(attio.put(ENTRIES, json=entry(jane, note="a"))) == (400, "multiple_match_results")
    assert held(stage) == [{"parent_record": jane}] * 2


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (entry(NOBODY), (400, "value_not_found")),
        ({"data": {"parent_object": "people", "entry_values": {}}}, (400, "missing_value")),
        ({"data": {**entry(NOBODY)["data"], "parent_object": "planets"}}, (404, "not_found")),
        ({"data": {**entry(NOBODY)["data"], "parent_object": "companies"}}, (400, "validation_type")),
        ([], (400, "validation_type")),
    ],
)
@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_an_entry_of_nobody_is_refused(attio, stage, method, body, expected):
    assert code(attio.request(method, ENTRIES, json=body)) == expected
    assert held(stage) == []


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"size": 3}, "value_not_found"),
        ({"note": 3}, "validation_type"),
        ({"tags": ["huge"]}, "value_not_found"),
        ({"created_at": "2024"}, "immutable_value"),
    ],
)
def test_values_that_the_list_cannot_have_are_refused(attio, stage, jane, values, expected):
    assert code(attio.put(ENTRIES, json=entry(jane, **values))) == (400, expected)
    assert held(stage) == []


def test_an_entry_is_read_updated_and_deleted_by_its_id_and_the_record_stays(attio, stage, jane):
    path = f"{ENTRIES}/{attio.put(ENTRIES, json=entry(jane, tags=['new'])).json()['data']['id']['entry_id']}"

    assert attio.patch(path, json={"data": {"entry_values": {"tags": ["big"]}}}).status_code == 200
    assert held(stage) == [{"parent_record": jane, "tags": ["big", "new"]}]
    assert attio.put(path, json={"data": {"entry_values": {"tags": []}}}).status_code == 200
    assert attio.get(path).json()["data"]["entry_values"]["tags"] == []
    assert code(attio.put(path, json=entry(jane))) == (400, "immutable_value")
    assert (attio.delete(path).status_code, held(stage)) == (200, [])
    assert code(attio.delete(path)) == (404, "not_found")
    assert attio.get(f"/v2/objects/people/records/{jane}").status_code == 200


def test_a_record_tells_the_entries_that_it_has_on_all_lists(attio, stage, jane):
    attio.post(LISTS, json={"data": {**VIP, "api_slug": "other"}})
    for slug in ("vip", "other", "other"):
        attio.post(f"{LISTS}/{slug}/entries", json=entry(jane))
    attio.post(ENTRIES, json=entry(stage.person("joe@b.co").json()["data"]["id"]["record_id"]))
    path = f"/v2/objects/people/records/{jane}/entries"

    told = attio.get(path).json()["data"]

    assert [one["list_api_slug"] for one in told] == ["vip", "other", "other"]
    assert set(told[0]) == {"list_id", "list_api_slug", "entry_id", "created_at"}
    assert attio.get(path, params={"limit": 1, "offset": 1}).json()["data"] == told[1:2]
    assert code(attio.get(path, params={"limit": 1001})) == (400, "validation_type")
    assert code(attio.get(f"/v2/objects/people/records/{NOBODY}/entries")) == (404, "not_found")


def test_the_entries_of_a_record_that_is_deleted_go_with_it(attio, stage, jane):
    attio.put(ENTRIES, json=entry(jane))

    attio.delete(f"/v2/objects/people/records/{jane}")

    assert held(stage) == []


def test_a_status_of_a_list_takes_the_statuses_it_has(attio, jane):
    flags = {"is_required": False, "is_unique": False, "is_multiselect": False, "config": {}}
    data = {"title": "Stage", "description": None, "api_slug": "stage", "type": "status", **flags}
    attio.post(f"{LISTS}/vip/attributes", json={"data": data})
    statuses = f"{LISTS}/vip/attributes/stage/statuses"

    assert code(attio.put(ENTRIES, json=entry(jane, stage="Won"))) == (400, "value_not_found")
    assert attio.post(statuses, json={"data": {"title": "Won"}}).status_code == 200
    assert [one["title"] for one in attio.get(statuses).json()["data"]] == ["Won"]
    assert attio.put(ENTRIES, json=entry(jane, stage="Won")).status_code == 200
    assert code(attio.get(f"{LISTS}/vip/attributes/stage/options")) == (400, "validation_type")
