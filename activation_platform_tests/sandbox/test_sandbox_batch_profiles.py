"""What the stand-in of Batch does with profiles."""

import pytest


def reasons(answer):
    return [(each["bulk_index"], each["attribute"]) for each in answer.json()["errors"]]


@pytest.mark.parametrize("path", ["/2.11/profiles/update", "/2.4/profiles/mass-update"])
def test_an_update_creates_a_profile_and_a_second_one_changes_only_what_it_names(stage, path):
    first = {"identifiers": {"custom_id": "a"}, "attributes": {"$email_address": "a@b.co", "points": 1}}
    second = {"identifiers": {"custom_id": "a"}, "attributes": {"points": 2.5}}

    answers = [stage.update(first, path=path), stage.update(second, path=path)]

    assert [(each.status_code, each.json()) for each in answers] == [(202, {"code": "SUCCESS"})] * 2
    assert stage.control.state("batch", "profiles") == {"a": {"$email_address": "a@b.co", "points": 2.5}}
    assert stage.control.state("batch", "received") == {"a": 2}


def test_null_removes_an_attribute_whatever_its_wrapper(stage):
    stage.profile("a", **{"date(born)": "1989-07-20T00:00:00Z", "url(site)": "https://b.co", "name": "x"})

    stage.profile("a", born=None, **{"url(site)": None})

    assert stage.control.state("batch", "profiles") == {"a": {"name": "x"}}


def test_an_attribute_that_changes_its_type_has_one_value(stage):
    stage.profile("a", born="July")

    stage.profile("a", **{"date(born)": "1989-07-20T00:00:00Z"})

    assert stage.control.state("batch", "profiles")["a"] == {"date(born)": "1989-07-20T00:00:00Z"}


def test_add_and_remove_change_an_array_in_place(stage):
    stage.profile("a", tags=["x", "y"])

    stage.profile("a", tags={"$add": ["z", "y"], "$remove": ["x"]})
    stage.profile("a", fresh={"$add": ["one"]})

    assert stage.control.state("batch", "profiles")["a"] == {"tags": ["y", "z"], "fresh": ["one"]}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Upper", "x"),
        ("a-b", "x"),
        ("a" * 31, "x"),
        ("$unknown", "x"),
        ("other(x)", "x"),
        ("empty", ""),
        ("long", "x" * 301),
        ("thing", {"a": 1}),
        ("numbers", [1, 2]),
        ("many", ["x"] * 26),
        ("date(born)", "1989-07-20"),
        ("date(born)", "1989-02-30T00:00:00Z"),
        ("url(site)", "b.co"),
        ("$email_address", "a@b"),
        ("$phone_number", "0639981337"),
        ("$language", "eng"),
        ("$region", "France"),
        ("$timezone", "Europe/Nowhere"),
        ("$email_marketing", "yes"),
        ("$sms_marketing", ""),
    ],
)
def test_an_attribute_that_is_not_acceptable_is_left_out_alone(stage, name, value):
    good = {"identifiers": {"custom_id": "good"}, "attributes": {"x": 1}}
    bad = {"identifiers": {"custom_id": "bad"}, "attributes": {name: value, "x": 1}}

    answer = stage.update(good, bad)

    assert (answer.status_code, answer.json()["code"]) == (202, "SUCCESS_WITH_PARTIAL_ERRORS")
    (fault,) = answer.json()["errors"]
    assert (fault["category"], fault["bulk_index"], fault["attribute"]) == ("attribute", 1, name)
    assert fault["reason"]
    assert stage.control.state("batch", "profiles") == {"good": {"x": 1}, "bad": {"x": 1}}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("a" * 30, "x" * 300),
        ("flag", False),
        ("whole", -7),
        ("tags", ["x"] * 25),
        ("date(born)", "1989-07-20T00:00:00Z"),
        ("url(site)", "https://b.co/x?y"),
        ("$email_address", "jane.doe+tag@sub.example.org"),
        ("$phone_number", "+33639981337"),
        ("$language", "en"),
        ("$region", "FR"),
        ("$timezone", "Europe/Paris"),
        ("$email_marketing", "subscribed"),
        ("$sms_marketing", "unsubscribed"),
    ],
)
def test_an_acceptable_attribute_is_stored_as_sent(stage, name, value):
    answer = stage.profile("a", **{name: value})

    assert answer.json() == {"code": "SUCCESS"}
    assert stage.control.state("batch", "profiles") == {"a": {name: value}}


