"""What the stand-in of Attio does with attributes and records."""

import pytest

PEOPLE = "/v2/objects/people/records"


def values(**given):
    return {"data": {"values": given}}


def people(stage):
    return list(stage.control.state("attio", "people").values())


def code(answer):
    document = answer.json()
    assert document["status_code"] == answer.status_code
    assert set(document) >= {"status_code", "type", "code", "message"}
    return answer.status_code, document["code"]


def test_an_assert_creates_then_updates_the_same_record(stage):
    first = stage.person("Jane@b.co", name="Doe, Jane", job_title="Chef")
    second = stage.person("jane@B.co", job_title="Owner")

    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json()["data"]["id"] == second.json()["data"]["id"]
    name = {"first_name": "Jane", "last_name": "Doe", "full_name": "Jane Doe"}
    assert people(stage) == [{"email_addresses": ["jane@b.co"], "name": name, "job_title": "Owner"}]
    record = second.json()["data"]["id"]["record_id"]
    assert stage.control.state("attio", "received")["people"] == {record: 2}


def test_an_assert_adds_to_the_matching_multiselect_and_replaces_the_others(stage):
    stage.person("a@b.co", phone_numbers=["+33639981337"])

    stage.person("a@b.co", "new@b.co", phone_numbers=["+33639981338"])

    stage.person("new@b.co")
    assert people(stage) == [{"email_addresses": ["a@b.co", "new@b.co"], "phone_numbers": ["+33639981338"]}]


def test_patch_prepends_to_a_multiselect_and_put_overwrites_it(stage):
    record = stage.person("a@b.co").json()["data"]["id"]["record_id"]

    stage.attio.patch(f"{PEOPLE}/{record}", json=values(email_addresses=["b@b.co"]))
    assert people(stage) == [{"email_addresses": ["b@b.co", "a@b.co"]}]
    stage.attio.put(f"{PEOPLE}/{record}", json=values(email_addresses=["c@b.co"]))
    assert people(stage) == [{"email_addresses": ["c@b.co"]}]


def test_null_and_an_empty_array_clear_a_value(stage):
    stage.person("a@b.co", job_title="Chef", phone_numbers=["+33639981337"])

    stage.person("a@b.co", job_title=None, phone_numbers=[])

    assert people(stage) == [{"email_addresses": ["a@b.co"]}]


def test_creating_a_record_whose_unique_value_is_taken_is_refused(stage):
    stage.attio.post(PEOPLE, json=values(email_addresses=["a@b.co"], job_title="Chef"))

    answer = stage.attio.post(PEOPLE, json=values(email_addresses=["A@b.co"], job_title="Thief"))

    assert code(answer) == (400, "uniqueness_conflict")
    assert people(stage) == [{"email_addresses": ["a@b.co"], "job_title": "Chef"}]


def test_a_unique_value_that_was_given_up_is_free_again(stage):
    record = stage.person("a@b.co").json()["data"]["id"]["record_id"]
    stage.attio.put(f"{PEOPLE}/{record}", json=values(email_addresses=["b@b.co"]))

    assert stage.attio.post(PEOPLE, json=values(email_addresses=["a@b.co"])).status_code == 200


def test_an_assert_that_matches_two_records_is_refused(stage):
    stage.person("a@b.co")
    stage.person("b@b.co")

    assert code(stage.person("a@b.co", "b@b.co")) == (400, "multiple_match_results")


def test_a_deleted_record_is_gone_and_its_address_free(stage):
    record = stage.person("a@b.co").json()["data"]["id"]["record_id"]

    gone = stage.attio.delete(f"{PEOPLE}/{record}")

    assert (gone.status_code, gone.json()) == (200, {})
    assert people(stage) == []
    assert code(stage.attio.delete(f"{PEOPLE}/{record}")) == (404, "not_found")
    assert code(stage.attio.get(f"{PEOPLE}/{record}")) == (404, "not_found")
    assert stage.person("a@b.co").json()["data"]["id"]["record_id"] != record


@pytest.mark.parametrize(
    ("matching", "body", "expected"),
    [
        (None, values(email_addresses=["a@b.co"]), (400, "missing_value")),
        ("nothing", values(email_addresses=["a@b.co"]), (400, "value_not_found")),
        ("job_title", values(job_title="Chef"), (400, "validation_type")),
        ("email_addresses", values(job_title="Chef"), (400, "missing_value")),
        ("email_addresses", values(email_addresses=["a@b.co"], shoe_size=3), (400, "value_not_found")),
        ("email_addresses", values(email_addresses=["a@b.co"], created_at="2024"), (400, "immutable_value")),
        (
            "email_addresses",
            values(email_addresses=["a@b.co"], job_title=["x", "y"]),
            (400, "validation_type"),
        ),
        ("email_addresses", {"values": {}}, (400, "validation_type")),
        ("email_addresses", [], (400, "validation_type")),
    ],
)
def test_an_assert_that_makes_no_sense_says_why_and_changes_nothing(stage, matching, body, expected):
    query = {"matching_attribute": matching} if matching else {}

    assert code(stage.attio.put(PEOPLE, params=query, json=body)) == expected
    assert people(stage) == []


def test_a_body_that_is_not_json_is_400(stage):
    assert code(stage.attio.post(PEOPLE, content=b"{")) == (400, "validation_type")


