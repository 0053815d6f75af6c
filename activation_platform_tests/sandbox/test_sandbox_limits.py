"""How the stand-ins keep their vendors' rate limits."""

from email.utils import parsedate_to_datetime

import httpx
import pytest

from activation_platform.contracts.authorities import trusted
from activation_platform.sandbox import running
from activation_platform.sandbox.attio import Attio
from activation_platform.sandbox.control import ControlError
from activation_platform.sandbox.limits import Limit, Limits


def test_a_bucket_lets_a_burst_through_and_then_its_rate():
    limits = Limits({"x": Limit(rate=10, burst=30)})

    assert [limits.spend("x", 10, now=0.0).allowed for _ in range(4)] == [True, True, True, False]
    assert limits.spend("x", 10, now=0.5).wait == pytest.approx(0.5)
    assert limits.spend("x", 10, now=1.0).allowed
    assert not limits.spend("x", 1, now=1.0).allowed


def test_a_cost_above_the_burst_is_slow_but_not_impossible():
    limits = Limits({"x": Limit(rate=10, burst=10)})

    assert limits.spend("x", 25, now=0.0).allowed
    assert not limits.spend("x", 1, now=1.0).allowed
    assert limits.spend("x", 1, now=1.6).allowed


@pytest.mark.parametrize(("rate", "burst"), [(0, 1), (1, 0), (float("inf"), 1), (-1, 1)])
def test_a_limit_without_a_rate_or_burst_is_refused(rate, burst):
    with pytest.raises(ValueError, match="finite rate and burst"):
        Limit(rate, burst)


def test_batch_counts_profiles_and_refuses_what_is_too_much(limited):
    entries = [{"identifiers": {"custom_id": str(number)}} for number in range(200)]

    answers = [limited.update(*entries) for _ in range(6)]

    assert [each.status_code for each in answers] == [202] * 5 + [429]
    assert answers[-1].json()["error_code"] == "TOO_MANY_REQUESTS"
    assert [each.headers["X-RateLimit-Remaining"] for each in answers] == [
        "800",
        "600",
        "400",
        "200",
        "0",
        "0",
    ]
    assert {each.headers["X-RateLimit-Limit"] for each in answers} == {"300"}
    limited.clock.now += 1.0
    assert limited.update(*entries).status_code == 202


def test_batch_takes_five_requests_about_catalogs_a_second(limited):
    body = {"name": "products", "fields": [{"name": "price", "type": "float"}]}
    made = limited.batch.post("/2.11/catalogs/create", json=body)
    gone = [{"id": str(number), "action": "remove"} for number in range(200)]

    edited = [
        limited.batch.post("/2.11/catalogs/items/edit", json={"name": "products", "items": gone})
        for _ in range(5)
    ]

    assert [each.status_code for each in (made, *edited)] == [201, 202, 202, 202, 202, 429]
    limited.clock.now += 0.2
    assert limited.batch.get("/2.11/catalogs/list").status_code == 200


def test_batch_takes_a_thousand_items_of_catalogs_a_second(limited):
    limited.control.change_limit("batch", "catalogs", rate=100, burst=100)
    body = {"name": "products", "fields": [{"name": "price", "type": "float"}]}
    limited.batch.post("/2.11/catalogs/create", json=body)
    gone = [{"id": str(number), "action": "remove"} for number in range(200)]

    edited = [
        limited.batch.post("/2.11/catalogs/items/edit", json={"name": "products", "items": gone})
        for _ in range(6)
    ]

    assert [each.status_code for each in edited] == [202] * 5 + [429]


def test_a_refused_call_leaves_no_trace_in_the_state(limited):
    entries = [{"identifiers": {"custom_id": str(number)}} for number in range(200)]
    for _ in range(6):
        limited.update(*entries)

    assert limited.control.state("batch", "received")["0"] == 5


def test_attio_says_when_to_come_back_as_an_http_date(limited):
    answers = [limited.person(f"{number}@b.co") for number in range(26)]

    assert [each.status_code for each in answers] == [200] * 25 + [429]
    refusal = answers[-1]
    assert (refusal.json()["type"], refusal.json()["code"]) == ("rate_limit_error", "rate_limit_exceeded")
    when = parsedate_to_datetime(refusal.headers["Retry-After"]).timestamp()
    wall = limited.sandbox.world.wall()
    assert 0 < when - wall <= 1
    limited.clock.now += when - wall
    assert limited.person("26@b.co").status_code == 200


def test_reads_do_not_use_up_the_writes(limited):
    answers = [limited.attio.get("/v2/self") for _ in range(101)]

    assert [each.status_code for each in answers] == [200] * 100 + [429]
    assert limited.person("a@b.co").status_code == 200


def test_limits_can_be_read_changed_and_switched_off(limited):
    limited.control.change_limit("batch", "gdpr", rate=2, burst=3)
    assert limited.control.limits()["batch"]["limits"]["gdpr"] == {"rate": 2.0, "burst": 3.0}
    assert [limited.gdpr.get("/requests").status_code for _ in range(4)] == [200, 200, 200, 429]

    limited.control.enable_limits(False)
    assert limited.gdpr.get("/requests").status_code == 200

    limited.control.reset()
    assert limited.control.limits()["batch"]["limits"]["gdpr"] == {"rate": 10, "burst": 10}


def test_a_limit_that_does_not_exist_cannot_be_changed(limited):
    with pytest.raises(ControlError, match="nothing"):
        limited.control.change_limit("batch", "nothing", rate=1, burst=1)
    with pytest.raises(ControlError, match="finite rate"):
        limited.control.change_limit("batch", "gdpr", rate=0, burst=1)


def test_a_token_without_the_scope_is_403():
    tokens = {"reader": ("record_permission:read", "object_configuration:read")}
    with (
        running(limits=False, platforms=[Attio(tokens=tokens)]) as sandbox,
        httpx.Client(
            verify=trusted(), base_url=f"{sandbox.url}/attio/v2", headers={"Authorization": "Bearer reader"}
        ) as client,
    ):
        assert client.post("/objects/people/records/query", json={}).status_code == 200
        refusal = client.post("/objects/people/records", json={"data": {"values": {}}})

    assert (refusal.status_code, refusal.json()["type"]) == (403, "auth_error")
