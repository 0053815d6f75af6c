"""The promises that all services make, whatever the vendor: they are read from the declarations, and tried on the sandbox."""

import logging
from collections.abc import Iterator

import polars as pl
import pytest

from activation_platform.contracts.errors import CredentialsRefused, RateLimited
from activation_platform.contracts.modes import Operation
from activation_platform.contracts.outcomes import Verdict
from activation_platform.destinations import PLATFORMS
from activation_platform.sandbox.faults import Extent, Kind, Rule
from activation_platform_tests.destinations.desk import Desk
from activation_platform_tests.destinations.exam import EXAMS, SERVICES, operations_of

DONE = {Verdict.ACCEPTED, Verdict.REQUESTED}
PEOPLE = range(1, 6)


def declared(taken):
    """The class of a service."""
    return PLATFORMS[taken.platform].service(taken.name)


def operations() -> Iterator[pytest.param]:
    """Every service with every operation that one of its modes asks for."""
    for taken in SERVICES:
        service = declared(taken)
        asked = {one for mode in service.modes for one in operations_of(mode, service.object)}
        for operation in sorted(asked):
            yield pytest.param(taken, operation, id=f"{taken}-{operation}")


LIMITED_IN_BYTES = [taken for taken in SERVICES if declared(taken).max_request_bytes]
EVERY_OPERATION = pytest.mark.parametrize(("taken", "operation"), list(operations()))


@pytest.fixture
def desk(taken, app, tmp_path):
    return Desk(taken, app, tmp_path)


@pytest.fixture
def standing(desk, operation):
    """The desk, at which those who are to be changed or to leave are there already."""
    if operation in (Operation.UPDATE, Operation.DELETE) and Operation.INSERT in desk.operations(
        desk.mode_of(operation)
    ):
        desk.deliver(Operation.INSERT, PEOPLE)
    return desk


def every(platform):
    """A path that all calls of a platform have."""
    return f"/{platform}/*"


def test_every_service_that_is_reached_over_http_takes_the_exam():
    for name, exam in EXAMS.items():
        platform = PLATFORMS[name]
        assert set(exam.services) == {platform.service_name(service) for service in platform.services}
    assert set(EXAMS) == {name for name, platform in PLATFORMS.items() if platform.carrier == "http"}


@EVERY_OPERATION
def test_what_succeeds_is_told_once_for_each_record(standing, operation):
    report = standing.deliver(operation, PEOPLE)

    assert report.error is None
    assert set(report.verdicts) <= DONE
    assert report.times == {str(number): 1 for number in PEOPLE}


@pytest.mark.parametrize("status", [400, 404, 409, 413])
@EVERY_OPERATION
def test_a_refusal_of_everything_accepts_nobody_and_tells_of_nobody_twice(standing, operation, status):
    standing.world.add_fault(Rule(Kind.STATUS, status=status, path=every(standing.taken.platform)))

    report = standing.deliver(operation, PEOPLE)

    assert set(report.times.values()) <= {1}
    if report.error is None:
        assert set(report.times) == {str(number) for number in PEOPLE}
    if status in (400, 413):
        assert not DONE & set(report.verdicts)


@pytest.mark.parametrize("status", [401, 403])
@EVERY_OPERATION
def test_d3_a_refused_account_stops_the_run_and_blames_no_record(standing, operation, status):
    standing.world.add_fault(Rule(Kind.STATUS, status=status, path=every(standing.taken.platform)))

    report = standing.deliver(operation, PEOPLE)

    assert isinstance(report.error, CredentialsRefused)
    assert report.outcomes == {}


@EVERY_OPERATION
def test_d3_a_vendor_that_is_busy_is_asked_again_until_it_has_time(standing, operation):
    fault = Rule(Kind.STATUS, status=429, retry_after=2, times=3, path=every(standing.taken.platform))
    standing.world.add_fault(fault)

    report = standing.deliver(operation, PEOPLE)

    assert report.error is None
    assert set(report.verdicts) <= DONE


@EVERY_OPERATION
def test_d3_a_vendor_that_stays_busy_ends_the_run_and_blames_no_record(standing, operation):
    standing.world.add_fault(
        Rule(Kind.STATUS, status=429, retry_after=86_400, path=every(standing.taken.platform))
    )

    report = standing.deliver(operation, PEOPLE)

    assert isinstance(report.error, RateLimited)
    assert report.outcomes == {}


@pytest.mark.parametrize("status", [500, 503])
@EVERY_OPERATION
def test_a_vendor_that_fails_once_is_asked_again_where_that_does_no_harm(standing, operation, status):
    standing.world.add_fault(
        Rule(Kind.STATUS, status=status, times=1, path=every(standing.taken.platform), method="[!G]*")
    )

    report = standing.deliver(operation, PEOPLE)

    assert report.error is None
    assert standing.world.faults_in_force()[-1]["struck"] == 1
    expected = DONE if standing.service.idempotent else {*DONE, Verdict.UNKNOWN}
    assert set(report.verdicts) <= expected
    assert set(report.times.values()) == {1}


