"""Whole runs against Emarsys' stand-in: what it holds after them is what the mode promises."""

import polars as pl
import pytest

from activation_platform.contracts.errors import CredentialsRefused, NotFound, RateLimited
from activation_platform.contracts.modes import Mode
from activation_platform.destinations.emarsys.contact_lists import ContactLists
from activation_platform.destinations.emarsys.contacts import Contacts
from activation_platform.destinations.emarsys.destination import Emarsys
from activation_platform.destinations.emarsys.lists import ContactListsOptions, ContactsOptions
from activation_platform.destinations.emarsys.relational_data import RelationalData
from activation_platform.destinations.emarsys.tables import RelationalDataOptions
from activation_platform.sandbox.emarsys import CLIENT_ID, CLIENT_SECRET, SECRET
from activation_platform.sandbox.faults import Extent, Kind, Rule, When
from activation_platform.sync.activate import RunFailed
from activation_platform.sync.history import Status
from activation_platform_tests.destinations.running import Runs

ADA = {"key": 1, "email": "ada@acme.com", "city": "London"}
JOE = {"key": 2, "email": "joe@acme.com", "city": "Rome"}
EVA = {"key": 3, "email": "eva@acme.com", "city": "Oslo"}


class ShortLists(ContactLists):
    """A list, told two members at a time."""

    batch_size = 2


class FewRows(RelationalData):
    """Rows, told two at a time."""

    batch_size = 2


class FewContacts(Contacts):
    """Contacts, told two at a time."""

    batch_size = 2


@pytest.fixture
def runs(tmp_path, account):
    return lambda mode=Mode.MIRROR, service=None, place="runs": Runs(
        tmp_path / place, service or FewContacts(account), mode
    )


def without_key(*people):
    return [{name: value for name, value in one.items() if name != "key" and value} for one in people]


def reasons(path):
    """What the issues of all runs say."""
    files = sorted((path / "runs" / "ledger" / "issues").glob("*.parquet"))
    return [reason for file in files for reason in pl.read_parquet(file)["reason"]]


@pytest.mark.parametrize("mode", [Mode.MIRROR, Mode.UPSERT])
def test_c_contacts_enter_change_and_leave_as_the_mode_says(runs, held, mode):
    run = runs(mode)
    paris = {**ADA, "city": "Paris"}

    first = run(ADA, JOE)
    second = run(paris, EVA)
    third = run(paris, EVA)

    left = [] if mode is Mode.MIRROR else without_key(JOE)
    assert held() == [*without_key(paris, EVA), *left]
    assert (first.figures.inserted, second.figures.updated, second.figures.inserted) == (2, 1, 1)
    assert second.figures.deleted == (1 if mode is Mode.MIRROR else 0)
    assert third.status is Status.NOTHING_TO_DO


def test_c_update_only_makes_nobody(runs, account, held):
    runs(Mode.UPSERT, Contacts(account), "others")(ADA)
    run = runs(Mode.UPDATE_ONLY)

    first = run({**ADA, "city": "Paris"}, JOE)
    second = run({**ADA, "city": "Bath"}, JOE)

    assert held() == without_key({**ADA, "city": "Bath"})
    assert (first.figures.updated, first.figures.ignored) == (1, 1)
    assert (second.figures.updated, second.figures.extracted) == (1, 1)


def test_c_insert_only_overwrites_nobody(runs, account, held):
    runs(Mode.UPSERT, Contacts(account), "others")(ADA)

    run = runs(Mode.INSERT_ONLY)({**ADA, "city": "Paris"}, JOE)

    assert held() == without_key(ADA, JOE)
    assert (run.figures.inserted, run.figures.ignored) == (1, 1)


def test_b5_under_mirror_a_moved_contact_is_the_new_one_and_the_old_one_goes(runs, held):
    run = runs()

    run(ADA)
    run({**ADA, "email": "countess@acme.com"})

    assert held() == [{"email": "countess@acme.com", "city": "London"}]


def test_b5_by_a_key_of_your_own_a_moved_contact_stays_the_same(runs, account, sandbox, held):
    run = runs(service=Contacts(account, ContactsOptions("own_shorttext")))

    run({**ADA, "own_shorttext": "C1"})
    before = set(sandbox.world.part("emarsys", "contacts"))
    run({**ADA, "own_shorttext": "C1", "email": "countess@acme.com"})

    assert held() == [{"email": "countess@acme.com", "city": "London", "own_shorttext": "C1"}]
    assert set(sandbox.world.part("emarsys", "contacts")) == before


