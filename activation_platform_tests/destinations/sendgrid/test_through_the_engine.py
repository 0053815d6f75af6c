"""Whole runs against SendGrid's stand-in: what it holds after them is what the mode promises."""

from datetime import timedelta

import httpx
import polars as pl
import pytest
import time_machine

from activation_platform.contracts.errors import CredentialsRefused, DeclarationError
from activation_platform.contracts.modes import Mode
from activation_platform.destinations.sendgrid.contact_lists import ContactLists, ContactListsOptions
from activation_platform.destinations.sendgrid.contacts import Contacts
from activation_platform.destinations.sendgrid.destination import SendGrid
from activation_platform.destinations.sendgrid.people import Identified
from activation_platform.sandbox import running
from activation_platform.sandbox.faults import Extent, Kind, Rule, When
from activation_platform.sandbox.sendgrid import API_KEY
from activation_platform.sandbox.sendgrid import SendGrid as StandIn
from activation_platform.sync.activate import RunFailed
from activation_platform.sync.history import Status
from activation_platform_tests.destinations.running import Runs

ADA = {"key": 1, "email": "ada@acme.com", "city": "London"}
JOE = {"key": 2, "email": "joe@acme.com", "city": "Rome"}
EVA = {"key": 3, "email": "eva@acme.com", "city": "Oslo"}


class FewContacts(Contacts):
    """Contacts, told two at a time."""

    batch_size = 2


class ShortLists(ContactLists):
    """A list, told two members at a time."""

    batch_size = 2


@pytest.fixture
def runs(tmp_path, account):
    return lambda mode=Mode.MIRROR, service=None, place="runs": Runs(
        tmp_path / place,
        service or FewContacts(account),
        mode,
        keeps=frozenset({"external_id"}),
    )


@pytest.fixture
def asked(sandbox):
    def count(method, path):
        return sum(
            one["count"]
            for one in sandbox.world.requests()
            if (one["method"], one["path"]) == (method, f"/v3/marketing/{path}")
        )

    return count


def without_key(*people):
    return [{name: value for name, value in one.items() if name != "key"} for one in people]


def test_c_mirror_keeps_contacts_in_step(runs, held, asked):
    run = runs()

    first = run(ADA, JOE, EVA)
    second = run({**ADA, "city": "Paris"}, EVA, {"key": 4, "email": "Zoe@ACME.com", "city": "Bonn"})
    writes = asked("PUT", "contacts"), asked("DELETE", "contacts")
    third = run({**ADA, "city": "Paris"}, EVA, {"key": 4, "email": "Zoe@ACME.com", "city": "Bonn"})

    assert held() == [
        {"email": "ada@acme.com", "city": "Paris"},
        {"email": "eva@acme.com", "city": "Oslo"},
        {"email": "zoe@acme.com", "city": "Bonn"},
    ]
    assert first.figures.inserted == 3
    assert (second.figures.inserted, second.figures.updated, second.figures.deleted) == (1, 1, 1)
    assert third.status is Status.NOTHING_TO_DO
    assert (asked("PUT", "contacts"), asked("DELETE", "contacts")) == writes


def test_c_upsert_leaves_who_left(runs, held):
    run = runs(Mode.UPSERT)

    run(ADA, JOE)
    run({**ADA, "city": "Paris"})

    assert held() == [{"email": "ada@acme.com", "city": "Paris"}, *without_key(JOE)]


def test_c_update_only_creates_nobody_and_keeps_what_identifies_who_is_there(runs, account, held):
    runs(Mode.UPSERT, Contacts(account), "others")({"key": 1, "email": "ada@acme.com", "external_id": "C1"})
    run = runs(Mode.UPDATE_ONLY)

    first = run(ADA, JOE)
    second = run({**ADA, "city": "Paris"}, JOE)

    assert held() == [{"email": "ada@acme.com", "external_id": "C1", "city": "Paris"}]
    assert (first.figures.updated, first.figures.ignored) == (1, 1)
    assert (second.figures.updated, second.figures.extracted) == (1, 1)


def test_b5_under_mirror_a_moved_contact_is_the_new_one_and_the_old_one_goes(runs, held):
    run = runs()

    run(ADA)
    run({**ADA, "email": "countess@acme.com"})

    assert held() == [{"email": "countess@acme.com", "city": "London"}]


