"""A Batch project of two apps, kept by the sandbox."""

import pytest

from activation_platform.destinations.batch.destination import Batch

APPS = ["sandbox-ios-key", "sandbox-web-key"]


@pytest.fixture
def project(sandbox):
    return Batch(
        rest_api_key="sandbox-rest-key",
        project_key="sandbox-project",
        live_api_keys=APPS,
        base_url=sandbox.base_url("batch"),
    )
