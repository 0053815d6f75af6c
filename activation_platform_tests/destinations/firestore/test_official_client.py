"""Google's own client and our services take turns at the sandbox, and find what the other one wrote.

The client is the one that Google generates (`google.cloud.firestore_v1.services.firestore`), over REST; the token is got by
Google's own library, too. What the high-level client makes of documents and merges comes from its helpers.
"""

import json
from datetime import UTC, datetime

import google.auth.transport.requests
import pytest
from google.api_core.exceptions import Conflict, Forbidden, NotFound
from google.auth.exceptions import RefreshError
from google.cloud.firestore_admin_v1.services.firestore_admin import FirestoreAdminClient
from google.cloud.firestore_admin_v1.services.firestore_admin.transports.rest import (
    FirestoreAdminRestTransport,
)
from google.cloud.firestore_v1 import ArrayRemove, ArrayUnion, _helpers
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports.rest import FirestoreRestTransport
from google.cloud.firestore_v1.types import Write
from google.oauth2.credentials import Credentials
from google.oauth2.service_account import Credentials as ServiceAccount

from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import ACCEPTED, DELETED, ignored
from activation_platform.destinations.firestore.audiences import Audiences, AudiencesOptions
from activation_platform.destinations.firestore.documents import Documents, DocumentsOptions
from activation_platform.sandbox.firestore import service_account_key
from activation_platform.sandbox.firestore.identity import VIEWER

SCOPES = ["https://www.googleapis.com/auth/datastore"]
DATABASE = "projects/sandbox-project/databases/(default)"
NOON = datetime(2024, 1, 31, 12, 0, 0, 250, tzinfo=UTC)


@pytest.fixture
def token(account):
    """A token for a key, as Google's library gets one."""

    def get(key=account.credentials):
        credentials = ServiceAccount.from_service_account_info(json.loads(key), scopes=SCOPES)
        credentials.refresh(google.auth.transport.requests.Request())
        return credentials.token

    return get


@pytest.fixture
def opened(account):
    def client(token, kind=FirestoreClient, transport=FirestoreRestTransport):
        host = account.root_url.removeprefix("http://")
        return kind(transport=transport(host=host, url_scheme="http", credentials=Credentials(token)))

    return client


@pytest.fixture
def theirs(opened, token):
    return opened(token())


@pytest.fixture
def write(theirs):
    """A batch of writes, as their bulk writer says it; returns the codes of its statuses."""

    def say(*writes):
        told = theirs.batch_write(request={"database": DATABASE, "writes": list(writes)})
        return [status.code for status in told.status]

    return say


@pytest.fixture
def read(theirs):
    def get(id_, collection="users"):
        return _helpers.decode_dict(theirs.get_document(request={"name": name(id_, collection)}).fields, None)

    return get


@pytest.fixture
def documents(account):
    return lambda **options: Documents(account, DocumentsOptions(**{"collection": "users", **options}))


def name(id_, collection="users"):
    return f"{DATABASE}/documents/{collection}/{id_}"


def test_their_client_reads_every_type_that_we_write(documents, deliver, read):
    row = {
        "document_id": "Zoë",
        "city": "Paris",
        "orders": 2**62,
        "score": 4.5,
        "trial": False,
        "seen": NOON,
        "tags": ["a", "b"],
        "a name": None,
    }

    assert deliver(documents(), row) == [ACCEPTED]

    found = read("Zoë")
    assert {key: value for key, value in found.items() if key != "seen"} == {
        key: value for key, value in row.items() if key not in ("document_id", "seen")
    }
    assert found["seen"] == NOON


def test_what_they_set_and_we_merge_is_what_both_would_have_merged(documents, deliver, write, read):
    for id_ in ("ours", "theirs"):
        assert write(*_helpers.pbs_for_set_no_merge(name(id_), {"city": "Paris", "phone": "1"})) == [0]

    deliver(documents(), {"document_id": "ours", "city": "Rome"})
    write(*_helpers.pbs_for_set_with_merge(name("theirs"), {"city": "Rome"}, merge=True))

    assert read("ours") == read("theirs") == {"city": "Rome", "phone": "1"}


def test_what_we_overwrite_is_what_they_would_have_set(documents, deliver, write, read):
    for id_ in ("ours", "theirs"):
        write(*_helpers.pbs_for_set_no_merge(name(id_), {"city": "Paris", "phone": "1"}))

    deliver(documents(write="overwrite"), {"document_id": "ours", "city": "Rome"})
    write(*_helpers.pbs_for_set_no_merge(name("theirs"), {"city": "Rome"}))

    assert read("ours") == read("theirs") == {"city": "Rome"}


def test_a_merge_of_nothing_makes_a_document_and_empties_none_for_either(documents, deliver, write, read):
    write(*_helpers.pbs_for_set_no_merge(name("ada"), {"city": "Paris"}))
    nothing = _helpers.pbs_for_set_with_merge(name("ada"), {}, merge=True)

    assert deliver(documents(), {"document_id": "ada"}, {"document_id": "joe"}) == [ACCEPTED] * 2
    assert write(*nothing) == [0]

    assert (read("ada"), read("joe")) == ({"city": "Paris"}, {})