def test_b5_under_update_only_a_moved_contact_keeps_what_it_has(runs, account, sandbox, held):
    runs(Mode.UPSERT, Contacts(account), "others")({**ADA, "last_name": "Lovelace"}, JOE)
    run = runs(Mode.UPDATE_ONLY)

    run(ADA, JOE)
    before = set(sandbox.world.part("emarsys", "contacts"))
    second = run({**ADA, "email": "countess@acme.com", "city": "Bath"}, JOE)

    moved = {"email": "countess@acme.com", "city": "Bath", "last_name": "Lovelace"}
    assert held() == [moved, *without_key(JOE)]
    assert set(sandbox.world.part("emarsys", "contacts")) == before
    assert (second.figures.updated, second.figures.extracted) == (1, 1)


def test_b6_null_clears_a_field_of_every_type(runs, held):
    values = {
        "first_name": "Ada",
        "optin": "1",
        "own_date": "1815-12-10",
        "own_numeric": 4.5,
        "own_singlechoice": "2",
        "own_multichoice": ["1", "3"],
        "own_url": "https://example.com",
    }
    run = runs(Mode.UPSERT)

    run({**ADA, **values})
    full = held()
    run({**ADA, **dict.fromkeys(values)})

    assert full == without_key({**ADA, **values})
    assert held() == without_key(ADA)


def test_a_choice_that_there_is_none_of_is_set_aside_before_anything_is_said(runs, held):
    run = runs(Mode.UPSERT)({**ADA, "own_singlechoice": "9"}, {**JOE, "own_singlechoice": "1"})

    assert (run.figures.inserted, run.figures.source_issues) == (1, 1)
    assert held() == without_key({**JOE, "own_singlechoice": "1"})


def test_a_list_of_choices_is_set_aside_for_one_that_there_is_none_of(runs, held):
    run = runs(Mode.UPSERT)({**ADA, "own_multichoice": ["1", "9"]}, {**JOE, "own_multichoice": ["1", "3"]})

    assert (run.figures.inserted, run.figures.source_issues) == (1, 1)
    assert held() == without_key({**JOE, "own_multichoice": ["1", "3"]})


def test_d2_what_only_the_vendor_can_refuse_is_told_of_that_contact_alone(runs, account, held, tmp_path):
    run = runs(Mode.UPSERT, Contacts(account, ContactsOptions("own_shorttext")))
    long, short = {**ADA, "own_shorttext": "x" * 61}, {**JOE, "own_shorttext": "C2"}

    first = run(long, short)

    assert (first.figures.inserted, first.figures.destination_issues) == (1, 1)
    assert [one.startswith("Invalid value for field id") for one in reasons(tmp_path)] == [True]
    assert held() == without_key(short)


def test_of_two_contacts_with_one_value_of_the_key_none_is_touched(runs, account, held, tmp_path):
    others = runs(Mode.UPSERT, Contacts(account, ContactsOptions("own_shorttext")), "others")
    others(
        {"key": 1, "email": "ada@acme.com", "own_shorttext": "C1"},
        {"key": 2, "email": "ada@acme.com", "own_shorttext": "C2"},
    )
    before = held()

    run = runs(Mode.UPSERT)(ADA)

    assert held() == before
    assert run.figures.destination_issues == 1
    assert [one.startswith("More contacts found") for one in reasons(tmp_path)] == [True]


def test_d2_a_batch_that_is_refused_whole_is_parted_until_the_culprit_stands_alone(
    runs, account, sandbox, held
):
    sandbox.world.add_fault(Rule(Kind.POISON, method="PUT", identifier="joe@acme.com"))

    run = runs(Mode.UPSERT, Contacts(account))(ADA, JOE, EVA)

    assert (run.figures.inserted, run.figures.destination_issues) == (2, 1)
    assert held() == without_key(ADA, EVA)


def test_d2_who_is_refused_once_is_there_after_the_next_run(runs, sandbox, held):
    poison = Rule(Kind.POISON, identifier="joe@acme.com", extent=Extent.RECORD, times=1)
    sandbox.world.add_fault(poison)
    run = runs(Mode.UPSERT)

    first, second = run(ADA, JOE), run(ADA, JOE)

    assert (first.figures.inserted, first.figures.destination_issues, second.figures.inserted) == (1, 1, 1)
    assert held() == without_key(ADA, JOE)


