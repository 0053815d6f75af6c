"""How requests prove who sent them."""

import hashlib
import hmac

import httpx

from activation_platform.contracts.auth import Signed


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