def test_what_either_creates_the_other_does_not_create_again(documents, deliver, write, read):
    assert write(*_helpers.pbs_for_create(name("ada"), {"city": "Paris"})) == [0]
    rows = [{"document_id": id_, "city": "Rome"} for id_ in ("ada", "joe")]

    assert deliver(documents(), *rows, mode=Mode.INSERT_ONLY) == [ignored("already there"), ACCEPTED]

    assert write(*_helpers.pbs_for_create(name("joe"), {"city": "Oslo"})) == [6]
    assert (read("ada"), read("joe")) == ({"city": "Paris"}, {"city": "Rome"})


def test_neither_updates_what_is_not_there(documents, deliver, write, read):
    write(*_helpers.pbs_for_create(name("ada"), {"city": "Paris"}))
    rows = [{"document_id": id_, "city": "Rome"} for id_ in ("ada", "joe")]

    outcomes = deliver(documents(), *rows, mode=Mode.UPDATE_ONLY)

    assert outcomes == [ACCEPTED, ignored("unknown at the destination")]
    assert write(*_helpers.pbs_for_update(name("joe"), {"city": "Oslo"}, None)) == [5]
    assert read("ada") == {"city": "Rome"}


def test_what_we_delete_is_gone_for_them_and_what_they_delete_is_for_us(documents, deliver, theirs, read):
    rows = [{"document_id": id_} for id_ in ("ada", "joe")]
    deliver(documents(), *rows)
    theirs.delete_document(request={"name": name("joe")})

    assert deliver(documents(), *rows, mode=Mode.MIRROR, operation=Operation.DELETE) == [DELETED] * 2

    with pytest.raises(NotFound):
        read("ada")


def test_an_array_that_either_changes_is_one_array(account, deliver, write, read):
    audience = Audiences(account, AudiencesOptions(collection="users", audience="VIP"))
    rows = [{"document_id": id_} for id_ in ("ada", "joe")]
    joined = {"audiences": ArrayUnion(["new"])}
    write(*_helpers.pbs_for_set_with_merge(name("ada"), joined, merge=True))

    assert deliver(audience, *rows) == [ACCEPTED] * 2
    assert (read("ada"), read("joe")) == ({"audiences": ["new", "VIP"]}, {"audiences": ["VIP"]})

    assert deliver(audience, rows[0], mode=Mode.MIRROR, operation=Operation.DELETE) == [DELETED]
    write(*_helpers.pbs_for_set_with_merge(name("joe"), {"audiences": ArrayRemove(["VIP"])}, merge=True))
    assert (read("ada"), read("joe")) == ({"audiences": ["new"]}, {"audiences": []})


def test_their_pages_of_a_collection_are_the_documents_that_we_wrote(documents, deliver, theirs):
    deliver(documents(collection="shops/paris/users"), *({"document_id": f"u{n}"} for n in range(7)))

    page = theirs.list_documents(
        request={"parent": f"{DATABASE}/documents/shops/paris", "collection_id": "users", "page_size": 3}
    )

    assert [one.name for one in page] == [name(f"u{n}", "shops/paris/users") for n in range(7)]


def test_a_commit_of_theirs_is_all_or_nothing(documents, deliver, theirs, read):
    deliver(documents(), {"document_id": "ada", "city": "Paris"})
    writes = [
        *_helpers.pbs_for_set_no_merge(name("joe"), {"city": "Rome"}),
        *_helpers.pbs_for_create(name("ada"), {"city": "Oslo"}),
    ]

    with pytest.raises(Conflict):
        theirs.commit(request={"database": DATABASE, "writes": writes})
    with pytest.raises(NotFound):
        read("joe")

    theirs.commit(request={"database": DATABASE, "writes": [*writes[:1], Write(delete=name("ada"))]})
    assert read("joe") == {"city": "Rome"}


def test_the_database_that_we_check_is_the_one_that_their_client_sees(account, client, opened, token):
    admin = opened(token(), FirestoreAdminClient, FirestoreAdminRestTransport)

    told = admin.get_database(request={"name": DATABASE})

    response = client.get(f"{account.root_url}/v1/{DATABASE}", headers={"Authorization": f"Bearer {token()}"})
    assert (told.name, told.type_.name) == (response.json()["name"], "FIRESTORE_NATIVE")


def test_a_refusal_reaches_their_client_as_googles(account, opened, token, theirs):
    viewer = opened(token(service_account_key(account.root_url, VIEWER)))
    other = {**json.loads(account.credentials), "client_email": "nobody@shop.iam.gserviceaccount.com"}

    with pytest.raises(Forbidden, match="Missing or insufficient permissions"):
        viewer.batch_write(request={"database": DATABASE, "writes": [Write(delete=name("ada"))]})
    with pytest.raises(RefreshError, match="refresh the access token"):  # which it tries after a 401
        opened("wrong").get_document(request={"name": name("ada")})
    with pytest.raises(NotFound, match="does not exist"):
        theirs.batch_write(request={"database": "projects/sandbox-project/databases/eu", "writes": []})
    with pytest.raises(RefreshError, match="account not found"):
        token(json.dumps(other))
