"""The loader against a vendor that misbehaves: what is sent again, what is blamed, what stops the run."""

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime
from email.utils import format_datetime

import httpx
import polars as pl
import pytest

from activation_platform.contracts.batch import IDENTIFIER, KEY, PREVIOUS, Batch, MappedField
from activation_platform.contracts.errors import (
    Cancelled,
    ConnectionFailed,
    CredentialsRefused,
    NotFound,
    RateLimited,
    TimedOut,
)
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import ACCEPTED, Verdict, retry
from activation_platform.contracts.rows import Rows
from activation_platform.sync.budgets import Budgets
from activation_platform.sync.folder import Folder
from activation_platform.sync.loader import Loader, Told
from activation_platform.sync.patience import Patience
from activation_platform_tests.sync.shop import PLENTY, OnceThings, Shop, Things
from activation_platform_tests.sync.world import Clock

HTML = httpx.Response(200, html="<p>maintenance")


class Vendor:
    """A vendor that answers from a list, then accepts; it remembers what it was sent and when."""

    def __init__(self, clock: Clock, *answers):
        self.clock = clock
        self.answers = list(answers)
        self.asked: list[tuple[float, list[str]]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        ids = [record["id"] for record in json.loads(request.content or b"[]")]
        self.asked.append((self.clock.time, ids))
        answer = self.answers.pop(0) if self.answers else "updated"
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            answer = answer(ids)
        if isinstance(answer, str):
            answer = [answer] * len(ids)
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)

    @property
    def sent(self) -> Counter:
        return Counter(name for _, ids in self.asked for name in ids)


class Desk:
    """A loader, its vendor, and what it reported."""

    def __init__(self, tmp_path, *answers, service=Things, concurrency=1, **patience):
        self.clock = Clock()
        self.vendor = Vendor(self.clock, *answers)
        self.service = service(Shop())
        self.left: list[list[str]] = []
        self.verdicts: dict[str, tuple[str, str]] = {}
        self.unsent: list[str] = []
        self.cancelled = False
        self.loader = Loader(
            self.service.destination,
            Budgets(Folder(tmp_path), "acme", now=self.clock),
            Patience(
                sleep=self.clock.sleep,
                now=lambda: datetime.fromtimestamp(self.clock.time, UTC),
                random=lambda: 1.0,
                **patience,
            ),
            transport=httpx.MockTransport(self.vendor),
            concurrency=concurrency,
            cancelled=lambda: self.cancelled,
        )

    def load(self, *batches):
        told = Told(
            before=lambda batch: self.left.append(names(batch)),
            after=self._after,
            unsent=lambda batch: self.unsent.extend(names(batch)),
        )

        async def work():
            try:
                await self.loader.load(self.service, map(batch_of, batches), told)
            finally:
                await self.loader.close()

        asyncio.run(work())

    def _after(self, batch, outcomes):
        for name, outcome in zip(names(batch), outcomes, strict=True):
            assert name not in self.verdicts, "told twice"
            self.verdicts[name] = (outcome.verdict, outcome.reason)

    @property
    def words(self) -> dict[str, str]:
        return {name: verdict for name, (verdict, _) in self.verdicts.items()}


def names(batch: Batch) -> list[str]:
    return batch.frame[IDENTIFIER].to_list()


def batch_of(ids) -> Batch:
    ids = list(ids)
    frame = pl.DataFrame({KEY: ids, IDENTIFIER: ids, PREVIOUS: [None] * len(ids), "id": ids})
    return Batch(Operation.UPDATE, Mode.UPSERT, Rows(frame), (MappedField("id"),))


def poisoned(*bad):
    return lambda ids: httpx.Response(400, json={}) if set(bad) & set(ids) else ["updated"] * len(ids)


def test_a_poisoned_batch_is_halved_until_the_culprit_stands_alone(tmp_path):
    desk = Desk(tmp_path, *[poisoned("c", "h")] * 30)
    desk.load("abcdefgh")
    assert [name for name, word in desk.words.items() if word == Verdict.REJECTED] == ["c", "h"]
    assert set(desk.words) == set("abcdefgh")
    accepted = {name for _, ids in desk.vendor.asked for name in ids if not {"c", "h"} & set(ids)}
    assert accepted == set("abdefg")
    assert len(desk.left) == 1


