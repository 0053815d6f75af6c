"""What an account that is reached over HTTP may answer, platform by platform, and the class of error that this is."""

import asyncio
import json
from datetime import UTC, datetime

import httpx
import pytest

from activation_platform.contracts.errors import (
    ConnectionFailed,
    CredentialsRefused,
    NotFound,
    RateLimited,
    TimedOut,
)
from activation_platform.contracts.pace import Budget
from activation_platform.contracts.service import refuse, said
from activation_platform.destinations import PLATFORMS
from activation_platform.sandbox.firestore import service_account_key
from activation_platform.sync.budgets import Budgets
from activation_platform.sync.folder import Folder
from activation_platform.sync.loader import Loader
from activation_platform.sync.patience import Patience
from activation_platform_tests.destinations.running import Clock

SECRET = "a-secret-0123"
KEY = {**json.loads(service_account_key("https://oauth2.googleapis.com")), "private_key_id": SECRET}
SETTINGS = {
    "attio": {"access_token": SECRET},
    "batch": {"rest_api_key": SECRET, "project_key": "shop"},
    "emarsys": {"username": "shop001", "secret": SECRET},
    "firestore": {"project": "shop", "credentials": json.dumps(KEY)},
    "intercom": {"access_token": SECRET},
    "iterable": {"api_key": SECRET},
    "klaviyo": {"private_key": SECRET},
    "sendgrid": {"api_key": SECRET},
    "webhook": {"url": f"https://hooks.example.org/{SECRET}"},
}
ANSWERS = {
    "401": (CredentialsRefused, httpx.Response(401, json={"error": SECRET})),
    "403": (CredentialsRefused, httpx.Response(403)),
    "404": (NotFound, httpx.Response(404)),
    "429": (RateLimited, httpx.Response(429, headers={"Retry-After": "86400"})),
    "502": (ConnectionFailed, httpx.Response(502, html="<p>maintenance")),
    "a page": (ConnectionFailed, httpx.Response(200, html="<p>log in")),
    "nobody": (ConnectionFailed, httpx.ConnectError("refused")),
    "silence": (TimedOut, httpx.ReadTimeout("late")),
}


def test_every_platform_that_is_reached_over_http_is_asked():
    assert set(SETTINGS) == {name for name, platform in PLATFORMS.items() if platform.carrier == "http"}


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("platform", SETTINGS)
def test_what_an_account_answers_is_told_by_its_class(platform, answer, tmp_path):
    kind, answered = ANSWERS[answer]
    destination = PLATFORMS[platform](**SETTINGS[platform])

    with pytest.raises(kind) as told:
        asyncio.run(asked(destination, answered, tmp_path))

    assert kind.error_class.page in str(told.value)
    assert SECRET not in str(told.value)


async def asked(destination, answered, folder):
    """One question, of a vendor that always says the same."""
    clock = Clock()

    def answer(request):
        if request.url.path == "/token":  # Google's, of which contracts/test_google.py tells
            return httpx.Response(200, json={"access_token": "token"})
        if isinstance(answered, Exception):
            raise answered
        return httpx.Response(answered.status_code, headers=answered.headers, content=answered.content)

    loader = Loader(
        destination,
        Budgets(Folder(folder), "account", now=clock),
        Patience(sleep=clock.sleep, now=lambda: datetime.fromtimestamp(clock.time, UTC)),
        transport=httpx.MockTransport(answer),
    )
    try:
        await loader.ask(question(destination))
    finally:
        await loader.close()


def question(destination):
    response = yield destination.ask("GET", "/things", budget=Budget("things", per_second=100, burst=100))
    if not response.is_success:
        refuse(response, destination)
    return said(response)
