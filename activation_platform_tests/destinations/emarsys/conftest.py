"""An Emarsys account that the sandbox keeps, with a field of every type that can be written."""

import pytest

from activation_platform.destinations.emarsys.destination import Emarsys
from activation_platform.sandbox.emarsys import SECRET, USERNAME
from activation_platform_tests.destinations.conversation import carry
from activation_platform_tests.destinations.emarsys.exam import with_fields


@pytest.fixture
def account(sandbox, client):
    made = Emarsys(username=USERNAME, secret=SECRET, base_url=sandbox.base_url("emarsys"))
    assert carry(with_fields(made), made, client).raised is None
    return made


@pytest.fixture
def held(sandbox):
    """What the account holds of everybody, in the order of the e-mail addresses."""

    def contacts():
        return sorted(
            sandbox.world.part("emarsys", "contacts").values(), key=lambda one: one.get("email", "")
        )

    return contacts