def test_429_is_waited_for_and_sent_again(tmp_path):
    desk = Desk(tmp_path, httpx.Response(429, headers={"Retry-After": "7"}))
    desk.load("ab")
    first, second = (at for at, _ in desk.vendor.asked)
    assert second - first >= 7
    assert desk.words == {"a": Verdict.ACCEPTED, "b": Verdict.ACCEPTED}


def test_retry_after_as_a_date_is_waited_for(tmp_path):
    at = datetime.fromtimestamp(Clock().time + 20, UTC)
    desk = Desk(tmp_path, httpx.Response(429, headers={"Retry-After": format_datetime(at, usegmt=True)}))
    desk.load("a")
    assert desk.vendor.asked[1][0] >= at.timestamp()


def test_429_slows_the_whole_account(tmp_path):
    desk = Desk(tmp_path, httpx.Response(429, headers={"Retry-After": "30"}), concurrency=2)
    desk.load("a", "b", "c", "d")
    start = desk.clock.waits and desk.vendor.asked[0][0]
    early = [ids for at, ids in desk.vendor.asked if at < start + 30]
    assert len(early) <= 2
    assert set(desk.words.values()) == {Verdict.ACCEPTED}


def test_429_without_an_end_stops_the_run_and_blames_nobody(tmp_path):
    desk = Desk(tmp_path, *[httpx.Response(429)] * 100, throttled_for=60.0)
    with pytest.raises(RateLimited):
        desk.load("ab", "cd")
    assert (desk.verdicts, desk.unsent) == ({}, ["a", "b"])
    assert desk.clock.time - desk.vendor.asked[0][0] < 60


def test_a_wait_of_a_second_is_the_refused_requests_alone(tmp_path):
    desk = Desk(tmp_path, httpx.Response(429, headers={"Retry-After": "1"}))
    desk.load("ab", "cd")
    (refused, _), (again, ids), *_ = desk.vendor.asked
    assert (again - refused >= 1, ids) == (True, ["a", "b"])
    assert desk.loader.budgets.blocked(PLENTY) == 0


def test_d8_a_quota_that_is_used_up_stops_the_run_and_those_that_follow(tmp_path):
    desk = Desk(tmp_path, httpx.Response(429, headers={"Retry-After": "3600"}))
    with pytest.raises(RateLimited, match="wait 3600 seconds"):
        desk.load("ab", "cd")
    later = Desk(tmp_path)
    with pytest.raises(RateLimited, match=r"wait 36\d\d seconds"):
        later.load("ab")
    assert (later.vendor.asked, later.unsent) == ([], ["a", "b"])


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_account_stops_at_once_and_blames_no_record(tmp_path, status):
    desk = Desk(tmp_path, "updated", httpx.Response(status))
    with pytest.raises(CredentialsRefused, match=rf"shop answered {status} to POST /update/upsert"):
        desk.load("ab", "cd", "ef")
    assert (set(desk.words), desk.unsent, len(desk.vendor.asked)) == (set("ab"), ["c", "d"], 2)


def test_a_refusal_after_a_request_that_may_have_arrived_leaves_the_batch_in_doubt(tmp_path):
    desk = Desk(tmp_path, httpx.ReadTimeout("late"), httpx.Response(401))
    with pytest.raises(CredentialsRefused):
        desk.load("a")
    assert (desk.verdicts, desk.unsent) == ({}, [])


class LookingThings(Things):
    """Things that are looked up before they are written."""

    def deliver(self, batch):
        yield self.request(batch)
        return (yield from super().deliver(batch))


def test_a_refusal_in_the_middle_of_a_conversation_leaves_the_batch_in_doubt(tmp_path):
    desk = Desk(tmp_path, "updated", httpx.Response(403), service=LookingThings)
    with pytest.raises(CredentialsRefused):
        desk.load("a")
    assert (desk.verdicts, desk.unsent) == ({}, [])


@pytest.mark.parametrize("status", [302, 407])
def test_an_answer_of_somebody_in_between_blames_no_record(tmp_path, status):
    desk = Desk(tmp_path, httpx.Response(status, headers={"Location": "https://login.example.com"}))
    with pytest.raises(ConnectionFailed, match="base_url"):
        desk.load("ab")
    assert (desk.verdicts, desk.unsent) == ({}, ["a", "b"])


