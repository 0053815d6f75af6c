"""How requests prove who sent them."""

import base64
import hashlib
import hmac

import httpx
import pytest

from activation_platform.contracts.auth import ClientCredentials, Signed, UsernameToken
from activation_platform.contracts.errors import CredentialsRefused


def test_a_signature_is_an_hmac_over_time_and_body():
    auth = Signed({"X-Team": "crm"}, "key", "X-Signature", now=lambda: 1_700_000_000.9)
    request = httpx.Request("POST", "https://example.org", json={"name": "Zoë"})

    signed = next(auth.sync_auth_flow(request))

    digest = hmac.new(b"key", b"1700000000." + request.content, hashlib.sha256).hexdigest()
    assert signed.headers["X-Signature"] == f"t=1700000000,v1={digest}"
    assert signed.headers["X-Team"] == "crm"


def test_a_known_signature_is_made_again():
    auth = Signed({}, "whsec_test", "Sig", now=lambda: 1_614_556_800)

    signed = next(auth.sync_auth_flow(httpx.Request("DELETE", "https://example.org")))

    assert (
        signed.headers["Sig"]
        == "t=1614556800,v1=" + hmac.new(b"whsec_test", b"1614556800.", hashlib.sha256).hexdigest()
    )


def test_a_request_that_is_sent_again_is_signed_anew():
    times = iter([1.0, 2.0])
    auth = Signed({}, "key", "Sig", now=lambda: next(times))
    request = httpx.Request("POST", "https://example.org", content=b"x")

    first, second = (next(auth.sync_auth_flow(request)).headers["Sig"] for _ in range(2))

    assert (first[:4], second[:4]) == ("t=1,", "t=2,")
    assert first.partition("v1=")[2] != second.partition("v1=")[2]


def test_a_signature_shows_no_key():
    assert "key" not in repr(Signed({}, "key", "Sig"))


def said_by(auth):
    return next(auth.sync_auth_flow(httpx.Request("GET", "https://example.org"))).headers["X-WSSE"]


def test_a_digest_is_the_one_that_the_vendors_own_script_makes():
    auth = UsernameToken("shop001", "secret", now=lambda: 1_469_018_096, once=lambda: "a87ff679a2f3e71d")

    digest = hashlib.sha1(b"a87ff679a2f3e71d2016-07-20T12:34:56Zsecret").hexdigest()
    assert said_by(auth) == (
        f'UsernameToken Username="shop001", PasswordDigest="{base64.b64encode(digest.encode()).decode()}", '
        'Nonce="a87ff679a2f3e71d", Created="2016-07-20T12:34:56Z"'
    )


def test_a_digest_is_used_once_and_does_not_hold_the_secret():
    auth = UsernameToken("shop001", "secret", now=lambda: 0)

    first, second = said_by(auth), said_by(auth)

    assert first != second
    assert "secret" not in first + second + repr(auth)


class Desk:
    """Gives out tokens, and refuses those that it has withdrawn."""

    def __init__(self, **told):
        self.told = {"token_type": "bearer", "expires_in": 100} | told
        self.given, self.withdrawn, self.seen = 0, set(), []

    def answer(self, request):
        if request.url.path == "/token":
            self.given += 1
            self.asked = request
            return httpx.Response(200, json={"access_token": f"t{self.given}"} | self.told)
        self.seen.append(request.headers["Authorization"])
        return httpx.Response(401 if self.seen[-1][7:] in self.withdrawn else 200)


@pytest.fixture
def clock():
    return {"now": 0.0}


@pytest.fixture
def say(clock):
    auth = ClientCredentials("https://auth.example.org/token", "shop", "s3cret", now=lambda: clock["now"])

    def send(answer):
        with httpx.Client(transport=httpx.MockTransport(answer), auth=auth) as client:
            return client.get("https://api.example.org/things")

    return send


def test_a_token_is_got_with_the_clients_secret_and_used_until_it_is_over(say, clock):
    desk = Desk()

    for now in (0, 50, 80):
        clock["now"] = now
        assert say(desk.answer).is_success

    assert desk.asked.headers["Authorization"] == f"Basic {base64.b64encode(b'shop:s3cret').decode()}"
    assert desk.asked.content == b"grant_type=client_credentials"
    assert desk.seen == ["Bearer t1", "Bearer t1", "Bearer t2"]  # half a minute before its end it is over


def test_a_token_that_is_withdrawn_is_got_once_more_and_a_new_one_that_is_refused_is_a_refusal(say):
    desk = Desk()
    say(desk.answer)

    desk.withdrawn = {"t1"}
    assert say(desk.answer).status_code == 200
    desk.withdrawn = {"t2", "t3"}
    assert say(desk.answer).status_code == 401
    assert desk.given == 3


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(401, json={"error": "invalid_client"}),
        httpx.Response(200, json={"token_type": "bearer"}),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=["t1"]),
    ],
)
def test_who_is_given_no_token_is_refused_and_the_secret_is_not_told(say, answer):
    with pytest.raises(CredentialsRefused, match="gives no access token") as told:
        say(lambda request: answer)

    assert "s3cret" not in str(told.value)


@pytest.mark.parametrize("status", [429, 503])
def test_where_no_token_is_to_be_had_for_now_nothing_has_left(say, status):
    with pytest.raises(httpx.ConnectError):
        say(lambda request: httpx.Response(status))


def test_a_token_without_an_end_is_got_anew_after_minutes(say, clock):
    desk = Desk(expires_in=None)

    for now in (0, 200, 400):
        clock["now"] = now
        say(desk.answer)

    assert desk.given == 2
