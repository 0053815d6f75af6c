"""Batch's services in whole runs: engine, loader and ledger against the sandbox, over sockets."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import polars as pl
import pytest

from activation_platform.contracts.errors import CredentialsRefused, DeclarationError, NotFound
from activation_platform.contracts.modes import Mode, RunType
from activation_platform.destinations.batch.catalogs import Catalogs, CatalogsOptions
from activation_platform.destinations.batch.contact_lists import ContactLists, ContactListsOptions
from activation_platform.destinations.batch.contacts import Contacts
from activation_platform.destinations.batch.destination import Batch
from activation_platform.destinations.batch.erasures import Erasures
from activation_platform.destinations.batch.events import Events
from activation_platform.destinations.batch.profiles import Profiles
from activation_platform.sandbox import RunningSandbox
from activation_platform.sandbox.faults import Extent, Kind, Rule, When
from activation_platform.sync.activate import RunFailed, activate
from activation_platform.sync.budgets import Budgets
from activation_platform.sync.folder import Folder
from activation_platform.sync.history import issues
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.loader import Loader
from activation_platform.sync.mapping import FieldMapping
from activation_platform.sync.order import Activation, RunOrder, Window
from activation_platform.sync.order import Events as EventsOrder
from activation_platform.sync.patience import Patience

NOW = datetime.now(UTC)
PERSON = (FieldMapping("custom_id", "id"),)
ITEM = (FieldMapping("id", "id"), FieldMapping("price", "price", on_null="keep"))
ITEMS = {"id": pl.String, "price": pl.Float64}
HAPPENED = (
    FieldMapping("event_id", "id"),
    FieldMapping("custom_id", "who"),
    FieldMapping("event_name", constant="seen"),
    FieldMapping("event_time", "at"),
)


class SmallLists(ContactLists):
    """An audience, told two members at a time."""

    batch_size = 2


@dataclass
class Office:
    """Runs an activation of one service, again and again; nothing waits."""

    root: Path
    sandbox: RunningSandbox
    project: Batch
    time: float = 0.0
    runs: int = 0
    settings: dict = field(default_factory=dict)

    async def sleep(self, seconds):
        self.time += seconds

    def run(self, service, mode, mapping, frame, **order):
        self.runs += 1
        activation = Activation(
            name="people",
            service=service,
            mode=mode,
            run_type=RunType.FULL_THEN_DELTA,
            mapping=mapping,
            key=("id",),
            **self.settings,
        )
        loader = Loader(
            self.project,
            Budgets(Folder(self.root / "budgets"), "acme", now=lambda: self.time),
            Patience(sleep=self.sleep, random=lambda: 0.5),
            concurrency=2,
        )
        given = {
            "run_id": f"run-{self.runs}",
            "partition": f"p{self.runs}",
            "instant": NOW + timedelta(minutes=self.runs),
            "snapshot": self.runs,
        }
        return activate(
            activation,
            frame.lazy(),
            Ledger(Folder(self.root / "ledgers" / "people")),
            loader,
            RunOrder(**{**given, **order}),
            account_hash=lambda: "hashed",
        )

    def people(self, service, mode, *ids):
        return self.run(service, mode, PERSON, pl.DataFrame({"id": list(ids)}, schema={"id": pl.String}))

    def items(self, service, mode, **prices):
        frame = pl.DataFrame({"id": list(prices), "price": list(prices.values())}, schema=ITEMS)
        return self.run(service, mode, ITEM, frame)

    def held(self, part):
        return self.sandbox.world.part("batch", part)

    def asked(self, path):
        return sum(one["count"] for one in self.sandbox.world.requests() if one["path"].endswith(path))

    def told(self):
        return issues(Folder(self.root), "people").select("run", "key", "event", "reason").rows()


@pytest.fixture
def office(tmp_path, sandbox, project):
    return Office(tmp_path, sandbox, project)


@pytest.fixture
def audience(project):
    return SmallLists(project, ContactListsOptions("vip"))


@pytest.fixture
def catalog(project):
    return Catalogs(project, CatalogsOptions("products"))


def happened(*events):
    schema = {"id": pl.String, "who": pl.String, "at": pl.Datetime("us", "UTC")}
    return pl.DataFrame([(key, who, NOW - ago) for key, who, ago in events], schema=schema, orient="row")


def window(hours=2):
    return Window(NOW - timedelta(hours=hours), NOW + timedelta(minutes=1))


def test_e3_each_event_is_told_once_fifteen_a_call(office, project):
    office.settings = {"events": EventsOrder(time="at")}
    events = happened(*((f"e{n}", f"p{n % 3}", timedelta(minutes=n)) for n in range(40)))

    first = office.run(Events(project), Mode.INSERT_ONLY, HAPPENED, events, window=window())
    again = office.run(Events(project), Mode.INSERT_ONLY, HAPPENED, events, window=window())

    assert (first.figures.inserted, again.figures.inserted) == (40, 0)
    assert sum(map(len, office.held("events").values())) == 40
    assert office.asked("/profiles/update") == 3


def test_e3_an_event_older_than_the_vendor_takes_is_a_source_issue_and_no_request(office, project):
    office.settings = {"events": EventsOrder(time="at")}
    events = happened(("old", "jane", timedelta(hours=30)), ("new", "jane", timedelta(hours=1)))

    first = office.run(Events(project), Mode.INSERT_ONLY, HAPPENED, events, window=window(48))
    again = office.run(Events(project), Mode.INSERT_ONLY, HAPPENED, events, window=window(48))

    assert (first.figures.inserted, first.figures.source_issues) == (1, 1)
    assert (again.figures.source_issues, again.figures.standing) == (0, 1)
    assert office.told() == [(1, "old", "set_aside", "event_time is not within the last 24 hours")]
    assert len(office.held("events")["jane"]) == 1


@pytest.mark.parametrize("kind", [Kind.DROP, Kind.HALF, Kind.BROKEN_JSON])
def test_d1_an_event_whose_answer_broke_is_not_told_twice_by_its_run(office, project, kind):
    office.settings = {"events": EventsOrder(time="at")}
    office.sandbox.world.add_fault(Rule(kind, path="/batch/*/profiles/*", when=When.AFTER))

    run = office.run(
        Events(project),
        Mode.INSERT_ONLY,
        HAPPENED,
        happened(("e", "jane", timedelta(hours=1))),
        window=window(),
    )

    assert (run.figures.destination_issues, len(office.held("events")["jane"])) == (1, 1)


def test_a_refused_event_is_told_again_by_the_next_run(office, project):
    office.settings = {"events": EventsOrder(time="at")}
    office.sandbox.world.add_fault(Rule(Kind.POISON, identifier="jane", extent=Extent.RECORD, times=1))
    events = happened(("e1", "jane", timedelta(hours=1)), ("e2", "john", timedelta(hours=1)))

    office.run(Events(project), Mode.INSERT_ONLY, HAPPENED, events, window=window())
    assert list(office.held("events")) == ["john"]
    office.run(Events(project), Mode.INSERT_ONLY, HAPPENED, events, window=window())

    assert {person: len(held) for person, held in office.held("events").items()} == {"john": 1, "jane": 1}


@pytest.mark.parametrize(("mode", "left"), [(Mode.MIRROR, {"b", "c", "d"}), (Mode.UPSERT, set("abcd"))])
def test_people_enter_and_under_mirror_leave_an_audience(office, audience, mode, left):
    office.people(audience, mode, "a", "b", "c")
    office.people(audience, mode, "b", "c", "d")
    unchanged = office.people(audience, mode, "b", "c", "d")

    assert set(office.held("audiences")["vip"]) == left
    assert unchanged.figures.extracted == 0


def test_c1_a_snapshot_holds_exactly_the_frame(office, audience):
    office.people(audience, Mode.SNAPSHOT, "a", "b", "c", "d", "e")
    assert set(office.held("audiences")["vip"]) == set("abcde")

    office.people(audience, Mode.SNAPSHOT, "e", "f", "g")
    assert set(office.held("audiences")["vip"]) == {"e", "f", "g"}

    office.people(audience, Mode.SNAPSHOT)
    assert office.held("audiences")["vip"] == {}


@pytest.mark.parametrize(
    ("mode", "left"),
    [(Mode.MIRROR, {"b": 2.5, "c": 3.0, "d": 4.0}), (Mode.UPSERT, {"a": 1.0, "b": 2.5, "c": 3.0, "d": 4.0})],
)
def test_items_enter_change_and_under_mirror_leave_a_catalog(office, catalog, mode, left):
    first = office.items(catalog, mode, a=1.0, b=2.0, c=3.0)
    second = office.items(catalog, mode, b=2.5, c=None, d=4.0)
    silent = office.items(catalog, mode, b=2.5, c=None, d=4.0)

    prices = {id_: one["price"] for id_, one in office.held("catalogs")["products"].items()}
    assert prices == left, "what is null keeps the price that there is"
    assert (first.figures.inserted, second.figures.inserted, second.figures.updated) == (3, 1, 2)
    assert second.figures.deleted == (mode is Mode.MIRROR)
    assert silent.figures.extracted == 0


def test_an_item_that_is_refused_leaves_its_neighbours_alone_and_is_tried_again(office, catalog):
    office.items(catalog, Mode.UPSERT, z=0.0)
    office.sandbox.world.add_fault(Rule(Kind.POISON, identifier="b", extent=Extent.RECORD, reason="no"))
    refused = office.items(catalog, Mode.UPSERT, a=1.0, b=2.0, c=3.0)
    office.sandbox.world.clear_faults()
    office.items(catalog, Mode.UPSERT, a=1.0, b=2.0, c=3.0)

    assert (refused.figures.inserted, refused.figures.destination_issues) == (2, 1)
    assert office.told() == [(2, "b", "rejected", "MALFORMED_REQUEST: no")]
    assert set(office.held("catalogs")["products"]) == set("zabc")


def test_a_column_that_the_catalog_has_no_field_for_stops_the_run_before_anything_is_said(office, catalog):
    office.items(catalog, Mode.UPSERT, a=1.0)
    frame = pl.DataFrame({"id": ["a"], "price": [1.0], "colour": ["red"]})

    with pytest.raises(RunFailed) as caught:
        office.run(catalog, Mode.UPSERT, (*ITEM, FieldMapping("colour", "colour", on_null="keep")), frame)

    assert isinstance(caught.value.error, DeclarationError)
    assert 'the account has no field "colour"' in str(caught.value)
    assert office.asked("/catalogs/items/edit") == 2


def test_c_erase_asks_for_each_person_once_and_for_good(office, project):
    writing = Office(office.root / "writing", office.sandbox, project)
    writing.people(Profiles(project), Mode.UPSERT, "a", "b", "c")

    office.people(Erasures(project), Mode.ERASE, "a", "b")
    office.people(Erasures(project), Mode.ERASE, "b")
    with office.sandbox.control() as control:
        control.finish_erasures()
    office.people(Erasures(project), Mode.ERASE, "b", "a")
    office.people(Erasures(project), Mode.ERASE, "b", "a")

    assert list(office.held("profiles")) == ["c"]
    assert office.asked("/gdpr/request") == 2 * len(project.live_api_keys)


def test_c2_in_full_who_came_back_is_erased_once_more(office, project):
    writing = Office(office.root / "writing", office.sandbox, project)
    for turn in range(2):
        writing.run(Profiles(project), Mode.UPSERT, PERSON, pl.DataFrame({"id": ["a", "b"]}), full=bool(turn))
        office.run(Erasures(project), Mode.ERASE, PERSON, pl.DataFrame({"id": ["a"]}), full=bool(turn))
        with office.sandbox.control() as control:
            control.finish_erasures()

    assert list(office.held("profiles")) == ["b"]
    assert office.asked("/gdpr/request") == 2 * len(project.live_api_keys)


def test_contacts_are_updated_in_every_app_and_only_when_they_change(office, project):
    mapping = (*PERSON, FieldMapping("level", "level"))
    frame = pl.DataFrame({"id": ["a", "b"], "level": [1, 2]})

    first = office.run(Contacts(project), Mode.UPDATE_ONLY, mapping, frame)
    office.run(Contacts(project), Mode.UPDATE_ONLY, mapping, frame)
    changed = frame.with_columns(level=pl.Series([1, 3]))
    second = office.run(Contacts(project), Mode.UPDATE_ONLY, mapping, changed)

    assert (first.figures.updated, second.figures.updated) == (2, 1)
    expected = {"a": {"u.level": 1}, "b": {"u.level": 3}}
    assert office.held("custom_data") == {"0": expected, "1": expected}
    assert office.asked("/data/users") == 4


def test_d7_an_app_that_refused_for_now_is_told_again_and_the_others_are_not(office, project):
    office.sandbox.world.add_fault(
        Rule(Kind.STATUS, path="*/sandbox-web-key/data/users", status=400, times=1)
    )

    run = office.people(Contacts(project), Mode.UPDATE_ONLY, "a")

    assert run.figures.updated == 1
    assert office.asked("/data/users") == 3
    assert office.held("custom_data") == {"0": {"a": {}}, "1": {"a": {}}}


@pytest.mark.parametrize(
    ("wrong", "error"), [("wrong-live-key", CredentialsRefused), ("wrong/live key", NotFound)]
)
@pytest.mark.parametrize(
    ("service", "mode"), [(Contacts, Mode.UPDATE_ONLY), (Erasures, Mode.ERASE)], ids=["contacts", "erasures"]
)
def test_d9_a_wrong_app_key_stops_the_run_and_is_in_no_message(office, service, mode, wrong, error):
    office.project = office.project.model_copy(update={"live_api_keys": [wrong]})

    with pytest.raises(RunFailed) as caught:
        office.people(service(office.project), mode, "a")

    assert isinstance(caught.value.error, error)
    for form in (wrong, quote(wrong, safe="")):
        assert form not in str(caught.value) + caught.value.run.error
    assert office.told() == []


@pytest.mark.parametrize(
    "fault", [{"status": 429}, {"status": 429, "retry_after": 7.0}, {"status": 503}], ids=str
)
@pytest.mark.parametrize(
    ("service", "mode"),
    [(SmallLists, Mode.MIRROR), (Contacts, Mode.UPDATE_ONLY), (Erasures, Mode.ERASE)],
    ids=["contact lists", "contacts", "erasures"],
)
def test_a_vendor_that_asks_to_wait_is_waited_for_and_nothing_is_lost(office, service, mode, fault):
    options = ContactListsOptions("vip") if service is SmallLists else None
    office.sandbox.world.add_fault(Rule(Kind.STATUS, method="POST", times=1, **fault))

    run = office.people(service(office.project, options), mode, "a", "b", "c")

    assert run.figures.inserted + run.figures.updated + run.figures.deletes_requested == 3
    assert office.told() == []


def test_half_a_character_in_the_vendors_words_breaks_nothing(office, project):
    half = Rule(Kind.POISON, identifier="a", extent=Extent.RECORD, reason="not \ud800 fine")
    office.sandbox.world.add_fault(half)

    run = office.people(Profiles(project), Mode.UPSERT, "a", "b")

    assert run.figures.destination_issues == 1
    assert [reason for *_, reason in office.told()] == ["custom_id: not ? fine"]
