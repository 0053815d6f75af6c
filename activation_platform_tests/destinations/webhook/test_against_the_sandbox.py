"""Records and events told to the sandbox over sockets, by the whole engine: what it then holds is what the mode promises."""

from datetime import UTC, datetime, timedelta

import pytest

from activation_platform.contracts.errors import ConnectionFailed, CredentialsRefused
from activation_platform.contracts.modes import Mode, RunType
from activation_platform.destinations.webhook.destination import Webhook
from activation_platform.destinations.webhook.events import Events, EventsOptions
from activation_platform.destinations.webhook.requests import Requests, RequestsOptions
from activation_platform.sandbox.webhook import SIGNING_KEY
from activation_platform.sync.activate import RunFailed
from activation_platform.sync.history import Status
from activation_platform.sync.order import Events as Told
from activation_platform.sync.order import Window
from activation_platform_tests.destinations.running import Runs


@pytest.fixture
def receiver(sandbox):
    url = sandbox.base_url("webhook") + "/customers"
    return Webhook(url=url, signing_key=SIGNING_KEY, requests_per_second=1e6)


@pytest.fixture
def runs(tmp_path, receiver):
    def make(mode=Mode.MIRROR, **options):
        return Runs(tmp_path, Requests(receiver, RequestsOptions(**options)), mode)

    return make


@pytest.fixture
def things(sandbox):
    return lambda: {name: thing["name"] for name, thing in sandbox.world.part("webhook", "things").items()}


def person(key, name):
    return {"key": key, "id": str(key), "name": name}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"values": "query"},
        {
            "insert": "POST /new?source=shop",
            "update": "PATCH /{identifier}",
            "delete": "DELETE /{identifier}",
        },
        {"per": "batch", "batch_size": 2},
        {"per": "batch", "update": "POST", "idempotent": True},
    ],
    ids=str,
)
def test_c_mirror_keeps_the_receiver_in_step(runs, things, options):
    run = runs(**options)

    first = run(person(1, "Ada"), person(2, "Joe"), person(3, "Kim"))
    second = run(person(1, "Ada"), person(2, "Joseph"), person(4, "Lee"))
    third = run(person(1, "Ada"), person(2, "Joseph"), person(4, "Lee"))

    assert things() == {"1": "Ada", "2": "Joseph", "4": "Lee"}
    assert first.figures.inserted == 3
    assert first.figures.requests == {2: 2, 100: 1}[options.get("batch_size", 100)] if "per" in options else 3
    assert (second.figures.inserted, second.figures.updated, second.figures.deleted) == (1, 1, 1)
    assert third.status is Status.NOTHING_TO_DO
    assert third.figures.requests == 0


def test_c_what_vanished_behind_our_back_is_inserted_again(runs, things, sandbox):
    run = runs(Mode.UPSERT)
    run(person(1, "Ada"), person(2, "Joe"))
    sandbox.world.reset()

    run(person(1, "Ada L."), person(2, "Joe"))

    assert things() == {"1": "Ada L."}


def test_c_update_only_creates_nothing(runs, things):
    run = runs(Mode.UPDATE_ONLY)

    assert run(person(1, "Ada")).figures.ignored == 1
    assert things() == {}


def test_d2_the_culprit_of_a_refused_batch_is_found_and_its_neighbours_stay(runs, things, sandbox):
    with sandbox.control() as control:
        control.add_fault({"kind": "poison", "identifier": "3", "path": "/webhook/*"})

    run = runs(Mode.UPSERT, per="batch", batch_size=10)(*(person(n, "x") for n in range(1, 6)))

    assert sorted(things()) == ["1", "2", "4", "5"]
    assert (run.figures.inserted, run.figures.destination_issues) == (4, 1)


