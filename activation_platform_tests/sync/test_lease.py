"""A lease: whoever stops renewing it loses it, knows it first, and the fence rises with whoever has it next."""

import time

import pytest

from activation_platform.contracts.errors import LeaseLost, TimedOut
from activation_platform.sync import lease as leases
from activation_platform.sync.folder import Folder
from activation_platform.sync.lease import Lease, leased


class Now:
    """A clock of this test's own: two leases with one each are two machines."""

    def __init__(self, monkeypatch):
        self.time = 1000.0
        monkeypatch.setattr(leases, "_now", lambda: self.time)


@pytest.fixture
def now(monkeypatch):
    return Now(monkeypatch)


@pytest.fixture
def store(tmp_path):
    return Folder(tmp_path)  # it needs nothing but `read` and `change`


def test_the_fence_rises_with_every_holder(store):
    fences = []
    for _ in range(3):
        with leased(store, "letters", seconds=60, wait=0, cancelled=bool) as hold:
            hold.require()
            fences.append(hold.fence)
    assert fences == [1, 2, 3]


def test_a_lease_is_taken_over_only_after_it_stood_still_for_longer_than_it_lasts(store, now):
    dead, heir = Lease(store, "letters", 3600), Lease(store, "letters", 3600)
    assert dead.try_to_take()
    now.time += 1e6  # whatever the clock says when it is first looked at
    assert not heir.try_to_take()
    now.time += 3600 * 1.2
    assert not heir.try_to_take()
    now.time += 3600 * 0.1
    assert heir.try_to_take()
    assert (dead.fence, heir.fence) == (1, 2)


def test_whoever_loses_a_lease_knows_before_anybody_else_can_have_it(store, now):
    holder = Lease(store, "letters", 3600)
    assert holder.try_to_take()
    now.time += 3599
    holder.require()
    now.time += 1
    with pytest.raises(LeaseLost, match=r"letters to itself: it could not be renewed for 3600 seconds"):
        holder.require()
    holder.give_back()  # what is lost is not given back
    assert not Lease(store, "letters", 3600).try_to_take()


def test_a_lease_that_is_renewed_is_not_taken_over(store):
    with leased(store, "letters", seconds=1.5, wait=0, cancelled=bool) as hold:
        with pytest.raises(TimedOut), leased(store, "letters", seconds=1.5, wait=2.5, cancelled=bool):
            pass
        hold.require()


def test_a_renewal_that_finds_another_holder_ends_the_lease(store):
    with leased(store, "letters", seconds=0.3, wait=0, cancelled=bool) as hold:
        store.write("letters.lease", b'{"fence": 2, "holder": "another", "seconds": 60, "renewed": 0}')

        def until_it_is_noticed():
            for _ in range(500):
                hold.require()
                time.sleep(0.02)

        with pytest.raises(LeaseLost, match="another run took over"):
            until_it_is_noticed()
    assert b'"another"' in (store.read("letters.lease") or b"")


@pytest.mark.parametrize("text", [b"", b"{", b'{"of another version": 1}'])
def test_a_lease_that_cannot_be_read_is_nobodys(store, text):
    store.write("letters.lease", text)
    with leased(store, "letters", seconds=60, wait=0, cancelled=bool) as hold:
        assert hold.fence == 1
