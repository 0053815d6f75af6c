"""What the stand-in of Batch does with audiences."""

import pytest


@pytest.fixture
def ask(stage):
    def asked(word, **body):
        return stage.batch.post(f"/2.11/audiences/{word}", json=body)

    return asked


@pytest.fixture
def vip(ask):
    assert ask("create", name="vip", type="custom_ids").status_code == 202


@pytest.fixture
def members(stage):
    return lambda: stage.control.state("batch", "audiences")


@pytest.fixture
def view(stage):
    return lambda **query: stage.batch.get("/2.11/audiences/view", params=query)


def add(id_, **attributes):
    return {"action": "add", "id": id_, **({"attributes": attributes} if attributes else {})}


def remove(id_):
    return {"action": "remove", "id": id_}


def test_an_audience_is_made_empty_and_only_once(ask, members):
    made = ask("create", name="vip", type="custom_ids", display_name="Our best")

    assert made.status_code == 202
    assert list(made.json()) == ["indexing_token"]
    assert ask("create", name="vip", type="custom_ids").status_code == 400
    assert ask("create", name="VIP", type="custom_ids").status_code == 202
    assert members() == {"vip": {}, "VIP": {}}


@pytest.mark.parametrize("name", ["", "a b", "é", "a" * 256, 7, None])
def test_a_name_keeps_the_vendors_rule(ask, members, name):
    assert ask("create", name=name, type="custom_ids").status_code == 400
    assert members() == {}


def test_members_enter_and_leave_and_the_last_action_on_one_holds(ask, vip, members):
    ask("update", name="vip", ids=[add("a", level=3), add("b"), add("c")])

    ask(
        "update",
        name="vip",
        ids=[remove("b"), remove("c"), add("c"), add("d"), remove("d"), remove("nobody")],
    )

    assert members() == {"vip": {"a": {"level": 3}, "c": {}}}


def test_a_replacement_leaves_nobody_else(ask, vip, members):
    ask("update", name="vip", ids=[add("a")])

    ask("replace", name="vip", ids=[{"id": "b", "attributes": {"date(at)": "2026-01-31T00:00:00Z"}}])
    assert members() == {"vip": {"b": {"date(at)": "2026-01-31T00:00:00Z"}}}

    assert ask("replace", name="vip", ids=[]).status_code == 202
    assert members() == {"vip": {}}


@pytest.mark.parametrize(
    ("word", "body"),
    [
        ("update", {"name": "nobody", "ids": [add("a")]}),
        ("replace", {"name": "nobody", "ids": [{"id": "a"}]}),
        ("remove", {"name": "nobody"}),
        ("update", {"name": "vip"}),
        ("update", {"name": "vip", "ids": {}}),
        ("update", {"name": "vip", "ids": ["a"]}),
        ("update", {"name": "vip", "ids": [add("")]}),
        ("update", {"name": "vip", "ids": [add("a"), add("x" * 513)]}),
        ("update", {"name": "vip", "ids": [{"id": "a"}]}),
        ("update", {"name": "vip", "ids": [{"id": "a", "action": "set"}]}),
        ("update", {"name": "vip", "ids": [{**remove("a"), "attributes": {"x": 1}}]}),
        ("update", {"name": "vip", "ids": [add("a", **{f"x{n}": n for n in range(16)})]}),
        ("update", {"name": "vip", "ids": [add("a", Upper=1)]}),
        ("replace", {"name": "vip", "ids": [add("a")]}),
        ("create", {"name": "other", "type": "phones"}),
    ],
)
def test_a_malformed_call_is_refused_as_a_whole(ask, vip, members, word, body):
    answer = ask(word, **body)

    assert answer.status_code == 400
    assert set(answer.json()) == {"error_code", "error_message"}
    assert members() == {"vip": {}}


def test_a_call_holds_no_more_ids_than_the_vendor_takes(ask, vip, members):
    ids = [add(str(n)) for n in range(10_001)]

    assert ask("update", name="vip", ids=ids).status_code == 400
    assert ask("update", name="vip", ids=ids[:-1]).status_code == 202
    assert len(members()["vip"]) == 10_000


def test_a_change_is_in_process_before_it_is_applied(ask, vip, view):
    token = ask("update", name="vip", ids=[add("a")]).json()["indexing_token"]

    states = [view(name="vip", indexing_token=token).json()["indexing_state"] for _ in range(3)]

    assert states == ["IN_PROCESS", "APPLIED", "APPLIED"]
    assert view(name="vip").json()["nb_ids"] == 1


def test_a_change_from_before_a_replacement_is_replaced(ask, vip, view):
    token = ask("update", name="vip", ids=[add("a")]).json()["indexing_token"]
    view(name="vip", indexing_token=token)

    ask("replace", name="vip", ids=[{"id": "b"}])

    assert view(name="vip", indexing_token=token).json()["indexing_state"] == "REPLACED"


def test_an_audience_is_shown_or_not_found(ask, view):
    ask("create", name="vip", type="emails", display_name="Our best")

    shown = view(name="vip").json()

    assert (shown["name"], shown["display_name"], shown["type"], shown["nb_ids"]) == (
        "vip",
        "Our best",
        "EMAIL",
        0,
    )
    assert view(name="nobody").status_code == 404
    assert view(name="vip", indexing_token="?").status_code == 400


def test_an_audience_that_was_removed_is_gone(ask, vip, view):
    assert ask("remove", name="vip").status_code == 202
    assert view(name="vip").status_code == 404


def test_audiences_are_listed_page_by_page(stage, ask):
    for number in range(3):
        ask("create", name=f"a{number}", type="custom_ids")

    first = stage.batch.get("/2.11/audiences/list", params={"limit": 2}).json()
    second = stage.batch.get("/2.11/audiences/list", params={"limit": 2, "from": first["next_from"]}).json()

    assert [one["name"] for one in first["audiences"]] == ["a0", "a1"]
    assert (first["count"], first["has_more"]) == (3, True)
    assert [one["name"] for one in second["audiences"]] == ["a2"]
    assert (second["has_more"], second["next_from"], "count" in second) == (False, None, False)
    assert stage.batch.get("/2.11/audiences/list", params={"limit": "all"}).status_code == 400


def test_audiences_share_the_limit_of_the_projects_other_endpoints(limited):
    answers = [limited.batch.get("/2.11/audiences/list").status_code for _ in range(2)]

    assert answers == [200, 429]