def test_not_found_is_nobodys_fault(tmp_path):
    desk = Desk(tmp_path, httpx.Response(404))
    with pytest.raises(NotFound):
        desk.load("a")
    assert (desk.verdicts, desk.unsent) == ({}, ["a"])


@pytest.mark.parametrize(
    "fault",
    [
        httpx.Response(500),
        httpx.Response(503),
        httpx.Response(408),
        HTML,
        httpx.ReadTimeout("late"),
        httpx.ReadError("cut"),
    ],
    ids=["500", "503", "408", "html", "timeout", "cut"],
)
def test_a_passing_fault_is_outlived(tmp_path, fault):
    desk = Desk(tmp_path, fault, fault)
    desk.load("a")
    assert (desk.words, len(desk.vendor.asked)) == ({"a": Verdict.ACCEPTED}, 3)
    assert desk.clock.time > desk.vendor.asked[0][0]
    assert desk.loader.requests == 3


@pytest.mark.parametrize(
    "fault",
    [httpx.Response(500), HTML, httpx.ReadTimeout("late"), httpx.RemoteProtocolError("cut")],
    ids=["500", "html", "timeout", "cut"],
)
def test_a_service_that_is_not_idempotent_is_not_told_twice(tmp_path, fault):
    desk = Desk(tmp_path, fault, service=OnceThings)
    desk.load("ab")
    assert desk.words == {"a": Verdict.UNKNOWN, "b": Verdict.UNKNOWN}
    assert len(desk.vendor.asked) == 1


def test_what_never_left_is_sent_again_by_every_service(tmp_path):
    desk = Desk(tmp_path, httpx.ConnectError("refused"), service=OnceThings)
    desk.load("a")
    assert desk.words == {"a": Verdict.ACCEPTED}


def test_a_server_error_with_retry_after_is_waited_for(tmp_path):
    desk = Desk(tmp_path, httpx.Response(503, headers={"Retry-After": "40"}))
    desk.load("a")
    assert desk.vendor.asked[1][0] - desk.vendor.asked[0][0] >= 40


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (httpx.Response(502), ConnectionFailed),
        (HTML, ConnectionFailed),
        (httpx.ReadTimeout("late"), TimedOut),
        (httpx.ConnectError("refused"), ConnectionFailed),
    ],
    ids=["502", "html", "timeout", "refused"],
)
def test_three_unanswered_batches_in_a_row_stop_the_run(tmp_path, fault, error):
    desk = Desk(tmp_path, *[fault] * 100, attempts=2)
    with pytest.raises(error):
        desk.load("ab", "cd", "ef", "gh")
    assert set(desk.words) == set("abcdef")
    assert set(desk.words.values()) == {Verdict.UNKNOWN}


def test_an_answer_in_between_resets_the_circuit_breaker(tmp_path):
    bad = httpx.Response(500)
    desk = Desk(tmp_path, bad, bad, "updated", bad, bad, attempts=1)
    desk.load("a", "b", "c", "d", "e", "f")
    assert list(desk.words.values()).count(Verdict.UNKNOWN) == 4


def test_only_the_records_to_be_retried_are_sent_again(tmp_path):
    desk = Desk(
        tmp_path, ["updated", "retry:locked", "rejected:no", "retry:locked"], ["updated", "retry:locked"]
    )
    desk.load("abcd")
    assert desk.words == {
        "a": Verdict.ACCEPTED,
        "b": Verdict.ACCEPTED,
        "c": Verdict.REJECTED,
        "d": Verdict.ACCEPTED,
    }
    assert [ids for _, ids in desk.vendor.asked] == [["a", "b", "c", "d"], ["b", "d"], ["d"]]


def test_what_is_still_to_be_retried_at_the_end_is_rejected(tmp_path):
    desk = Desk(tmp_path, *["retry:locked"] * 20)
    desk.load("a")
    assert desk.verdicts == {"a": (Verdict.REJECTED, "locked")}
    assert len(desk.vendor.asked) == 4