@EVERY_OPERATION
def test_a_vendor_that_keeps_failing_accepts_nobody(standing, operation):
    standing.world.add_fault(Rule(Kind.STATUS, status=500, path=every(standing.taken.platform)))

    report = standing.deliver(operation, PEOPLE)

    assert report.error is not None or set(report.verdicts) == {Verdict.UNKNOWN}
    assert not DONE & set(report.verdicts)


@EVERY_OPERATION
def test_a_page_in_the_place_of_an_answer_accepts_nobody(standing, operation):
    if standing.taken.platform == "webhook":
        pytest.skip("a receiver's answer may say anything")
    standing.world.add_fault(Rule(Kind.HTML_200, path=every(standing.taken.platform), method="[!G]*"))

    report = standing.deliver(operation, PEOPLE)

    assert report.error is not None or set(report.verdicts) == {Verdict.UNKNOWN}
    assert not DONE & set(report.verdicts)


@EVERY_OPERATION
def test_d2_a_record_that_is_refused_does_not_drag_its_neighbours_down(standing, operation):
    poison = Rule(Kind.POISON, identifier=standing.identifier(3), extent=Extent.RECORD)
    standing.world.add_fault(poison)

    report = standing.deliver(operation, PEOPLE)

    assert report.error is None
    refused = report.outcomes.pop("3").verdict
    # Where a vendor deletes by IDs of its own, no call names the one that is to be refused.
    assert refused not in DONE or operation is Operation.DELETE
    assert set(report.verdicts) <= DONE
    assert len(report.outcomes) == len(PEOPLE) - 1


@EVERY_OPERATION
def test_what_is_idempotent_leaves_the_same_when_it_is_said_twice(standing, operation):
    if not standing.service.idempotent:
        pytest.skip("said once only")
    standing.deliver(operation, PEOPLE)
    before = standing.held()

    report = standing.deliver(operation, PEOPLE)

    assert report.error is None
    assert set(report.verdicts) <= {*DONE, Verdict.IGNORED}
    assert standing.held() == before


@EVERY_OPERATION
def test_a_batch_of_the_declared_size_is_one_that_the_vendor_takes(standing, operation):
    size = standing.service.batch_size
    if operation is Operation.DELETE:
        size = standing.service.delete_batch_size or size
        if Operation.INSERT in standing.operations(standing.mode_of(operation)):
            standing.deliver(Operation.INSERT, range(1, size + 1))

    report = standing.deliver(operation, range(1, size + 1))

    assert report.error is None
    assert set(report.verdicts) <= DONE
    assert len(report.outcomes) == size


@pytest.mark.parametrize("taken", LIMITED_IN_BYTES, ids=str)
def test_no_request_has_more_bytes_than_the_vendor_takes_and_nobody_is_left_out(desk):
    service, operation = desk.service, Operation.INSERT
    long = "x" * ((service.max_record_bytes or service.max_request_bytes // 10) - 1_000)
    enough = service.max_request_bytes // len(long) + 2

    report = desk.deliver(operation, range(1, enough + 1), long)

    assert set(report.verdicts) <= DONE
    assert len(report.outcomes) == enough
    assert max(len(request.content) for request in desk.requests) <= service.max_request_bytes


@pytest.mark.parametrize(
    "taken", [one for one in LIMITED_IN_BYTES if declared(one).max_record_bytes], ids=str
)
def test_a_record_of_more_bytes_than_the_vendor_takes_is_refused_without_being_said(desk):
    service = desk.service
    values = ["one", "one", "x" * service.max_record_bytes]
    batch = desk.taken.batch(service, [1, 2, 3], Operation.INSERT, desk.mode_of(Operation.INSERT))
    batch = batch.of(batch.frame.with_columns(pl.Series(desk.taken.sitting.changing, values)))

    report = desk.load(batch)

    assert [report.outcomes[key].verdict for key in "123"] == [
        Verdict.ACCEPTED,
        Verdict.ACCEPTED,
        Verdict.REJECTED,
    ]
    assert not [request for request in desk.requests if len(request.content) > service.max_record_bytes]


@EVERY_OPERATION
def test_d9_no_secret_is_in_a_body_or_in_what_is_logged(standing, operation, caplog):
    caplog.set_level(logging.DEBUG)

    standing.deliver(operation, PEOPLE)

    assert standing.requests
    for secret in standing.service.destination.secret_values():
        assert not [request for request in standing.requests if secret.encode() in request.content]
        assert secret not in caplog.text
