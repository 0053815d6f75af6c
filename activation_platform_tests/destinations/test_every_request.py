"""Every request that a service can build, and every answer of the sandbox to it, is as the vendor describes it."""

from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from activation_platform.contracts.authorities import trusted
from activation_platform.contracts.modes import Operation
from activation_platform.contracts.service import BatchRefused, Pending
from activation_platform.destinations import PLATFORMS
from activation_platform.sandbox.faults import Kind, Rule
from activation_platform_tests.destinations.conversation import carry
from activation_platform_tests.destinations.descriptions import Witness, description_of
from activation_platform_tests.destinations.exam import EXAMS, SERVICES
from activation_platform_tests.destinations.generated import batches

DESCRIBED = [taken for taken in SERVICES if taken.exam.description]
FAULTS = (400, 401, 403, 404, 409, 413, 429, 500, 503)


@pytest.fixture
def witnessed(open_sandbox):
    """A client whose every exchange is held against the vendor's description."""
    opened = []

    def client(taken):
        description = description_of(taken.exam.description, taken.exam.errata)
        account = taken.account(open_sandbox.url)
        witness = Witness(description, account.root_url, account.default_base_url, taken.exam.beside)
        opened.append(httpx.Client(transport=witness))
        return witness, opened[-1]

    yield client
    for one in opened:
        one.close()


def prepared(taken, service):
    """Set the account up as a person would; returns its fields, where it tells them."""
    told = service.account_fields()
    with httpx.Client(verify=trusted()) as client:
        for inquiry in (taken.sitting.prepare and taken.sitting.prepare(service.destination), told):
            if inquiry is not None:
                fields = carry(inquiry, service.destination, client).outcomes
    return None if told is None else fields


@pytest.mark.parametrize("taken", DESCRIBED, ids=str)
@settings(
    max_examples=40,
    phases=(Phase.explicit, Phase.generate),  # over sockets, making an example smaller takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_whatever_the_batch_requests_and_answers_are_as_described(taken, data, witnessed, open_sandbox):
    witness, client = witnessed(taken)
    open_sandbox.world.reset()
    service = taken.service(open_sandbox.url)
    account = prepared(taken, service)

    for mode in sorted(service.modes):
        for batch in data.draw(batches(service, mode, account)):
            said = carry(service.deliver(batch), service.destination, client)
            assert said.raised is None or isinstance(said.raised, BatchRefused), said.raised
            if service.deletes_are_requests and batch.operation is Operation.DELETE and said.raised is None:
                pending = [
                    Pending(record.key, record.identifier, outcome.request, 0.0)
                    for record, outcome in zip(batch.records, said.outcomes, strict=True)
                ]
                assert carry(service.settle(pending), service.destination, client).raised is None

    assert not witness.problems, "\n".join(witness.problems)


@pytest.mark.parametrize("taken", DESCRIBED, ids=str)
def test_what_is_asked_of_the_account_is_as_described(taken, witnessed, sandbox):
    witness, client = witnessed(taken)
    service = taken.service(sandbox.url)

    for inquiry in (service.destination.account(), service.account_fields()):
        if inquiry is not None:
            assert carry(inquiry, service.destination, client).raised is None

    assert witness.exchanges
    assert not witness.problems, "\n".join(witness.problems)


@pytest.mark.parametrize("status", FAULTS)
@pytest.mark.parametrize("taken", DESCRIBED, ids=str)
def test_a_refusal_is_worded_as_described(taken, status, witnessed, sandbox):
    witness, client = witnessed(taken)
    service = taken.service(sandbox.url)
    carry(service.destination.account(), service.destination, client)  # with a token, where there is one
    before = len(witness.exchanges)
    sandbox.world.add_fault(Rule(Kind.STATUS, status=status))

    carry(service.destination.account(), service.destination, client)

    assert {response.status_code for _, response in witness.exchanges[before:]} == {status}
    assert not witness.problems, "\n".join(witness.problems)


@pytest.mark.parametrize("name", EXAMS)
def test_a_platform_says_that_it_was_verified_against_what_these_tests_hold_it_against(name):
    said = [words.split(" (")[0] for words in PLATFORMS[name].verified]
    client = Path(__file__).parent / name / "test_official_client.py"

    assert ("the vendor's description" in said) == bool(EXAMS[name].description)
    assert ("the vendor's client" in said) == client.exists()
