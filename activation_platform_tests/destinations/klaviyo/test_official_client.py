"""Klaviyo's own client and our services, before one account: each finds what the other wrote, and not what it deleted."""

from datetime import UTC, datetime

import pytest

from activation_platform.contracts.batch import IDENTIFIER, PREVIOUS
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import ACCEPTED, DELETED, Verdict, ignored
from activation_platform.contracts.service import Pending
from activation_platform.destinations.klaviyo.events import Events
from activation_platform.destinations.klaviyo.lists import Lists, ListsOptions
from activation_platform.destinations.klaviyo.profiles import Profiles
from activation_platform.destinations.klaviyo.subscriptions import Subscriptions, SubscriptionsOptions
from activation_platform_tests.destinations.conversation import batch_of, carry

JANE = {"email": "jane@acme.com", "first_name": "Jané ☃", "location.city": "Paris", "orders": 3}
JOHN = {"email": "john@acme.com", "first_name": "John", "location.city": "Rome", "orders": None}


@pytest.fixture
def say(account, client):
    def deliver(service, *people, mode=Mode.MIRROR, operation=Operation.INSERT, by="email"):
        if operation is Operation.DELETE:
            people = [{IDENTIFIER: one, PREVIOUS: one} for one in people]
        batch = batch_of(*people, identified_by=by, mode=mode, operation=operation)
        return carry(service.deliver(batch), account, client).outcomes

    return deliver


def person(**attributes):
    return {"data": {"type": "profile", "attributes": attributes}}


def found(official, **filters):
    ((name, value),) = filters.items()
    return official.Profiles.get_profiles(filter=f'equals({name},"{value}")').data


def only(official, email):
    (one,) = found(official, email=email)
    return one


def on_list(official, name):
    (held,) = official.Lists.get_lists(filter=f'equals(name,"{name}")').data
    return held.id, {one.attributes.email for one in official.Lists.get_profiles_for_list(held.id).data}


def test_it_finds_the_profiles_that_we_imported(say, account, official):
    assert say(Profiles(account), JANE, JOHN) == [ACCEPTED] * 2

    jane = only(official, "jane@acme.com").attributes
    assert (jane.first_name, jane.location.city, jane.properties) == ("Jané ☃", "Paris", {"orders": 3})


def test_what_we_clear_it_finds_cleared(say, account, official):
    official.Profiles.create_or_update_profile(
        person(email="john@acme.com", first_name="John", title="Cook", properties={"orders": 7, "kept": 1})
    )

    say(Profiles(account), {"email": "john@acme.com", "first_name": None, "title": None, "orders": None})

    john = only(official, "john@acme.com").attributes
    assert (john.first_name, john.title, john.properties) == (None, None, {"kept": 1})


def test_we_update_whom_it_created_and_nobody_else(say, account, official):
    official.Profiles.create_profile(person(email="jane@acme.com", first_name="Before"))

    outcomes = say(Profiles(account), JANE, JOHN, mode=Mode.UPDATE_ONLY)

    assert outcomes == [ACCEPTED, ignored("unknown at the destination")]
    assert only(official, "jane@acme.com").attributes.first_name == "Jané ☃"
    assert found(official, email="john@acme.com") == []


def test_we_do_not_overwrite_whom_it_created(say, account, official):
    official.Profiles.create_profile(person(email="jane@acme.com", first_name="Before"))

    assert say(Profiles(account), JANE, mode=Mode.INSERT_ONLY) == [ignored("already there")]
    assert only(official, "jane@acme.com").attributes.first_name == "Before"


def test_its_import_job_ends_as_ours_does(official):
    profiles = [person(email="jane@acme.com")["data"], person(email="no address")["data"]]
    job = official.Profiles.bulk_import_profiles(
        {"data": {"type": "profile-bulk-import-job", "attributes": {"profiles": {"data": profiles}}}}
    ).data

    states = [official.Profiles.get_bulk_import_profiles_job(job.id).data.attributes for _ in range(2)]
    (error,) = official.Profiles.get_errors_for_bulk_import_profiles_job(job.id).data

    assert [(one.status, one.failed_count) for one in states] == [("processing", 0), ("complete", 1)]
    assert error.attributes.source.pointer.startswith("/data/attributes/profiles/data/1/")


