"""How Google's identities prove who they are: a token for an assertion, kept while it is good."""

import base64
import json
from urllib.parse import parse_qs

import google.auth.jwt
import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from activation_platform.contracts.errors import ConnectionFailed, CredentialsRefused, DeclarationError
from activation_platform.contracts.google import (
    ApplicationDefault,
    ServiceAccount,
    google_identity,
    key_secrets,
    service_account_key,
)

TOKENS = "https://oauth2.googleapis.com/token"
SCOPE = "https://www.googleapis.com/auth/datastore"


@pytest.fixture(scope="module")
def pair():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def key(pair):
    pem = pair.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return {
        "type": "service_account",
        "client_email": "a@shop.iam.gserviceaccount.com",
        "private_key": pem.decode(),
        "private_key_id": "key-0123456789",
        "token_uri": TOKENS,
    }


class Clock:
    """A clock that a test moves by hand."""

    now = 1_750_000_000.0

    def __call__(self):
        return self.now


class Google:
    """Gives tokens, and takes the newest of them alone; `refuses`: what it answers to whoever asks for one."""

    def __init__(self):
        self.asked = []
        self.taken = []
        self.refuses = None

    def __call__(self, request):
        if str(request.url) == TOKENS:
            self.asked.append(request)
            good = {"access_token": f"token-{len(self.asked)}", "expires_in": 3599, "token_type": "Bearer"}
            return self.refuses or httpx.Response(200, json=good)
        self.taken.append(request.headers["Authorization"])
        return httpx.Response(200 if self.taken[-1] == f"Bearer token-{len(self.asked)}" else 401)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def google_itself():
    return Google()


@pytest.fixture
def send(key, clock, google_itself):
    identity = ServiceAccount(key, SCOPE, clock)
    client = httpx.Client(transport=httpx.MockTransport(google_itself), auth=identity)
    return lambda: client.get("https://firestore.googleapis.com/v1/things")


def test_an_assertion_is_signed_by_the_key_for_google_and_for_an_hour(send, google_itself, pair):
    assert send().status_code == 200

    (asked,) = google_itself.asked
    form = parse_qs(asked.content.decode())
    public = pair.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    (assertion,) = form["assertion"]
    header, claims, *_ = google.auth.jwt._unverified_decode(assertion)
    signed, _, signature = assertion.rpartition(".")
    assert google.auth.crypt.verify_signature(
        signed.encode(), base64.urlsafe_b64decode(signature + "=="), public
    )
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    assert header == {"typ": "JWT", "alg": "RS256", "kid": "key-0123456789"}
    assert claims == {
        "iss": "a@shop.iam.gserviceaccount.com",
        "scope": SCOPE,
        "aud": TOKENS,
        "iat": 1_750_000_000,
        "exp": 1_750_003_600,
    }


def test_a_token_is_kept_while_it_is_good(send, google_itself, clock):
    send()
    clock.now += 3_568
    send()
    assert len(google_itself.asked) == 1

    clock.now += 1
    assert send().status_code == 200

    assert google_itself.taken == ["Bearer token-1", "Bearer token-1", "Bearer token-2"]


def test_a_token_that_is_not_taken_any_more_is_replaced_once(send, google_itself):
    send()
    google_itself.asked.append("somebody else's")

    assert send().status_code == 200
    assert google_itself.taken == ["Bearer token-1", "Bearer token-1", "Bearer token-3"]


def test_d3_a_token_that_is_refused_is_a_credential_that_is_refused(send, google_itself, key):
    words = {"error": "invalid_grant", "error_description": f"Invalid JWT Signature. {key['private_key_id']}"}
    google_itself.refuses = httpx.Response(400, json=words)

    with pytest.raises(CredentialsRefused, match="400 invalid_grant: Invalid JWT Signature") as told:
        send()

    assert key["private_key_id"] not in str(told.value)
    assert google_itself.taken == []


@pytest.mark.parametrize("private_key", [None, "", "no key"])
def test_a_key_that_cannot_sign_is_refused_without_a_word_of_it(key, private_key):
    identity = ServiceAccount({**key, "private_key": private_key}, SCOPE)

    with pytest.raises(CredentialsRefused, match="no private key that can sign") as told:
        next(identity.auth_flow(httpx.Request("GET", "https://firestore.googleapis.com")))

    assert "no key" not in str(told.value)


def test_a_key_is_its_json_as_it_is_or_in_base64(key):
    text = json.dumps(key)

    assert service_account_key(f" {text}\n", "The source's") == key
    assert service_account_key(base64.b64encode(text.encode()).decode(), "The source's") == key
    assert service_account_key("", "The source's") == {}
    assert key_secrets(text) == [key["private_key"], "key-0123456789"]
    assert key_secrets("no key") == []


@pytest.mark.parametrize("text", ["{}", "[]", "no key", '{"client_email": '])
def test_a_text_that_is_no_key_is_refused_without_it(text):
    with pytest.raises(
        DeclarationError, match="The source's credentials are no service account's key"
    ) as told:
        google_identity(text, SCOPE, "The source's")

    assert text not in str(told.value)


def test_without_a_key_the_machine_says_who_it_is(key, tmp_path, monkeypatch):
    file = tmp_path / "key.json"
    file.write_text(json.dumps(key))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    refreshed = []

    def refresh(self, request):
        refreshed.append(self.service_account_email)
        self.token = "their-token"

    monkeypatch.setattr("google.oauth2.service_account.Credentials.refresh", refresh)
    identity = google_identity("", SCOPE, "The destination's")

    sent = next(identity.auth_flow(httpx.Request("GET", "https://firestore.googleapis.com")))
    next(identity.auth_flow(httpx.Request("GET", "https://firestore.googleapis.com")))

    assert sent.headers["Authorization"] == "Bearer their-token"
    assert refreshed == [key["client_email"]]


def test_a_machine_that_is_nobody_is_told_what_to_give(tmp_path, monkeypatch):
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "missing.json"))

    with pytest.raises(CredentialsRefused, match="GOOGLE_APPLICATION_CREDENTIALS"):
        next(ApplicationDefault(SCOPE).auth_flow(httpx.Request("GET", "https://firestore.googleapis.com")))


def test_a_token_endpoint_of_the_machine_that_is_not_there_is_a_failed_connection(key, tmp_path, monkeypatch):
    file = tmp_path / "key.json"
    file.write_text(json.dumps(key))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))

    def refresh(self, request):
        raise google.auth.exceptions.TransportError("refused")

    monkeypatch.setattr("google.oauth2.service_account.Credentials.refresh", refresh)

    with pytest.raises(ConnectionFailed, match="token endpoint"):
        next(ApplicationDefault(SCOPE).auth_flow(httpx.Request("GET", "https://firestore.googleapis.com")))


def test_an_identity_shows_no_key(key):
    assert key["private_key"] not in repr(ServiceAccount(key, SCOPE))