@pytest.mark.parametrize(
    ("kind", "written", "read"),
    [
        ("text", "x", "x"),
        ("number", 3.5, 3.5),
        ("checkbox", "true", True),
        ("checkbox", False, False),
        ("currency", {"currency_value": 9.9999}, 9.9999),
        ("date", "2024-02-29", "2024-02-29"),
        ("timestamp", "2024-02-29T12:00:00+02:00", "2024-02-29T10:00:00.000000000Z"),
        ("rating", 5, 5),
        ("domain", "https://www.Example.org/x", "example.org"),
        ("email-address", {"email_address": "X@b.co"}, "x@b.co"),
        (
            "phone-number",
            {"original_phone_number": "+33 6 39 98 13 37", "country_code": "FR"},
            "+33639981337",
        ),
    ],
)
def test_a_value_of_each_type_reads_back_in_its_normal_form(stage, kind, written, read):
    assert stage.attribute("extra", kind).status_code == 200

    assert stage.person("a@b.co", extra=written).status_code == 200
    assert people(stage)[0]["extra"] == read


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("text", 3),
        ("number", "3"),
        ("number", True),
        ("checkbox", "yes"),
        ("currency", 1.00001),
        ("date", "2024-02-30"),
        ("date", "29/02/2024"),
        ("timestamp", "yesterday, at noon"),
        ("rating", 6),
        ("domain", "no domain"),
        ("email-address", "a@b"),
        ("phone-number", "0639981337"),
        ("location", {"street": "x"}),
        ("actor-reference", {"name": "somebody"}),
    ],
)
def test_a_value_of_the_wrong_form_is_400_and_names_the_attribute(stage, kind, written):
    stage.attribute("extra", kind)

    answer = stage.person("a@b.co", extra=written)

    assert code(answer) == (400, "validation_type")
    assert "extra" in answer.json()["message"]
    assert people(stage) == []


def test_a_select_takes_the_options_it_has(stage):
    stage.attribute("plan", "select")
    options = "/v2/objects/people/attributes/plan/options"

    assert code(stage.person("a@b.co", plan="Gold")) == (400, "value_not_found")
    assert stage.attio.post(options, json={"data": {"title": "Gold"}}).status_code == 200
    assert code(stage.attio.post(options, json={"data": {"title": "Gold"}})) == (409, "slug_conflict")
    assert [each["title"] for each in stage.attio.get(options).json()["data"]] == ["Gold"]
    assert stage.person("a@b.co", plan="Gold").status_code == 200
    assert people(stage)[0]["plan"] == "Gold"


@pytest.mark.parametrize("by", ["target_record_id", "domains", "bare"])
def test_a_person_can_refer_to_a_company(stage, by):
    companies = "/v2/objects/companies/records"
    made = stage.attio.post(companies, json=values(domains=["b.co"], name="B")).json()
    company = made["data"]["id"]["record_id"]
    reference = {
        "target_record_id": {"target_object": "companies", "target_record_id": company},
        "domains": {"target_object": "companies", "domains": [{"domain": "b.co"}]},
        "bare": "b.co",
    }[by]

    assert stage.person("a@b.co", company=reference).status_code == 200
    assert people(stage)[0]["company"] == company
    unknown = {"target_object": "companies", "target_record_id": ["x"]}
    assert code(stage.person("a@b.co", company=unknown)) == (400, "value_not_found")


def test_attributes_are_listed_page_by_page(stage):
    path = "/v2/objects/people/attributes"
    whole = stage.attio.get(path).json()["data"]
    emails = next(each for each in whole if each["api_slug"] == "email_addresses")

    assert (emails["type"], emails["is_unique"], emails["is_multiselect"]) == ("email-address", True, True)
    assert next(each["type"] for each in whole if each["api_slug"] == "name") == "personal-name"
    pages = [stage.attio.get(path, params={"limit": 5, "offset": offset}).json()["data"] for offset in (0, 5)]
    assert pages[0] + pages[1] == whole[:10]
    assert code(stage.attio.get(path, params={"limit": "many"})) == (400, "validation_type")


def test_a_slug_can_be_taken_once(stage):
    assert stage.attribute("extra", "text").json()["data"]["api_slug"] == "extra"
    assert code(stage.attribute("extra", "number")) == (409, "slug_conflict")
    assert stage.control.state("attio", "attributes")["people"]["extra"] == "text"


def test_a_unique_attribute_of_ones_own_can_be_matched_by(stage):
    stage.attribute("customer_id", "text", is_unique=True)
    for title in ("Chef", "Owner"):
        answer = stage.attio.put(
            PEOPLE,
            params={"matching_attribute": "customer_id"},
            json=values(customer_id="7", job_title=title),
        )
        assert answer.status_code == 200

    assert people(stage) == [{"customer_id": "7", "job_title": "Owner"}]


def test_a_required_attribute_must_be_given_at_birth(stage):
    stage.attribute("extra", "text", is_required=True)

    assert code(stage.person("a@b.co")) == (400, "missing_value")
    assert stage.person("a@b.co", extra="x").status_code == 200
    assert stage.person("a@b.co", job_title="Chef").status_code == 200


@pytest.mark.parametrize("kind", ["personal-name", "interaction", "nonsense"])
def test_some_types_cannot_be_created(stage, kind):
    assert code(stage.attribute("extra", kind)) == (400, "validation_type")


def test_an_unknown_object_is_404(stage):
    assert code(stage.attio.get("/v2/objects/planets/attributes")) == (404, "not_found")


def test_self_says_whether_a_token_is_active(stage):
    mine = stage.attio.get("/v2/self").json()

    assert mine["active"] is True
    assert "record_permission:read-write" in mine["scope"].split()
    assert mine["workspace_slug"] == "sandbox"
    assert stage.anonymous.get("/attio/v2/self", headers={"Authorization": "Bearer x"}).json() == {
        "active": False
    }


def test_a_call_without_a_valid_token_is_401(stage):
    answer = stage.anonymous.post(f"/attio{PEOPLE}", json=values(email_addresses=["a@b.co"]))

    assert code(answer) == (401, "unauthorized")
    assert people(stage) == []
