"""The sandbox under test, on a real socket with a clock that stands still until it is told to move."""

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from activation_platform.contracts.authorities import trusted
from activation_platform.sandbox import Control, RunningSandbox, running
from activation_platform.sandbox.attio import Attio
from activation_platform.sandbox.batch import Batch
from activation_platform.sandbox.world import World

NOON = 1_750_000_000.0


@dataclass
class HandClock:
    """A clock that a test moves by hand."""

    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Stage:
    """A running sandbox and clients with the right keys."""

    sandbox: RunningSandbox
    clock: HandClock
    control: Control
    batch: httpx.Client
    gdpr: httpx.Client
    attio: httpx.Client
    anonymous: httpx.Client

    def update(self, *profiles: dict, path: str = "/2.11/profiles/update") -> httpx.Response:
        return self.batch.post(path, json=list(profiles))

    def profile(self, custom_id: str, **attributes: object) -> httpx.Response:
        return self.update({"identifiers": {"custom_id": custom_id}, "attributes": attributes})

    def attribute(self, slug: str, kind: str, **traits: bool) -> httpx.Response:
        flags = {"is_required": False, "is_unique": False, "is_multiselect": False, **traits}
        data = {"title": slug, "description": None, "api_slug": slug, "type": kind, "config": {}, **flags}
        return self.attio.post("/v2/objects/people/attributes", json={"data": data})

    def person(self, *emails: str, **values: object) -> httpx.Response:
        body = {"data": {"values": {"email_addresses": list(emails), **values}}}
        return self.attio.put(
            "/v2/objects/people/records", params={"matching_attribute": "email_addresses"}, json=body
        )


@pytest.fixture(scope="package")
def open_stage() -> Iterator[Stage]:
    clock = HandClock()
    platforms = [Batch(app_keys=("sandbox-live-key",)), Attio()]
    with running(clock=clock, wall=lambda: NOON + clock.now, platforms=platforms) as sandbox:
        rest = {"Authorization": "Bearer sandbox-rest-key", "X-Batch-Project": "sandbox-project"}
        gdpr = {"X-Authorization": "sandbox-rest-key"}
        attio = {"Authorization": "Bearer sandbox-attio-token"}
        with (
            sandbox.control() as control,
            httpx.Client(
                verify=trusted(), base_url=sandbox.base_url("batch"), headers=rest, timeout=5
            ) as batch_client,
            httpx.Client(
                verify=trusted(),
                base_url=f"{sandbox.base_url('batch')}/1.0/sandbox-live-key/gdpr",
                headers=gdpr,
                timeout=5,
            ) as gdpr_client,
            httpx.Client(
                verify=trusted(), base_url=sandbox.base_url("attio"), headers=attio, timeout=5
            ) as attio_client,
            httpx.Client(verify=trusted(), base_url=sandbox.url, timeout=5) as anonymous,
        ):
            yield Stage(sandbox, clock, control, batch_client, gdpr_client, attio_client, anonymous)


@pytest.fixture
def stage(open_stage: Stage) -> Stage:
    """A sandbox as new, without rate limits."""
    open_stage.sandbox.world.reset()
    open_stage.sandbox.world.enable_limits(False)
    return open_stage


@pytest.fixture
def limited(stage: Stage) -> Stage:
    """A sandbox as new, with the vendors' rate limits and a clock that stands still."""
    stage.sandbox.world.enable_limits(True)
    return stage


@pytest.fixture(scope="module")
def clock() -> HandClock:
    """The clock of a sandbox that a module opens for itself."""
    return HandClock()


@pytest.fixture
def world(opened: RunningSandbox) -> World:
    """The world of that sandbox, as new and without rate limits."""
    opened.world.reset()
    opened.world.enable_limits(False)
    return opened.world
