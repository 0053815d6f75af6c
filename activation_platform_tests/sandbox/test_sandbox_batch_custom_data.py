"""What the stand-in of Batch does with data of an app's users."""

import pytest

KEYS = {"X-Authorization": "sandbox-rest-key"}


@pytest.fixture
def tell(stage):
    def told(*users, app="sandbox-live-key", headers=KEYS):
        return stage.anonymous.post(f"/batch/1.0/{app}/data/users", json=list(users), headers=headers)

    return told


@pytest.fixture
def held(stage):
    return lambda: stage.control.state("batch", "custom_data")["0"]


def user(id_, *, overwrite=False, **values):
    return {"id": id_, "update": {"overwrite": overwrite, "values": values}}


def test_data_is_added_changed_taken_away_and_overwritten(tell, held):
    tell(
        user("a", **{"u.level": 1, "ut.tags": ["x"], "date(u.at)": "2026-01-31T12:00:00"}),
        user("b", **{"u.x": 1}),
    )

    tell(user("a", **{"u.level": 2.5, "ut.tags": None}), user("b", overwrite=True, **{"u.y": True}))

    assert held() == {"a": {"u.level": 2.5, "date(u.at)": "2026-01-31T12:00:00"}, "b": {"u.y": True}}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("level", 1),
        ("u.Level", 1),
        ("u." + "x" * 31, 1),
        ("u.tags", ["x"]),
        ("u.text", ""),
        ("u.thing", {}),
        ("ut.tags", []),
        ("ut.tags", "x"),
        ("ut.tags", [1]),
        ("date(u.at)", "2026-01-31T12:00:00Z"),
        ("date(u.at)", "2026-02-30T12:00:00"),
        ("date(at)", "2026-01-31T12:00:00"),
        ("date(u.at)", 1451642400),
    ],
)
def test_a_value_that_is_not_acceptable_refuses_the_call(tell, held, name, value):
    answer = tell(user("fine"), user("a", **{name: value}))

    assert answer.status_code == 400
    assert answer.json()["error_message"].startswith("User 1: ")
    assert held() == {}


@pytest.mark.parametrize(
    "users",
    [
        [],
        ["a"],
        [{"id": "a"}],
        [{"id": "", "update": {"overwrite": False, "values": {}}}],
        [{"id": "a", "update": {"values": {}}}],
        [{"id": "a", "update": {"overwrite": 1, "values": {}}}],
        [{"id": "a", "update": {"overwrite": False, "values": []}}],
    ],
)
def test_a_malformed_call_is_refused_as_a_whole(tell, held, users):
    assert tell(*users).status_code == 400
    assert held() == {}


def test_a_call_holds_no_more_users_than_the_vendor_takes(tell, held):
    users = [user(str(n)) for n in range(10_001)]

    assert tell(*users).status_code == 400
    assert tell(*users[:-1]).status_code == 202
    assert len(held()) == 10_000


@pytest.mark.parametrize(
    ("app", "headers"),
    [
        ("unknown", KEYS),
        ("sandbox-live-key", {}),
        ("sandbox-live-key", {"X-Authorization": "wrong"}),
        ("sandbox-live-key", {"Authorization": "Bearer sandbox-rest-key"}),
    ],
)
def test_a_call_without_the_right_keys_is_401_and_changes_nothing(tell, held, app, headers):
    assert tell(user("a"), app=app, headers=headers).status_code == 401
    assert held() == {}


def test_an_erasure_takes_the_data_of_its_app_away(stage, tell, held):
    tell(user("a", **{"u.x": 1}), user("b", **{"u.x": 1}))
    stage.gdpr.post("/request", json={"request_type": "remove", "id": {"type": "custom_id", "value": "a"}})

    stage.control.finish_erasures()

    assert list(held()) == ["b"]
    assert "error" not in stage.gdpr.get("/requests").json()[0]
