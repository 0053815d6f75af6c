"""A Klaviyo account that the sandbox keeps, as our services and as the vendor's own client see it."""

import pytest

from activation_platform.destinations.klaviyo.destination import Klaviyo
from activation_platform.sandbox.klaviyo import PRIVATE_KEY


@pytest.fixture
def account(sandbox):
    return Klaviyo(private_key=PRIVATE_KEY, base_url=sandbox.base_url("klaviyo"))


@pytest.fixture
def official(sandbox):
    """https://github.com/klaviyo/klaviyo-api-python, of the revision that we speak."""
    from klaviyo_api import KlaviyoAPI

    assert Klaviyo.revision == KlaviyoAPI._REVISION
    return KlaviyoAPI(PRIVATE_KEY, max_retries=0, test_host=sandbox.base_url("klaviyo"))