@pytest.mark.parametrize("kind", [Kind.DROP, Kind.HALF, Kind.BROKEN_JSON, Kind.HTML_200])
def test_an_answer_that_breaks_once_costs_nobody(runs, sandbox, held, kind):
    sandbox.world.add_fault(Rule(kind, path="*/contact/*", when=When.AFTER, times=1))

    run = runs()(ADA, JOE)

    # Who was written before the answer broke is, by the vendor's word, updated when it is said once more.
    assert run.figures.inserted + run.figures.updated == 2
    assert held() == without_key(ADA, JOE)


@pytest.mark.parametrize("credentials", ["WSSE", "OpenID Connect"])
def test_d3_credentials_that_may_only_read_stop_the_run_and_blame_nobody(
    runs, account, tmp_path, credentials
):
    wsse = {"username": "reader", "secret": SECRET}
    client = {"client_id": "reader", "client_secret": CLIENT_SECRET, "username": "", "secret": ""}
    given = client if credentials == "OpenID Connect" else wsse
    reads = account.model_copy(update={**given, "token_url": f"{account.base_url}/oauth2/token"})

    with pytest.raises(RunFailed) as caught:
        runs(service=Contacts(reads))(ADA)

    assert isinstance(caught.value.error, CredentialsRefused)
    assert "Forbidden" in str(caught.value)
    assert reasons(tmp_path) == []


@pytest.fixture
def client_of(sandbox):
    base_url = sandbox.base_url("emarsys")

    def made(**settings):
        known = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        return Emarsys(base_url=base_url, token_url=f"{base_url}/oauth2/token", **(known | settings))

    return made


def test_a_client_of_openid_connect_writes_what_an_api_user_writes(runs, client_of, held):
    run = runs(service=FewContacts(client_of()))

    run(ADA, JOE, EVA)
    second = run({**ADA, "city": "Paris"})

    assert held() == without_key({**ADA, "city": "Paris"})
    assert (second.figures.updated, second.figures.deleted) == (1, 2)


def test_d3_a_client_that_is_given_no_token_stops_the_run_and_its_secret_is_not_told(
    runs, client_of, tmp_path
):
    with pytest.raises(RunFailed) as caught:
        runs(service=Contacts(client_of(client_secret="a wrong secret")))(ADA)

    assert isinstance(caught.value.error, CredentialsRefused)
    assert "invalid_client" in str(caught.value)
    assert "a wrong secret" not in str(caught.value)
    assert reasons(tmp_path) == []


def test_d3_tokens_that_are_to_be_had_later_are_waited_for(runs, client_of, sandbox, held):
    sandbox.world.add_fault(Rule(Kind.STATUS, path="*/oauth2/token", status=503, times=1))

    runs(service=Contacts(client_of()))(ADA)

    assert held() == without_key(ADA)


def test_d3_a_limit_that_stays_reached_ends_the_run_and_blames_nobody(runs, sandbox, tmp_path):
    sandbox.world.add_fault(Rule(Kind.STATUS, path="*/contact/*", status=429, retry_after=86_400))

    with pytest.raises(RunFailed) as caught:
        runs()(ADA)

    assert isinstance(caught.value.error, RateLimited)
    assert reasons(tmp_path) == []


@pytest.fixture
def members(sandbox):
    """The e-mail addresses on a list."""

    def emails(name="Best"):
        contacts = sandbox.world.part("emarsys", "contacts")
        return sorted(contacts[id_]["email"] for id_ in sandbox.world.part("emarsys", "lists")[name])

    return emails


def named(*people):
    return [{"key": one["key"], "email": one["email"]} for one in people]


@pytest.mark.parametrize("mode", [Mode.MIRROR, Mode.UPSERT, Mode.SNAPSHOT])
def test_c_contacts_enter_and_leave_a_list_as_the_mode_says(runs, account, held, members, mode):
    runs(Mode.UPSERT, Contacts(account), "others")(ADA, JOE, EVA)
    run = runs(mode, ShortLists(account, ContactListsOptions(list="Best")))

    first = run(*named(ADA, JOE, EVA))
    run(*named(JOE, EVA))
    third = run(*named(JOE, EVA))

    left = ["ada@acme.com"] if mode is Mode.UPSERT else []
    assert members() == [*left, "eva@acme.com", "joe@acme.com"]
    assert first.figures.inserted == 3
    assert third.status is (Status.SUCCEEDED if mode is Mode.SNAPSHOT else Status.NOTHING_TO_DO)
    assert held() == without_key(ADA, EVA, JOE)


