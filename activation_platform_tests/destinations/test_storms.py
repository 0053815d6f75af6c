"""Storms: a vendor that throttles, breaks, resets, hangs and answers nonsense, over sockets, for runs on end.

However the runs end meanwhile: once it is over, everything valid has arrived exactly as the mode promises, what is invalid was
never sent, what is refused stands as an issue, and then there is nothing to do.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import time_machine

from activation_platform.contracts.authorities import trusted
from activation_platform.contracts.modes import Mode
from activation_platform.sandbox.faults import Kind, RetryAfter, Rule, When
from activation_platform.sync.activate import RunFailed
from activation_platform.sync.folder import Folder
from activation_platform.sync.history import Status
from activation_platform.sync.reader import read_ledger
from activation_platform_tests.destinations.conversation import carry
from activation_platform_tests.destinations.running import Runs
from activation_platform_tests.destinations.stateful import PEOPLE, REFUSED, InStorm, address, in_storms

SERVICES = in_storms()
INVALID = 999
ANSWER_WITHIN = 0.25
HANGS = 6
STORMS: dict[str, list[Rule]] = {
    "throttled": [
        Rule(Kind.STATUS, status=429, retry_after=1, probability=0.3),
        Rule(
            Kind.STATUS, status=429, retry_after=30, retry_after_format=RetryAfter.HTTP_DATE, probability=0.05
        ),
        Rule(Kind.STATUS, status=429, probability=0.2),
    ],
    "broken": [
        Rule(Kind.STATUS, status=500, probability=0.2),
        Rule(Kind.STATUS, status=502, when=When.AFTER, probability=0.2),
        Rule(Kind.STATUS, status=503, retry_after=5, probability=0.2),
    ],
    "reset": [
        Rule(Kind.DROP, probability=0.2),
        Rule(Kind.DROP, when=When.AFTER, probability=0.2),
    ],
    "hanging": [
        Rule(Kind.TIMEOUT, cap=1, times=HANGS, probability=0.2),
        Rule(Kind.TIMEOUT, when=When.AFTER, cap=1, times=HANGS, probability=0.2),
    ],
    "nonsense": [
        Rule(Kind.BROKEN_JSON, probability=0.15),
        Rule(Kind.HALF, probability=0.15),
        Rule(Kind.HTML_200, probability=0.15),
    ],
}
STORMS["all at once"] = [
    replace(rule, probability=rule.probability / 3) for rules in STORMS.values() for rule in rules
]


def row(of: InStorm, number: int, title: str) -> dict[str, Any]:
    return {"key": number, **of.row(number, title)}


def invalid(of: InStorm) -> dict[str, Any]:
    """A row that cannot be sent."""
    made = row(of, INVALID, "nobody")
    return {name: "no address" if value == address(INVALID) else value for name, value in made.items()}


@pytest.mark.parametrize("storm", STORMS)
@pytest.mark.parametrize("name", SERVICES)
def test_when_the_storm_is_over_everything_valid_has_arrived_exactly_as_promised(
    name, storm, sandbox, tmp_path, record_property
):
    of = SERVICES[name]
    service = of.service(sandbox.base_url(name.partition(".")[0]))
    if of.before is not None:
        with httpx.Client(verify=trusted()) as client:
            assert carry(of.before(service.destination), service.destination, client).raised is None
    run = Runs(tmp_path, service, of.mode, patience={"answer_within": ANSWER_WITHIN}, keeps=of.keeps)
    for rule in [of.poison, *STORMS[storm]]:
        sandbox.world.add_fault(rule)

    ended_early, titles = [], ["cook", "judge", "guide"]
    for day, title in enumerate(titles):  # some new every day, some changed, some gone
        frame = {number: titles[0] if number % 2 else title for number in range(day * 5, PEOPLE + day * 5)}
        rows = [row(of, number, value) for number, value in frame.items()]
        try:
            run(*rows, invalid(of))
        except RunFailed as failed:
            ended_early.append(failed.run.figures)
    _, *faults = sandbox.world.faults_in_force()
    struck = sum(fault["struck"] for fault in faults)
    assert struck >= 5
    record_property("faults", struck)
    sandbox.world.clear_faults()
    sandbox.world.add_fault(of.poison)
    # A month later vendors are done with all that they were told; a delete of which nobody heard is asked for again.
    with time_machine.travel(datetime.now(UTC) + timedelta(days=31)):
        for _ in range(3):
            run(*rows, invalid(of))
            sandbox.world.finish_erasures()
        last = run(*rows, invalid(of))

    wanted = {address(number): title for number, title in frame.items() if number != REFUSED}
    there = of.held(sandbox.world)
    assert (there if of.mode is Mode.MIRROR else {name: there[name] for name in wanted}) == wanted
    assert last.figures.inserted + last.figures.updated + last.figures.deleted == 0
    assert address(REFUSED) not in there
    assert last.status in (Status.NOTHING_TO_DO, Status.WITH_ISSUES)
    assert all(figures.extracted == figures.accounted for figures in ended_early)
    owed = read_ledger(Folder(tmp_path / "ledger")).debts
    assert sorted(owed["key"]) == [str(REFUSED), str(INVALID)]
