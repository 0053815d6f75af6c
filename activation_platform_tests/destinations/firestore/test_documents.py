"""Conversations about the documents of a collection."""

from datetime import UTC, date, datetime

import httpx
import polars as pl
import pytest

from activation_platform.contracts.batch import IDENTIFIER, KEY, OMITTED, PREVIOUS, Batch, MappedField
from activation_platform.contracts.errors import CredentialsRefused, DeclarationError, NotFound
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import ACCEPTED, DELETED, ignored, rejected, retry
from activation_platform.contracts.rows import Rows
from activation_platform.contracts.service import BatchRefused, UnreadableAnswer
from activation_platform.destinations.firestore.documents import Documents, DocumentsOptions
from activation_platform_tests.destinations.conversation import batch_of, converse
from activation_platform_tests.destinations.firestore.speaking import (
    BATCH_WRITE,
    NAME,
    account,
    documents,
    done,
    refused,
    say,
)

ADA = {"document_id": "ada", "city": "London"}
JOE = {"document_id": "joe", "city": "Rome"}


def test_a_batch_is_one_request_that_merges_what_is_mapped_and_writes_no_id():
    said = say([ADA, JOE])

    assert said.lines == [BATCH_WRITE]
    assert said.outcomes == [ACCEPTED, ACCEPTED]
    assert said.bodies[0]["writes"][1] == {
        "update": {
            "name": f"{NAME}/documents/users/joe",
            "fields": {"city": {"stringValue": "Rome"}},
        },
        "updateMask": {"fieldPaths": ["city"]},
    }


def test_overwrite_says_no_mask_so_that_nothing_else_stays():
    (body,) = say([ADA], write="overwrite").bodies

    assert set(body["writes"][0]) == {"update"}


@pytest.mark.parametrize(
    ("mode", "condition"),
    [
        (Mode.UPSERT, None),
        (Mode.MIRROR, None),
        (Mode.UPDATE_ONLY, {"exists": True}),
        (Mode.INSERT_ONLY, {"exists": False}),
    ],
)
@pytest.mark.parametrize("write", ["merge", "overwrite"])
def test_a_mode_says_what_must_be_there_before(mode, condition, write):
    (body,) = say([ADA], mode=mode, write=write).bodies

    assert body["writes"][0].get("currentDocument") == condition


def test_a_value_says_its_type():
    row = {
        "document_id": "ada",
        "whole": 2**62,
        "number": 4.5,
        "flag": True,
        "day": date(1815, 12, 10),
        "moment": datetime(2024, 1, 31, 12, 30, 0, 250, tzinfo=UTC),
        "list": ["a", "ü"],
        "empty list": [],
        "text": 'a "quoted" text',
    }

    (body,) = say([row], schema={"empty list": pl.List(pl.String)}).bodies

    write = body["writes"][0]
    assert write["update"]["fields"] == {
        "whole": {"integerValue": str(2**62)},
        "number": {"doubleValue": 4.5},
        "flag": {"booleanValue": True},
        "day": {"stringValue": "1815-12-10"},
        "moment": {"timestampValue": "2024-01-31T12:30:00.000250Z"},
        "list": {"arrayValue": {"values": [{"stringValue": "a"}, {"stringValue": "ü"}]}},
        "empty list": {"arrayValue": {"values": []}},
        "text": {"stringValue": 'a "quoted" text'},
    }
    assert write["updateMask"]["fieldPaths"][-2:] == ["`empty list`", "text"]


def test_b6_null_is_a_value_of_its_own_type():
    rows = [ADA, {"document_id": "joe", "city": None, "tags": None}, {"document_id": "eva", "tags": ["x"]}]

    (body,) = say(rows, schema={"city": pl.String, "tags": pl.List(pl.String)}).bodies

    nothing = {"nullValue": "NULL_VALUE"}
    assert [write["update"]["fields"] for write in body["writes"]] == [
        {"city": {"stringValue": "London"}, "tags": nothing},
        {"city": nothing, "tags": nothing},
        {"city": nothing, "tags": {"arrayValue": {"values": [{"stringValue": "x"}]}}},
    ]
    assert all(write["updateMask"] == {"fieldPaths": ["city", "tags"]} for write in body["writes"])


def test_b6_what_is_kept_or_left_out_is_neither_in_the_document_nor_in_the_mask():
    frame = pl.DataFrame(
        {
            KEY: ["1", "2", "3"],
            IDENTIFIER: ["ada", "joe", "eva"],
            PREVIOUS: pl.Series([None] * 3, dtype=pl.String),
            "document_id": ["ada", "joe", "eva"],
            "city": ["London", None, None],
            "score": [1, 2, None],
            f"{OMITTED}score": [False, True, False],
        }
    )
    fields = (
        MappedField("document_id"),
        MappedField("city", keeps_null=True),
        MappedField("score", may_omit=True),
    )

    said = converse(documents(), Batch(Operation.INSERT, Mode.UPSERT, Rows(frame), fields), done(0, 0, 0))

    writes = said.bodies[0]["writes"]
    assert [write["updateMask"]["fieldPaths"] for write in writes] == [["city", "score"], [], ["score"]]
    assert [write["update"]["fields"] for write in writes] == [
        {"city": {"stringValue": "London"}, "score": {"integerValue": "1"}},
        {},
        {"score": {"nullValue": "NULL_VALUE"}},
    ]