def test_it_finds_the_list_that_we_made_and_who_is_on_it(say, account, official):
    service = Lists(account, ListsOptions(list="Best"))

    say(service, {"email": "jane@acme.com"}, {"email": "john@acme.com"})
    say(service, "john@acme.com", operation=Operation.DELETE)

    assert on_list(official, "Best")[1] == {"jane@acme.com"}


def test_we_use_the_list_that_it_made_and_take_off_whom_it_put_there(say, account, official):
    body = {"data": {"type": "list", "attributes": {"name": "Best"}}}
    made = official.Lists.create_list(body).data.id
    john = official.Profiles.create_profile(person(email="john@acme.com")).data.id
    official.Lists.add_profiles_to_list(made, {"data": [{"type": "profile", "id": john}]})
    service = Lists(account, ListsOptions(list="Best"))

    say(service, {"email": "jane@acme.com"})
    assert on_list(official, "Best") == (made, {"jane@acme.com", "john@acme.com"})

    assert say(service, "john@acme.com", operation=Operation.DELETE) == [DELETED]
    assert on_list(official, "Best")[1] == {"jane@acme.com"}


def test_whom_it_unsubscribed_from_a_list_we_leave_alone(say, account, official, sandbox):
    service = Subscriptions(account, SubscriptionsOptions(list="News"))
    say(service, {"email": "jane@acme.com"}, {"email": "john@acme.com"})
    list_id, _ = on_list(official, "News")
    left = {"email": {"marketing": {"consent": "UNSUBSCRIBED"}}}
    jane = person(email="jane@acme.com", subscriptions=left)["data"]
    official.Profiles.bulk_unsubscribe_profiles(
        {
            "data": {
                "type": "profile-subscription-bulk-delete-job",
                "attributes": {"profiles": {"data": [jane]}},
                "relationships": {"list": {"data": {"type": "list", "id": list_id}}},
            }
        }
    )

    say(service, "jane@acme.com", "john@acme.com", operation=Operation.DELETE)

    consent = {one["email"]: one["consent"] for one in sandbox.world.part("klaviyo", "profiles").values()}
    assert {name: set(one) for name, one in consent.items()} == {
        "jane@acme.com": {"email"},  # and not everything else, too
        "john@acme.com": {"email"},
    }


def test_d7_whom_we_delete_it_does_not_find_and_whom_it_deletes_is_deleted_for_us(
    say, account, client, official, sandbox
):
    say(Profiles(account), JANE, JOHN)
    john = only(official, "john@acme.com").id

    (ours,) = say(Profiles(account), "jane@acme.com", operation=Operation.DELETE)
    official.Data_Privacy.request_profile_deletion(
        {
            "data": {
                "type": "data-privacy-deletion-job",
                "attributes": {"profile": person(email="john@acme.com")},
            }
        }
    )
    now = sandbox.world.wall()
    pending = [Pending("1", "jane@acme.com", ours.request, now), Pending("2", "john@acme.com", john, now)]
    settle = lambda: carry(Profiles(account).settle(pending), account, client).outcomes  # noqa: E731

    assert ours.verdict is Verdict.REQUESTED
    assert [one.state for one in settle()] == ["pending"] * 2
    sandbox.world.finish_erasures()
    assert [one.state for one in settle()] == ["done"] * 2
    assert official.Profiles.get_profiles().data == []


def test_it_finds_the_events_that_we_told_each_once(say, account, official):
    order = {
        "unique_id": "o-1",
        "email": "jane@acme.com",
        "metric": "Placed Order",
        "time": datetime(2026, 1, 31, 12, 30, tzinfo=UTC),
        "gift": True,
    }

    for _ in range(2):
        assert say(Events(account), order, mode=Mode.INSERT_ONLY, by="unique_id") == [ACCEPTED]

    (event,) = official.Events.get_events().data
    assert event.attributes.event_properties == {"gift": True, "$event_id": "o-1"}
    assert event.attributes.timestamp == order["time"].timestamp()
