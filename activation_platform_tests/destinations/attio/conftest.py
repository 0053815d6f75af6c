"""An Attio workspace that the sandbox keeps: as our services see it, and as a person sets it up."""

import pytest

from activation_platform.contracts.modes import Mode
from activation_platform.destinations.attio.destination import Attio
from activation_platform_tests.destinations.running import Runs


@pytest.fixture
def workspace(sandbox):
    return Attio(access_token="sandbox-attio-token", base_url=sandbox.base_url("attio"))


@pytest.fixture
def runs(tmp_path, workspace):
    return lambda service, mode=Mode.MIRROR, **settings: Runs(tmp_path, service, mode, settings)


@pytest.fixture
def held(sandbox):
    return lambda thing: list(sandbox.world.part("attio", thing).values())


@pytest.fixture
def attio(workspace, client):
    """The workspace as a person would set it up, through the vendor's API; returns what was made."""

    def post(path, data):
        request = workspace.ask("POST", path, budget=None, json={"data": data})
        answer = client.send(request, auth=workspace.auth())
        assert answer.is_success, answer.text
        return answer.json()["data"]

    return post


@pytest.fixture
def attribute(attio):
    def add(thing, slug, kind="text", *, unique=True, of="objects"):
        flags = {"is_required": False, "is_unique": unique, "is_multiselect": False}
        data = {"title": slug, "description": None, "api_slug": slug, "type": kind, "config": {}, **flags}
        attio(f"/v2/{of}/{thing}/attributes", data)

    return add
