"""A receiver itself: its address, its secrets, its signature, and what cannot be one."""

import httpx
import pytest

from activation_platform.contracts.errors import DeclarationError
from activation_platform.destinations.webhook.destination import Webhook
from activation_platform_tests.destinations.conversation import talk

TOKEN = "https://hooks.example.org/services/T000-secret?key=also-secret"


def sent(webhook, body=b"{}"):
    return next(webhook.auth().sync_auth_flow(httpx.Request("POST", "https://x.example.org", content=body)))


def test_nothing_is_asked_of_a_receiver():
    said = talk(Webhook(url="https://hooks.example.org").account())

    assert (said.outcomes, said.requests) == ("", [])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"url": "hooks.example.org/x"}, "not the address of a receiver"),
        ({"url": "ftp://hooks.example.org"}, "not the address of a receiver"),
        ({"url": ""}, "not the address of a receiver"),
        ({"url": "https://[::1/x"}, "not the address of a receiver"),
        ({"url": "https://hooks.example.org:port/x"}, "not the address of a receiver"),
        ({"url": "https://me:secret@hooks.example.org"}, "holds a user or password"),
        ({"url": "https://a.example.org", "headers": {"X A": "b"}}, "name cannot be sent"),
        ({"url": "https://a.example.org", "headers": {"X-A": "secret\n"}}, "X-A holds a line break"),
        ({"url": "https://a.example.org", "signature_header": ""}, "name cannot be sent"),
        ({"url": "https://a.example.org", "requests_per_second": 0}, "not above 0"),
    ],
)
def test_settings_that_no_request_can_be_made_of_are_told_before_the_first(settings, words):
    raised = talk(Webhook(**settings).account()).raised

    assert isinstance(raised, DeclarationError)
    assert words in str(raised)
    assert "secret" not in str(raised)


def test_secret_headers_are_on_every_request():
    assert (
        sent(Webhook(url=TOKEN, headers={"Authorization": "Bearer t"})).headers["Authorization"] == "Bearer t"
    )


def test_a_request_is_signed_where_there_is_a_key():
    assert "X-Signature" not in sent(Webhook(url=TOKEN)).headers
    signed = sent(Webhook(url=TOKEN, signing_key="k", signature_header="Shop-Signature", headers={"A": "b"}))

    assert signed.headers["Shop-Signature"].startswith("t=")
    assert signed.headers["A"] == "b"


def test_an_address_keeps_its_path_and_its_query():
    webhook = Webhook(url=TOKEN + "/")

    assert webhook.root_url == "https://hooks.example.org/services/T000-secret"
    assert webhook.query == {"key": ["also-secret/"]}
    assert Webhook(url="https://hooks.example.org/x/#y").root_url == "https://hooks.example.org/x"
    assert webhook.host == "hooks.example.org"
    assert Webhook(url=TOKEN, base_url="http://127.0.0.1:1/webhook").root_url == "http://127.0.0.1:1/webhook"


@pytest.mark.parametrize("told", [TOKEN, "POST /services/T000-secret/42 answered 401", "key=also-secret"])
def test_d9_no_part_of_the_address_is_told(told):
    webhook = Webhook(url=TOKEN, headers={"Authorization": "Bearer hidden"}, signing_key="signing-key")
    shown = webhook.redactor()(f"{told} Bearer hidden signing-key")

    assert not [word for word in ("secret", "hidden", "signing") if word in shown]
    for text in (repr(webhook), str(webhook), repr(webhook.auth())):
        assert not [word for word in ("secret", "hidden", "signing") if word in text]


def test_d9_a_password_before_the_host_is_told_nobody():
    webhook = Webhook(url="https://me:hidden@hooks.example.org/x")

    assert webhook.host == "hooks.example.org"
    assert "hidden" not in repr(webhook)


def test_a2_two_receivers_on_one_host_are_told_apart_by_their_secrets():
    one, other = (Webhook(url=f"https://hooks.example.org/{path}").secret_values() for path in ("a1", "b2"))

    assert one != other
    assert one == Webhook(url="https://hooks.example.org/a1").secret_values()


def test_the_pace_is_a_setting():
    assert Webhook(url=TOKEN, requests_per_second=3).pace.per_second == 3