def test_a_refused_retry_does_not_send_its_neighbours_again(tmp_path):
    desk = Desk(tmp_path, ["updated", "retry:locked", "retry:locked"], *[poisoned("b")] * 5)
    desk.load("abc")
    assert desk.words == {"a": Verdict.ACCEPTED, "b": Verdict.REJECTED, "c": Verdict.ACCEPTED}
    assert desk.vendor.sent["a"] == 1


def test_an_account_refused_in_a_retry_keeps_what_was_answered(tmp_path):
    desk = Desk(tmp_path, ["updated", "retry:locked"], httpx.Response(401))
    with pytest.raises(CredentialsRefused):
        desk.load("ab")
    assert (desk.words, desk.unsent) == ({"a": Verdict.ACCEPTED}, ["b"])


def test_a_cancelled_loader_finishes_what_is_in_flight_and_starts_nothing(tmp_path):
    desk = Desk(tmp_path)

    def cancel(ids):
        desk.cancelled = True
        return ["updated"] * len(ids)

    desk.vendor.answers = [cancel]
    desk.load("ab", "cd")
    assert (set(desk.words), desk.left) == (set("ab"), [["a", "b"]])


def test_a_cancelled_wait_ends_at_once_where_nothing_was_taken_on(tmp_path):
    desk = Desk(tmp_path)

    def cancel(ids):
        desk.cancelled = True
        return httpx.Response(429, headers={"Retry-After": "500"})

    desk.vendor.answers = [cancel]
    with pytest.raises(Cancelled):
        desk.load("a")
    assert (desk.verdicts, desk.unsent) == ({}, ["a"])
    assert desk.clock.time - desk.vendor.asked[0][0] < 2


def test_a_cancelled_batch_in_doubt_is_waited_for_a_little(tmp_path):
    desk = Desk(tmp_path)

    def cancel(ids):
        desk.cancelled = True
        return httpx.Response(500)

    desk.vendor.answers = [cancel]
    desk.load("a")
    assert desk.words == {"a": Verdict.ACCEPTED}
    desk.cancelled = False
    desk.vendor.answers = [cancel, *[httpx.Response(500, headers={"Retry-After": "500"})] * 5]
    start = desk.clock.time
    with pytest.raises(Cancelled):
        desk.load("b")
    assert 25 <= desk.clock.time - start <= 35


def test_one_workers_error_stops_the_others_before_their_next_batch(tmp_path):
    desk = Desk(tmp_path, httpx.Response(401), concurrency=3)
    with pytest.raises(CredentialsRefused):
        desk.load(*"abcdefghij")
    assert len(desk.vendor.asked) <= 3
    assert len(desk.verdicts) + len(desk.unsent) == len(desk.left)


def test_a_defect_in_a_service_is_raised_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(Things, "outcomes", lambda self, response, batch: 1 // 0)
    desk = Desk(tmp_path)
    with pytest.raises(ZeroDivisionError):
        desk.load("a", "b")
    assert len(desk.vendor.asked) == 1


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(401), CredentialsRefused),
        (httpx.Response(404), NotFound),
        (httpx.Response(400), ConnectionFailed),
        (httpx.Response(500), ConnectionFailed),
        (HTML, ConnectionFailed),
        (httpx.ReadTimeout("late"), TimedOut),
    ],
    ids=["401", "404", "400", "500", "html", "timeout"],
)
def test_an_inquiry_ends_in_the_error_of_its_class(tmp_path, answer, error):
    desk = Desk(tmp_path, *[answer] * 10)

    async def ask():
        try:
            await desk.loader.ask(inquiry(desk.service))
        finally:
            await desk.loader.close()

    with pytest.raises(error):
        asyncio.run(ask())


def inquiry(service):
    response = yield service.request(batch_of("a"))
    return service.outcomes(response, batch_of("a"))


def test_what_a_try_achieved_is_handed_to_the_next_try(tmp_path, monkeypatch):
    handed = []

    def outcomes(self, response, batch):
        handed.append([record.request for record in batch.records])
        said = {
            1: [ACCEPTED, retry("later", "app-1"), retry("later")],
            2: [retry("later"), ACCEPTED],
            3: [ACCEPTED],
        }
        return said[len(handed)]

    monkeypatch.setattr(Things, "outcomes", outcomes)
    desk = Desk(tmp_path)
    desk.load("abc")
    assert handed == [["", "", ""], ["app-1", ""], ["app-1"]]