def test_a_document_of_which_only_the_id_is_mapped_keeps_what_it_has():
    (body,) = say([{"document_id": "ada"}, {"document_id": "joe"}]).bodies

    assert body["writes"][0] == {
        "update": {"name": f"{NAME}/documents/users/ada", "fields": {}},
        "updateMask": {"fieldPaths": []},
    }


def test_a_delete_says_names_alone_and_what_is_not_there_is_deleted():
    said = say([ADA, JOE], mode=Mode.MIRROR, operation=Operation.DELETE)

    assert said.bodies == [
        {"writes": [{"delete": f"{NAME}/documents/users/{name}"} for name in ("ada", "joe")]}
    ]
    assert said.outcomes == [DELETED, DELETED]


def test_a_collection_may_be_within_a_document():
    (body,) = say([ADA], collection="shops/paris/customers").bodies

    assert body["writes"][0]["update"]["name"] == f"{NAME}/documents/shops/paris/customers/ada"


def test_each_write_has_the_outcome_of_its_own_status():
    said = say([ADA] * 5, done(0, 3, 10, 14, 8, message="busy"))

    assert said.outcomes == [ACCEPTED, rejected("busy"), retry("busy"), retry("busy"), retry("busy")]


@pytest.mark.parametrize(
    ("mode", "code", "outcome"),
    [
        (Mode.UPDATE_ONLY, 5, ignored("unknown at the destination")),
        (Mode.INSERT_ONLY, 6, ignored("already there")),
        (Mode.UPSERT, 5, rejected("no")),
        (Mode.UPDATE_ONLY, 6, rejected("no")),
    ],
)
def test_c_only_the_mode_that_asked_for_it_ignores_what_is_missing_or_there(mode, code, outcome):
    assert say([ADA], done(code), mode=mode).outcomes == [outcome]


@pytest.mark.parametrize("code", [7, 16])
def test_d3_a_write_that_is_not_allowed_stops_the_run_and_blames_no_record(code):
    said = say([ADA, JOE], done(0, code, message="Missing or insufficient permissions."))

    assert isinstance(said.raised, CredentialsRefused)
    assert "Missing or insufficient permissions." in str(said.raised)


@pytest.mark.parametrize(
    ("response", "raised"),
    [
        (refused(400, "INVALID_ARGUMENT"), BatchRefused),
        (refused(413, "INVALID_ARGUMENT"), BatchRefused),
        (refused(404, "NOT_FOUND", "The database (default) does not exist"), NotFound),
        (done(0), UnreadableAnswer),
        (httpx.Response(200, json={"status": [{}, "no"]}), UnreadableAnswer),
        (httpx.Response(200, json={"status": [{}, {"code": ["8"]}]}), UnreadableAnswer),
        (httpx.Response(200, json={"status": 8}), UnreadableAnswer),
    ],
)
def test_a_batch_that_is_refused_or_not_answered_whole_accepts_nobody(response, raised):
    assert isinstance(say([ADA, JOE], response).raised, raised)


def test_more_than_ten_mebibytes_are_not_said():
    rows = [{"document_id": str(n), "text": "x" * 2**20} for n in range(10)]

    said = converse(documents(), batch_of(*rows, identified_by="document_id"))

    assert (said.lines, type(said.raised)) == ([], BatchRefused)


@pytest.mark.parametrize(
    "collection", ["", "users/", "/users", "shops/paris", "..", "__users__", "a//b", None]
)
def test_a_collection_that_is_none_is_refused(collection):
    with pytest.raises(DeclarationError, match="is not a collection"):
        DocumentsOptions(collection=collection)


def test_a_way_to_write_that_there_is_not_is_refused():
    with pytest.raises(DeclarationError, match="merge or overwrite"):
        DocumentsOptions(collection="users", write="replace")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", "is empty"),
        ("a/b", "holds a slash, which no document ID may"),
        (".", "is only dots, which no document ID may be"),
        ("..", "is only dots, which no document ID may be"),
        ("__a\n__", "begins and ends with __, which Firestore reserves"),
        ("ü" * 751, "is longer than 1,500 bytes"),
        ("ü" * 750, None),
        (" A b.ü ", None),
        ("___", None),
    ],
)
def test_a_document_id_is_taken_as_it_is_or_set_aside(raw, reason):
    cleaned = Documents.fields[0].type.clean(pl.Series([raw]))

    assert cleaned.reasons[0] == reason
    assert cleaned.values[0] == (None if reason else raw)


@pytest.mark.parametrize(
    ("name", "accepted"),
    [
        ("city", True),
        ("postal code", True),
        ("größe", True),
        ("a.b", False),
        ("__a__", False),
        ("a`", False),
        ("", False),
    ],
)
def test_a_name_of_a_field_is_one_that_needs_no_path(name, accepted):
    assert Documents.custom_fields.accepts(name) is accepted


def test_the_collection_is_what_the_ledger_pins():
    assert documents("shops/paris/customers").target == "shops/paris/customers"
    assert account().documents("users") == f"{NAME}/documents/users/"
