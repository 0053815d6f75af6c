"""Conversations about events with a receiver of one's own."""

import httpx
import pytest

from activation_platform.contracts.errors import DeclarationError, NotFound
from activation_platform.contracts.modes import Mode, ModelKind
from activation_platform.contracts.outcomes import ACCEPTED, ignored, rejected
from activation_platform.destinations.webhook.destination import Webhook
from activation_platform.destinations.webhook.events import Events, EventsOptions
from activation_platform_tests.destinations.conversation import batch_of, converse

BOUGHT = {"id": "e-1", "kind": "bought", "price": 9.5}


def say(told, /, *statuses, **options):
    service = Events(Webhook(url="https://hooks.example.org/shop"), EventsOptions(**options))
    batch = batch_of(told, identified_by=service.identifying_field, mode=Mode.INSERT_ONLY)
    return converse(service, batch, *map(httpx.Response, statuses))


def test_e3_an_event_is_told_once_in_a_request_of_its_own():
    said = say(BOUGHT, 202, event="POST /events/{kind}")

    assert said.lines == ["POST /shop/events/bought"]
    assert said.bodies == [BOUGHT]
    assert said.outcomes == [ACCEPTED]


def test_an_event_has_the_same_idempotency_key_whenever_it_is_told():
    first, again = (say(BOUGHT, 200).requests[0].headers["Idempotency-Key"] for _ in range(2))

    assert first == again
    assert first != say({**BOUGHT, "id": "e-2"}, 200).requests[0].headers["Idempotency-Key"]


def test_an_event_that_the_receiver_has_is_ignored():
    assert say(BOUGHT, 409).outcomes == [ignored("already there")]


def test_an_event_that_is_refused_is_rejected():
    assert say(BOUGHT, 400).outcomes == [rejected("400 Bad Request")]


def test_an_address_that_does_not_exist_blames_no_event():
    assert isinstance(say(BOUGHT, 404).raised, NotFound)


def test_an_event_without_a_place_in_the_path_is_not_sent():
    said = say({**BOUGHT, "kind": ".."}, event="POST /{kind}")

    assert said.requests == []
    assert said.outcomes[0].verdict == "rejected"


def test_what_is_no_call_is_refused():
    with pytest.raises(DeclarationError, match='"event" is not a call'):
        EventsOptions(event="SEND /x")


def test_only_events_are_told():
    assert Events.model_kinds == {ModelKind.EVENTS}
    assert Events.modes == {Mode.INSERT_ONLY}