@pytest.mark.parametrize("idempotent", [True, False])
def test_a1_an_answer_that_was_lost(runs, things, sandbox, idempotent):
    """An idempotent receiver is told again at once; another one is in doubt, and told again by the next run."""
    run = runs(Mode.UPSERT, idempotent=idempotent)
    with sandbox.control() as control:
        control.add_fault({"kind": "drop", "when": "after", "times": 1, "path": "/webhook/*"})

    first = run(person(1, "Ada"))
    calls = sandbox.world.part("webhook", "calls")
    second = run(person(1, "Ada"))

    assert first.figures.inserted == idempotent
    assert len(calls) == 1
    assert sandbox.world.part("webhook", "repeated") == idempotent
    assert second.figures.inserted == (not idempotent)
    assert things() == {"1": "Ada"}


def test_bodies_arrive_compressed_where_the_receiver_takes_gzip(tmp_path, receiver, sandbox, things):
    small = receiver.model_copy(update={"gzip": True})
    run = Runs(tmp_path, Requests(small, RequestsOptions(per="batch")), Mode.UPSERT)

    run(*(person(n, "Ada") for n in range(50)))
    run(*(person(n, "Ada") for n in range(50)), person(50, "Joe"))

    encodings = [call["headers"].get("content-encoding") for call in sandbox.world.part("webhook", "calls")]
    assert encodings == ["gzip", None]
    assert (len(things()), things()["50"]) == (51, "Joe")


def test_d3_a_wrong_signature_stops_the_run_and_blames_no_record(tmp_path, sandbox):
    wrong = Webhook(url=sandbox.base_url("webhook") + "/hidden-token", signing_key="another")

    with pytest.raises(RunFailed) as failed:
        Runs(tmp_path, Requests(wrong), Mode.UPSERT)(person(1, "Ada"))

    assert isinstance(failed.value.error, CredentialsRefused)
    assert "The signature is wrong" in str(failed.value.error)
    assert "hidden-token" not in str(failed.value.error)


def test_a_receiver_that_says_when_to_come_back_is_told_then(runs, things, sandbox):
    with sandbox.control() as control:
        control.add_fault(
            {"kind": "status", "status": 429, "retry_after": 1, "times": 2, "path": "/webhook/*"}
        )

    runs(Mode.UPSERT)(person(1, "Ada"))

    assert things() == {"1": "Ada"}


def test_a_receiver_that_is_down_is_said_to_be(runs, sandbox):
    with sandbox.control() as control:
        control.add_fault({"kind": "status", "status": 503, "path": "/webhook/*"})

    with pytest.raises(RunFailed) as failed:
        runs(Mode.UPSERT)(*(person(n, "x") for n in range(1, 6)))

    assert isinstance(failed.value.error, ConnectionFailed)


def test_e3_an_event_whose_answer_was_lost_is_recognised_by_the_receiver(tmp_path, receiver, sandbox):
    now = datetime.now(UTC)
    bought = {"key": "e-1", "id": "e-1", "kind": "bought", "at": now - timedelta(minutes=5)}
    run = Runs(
        tmp_path,
        Events(receiver, EventsOptions(event="POST /events/{kind}")),
        Mode.INSERT_ONLY,
        {"events": Told("at")},
        RunType.INCREMENTAL,
    )
    with sandbox.control() as control:
        control.add_fault({"kind": "drop", "when": "after", "times": 1, "path": "/webhook/*"})

    lost = run(bought, window=Window(now - timedelta(hours=1), now))
    told = run(bought, window=Window(now, now + timedelta(hours=1)))
    silent = run(bought, window=Window(now, now + timedelta(hours=1)))

    assert (lost.figures.destination_issues, told.figures.inserted, silent.figures.requests) == (1, 1, 0)
    (call,) = sandbox.world.part("webhook", "calls")
    assert (call["path"], call["body"]["at"]) == (
        "/customers/events/bought",
        bought["at"].replace(tzinfo=None).isoformat(timespec="microseconds") + "Z",
    )
    assert sandbox.world.part("webhook", "repeated") == 1
