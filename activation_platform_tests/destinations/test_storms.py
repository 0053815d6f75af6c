"""Storms: a vendor that throttles, breaks, resets, hangs and answers nonsense, over sockets, for runs on end.

However the runs end meanwhile: once it is over, everything valid has arrived exactly as the mode promises, what is invalid was
never sent, what is refused stands as an issue, and then there is nothing to do.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from activation_platform.contracts.modes import Mode
from activation_platform.contracts.service import Service
from activation_platform.destinations.attio.destination import Attio
from activation_platform.destinations.attio.list_entries import ListEntries
from activation_platform.destinations.attio.lists import OfAList
from activation_platform.destinations.attio.people import People
from activation_platform.destinations.batch.destination import Batch
from activation_platform.destinations.batch.profiles import Profiles
from activation_platform.destinations.klaviyo.destination import Klaviyo
from activation_platform.destinations.klaviyo.profiles import Profiles as KlaviyoProfiles
from activation_platform.destinations.sendgrid.contacts import Contacts
from activation_platform.destinations.sendgrid.destination import SendGrid
from activation_platform.sandbox import RunningSandbox
from activation_platform.sandbox.faults import Kind, RetryAfter, Rule, When
from activation_platform.sync.activate import RunFailed
from activation_platform.sync.folder import Folder
from activation_platform.sync.history import Status
from activation_platform.sync.reader import read_ledger
from activation_platform_tests.destinations.attio.exam import LIST, on_list, with_list
from activation_platform_tests.destinations.conversation import carry
from activation_platform_tests.destinations.running import Runs

PEOPLE = 25
REFUSED = 20
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


class FewProfiles(Profiles):
    """Profiles in small batches, so that a run has many of them."""

    batch_size = 5


class FewAtKlaviyo(KlaviyoProfiles):
    """Profiles of Klaviyo in small batches, so that a run has many of them."""

    batch_size = 5
    delete_batch_size = 5


class FewContacts(Contacts):
    """Contacts in small batches, so that a run has many of them."""

    batch_size = 5
    delete_batch_size = 5


def known_to_klaviyo(sandbox: RunningSandbox) -> tuple[Service, Callable[[], dict[str, str]], Rule]:
    def held() -> dict[str, str]:
        found = sandbox.world.part("klaviyo", "profiles").values()
        return {one["email"]: one["title"] for one in found}

    account = Klaviyo(private_key="pk_sandbox_private_key", base_url=sandbox.base_url("klaviyo"))
    return FewAtKlaviyo(account), held, Rule(Kind.POISON, method="POST", identifier=address(REFUSED))


def contacts(sandbox: RunningSandbox) -> tuple[Service, Callable[[], dict[str, str]], Rule]:
    def held() -> dict[str, str]:
        found = sandbox.world.part("sendgrid", "contacts").values()
        return {one["email"]: one["city"] for one in found}

    account = SendGrid(api_key="SG.sandbox", base_url=sandbox.base_url("sendgrid"))
    return FewContacts(account), held, Rule(Kind.POISON, method="PUT", identifier=address(REFUSED))


def people(sandbox: RunningSandbox) -> tuple[Service, Callable[[], dict[str, str]], Rule]:
    def held() -> dict[str, str]:
        found = sandbox.world.part("attio", "people").values()
        return {one["email_addresses"][0]: one["job_title"] for one in found}

    account = Attio(access_token="sandbox-attio-token", base_url=sandbox.base_url("attio"))
    return People(account), held, Rule(Kind.POISON, identifier=address(REFUSED))


def entries(sandbox: RunningSandbox) -> tuple[Service, Callable[[], dict[str, str]], Rule]:
    account = Attio(access_token="sandbox-attio-token", base_url=sandbox.base_url("attio"))
    everybody = map(address, range(PEOPLE + 10))
    with httpx.Client() as client:
        assert carry(with_list(everybody)(account), account, client).raised is None

    def held() -> dict[str, str]:
        return dict(on_list(sandbox.world))

    rule = Rule(Kind.POISON, identifier=address(REFUSED))
    return ListEntries(account, OfAList(list=LIST)), held, rule


def profiles(sandbox: RunningSandbox) -> tuple[Service, Callable[[], dict[str, str]], Rule]:
    def held() -> dict[str, str]:
        found = sandbox.world.part("batch", "profiles").items()
        return {address(int(name)): one["job_title"] for name, one in found}

    project = Batch(
        rest_api_key="sandbox-rest-key",
        project_key="sandbox-project",
        live_api_keys=["sandbox-ios-key"],
        base_url=sandbox.base_url("batch"),
    )
    return (
        FewProfiles(project),
        held,
        Rule(Kind.POISON, identifier=str(REFUSED)),
    )


def address(number: int) -> str:
    return f"person{number}@example.com"


def row(service: Service, number: int, title: str) -> dict[str, Any]:
    if isinstance(service, People):
        return {"key": number, "email_addresses": address(number), "job_title": title}
    if isinstance(service, ListEntries):
        return {"key": number, "parent_record": address(number), "note": title}
    if isinstance(service, KlaviyoProfiles):
        return {"key": number, "email": address(number), "title": title}
    if isinstance(service, Contacts):
        return {"key": number, "email": address(number), "city": title}
    return {"key": number, "custom_id": str(number), "$email_address": address(number), "job_title": title}


def invalid(service: Service) -> dict[str, Any]:
    """A row that cannot be sent."""
    made = row(service, INVALID, "nobody")
    return {name: "no address" if value == address(INVALID) else value for name, value in made.items()}


@pytest.mark.parametrize("storm", STORMS)
@pytest.mark.parametrize("of", [contacts, entries, known_to_klaviyo, people, profiles])
def test_when_the_storm_is_over_everything_valid_has_arrived_exactly_as_promised(
    of, storm, sandbox, tmp_path, record_property
):
    service, held, poison = of(sandbox)
    mode = Mode.UPSERT if of in (known_to_klaviyo, profiles) else Mode.MIRROR
    run = Runs(tmp_path, service, mode, patience={"answer_within": ANSWER_WITHIN})
    for rule in [poison, *STORMS[storm]]:
        sandbox.world.add_fault(rule)

    ended_early, titles = [], ["cook", "judge", "guide"]
    for day, title in enumerate(titles):  # some new every day, some changed, some gone
        frame = {number: titles[0] if number % 2 else title for number in range(day * 5, PEOPLE + day * 5)}
        rows = [row(service, number, value) for number, value in frame.items()]
        try:
            run(*rows, invalid(service))
        except RunFailed as failed:
            ended_early.append(failed.run.figures)
    _, *faults = sandbox.world.faults_in_force()
    struck = sum(fault["struck"] for fault in faults)
    assert struck >= 5
    record_property("faults", struck)
    sandbox.world.clear_faults()
    sandbox.world.add_fault(poison)
    run(*rows, invalid(service))
    last = run(*rows, invalid(service))

    wanted = {address(number): title for number, title in frame.items() if number != REFUSED}
    there = held()
    assert (there if mode is Mode.MIRROR else {name: there[name] for name in wanted}) == wanted
    assert last.figures.inserted + last.figures.updated + last.figures.deleted == 0
    assert address(REFUSED) not in there
    assert last.status in (Status.NOTHING_TO_DO, Status.WITH_ISSUES)
    assert all(figures.extracted == figures.accounted for figures in ended_early)
    owed = read_ledger(Folder(tmp_path / "ledger")).debts
    assert sorted(owed["key"]) == [str(REFUSED), str(INVALID)]
