"""The newest runs: of all ledgers of an activation, by when they began."""

import pytest

from activation_platform.sync.folder import Folder
from activation_platform.sync.history import Figures, Run, Status, newest_of_each, write_run


@pytest.fixture
def root(tmp_path):
    return Folder(tmp_path)


def ran(root, ledger, number, started):
    name, figures = ledger.partition("~")[0], Figures(extracted=number)
    run = Run(number, name, "messages", "2026-01-01", "r", Status.STOPPED, figures, started, 1.0, error="why")
    write_run(root / "ledgers" / ledger, run)


def test_the_newest_run_is_the_one_of_all_ledgers_that_began_last(root):
    for number in (2, 9, 10):  # 10 comes after 9, and not after 1
        ran(root, "newsletter", number, started=100.0 + number)
    ran(root, "newsletter~sandbox", 1, started=105.0)
    ran(root, "churn~sandbox", 3, started=7.0)
    ran(root, "gone", 1, started=200.0)  # no longer declared
    (root / "ledgers" / "new").write("manifest.json", b"{}")

    found = newest_of_each(root, ["newsletter", "churn", "new"])

    assert {name: (run.ledger, run.number) for name, run in found.items()} == {
        "newsletter": ("newsletter", 10),
        "churn": ("churn~sandbox", 3),
    }
    assert found["newsletter"].figures == Figures(extracted=10)
    assert found["newsletter"].status is Status.STOPPED
