"""Whole runs against Firestore's stand-in: what it holds after them is what the mode promises."""

import json

import pytest

from activation_platform.contracts.errors import CredentialsRefused, NotFound
from activation_platform.contracts.modes import Mode
from activation_platform.destinations.firestore.audiences import Audiences, AudiencesOptions
from activation_platform.destinations.firestore.destination import Firestore
from activation_platform.destinations.firestore.documents import Documents, DocumentsOptions
from activation_platform.sandbox.faults import Extent, Kind, Rule, When
from activation_platform.sandbox.firestore import service_account_key
from activation_platform.sandbox.firestore.identity import VIEWER
from activation_platform.sync.activate import RunFailed
from activation_platform.sync.history import Status
from activation_platform_tests.destinations.conversation import carry
from activation_platform_tests.destinations.running import Runs

ADA = {"key": 1, "document_id": "ada", "city": "London"}
JOE = {"key": 2, "document_id": "joe", "city": "Rome"}
EVA = {"key": 3, "document_id": "eva", "city": "Oslo"}


class FewDocuments(Documents):
    """Documents, told two at a time."""

    batch_size = 2


class SmallAudiences(Audiences):
    """An audience, told two users at a time."""

    batch_size = 2


@pytest.fixture
def documents(account):
    return lambda account=account, **options: FewDocuments(
        account, DocumentsOptions(**{"collection": "users", **options})
    )


@pytest.fixture
def runs(tmp_path, documents):
    return lambda mode=Mode.MIRROR, service=None, place="runs", keeps=(): Runs(
        tmp_path / place, service or documents(), mode, keeps=frozenset(keeps)
    )


@pytest.fixture
def write(account, client):
    """Any write, as somebody else would make it."""

    def say(service, id_, **fields):
        typed = {name: {"stringValue": value} for name, value in fields.items()}
        update = {"name": account.documents("users") + id_, "fields": typed}
        request = account.write(service, [json.dumps({"update": update})])
        assert client.send(request, auth=account.auth()).json()["status"] == [{}]

    return say


@pytest.fixture
def asked(sandbox):
    def count(path="documents:batchWrite"):
        return sum(one["count"] for one in sandbox.world.requests() if one["path"].endswith(path))

    return count


def test_c_mirror_keeps_a_collection_in_step(runs, held, asked):
    run = runs()

    first = run(ADA, JOE, EVA)
    second = run({**ADA, "city": None}, EVA, {"key": 4, "document_id": "Zoë", "city": "Bonn"})
    writes = asked()
    third = run({**ADA, "city": None}, EVA, {"key": 4, "document_id": "Zoë", "city": "Bonn"})

    assert held() == {"ada": {"city": None}, "eva": {"city": "Oslo"}, "Zoë": {"city": "Bonn"}}
    assert first.figures.inserted == 3
    assert (second.figures.inserted, second.figures.updated, second.figures.deleted) == (1, 1, 1)
    assert third.status is Status.NOTHING_TO_DO
    assert asked() == writes


def test_c_upsert_leaves_who_left_and_what_others_write(runs, documents, write, held):
    run = runs(Mode.UPSERT)
    run(ADA, JOE)
    write(documents(), "ada", city="Paris", phone="1")

    run({**ADA, "city": "Bath"})

    assert held() == {"ada": {"city": "Bath", "phone": "1"}, "joe": {"city": "Rome"}}


def test_c_update_only_makes_nobody_and_insert_only_changes_nobody(runs, documents, write, held):
    write(documents(), "ada", city="Paris", phone="1")

    updated = runs(Mode.UPDATE_ONLY)(ADA, JOE)
    assert held() == {"ada": {"city": "London", "phone": "1"}}
    assert (updated.figures.updated + updated.figures.inserted, updated.figures.ignored) == (1, 1)

    inserted = runs(Mode.INSERT_ONLY, place="others")({**ADA, "city": "Bath"}, JOE)
    assert held() == {"ada": {"city": "London", "phone": "1"}, "joe": {"city": "Rome"}}
    assert (inserted.figures.inserted, inserted.figures.ignored) == (1, 1)


def test_overwrite_leaves_nothing_but_what_is_mapped(runs, documents, write, held):
    write(documents(), "ada", city="Paris", phone="1")

    runs(Mode.UPSERT, documents(write="overwrite"))(ADA)

    assert held() == {"ada": {"city": "London"}}


def test_b5_another_id_is_another_document(runs, held):
    run = runs()
    run(ADA, JOE)

    run({**ADA, "document_id": "ada2"}, JOE)

    assert held() == {"ada2": {"city": "London"}, "joe": {"city": "Rome"}}


