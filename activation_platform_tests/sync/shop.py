"""The shop: a vendor's account and the services that the engine's tests run, one for each way in which a service can be."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import httpx

from activation_platform.contracts.auth import BearerToken
from activation_platform.contracts.batch import Batch
from activation_platform.contracts.destination import Destination
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.modes import Mode, ObjectKind
from activation_platform.contracts.outcomes import (
    CREATED,
    DELETED,
    UPDATED,
    Outcome,
    ignored,
    partial,
    rejected,
    requested,
    retry,
)
from activation_platform.contracts.pace import Budget
from activation_platform.contracts.passes import Pass
from activation_platform.contracts.service import (
    Doubt,
    Inquiry,
    Pending,
    Service,
    Settlement,
    refuse,
    said,
)
from activation_platform.contracts.values import Email, Text

PLENTY = Budget("things", per_second=1e9, burst=1e9)


class Things(Service):
    """Keep things by their id."""

    docs = "https://example.com/things"
    object = ObjectKind.RECORD
    modes = frozenset({Mode.UPSERT, Mode.UPDATE_ONLY, Mode.INSERT_ONLY, Mode.MIRROR, Mode.SNAPSHOT})
    batch_size = 3
    fields = (Field("id", Text(min=1, max=20), key=True), Field("email", Email()))
    custom_fields = CustomFields(pattern="[a-z]+", words="lower-case letters")
    path = ""

    def request(self, batch: Batch) -> httpx.Request:
        body = [
            {"id": r.identifier, "was": r.previous_identifier, "values": dict(r.values)}
            for r in batch.records
        ]
        return self.destination.ask(
            "POST",
            self.path or f"/{batch.operation}/{batch.mode}",
            budget=PLENTY,
            params={"token": batch.token, "batch": batch.id},
            json=json.loads(json.dumps(body, default=str)),
        )

    def outcomes(self, response: httpx.Response, batch: Batch) -> list[Outcome]:
        if not response.is_success:
            return refuse(response, self.destination)
        return [_outcome(word) for word in said(response)]

    def begin(self, pass_: Pass) -> Iterator[Any]:
        answer = yield self.destination.ask("POST", "/begin", budget=PLENTY, json={"mode": pass_.mode})
        return said(answer)["token"]

    def finish(self, token: str) -> Iterator[Any]:
        answer = yield self.destination.ask("POST", "/finish", budget=PLENTY, json={"token": token})
        if not answer.is_success:
            refuse(answer, self.destination)

    def abandon(self, token: str) -> Iterator[Any]:
        yield self.destination.ask("POST", "/abandon", budget=PLENTY, json={"token": token})

    def look_up(self, doubts: Sequence[Doubt]) -> Iterator[Any]:
        answer = yield self.destination.ask("GET", "/batches", budget=PLENTY)
        return [f"{doubt.batch}/{doubt.identifier}" in said(answer) for doubt in doubts]

    def settle(self, pending: Sequence[Pending]) -> Iterator[Any]:
        response = yield self.destination.ask("GET", "/erasures", budget=PLENTY)
        asked = said(response)
        return [_settlement(one, asked) for one in pending]


class OnceThings(Things):
    """Keep things by their id; saying a batch twice does harm."""

    idempotent = False


class LookedUpThings(OnceThings):
    """Keep things by their id; whether a batch was carried out can be asked."""

    can_look_up = True


class Members(Things):
    """Keep a list of things."""

    object = ObjectKind.LIST
    modes = frozenset({Mode.UPSERT, Mode.MIRROR, Mode.SNAPSHOT})


class Happenings(OnceThings):
    """Tell what happened to things; telling it twice does harm."""

    object = ObjectKind.EVENT
    modes = frozenset({Mode.INSERT_ONLY})
    path = "/insert/tell"


class LookedUpHappenings(Happenings):
    """Tell what happened to things; whether it was told can be asked."""

    can_look_up = True


class StagedThings(Things):
    """Keep things by their id; a snapshot is filled beside what stands and switched."""

    in_one_piece = frozenset({Mode.SNAPSHOT})


class ExportedThings(Things):
    """Keep things by their id; whatever a run says counts at its end."""

    modes = frozenset({Mode.UPSERT, Mode.MIRROR, Mode.SNAPSHOT})
    in_one_piece = modes


class ErasedPeople(Things):
    """Erase things by their id, once the vendor gets round to it."""

    modes = frozenset({Mode.ERASE})
    deletes_are_requests = True


class ErasedThings(Things):
    """Keep things by their id; deleting them is asynchronous and irreversible."""

    deletes_are_requests = True
    erasures_per_second = 0.5


def _settlement(one: Pending, asked: list[dict[str, Any]]) -> Settlement:
    """By the request's name; where its answer never came, the newest one for this id that is pending or was made since then."""
    for each in reversed(asked):
        perhaps = each["state"] == "pending" or each["at"] >= one.since
        if each["id"] == one.identifier and (each["request"] == one.request or (not one.request and perhaps)):
            return Settlement(each["state"], each["request"])
    return Settlement("unheard")


def _outcome(word: str) -> Outcome:
    kind, _, reason = word.partition(":")
    return {
        "created": CREATED,
        "updated": UPDATED,
        "deleted": DELETED,
        "requested": requested(reason),
        "rejected": rejected(reason),
        "ignored": ignored(reason),
        "partial": partial(reason),
        "retry": retry(reason),
    }[kind]


class Shop(Destination):
    """The vendor of the tests."""

    platform = "shop"
    docs = "https://example.com"
    services = (Things,)
    secrets = ("token",)
    default_base_url = "https://shop.example.com"
    token: str = "a-secret-token"

    def auth(self) -> httpx.Auth:
        return BearerToken(self.token)

    def account(self) -> Inquiry:
        response = yield self.ask("GET", "/self", budget=PLENTY)
        return said(response)["account"]