def test_d2_a_contact_that_a_job_refuses_is_told_and_its_neighbours_are_there(runs, sandbox, held, tmp_path):
    sandbox.world.add_fault(
        Rule(Kind.POISON, identifier="joe@acme.com", extent=Extent.RECORD, reason="is a role", times=1)
    )
    run = runs(Mode.UPSERT)

    first = run(ADA, JOE)
    told = reasons(tmp_path)
    second = run(ADA, JOE)

    assert (first.figures.inserted, first.figures.destination_issues) == (1, 1)
    assert ["is a role" in one for one in told] == [True]
    assert second.figures.inserted == 1
    assert held() == without_key(ADA, JOE)


@pytest.mark.parametrize("status", [401, 403, 404, 302])
def test_a_file_of_errors_that_is_not_given_out_stops_nothing_and_the_culprit_is_found_all_the_same(
    runs, account, sandbox, held, tmp_path, status
):
    sandbox.world.add_fault(Rule(Kind.POISON, identifier="joe@acme.com", extent=Extent.RECORD))
    sandbox.world.add_fault(Rule(Kind.STATUS, path="/sendgrid/errors/*", status=status))

    run = runs(Mode.UPSERT, Contacts(account))(ADA, JOE, EVA)

    assert (run.figures.inserted + run.figures.updated, run.figures.destination_issues) == (2, 1)
    assert held() == without_key(ADA, EVA)
    assert reasons(tmp_path) == ["SendGrid refused 1 of 1 contacts"]


def reasons(path):
    """What the issues of all runs say."""
    files = sorted((path / "runs" / "ledger" / "issues").glob("*.parquet"))
    return [reason for file in files for reason in pl.read_parquet(file)["reason"]]


def test_d2_a_contact_that_lacks_one_of_its_identifiers_is_a_destination_issue(runs, account, held):
    runs(Mode.UPSERT, Contacts(account), "others")({"key": 1, "email": "ada@acme.com", "external_id": "C1"})

    run = runs(Mode.UPSERT)(ADA, JOE)

    assert (run.figures.inserted, run.figures.destination_issues) == (1, 1)
    assert held() == [{"email": "ada@acme.com", "external_id": "C1"}, *without_key(JOE)]


def test_d2_a_batch_that_is_refused_without_a_place_is_parted_until_the_culprit_stands_alone(
    runs, account, sandbox, held
):
    sandbox.world.add_fault(Rule(Kind.POISON, method="PUT", identifier="joe@acme.com"))

    run = runs(Mode.UPSERT, Contacts(account))(ADA, JOE, EVA)

    assert (run.figures.inserted, run.figures.destination_issues) == (2, 1)
    assert held() == without_key(ADA, EVA)


@pytest.mark.parametrize("kind", [Kind.DROP, Kind.HALF, Kind.BROKEN_JSON, Kind.HTML_200])
@pytest.mark.parametrize("method", ["PUT", "GET"])
def test_an_answer_that_breaks_once_costs_nobody(runs, sandbox, held, kind, method):
    sandbox.world.add_fault(
        Rule(kind, path="/sendgrid/v3/marketing/contacts*", method=method, when=When.AFTER, times=1)
    )

    run = runs()(ADA, JOE)

    # What was taken on before the answer broke is, by the vendor's word, updated when it is said once more.
    assert run.figures.inserted + run.figures.updated == 2
    assert held() == without_key(ADA, JOE)


@pytest.mark.parametrize("fault", [{"status": 429}, {"status": 429, "retry_after": 7.0}, {"status": 503}])
@pytest.mark.parametrize("method", ["PUT", "GET", "POST"])
def test_a_vendor_that_asks_to_wait_is_waited_for_and_nothing_is_lost(runs, sandbox, held, fault, method):
    run = runs()
    run(ADA, JOE)
    sandbox.world.add_fault(Rule(Kind.STATUS, path="*/contacts*", method=method, times=1, **fault))

    second = run({**ADA, "city": "Paris"})

    assert (second.figures.updated, second.figures.deleted) == (1, 1)
    assert held() == [{"email": "ada@acme.com", "city": "Paris"}]


def test_d3_a_key_that_may_only_read_stops_the_run_and_blames_nobody(runs, account, tmp_path):
    reads = account.model_copy(update={"api_key": "SG.reads"})

    with pytest.raises(RunFailed) as caught:
        runs(service=Contacts(reads))(ADA)

    assert isinstance(caught.value.error, CredentialsRefused)
    assert "access forbidden" in str(caught.value)
    assert "SG.reads" not in str(caught.value)
    assert reasons(tmp_path) == []


def test_b6_a_number_that_may_be_null_is_mapped_to_be_kept_or_refused_before_anything_is_said(runs, asked):
    with pytest.raises(RunFailed, match="on_null: keep") as caught:
        runs()({**ADA, "score": 4.5})

    assert isinstance(caught.value.error, DeclarationError)
    assert asked("PUT", "contacts") == 0


