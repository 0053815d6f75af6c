"""Files in a bucket, against a stand-in of the stores: one object each, there whole or not at all."""

import socket
from datetime import timedelta
from http import HTTPStatus

import polars as pl
import pytest

from activation_platform.contracts.errors import (
    ConnectionFailed,
    CredentialsRefused,
    DeclarationError,
    NotFound,
    RateLimited,
    TimedOut,
)
from activation_platform.contracts.modes import Mode
from activation_platform.destinations.files import objects
from activation_platform_tests.destinations.files.desk import PEOPLE, Desk
from activation_platform_tests.destinations.files.stores import CLOSES

BIG = pl.DataFrame({"id": range(300_000), "name": [f"{n**5:040}" for n in range(300_000)]})
"""More than one part of an upload."""
OLD = b"id,name\n1,Ada\n"


@pytest.fixture(params=["s3", "google"])
def bucket(request, store):
    """The bucket as either store: prefix in, destination out."""
    return getattr(store, request.param)


def desk_at(destination, tmp_path, mode=Mode.SNAPSHOT, attempts=3, **options):
    return Desk(destination, tmp_path, {"path": "people.csv", **options}, mode, attempts)


def test_a_run_is_one_object_under_the_prefix(bucket, store, tmp_path):
    desk = desk_at(bucket("to the/partner"), tmp_path, path="é {YYYY}/people.csv")

    assert desk.probe() == f"{bucket().url.rstrip('/')}/to the/partner"
    assert store.keys() == []
    desk.write(PEOPLE)
    assert store.keys() == ["to the/partner/é 2026/people.csv"]
    assert store.read("to the/partner/é 2026/people.csv") == b"id,name\n1,Ada\n2,Grace\n"


def test_a_snapshot_replaces_the_object_also_in_parts(bucket, store, tmp_path):
    desk = desk_at(bucket(), tmp_path)
    desk.write(PEOPLE[:1])

    desk.write(BIG)

    assert store.keys() == ["people.csv"]
    text = store.read("people.csv")
    assert len(text) > 8 * 1024 * 1024
    assert text.count(b"\n") == BIG.height + 1
    assert any(line.startswith("POST") for line in store.front.seen)


def test_an_upload_that_breaks_in_the_middle_leaves_the_old_object(bucket, store, tmp_path):
    desk = desk_at(bucket(), tmp_path, attempts=2)
    desk.write(PEOPLE[:1])
    store.front.faults["PUT"] = [HTTPStatus.SERVICE_UNAVAILABLE] * 100

    with pytest.raises(ConnectionFailed, match="keeps answering 503 ServiceUnavailable"):
        desk.write(BIG)

    assert store.read("people.csv") == OLD
    assert len(desk.waited) == 1


def test_a_store_that_is_busy_for_a_moment_is_waited_for(bucket, store, tmp_path):
    store.front.faults["PUT"] = [HTTPStatus.SERVICE_UNAVAILABLE] * 4

    desk = desk_at(bucket(), tmp_path)
    desk.write(PEOPLE)

    assert store.keys() == ["people.csv"]
    assert len(desk.waited) == 1


def test_a_store_that_stays_busy_is_a_rate_limit(bucket, store, tmp_path):
    desk = desk_at(bucket(), tmp_path, attempts=1)
    store.front.faults["GET"] = [HTTPStatus.TOO_MANY_REQUESTS] * 100

    with pytest.raises(RateLimited, match="keeps answering 429"):
        desk.probe()


def test_a_store_that_never_answers_is_timed_out(bucket, tmp_path, monkeypatch):
    monkeypatch.setattr(objects, "_ANSWER_WITHIN", timedelta(milliseconds=50))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        desk = desk_at(bucket(base_url=f"http://127.0.0.1:{silent.getsockname()[1]}"), tmp_path, attempts=1)

        with pytest.raises(TimedOut, match="did not answer in time"):
            desk.probe()


def test_a_store_that_hangs_up_is_asked_again(bucket, store, tmp_path):
    store.front.faults["PUT"] = [CLOSES] * 4

    desk_at(bucket(), tmp_path).write(PEOPLE)

    assert store.keys() == ["people.csv"]


@pytest.mark.parametrize("status", [HTTPStatus.FORBIDDEN, HTTPStatus.UNAUTHORIZED])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_refusal_is_one_of_credentials_and_blames_no_record(bucket, store, tmp_path, status, method):
    desk = desk_at(bucket(), tmp_path)
    store.front.faults[method] = [status] * 100

    with pytest.raises(CredentialsRefused, match=str(status.value)) as refused:
        desk.probe() if method == "GET" else desk.write(PEOPLE)

    assert "a-secret-key" not in str(refused.value)
    assert desk.waited == []
    store.front.faults.clear()
    assert store.keys() == []


def test_a_bucket_that_is_not_there_is_said(bucket, store, tmp_path):
    url = bucket().url.replace("//bucket", "//missing")
    desk = desk_at(bucket(url=url), tmp_path)

    with pytest.raises(NotFound, match="answered 404 NoSuchBucket"):
        desk.probe()
    with pytest.raises(NotFound, match="Create the bucket"):
        desk.write(PEOPLE)


def test_a_store_that_is_down_cannot_be_reached(bucket, tmp_path):
    desk = desk_at(bucket(base_url="http://127.0.0.1:9"), tmp_path)

    with pytest.raises(ConnectionFailed, match="cannot be reached"):
        desk.probe()

    assert len(desk.waited) == 2


def test_a_file_of_changes_never_replaces_an_object_that_is_there(bucket, store, tmp_path):
    desk = desk_at(bucket(), tmp_path, Mode.UPSERT, path="people_{ss}.csv")
    desk.write(PEOPLE[:1])

    with pytest.raises(DeclarationError, match="already has a file"):
        desk.write(PEOPLE)

    assert store.read("people_05.csv") == OLD


def test_a_service_account_that_is_none_is_said_without_showing_it(store, tmp_path):
    desk = desk_at(store.google(service_account='{"private_key": "very secret"}'), tmp_path)

    with pytest.raises(DeclarationError, match="no key of a service account") as refused:
        desk.probe()

    assert "very secret" not in str(refused.value)