def test_the_attributes_beyond_the_fiftieth_are_left_out(stage):
    answer = stage.profile("a", **{f"x{number}": number for number in range(52)})

    assert reasons(answer) == [(0, "x50"), (0, "x51")]
    assert len(stage.control.state("batch", "profiles")["a"]) == 50


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"identifiers":{"custom_id":"a"}}',
        b'[{"identifiers":{"custom_id":"a"},"attributes":{"x":NaN}}]',
        b'[{"identifiers":{}}]',
        b'[{"identifiers":{"custom_id":"a","installation":"b"}}]',
        b'[{"identifiers":{"email":"a@b.co"}}]',
        b'[{"identifiers":{"custom_id":7}}]',
        b'[{"identifiers":{"custom_id":""}}]',
        b'[{"identifiers":{"custom_id":"a"},"attributes":[]}]',
        b'[{"identifiers":{"custom_id":"a"},"values":{}}]',
        b'["a"]',
    ],
)
def test_a_malformed_call_is_refused_as_a_whole(stage, body):
    answer = stage.batch.post("/2.11/profiles/update", content=body)

    assert answer.status_code == 400
    assert set(answer.json()) == {"error_code", "error_message"}
    assert stage.control.state("batch", "profiles") == {}


def test_one_identifier_that_is_too_long_refuses_its_neighbours_too(stage):
    answer = stage.update({"identifiers": {"custom_id": "a"}}, {"identifiers": {"custom_id": "x" * 513}})

    assert answer.status_code == 400
    assert "Profile 1" in answer.json()["error_message"]
    assert stage.control.state("batch", "profiles") == {}


@pytest.mark.parametrize(("path", "most"), [("update", 200), ("mass-update", 10_000)])
def test_a_call_holds_no_more_profiles_than_the_vendor_takes(stage, path, most):
    def ask(count):
        entries = ({"identifiers": {"custom_id": str(number)}} for number in range(count))
        return stage.update(*entries, path=f"/2.11/profiles/{path}")

    assert ask(most + 1).status_code == 400
    assert stage.control.state("batch", "profiles") == {}
    assert ask(most).status_code == 202


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong", "X-Batch-Project": "sandbox-project"},
        {"Authorization": "sandbox-rest-key", "X-Batch-Project": "sandbox-project"},
        {"Authorization": "Bearer sandbox-rest-key"},
        {"Authorization": "Bearer sandbox-rest-key", "X-Batch-Project": "another"},
    ],
)
def test_a_call_without_the_right_keys_is_401_and_changes_nothing(stage, headers):
    body = [{"identifiers": {"custom_id": "a"}}]

    answer = stage.anonymous.post("/batch/2.11/profiles/update", json=body, headers=headers)

    assert (answer.status_code, answer.json()["error_code"]) == (401, "AUTHENTICATION_INVALID")
    assert stage.control.state("batch", "profiles") == {}


def test_the_audiences_serve_to_check_the_credentials(stage):
    assert stage.batch.get("/2.11/audiences/list").json()["audiences"] == []
    assert stage.anonymous.get("/batch/2.11/audiences/list").status_code == 401


def test_a_path_that_does_not_exist_is_404_in_the_vendors_shape(stage):
    answer = stage.batch.get("/2.11/profiles/update")

    assert answer.status_code == 404
    assert set(answer.json()) == {"error_code", "error_message"}