def test_people_are_kept_by_an_identifier_of_your_own(runs, account, held):
    run = runs(service=Contacts(account, Identified("external_id")))

    run({"key": 1, "external_id": "C1", "city": "Rome"}, {"key": 2, "external_id": "C2", "city": "Oslo"})
    run({"key": 1, "external_id": "C1", "city": "Bari"})

    assert held() == [{"external_id": "C1", "city": "Bari"}]


@pytest.mark.parametrize(
    ("mode", "left"), [(Mode.MIRROR, ["eva@acme.com", "joe@acme.com"]), (Mode.UPSERT, ["ada", "eva", "joe"])]
)
def test_c_contacts_enter_and_under_mirror_leave_a_list(runs, account, held, members, mode, left):
    runs(Mode.UPSERT, Contacts(account), "others")(ADA, JOE, EVA)
    run = runs(mode, ShortLists(account, ContactListsOptions(list="Best")))
    ada, joe, eva = ({"key": one["key"], "email": one["email"]} for one in (ADA, JOE, EVA))

    first = run(ada, joe)
    second = run(joe, eva)
    third = run(joe, eva)

    assert members() == [name if "@" in name else f"{name}@acme.com" for name in left]
    assert (first.figures.inserted, second.figures.inserted) == (2, 1)
    assert third.status is Status.NOTHING_TO_DO
    assert held() == without_key(ADA, EVA, JOE)


def test_c_who_is_not_a_contact_is_put_on_no_list_and_becomes_none(runs, account, held, members):
    runs(Mode.UPSERT, Contacts(account), "others")(ADA)
    run = runs(Mode.MIRROR, ShortLists(account, ContactListsOptions(list="Best")))
    ada, joe = ({"key": one["key"], "email": one["email"]} for one in (ADA, JOE))

    first = run(ada, joe)
    second = run(ada)

    assert (first.figures.inserted, first.figures.ignored, second.figures.deleted) == (1, 1, 0)
    assert members() == ["ada@acme.com"]
    assert held() == without_key(ADA)


def test_b5_a_moved_member_is_on_the_list_by_the_new_address_alone(runs, account, members):
    runs(Mode.UPSERT, Contacts(account), "others")(ADA, JOE)
    run = runs(Mode.UPSERT, ShortLists(account, ContactListsOptions(list="Best")))

    run({"key": 1, "email": "ada@acme.com"})
    run({"key": 1, "email": "joe@acme.com"})

    assert members() == ["joe@acme.com"]


def test_a_list_that_is_there_is_used_and_keeps_whom_others_put_on_it(runs, account, client, members):
    request = account.ask("POST", "/v3/marketing/lists", budget=None, json={"name": "Best"})
    assert client.send(request, auth=account.auth()).is_success
    runs(Mode.UPSERT, Contacts(account), "others")(ADA, JOE, EVA)
    runs(Mode.UPSERT, ContactLists(account, ContactListsOptions(list="Best")), "by hand")(
        {"key": 9, "email": "joe@acme.com"}
    )
    run = runs(Mode.MIRROR, ContactLists(account, ContactListsOptions(list="Best")))

    run({"key": 1, "email": "ada@acme.com"})
    run({"key": 3, "email": "eva@acme.com"})

    assert members() == ["eva@acme.com", "joe@acme.com"]


def test_d4_who_left_while_a_job_of_a_broken_run_goes_on_is_deleted_after_it(tmp_path):
    with (
        running(limits=False, platforms=[StandIn(calls=12)]) as slow,
        time_machine.travel("2026-03-01 12:00Z") as clock,
    ):
        account = SendGrid(api_key=API_KEY, base_url=slow.base_url("sendgrid"))
        run = Runs(tmp_path, FewContacts(account), Mode.MIRROR)
        run(ADA)
        slow.world.add_fault(Rule(Kind.DROP, when=When.AFTER, method="PUT"))
        run(ADA, JOE)
        slow.world.clear_faults()

        early = run(ADA)
        run(ADA)
        while len(slow.world.part("sendgrid", "contacts")) < 2:  # SendGrid comes to it
            httpx.get(f"{account.base_url}/v3/marketing/lists", auth=account.auth())
        clock.shift(timedelta(hours=1))
        late = run(ADA)

        assert (early.figures.withheld, late.figures.deleted) == (1, 1)
        assert [one["email"] for one in slow.world.part("sendgrid", "contacts").values()] == ["ada@acme.com"]
