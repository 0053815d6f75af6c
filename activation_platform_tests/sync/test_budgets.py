"""Rate budgets: token buckets in files, shared by every run of every process."""

import asyncio
import subprocess
import sys

import pytest

from activation_platform.contracts.pace import Budget
from activation_platform.sync.budgets import Budgets
from activation_platform.sync.folder import Folder
from activation_platform_tests.sync.world import Clock

TEN = Budget("ten", per_second=10, burst=20)
SLOW = Budget("slow", per_second=0.001, burst=100)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def budgets(tmp_path, clock):
    return Budgets(Folder(tmp_path), "account", now=clock)


def test_a_burst_leaves_at_once_and_the_rest_at_the_vendors_pace(budgets):
    assert budgets.take(TEN, 19) == 0
    assert budgets.take(TEN, 10) == pytest.approx(1.0)
    assert budgets.take(TEN, 5) == pytest.approx(1.5)


def test_tokens_flow_in_up_to_the_burst(budgets, clock):
    budgets.take(TEN, 19)
    clock.time += 1.0
    assert budgets.take(TEN, 10) == 0
    clock.time += 3600.0
    assert budgets.take(TEN, 19) == 0
    assert budgets.take(TEN, 1) > 0


def test_a_cost_above_the_burst_is_paid_by_waiting(budgets):
    assert budgets.take(Budget("small", per_second=1, burst=1), 5) == pytest.approx(4.0)


def refused(budgets, budget, wait):
    asyncio.run(budgets.refused(budget, 1, budgets.now(), wait))


def test_d8_too_many_stops_everybody_on_the_account(tmp_path, budgets, clock):
    other = Budgets(Folder(tmp_path), "account", now=clock)
    refused(budgets, TEN, 7)
    assert budgets.blocked(TEN) == pytest.approx(7)
    assert other.take(TEN, 1) == pytest.approx(7, abs=0.2)
    assert other.blocked(TEN) == pytest.approx(7)
    clock.time += 7
    assert other.blocked(TEN) == 0


def test_a_shorter_wait_does_not_shorten_a_longer_one(budgets):
    refused(budgets, TEN, 60)
    refused(budgets, TEN, 3)
    assert budgets.blocked(TEN) == pytest.approx(60)


def test_a_wait_of_a_second_is_the_refused_requests_alone(budgets):
    refused(budgets, TEN, 1)
    assert budgets.blocked(TEN) == 0
    assert budgets.take(TEN, 1) < 0.5


def test_nothing_is_saved_up_while_everybody_waits(budgets, clock):
    refused(budgets, TEN, 100)
    clock.time += 100
    waits = [budgets.take(TEN, 1) for _ in range(10)]
    assert waits[-1] > 0.9


def test_what_waits_beyond_a_block_keeps_its_place(budgets):
    budgets.take(TEN, 19 + 100)
    refused(budgets, TEN, 5)
    assert budgets.take(TEN, 1) > 9


def test_d8_accounts_and_budgets_do_not_share(tmp_path, budgets, clock):
    budgets.take(TEN, 19)
    assert Budgets(Folder(tmp_path), "other", now=clock).take(TEN, 19) == 0
    assert budgets.take(Budget("another", per_second=10, burst=20), 19) == 0


@pytest.mark.parametrize("text", ["", "{", "[1, 2"])
def test_a_torn_file_is_a_full_bucket(tmp_path, budgets, text):
    budgets.take(TEN, 19)
    (file,) = tmp_path.rglob("*.json")
    file.write_text(text)
    assert budgets.take(TEN, 19) == 0


def test_a_clock_that_was_set_back_blocks_nobody_for_ever(budgets, clock):
    refused(budgets, TEN, 100)
    clock.time -= 86_400
    assert budgets.blocked(TEN) == 0
    assert budgets.take(TEN, 1) <= 0.2


def test_the_accounts_name_is_not_in_the_files_names(tmp_path, budgets):
    budgets.take(TEN, 1)
    assert not [path for path in tmp_path.rglob("*") if "account" in path.name]


def test_d8_what_another_process_took_is_gone(tmp_path):
    take = (
        "import pathlib, sys; from activation_platform_tests.sync.test_budgets import SLOW, Budgets, Folder;"
        "print(Budgets(Folder(pathlib.Path(sys.argv[1])), 'account').take(SLOW, 60))"
    )
    first = subprocess.run([sys.executable, "-c", take, tmp_path], check=True, capture_output=True, text=True)
    assert float(first.stdout) == 0
    assert Budgets(Folder(tmp_path), "account").take(SLOW, 60) > 1000
