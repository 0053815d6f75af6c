"""The channels by themselves: a real SMTP server, and Slack, when all is well and when it is not."""

import pytest

from activation_platform.components.alerting.channel import Message, Section
from activation_platform.components.alerts import AlertsComponent, AlertsSpec
from activation_platform.components.workspace import Workspace
from activation_platform.contracts.errors import (
    ConnectionFailed,
    CredentialsRefused,
    DeclarationError,
    NotFound,
    RateLimited,
)
from activation_platform_tests.components.alerting.slack_stand_in import slack
from activation_platform_tests.components.alerting.smtp_server import certificate, smtp_server

NEWS = Message(
    "Broken: letters\nBcc: evil@example.org",
    [
        Section(
            "Broken: letters",
            {"What": "<script>alert(1)</script> & <a href=x>", "Records": ""},
            "https://d.example.org/runs/1",
        )
    ],
    "0123",
)
MAIL = {
    "host": "127.0.0.1",
    "sender": "alerts@example.org",
    "recipients": ["ops@example.org", "cto@example.org"],
}
LOGIN = {"user": "alerts", "password": "env:SMTP_PASSWORD"}


def channel(kind, **settings):
    component = AlertsComponent(AlertsSpec(name="ops", kind=kind, settings=settings))
    assert list(component.faults(Workspace([component]))) == []
    return component.channel()


@pytest.fixture(scope="module")
def pem(tmp_path_factory):
    return certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(autouse=True)
def _password(monkeypatch):
    monkeypatch.setenv("SMTP_PASSWORD", "the-password")


@pytest.mark.parametrize("security", ["starttls", "tls", "none"])
def test_a_mail_arrives_once_for_all_and_is_nothing_but_text(security, pem):
    login = LOGIN if security != "none" else {}
    with smtp_server(*pem, security) as server:
        settings = {**MAIL, **login, "port": server.port, "security": security, "ca_file": str(pem[0])}
        channel("email", **settings).deliver(NEWS)
    (mail,) = server.mails
    assert mail["Subject"] == "Broken: letters Bcc: evil@example.org"
    assert (mail["To"], mail["Bcc"]) == ("ops@example.org, cto@example.org", None)
    assert mail["Message-ID"] == "<0123@example.org>"
    text, html = (mail.get_body((kind,)).get_content().replace("\r\n", "\n") for kind in ("plain", "html"))
    assert "What: <script>alert(1)</script> & <a href=x>\nhttps://d.example.org/runs/1" in text
    assert "What: &lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;a href=x&gt;<br>" in html


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"password": "env:WRONG"}, CredentialsRefused, "refused the login"),
        ({"ca_file": None}, ConnectionFailed, "no TLS"),
        ({"security": "tls"}, ConnectionFailed, "no TLS"),
        ({"recipients": ["nobody@example.org"]}, NotFound, "refused the recipients"),
        ({"sender": "env:WRONG"}, DeclarationError, "cannot be sent"),
        ({"password": "env:UNSET"}, DeclarationError, "UNSET is not set"),
        ({"port": 1}, ConnectionFailed, "127.0.0.1:1"),
    ],
)
def test_a_mail_that_does_not_arrive_says_why_and_no_secret(changes, error, words, pem, monkeypatch):
    monkeypatch.setenv("WRONG", "wr0ng\npassword")
    with smtp_server(*pem, "starttls") as server:
        server.refused = ("nobody@example.org",)
        settings = {**MAIL, **LOGIN, "port": server.port, "ca_file": str(pem[0]), **changes}
        settings = {name: value for name, value in settings.items() if value is not None}
        with pytest.raises(error, match=words) as told:
            channel("email", **settings).deliver(NEWS)
    assert server.mails == []
    assert [one for one in ("the-password", "wr0ng", "nobody@example.org") if one in str(told.value)] == []


def test_one_refused_recipient_does_not_keep_the_mail_from_the_others(pem, caplog):
    with smtp_server(*pem, "none") as server:
        server.refused = ("cto@example.org",)
        channel("email", **MAIL, port=server.port, security="none").deliver(NEWS)
    assert len(server.mails) == 1
    assert "a recipient of alerts was refused: 550" in caplog.text
    assert "cto@example.org" not in caplog.text


def test_a_bot_posts_into_its_channel_with_its_token(monkeypatch):
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-the-token")
    with slack() as server:
        channel(
            "slack", bot_token="env:SLACK_BOT_TOKEN", channel="C123", api_url=f"{server.url}/api"
        ).deliver(NEWS)
    (post,) = server.posts
    assert (post["path"], post["token"]) == ("/api/chat.postMessage", "Bearer xoxb-the-token")
    assert post["body"]["channel"] == "C123"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((200, '{"ok": false, "error": "invalid_auth"}'), CredentialsRefused),
        ((200, '{"ok": false, "error": "channel_not_found"}'), NotFound),
        ((200, "<html>a proxy</html>"), ConnectionFailed),
        ((429, '{"ok": false, "error": "ratelimited"}'), RateLimited),
        ((503, ""), ConnectionFailed),
        ((400, "invalid_blocks"), DeclarationError),
    ],
)
def test_what_slack_refuses_is_told_by_its_class(answer, error, monkeypatch):
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-the-token")
    with slack() as server:
        server.answer = answer
        bot = channel("slack", bot_token="env:SLACK_BOT_TOKEN", channel="C123", api_url=f"{server.url}/api")
        with pytest.raises(error) as told:
            bot.deliver(NEWS)
    assert "the-token" not in str(told.value)


def test_an_address_that_is_none_never_shows_the_secret_that_it_holds(monkeypatch):
    monkeypatch.setenv("SLACK_WEBHOOK_URL", "http://127.0.0.1:1/services/the-secret")
    with pytest.raises(ConnectionFailed) as told:
        channel("slack", webhook_url="env:SLACK_WEBHOOK_URL").deliver(NEWS)
    assert "the-secret" not in str(told.value)


@pytest.mark.parametrize(
    ("kind", "settings", "words"),
    [
        (
            "slack",
            {"webhook_url": "https://hooks.example.org/the-secret"},
            '"webhook_url" is a secret: write env:NAME',
        ),
        ("slack", {}, "Slack takes exactly one of webhook_url and bot_token"),
        ("slack", {"bot_token": "env:T"}, "bot_token and channel belong together"),
        ("slack", {"webhook": "env:T"}, 'there is no setting "webhook"'),
        ("email", {**MAIL, "password": "env:P"}, "user and password belong together"),
        ("email", {**MAIL, **LOGIN, "security": "none"}, "a password is not sent in clear"),
        ("email", {**MAIL, "recipients": ["ops"]}, "sender and recipients are e-mail addresses"),
        ("email", {**MAIL, "recipients": []}, '"recipients"'),
        ("email", {"host": "smtp.example.org"}, 'the setting "sender" is missing'),
    ],
)
def test_settings_that_cannot_be_are_told_before_anything_runs(kind, settings, words):
    component = AlertsComponent(AlertsSpec(name="ops", kind=kind, settings=settings))
    found = list(component.faults(Workspace([component])))
    assert words in found[0].message
    assert "the-secret" not in found[0].message