def test_c_a_snapshot_of_nobody_leaves_nobody_on_the_list(runs, account, members):
    runs(Mode.UPSERT, Contacts(account), "others")(ADA)
    run = runs(Mode.SNAPSHOT, ShortLists(account, ContactListsOptions(list="Best")))

    run(*named(ADA))
    run({"key": 9, "email": "nobody"})

    assert members() == []


def test_c_who_is_no_contact_is_put_on_no_list_and_becomes_none(runs, account, held, members):
    runs(Mode.UPSERT, Contacts(account), "others")(ADA)
    run = runs(Mode.MIRROR, ShortLists(account, ContactListsOptions(list="Best")))

    first = run(*named(ADA, JOE))
    second = run(*named(ADA))

    assert (first.figures.inserted, first.figures.ignored, second.figures.deleted) == (1, 1, 0)
    assert members() == ["ada@acme.com"]
    assert held() == without_key(ADA)


def test_b5_a_moved_member_is_on_the_list_by_the_new_address_alone(runs, account, members):
    runs(Mode.UPSERT, Contacts(account), "others")(ADA, JOE)
    run = runs(Mode.UPSERT, ShortLists(account, ContactListsOptions(list="Best")))

    run({"key": 1, "email": "ada@acme.com"})
    run({"key": 1, "email": "joe@acme.com"})

    assert members() == ["joe@acme.com"]


def test_contacts_are_put_on_the_list_that_an_option_names(runs, account, members):
    run = runs(Mode.UPSERT, FewContacts(account, ContactsOptions(list="Newcomers")))

    run(ADA, JOE, EVA)

    assert members("Newcomers") == ["ada@acme.com", "eva@acme.com", "joe@acme.com"]


@pytest.fixture
def rows(sandbox):
    return lambda: sorted(
        sandbox.world.part("emarsys", "tables")["shop.orders"], key=lambda one: str(one["order_id"])
    )


@pytest.fixture
def orders(account):
    def made(**options):
        named = {"connection": "shop", "table": "orders", "key": "order_id"} | options
        return FewRows(account, RelationalDataOptions(**named))

    return made


@pytest.mark.parametrize("mode", [Mode.MIRROR, Mode.UPSERT, Mode.SNAPSHOT])
def test_c_rows_of_a_table_enter_change_and_leave_as_the_mode_says(runs, orders, rows, mode):
    run = runs(mode, orders())
    paid = [{"order_id": f"A{n}", "state": "paid"} for n in range(1, 5)]
    sent = [{**paid[0], "state": "sent"}, *paid[2:]]

    run(*({"key": one["order_id"], **one} for one in paid))
    run(*({"key": one["order_id"], **one} for one in sent))

    assert rows() == (
        sorted([*sent, paid[1]], key=lambda one: one["order_id"]) if mode is Mode.UPSERT else sent
    )


def test_c_a_snapshot_of_no_row_that_can_be_sent_leaves_none_in_the_table(runs, orders, rows):
    run = runs(Mode.SNAPSHOT, orders())

    run({"key": 1, "order_id": "A1", "state": "paid"})
    run({"key": 2, "order_id": "", "state": "paid"})

    assert rows() == []


def test_rows_are_kept_by_a_key_that_is_a_number(runs, orders, rows):
    run = runs(Mode.MIRROR, orders(key_is_number=True))

    run({"key": 1, "order_id": 7, "state": "paid"}, {"key": 2, "order_id": 8, "state": "paid"})
    run({"key": 2, "order_id": 8, "state": None})

    assert rows() == [{"order_id": 8, "state": None}]


def test_d2_a_row_that_is_refused_is_found_out_and_its_neighbours_are_there(
    runs, orders, sandbox, rows, tmp_path
):
    sandbox.world.add_fault(Rule(Kind.POISON, identifier="A2", extent=Extent.RECORD, reason="Data too long"))

    run = runs(Mode.UPSERT, orders())(
        *({"key": n, "order_id": f"A{n}", "state": "paid"} for n in range(1, 5))
    )

    assert (run.figures.inserted, run.figures.destination_issues) == (3, 1)
    assert [one["order_id"] for one in rows()] == ["A1", "A3", "A4"]
    assert reasons(tmp_path) == ["Data too long (1)"]


def test_a_table_that_does_not_exist_stops_the_run_and_blames_no_record(runs, orders, tmp_path):
    with pytest.raises(RunFailed) as caught:
        runs(Mode.UPSERT, orders(table="order"))({"key": 1, "order_id": "A1"})

    assert isinstance(caught.value.error, NotFound)
    assert "There is no table order" in str(caught.value)
    assert reasons(tmp_path) == []