def test_b6_null_that_is_kept_is_not_said(runs, held):
    run = runs(Mode.UPSERT, keeps={"city"})
    run(ADA, JOE)

    run({**ADA, "city": None}, {**JOE, "city": "Bari"})

    assert held() == {"ada": {"city": "London"}, "joe": {"city": "Bari"}}


def test_d2_a_document_that_is_refused_is_owed_and_drags_nobody_down(runs, sandbox, held):
    sandbox.world.add_fault(Rule(Kind.POISON, identifier="joe", extent=Extent.RECORD, reason="too large"))
    run = runs()

    run(ADA, JOE, EVA)
    assert set(held()) == {"ada", "eva"}
    sandbox.world.clear_faults()
    again = run(ADA, JOE, EVA)

    assert set(held()) == {"ada", "joe", "eva"}
    assert again.figures.inserted == 1


def test_a_document_of_more_than_a_mebibyte_is_refused_by_firestore_and_by_itself(runs, held):
    run = runs()

    told = run(ADA, {**JOE, "city": "x" * 1_048_400 + "ü" * 100})

    assert set(held()) == {"ada"}
    assert told.figures.destination_issues == 1


def test_an_answer_that_is_lost_is_asked_for_again_and_nothing_is_written_twice_over(runs, sandbox, held):
    sandbox.world.add_fault(Rule(Kind.DROP, when=When.AFTER, times=1, path="*batchWrite"))

    told = runs(Mode.UPSERT)(ADA, JOE)

    assert told.figures.inserted == 2
    assert held() == {"ada": {"city": "London"}, "joe": {"city": "Rome"}}


def test_a_token_that_is_forgotten_meanwhile_is_replaced(runs, sandbox, account, asked, held):
    run = runs()
    run(ADA)
    sandbox.world.platforms["firestore"]._tokens = type(sandbox.world.platforms["firestore"]._tokens)()

    run(ADA, JOE)

    assert asked("/token") == 2
    assert set(held()) == {"ada", "joe"}


def test_the_application_default_credentials_of_a_machine_open_the_database(
    runs, account, documents, tmp_path, monkeypatch, held
):
    file = tmp_path / "key.json"
    file.write_text(account.credentials)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    machine = Firestore(project=account.project, base_url=account.base_url)

    runs(service=documents(machine))(ADA)

    assert held() == {"ada": {"city": "London"}}


def test_d3_an_account_that_may_only_read_stops_the_run_and_blames_nobody(runs, account, documents):
    key = service_account_key(account.root_url, VIEWER)
    viewer = account.model_copy(update={"credentials": key})

    with pytest.raises(RunFailed) as failed:
        runs(service=documents(viewer))(ADA)

    assert isinstance(failed.value.__cause__, CredentialsRefused)
    assert failed.value.run.figures.destination_issues == 0


def test_a_database_that_is_not_there_blames_no_record(runs, account, documents):
    elsewhere = Firestore(
        **{**account.model_dump(include={"project", "credentials", "base_url"}), "database": "eu"}
    )

    with pytest.raises(RunFailed) as failed:
        runs(service=documents(elsewhere))(ADA)

    assert isinstance(failed.value.__cause__, NotFound)
    assert "does not exist" in str(failed.value)


def test_audiences_of_one_array_do_not_disturb_each_other(runs, account, documents, held, write):
    write(documents(), "ada", city="London")

    def audience(name):
        options = AudiencesOptions(collection="users", audience=name)
        return runs(Mode.MIRROR, SmallAudiences(account, options), place=name)

    vip, new = audience("VIP"), audience("new")
    people = [{"key": one["key"], "document_id": one["document_id"]} for one in (ADA, JOE, EVA)]
    vip(*people)
    new(*people[:2])
    vip(*people[1:])
    last = vip(*people[1:])

    assert held() == {
        "ada": {"city": "London", "audiences": ["new"]},
        "joe": {"audiences": ["VIP", "new"]},
        "eva": {"audiences": ["VIP"]},
    }
    assert last.status is Status.NOTHING_TO_DO


def test_who_leaves_an_audience_and_has_no_document_gets_none(runs, account, client, held):
    options = AudiencesOptions(collection="users", audience="VIP")
    run = runs(Mode.MIRROR, SmallAudiences(account, options))
    people = [{"key": one["key"], "document_id": one["document_id"]} for one in (ADA, JOE)]
    run(*people)
    request = account.ask("DELETE", f"/v1/{account.documents('users')}ada", budget=account.looks)
    assert client.send(request, auth=account.auth()).is_success

    told = run(people[1])

    assert set(held()) == {"joe"}
    assert told.figures.deleted == 1


def test_a_check_writes_nothing(account, client, held, asked):
    assert (
        carry(account.account(), account, client).outcomes == "projects/sandbox-project/databases/(default)"
    )
    assert (held(), asked()) == ({}, 0)
