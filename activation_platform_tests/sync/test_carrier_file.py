"""The file carrier against a place that exists only here: patience, cancellation, and drafts that are never in the way."""

import asyncio
import tempfile
from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest

from activation_platform.contracts.errors import Cancelled, ConnectionFailed, CredentialsRefused
from activation_platform.contracts.formats import Csv
from activation_platform.contracts.interrupted import Interrupted
from activation_platform.contracts.service import BatchRefused
from activation_platform.contracts.writes import Append, Discard, Open, Place, Probe, Publish
from activation_platform.destinations.files.destination import Files
from activation_platform.sync.budgets import Budgets
from activation_platform.sync.carrier import Exchange
from activation_platform.sync.carrier_file import FileCarrier
from activation_platform.sync.folder import Folder
from activation_platform.sync.patience import Patience

SCHEMA = pl.Schema({"id": pl.Int64, "name": pl.String})
ROWS = pl.DataFrame({"id": [1], "name": ["Ada"]})
DOWN = Interrupted(ConnectionFailed("the shelf is out of reach", remedy="Wait."))
SHUT = CredentialsRefused("the shelf is shut", remedy="Open it.")


class Shelf(Place):
    """A place that keeps texts, and fails as it is told."""

    name = "shelf"

    def __init__(self, *faults: Exception) -> None:
        self.faults = list(faults)
        self.texts: dict[str, str] = {}

    async def probe(self) -> None:
        self._fail()

    async def has(self, path: str) -> bool:
        self._fail()
        return path in self.texts

    async def publish(self, draft: Path, path: str) -> None:
        self._fail()
        self.texts[path] = draft.read_text()

    def _fail(self) -> None:
        if self.faults:
            raise self.faults.pop(0)


class ShelfFiles(Files):
    """A destination on a shelf."""

    def place(self) -> Place:
        return SHELF[0]


SHELF: list[Shelf] = []


def carry(tmp_path, shelf, *sayings, cancelled=bool, between=lambda: None):
    """Say things one after another; returns the carrier, closed."""
    SHELF[:] = [shelf]
    waits: list[float] = []

    async def sleep(seconds):
        waits.append(seconds)

    carrier = FileCarrier(
        ShelfFiles(url="file:///shelf"),
        Budgets(Folder(tmp_path), "shelf"),
        Patience(sleep=sleep, attempts=3),
        1,
        None,
        cancelled,
    )

    async def work():
        try:
            for saying in sayings:
                await carrier.say(saying, Exchange(repeatable=True))
                between()
        finally:
            await carrier.close()

    asyncio.run(work())
    return carrier, waits


WHOLE = (Open("a.csv", SCHEMA, replaces=True), Append("a.csv", ROWS), Publish("a.csv", Csv()))


@pytest.fixture(autouse=True)
def _own_temporary_folder(tmp_path, monkeypatch):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))


def spools() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("activation-*"))


def test_what_may_pass_is_tried_again_with_the_same_draft(tmp_path):
    shelf = Shelf(DOWN, DOWN)

    carrier, waits = carry(tmp_path, shelf, *WHOLE)

    assert shelf.texts == {"a.csv": "id,name\n1,Ada\n"}
    assert (carrier.requests, len(waits)) == (3, 2)


def test_what_does_not_pass_is_its_own_error_after_the_last_attempt(tmp_path):
    shelf = Shelf(*[DOWN] * 9)

    with pytest.raises(ConnectionFailed, match="out of reach"):
        carry(tmp_path, shelf, *WHOLE)

    assert (shelf.texts, len(shelf.faults)) == ({}, 6)


def test_a_refusal_is_never_tried_again(tmp_path):
    shelf = Shelf(SHUT, SHUT)

    with pytest.raises(CredentialsRefused):
        carry(tmp_path, shelf, Probe())

    assert len(shelf.faults) == 1


def test_a_cancelled_run_waits_for_no_place_that_is_out_of_reach(tmp_path):
    shelf = Shelf(*[DOWN] * 9)

    with pytest.raises(Cancelled):
        carry(tmp_path, shelf, Probe(), cancelled=lambda: True)

    assert len(shelf.faults) == 8


def test_publishing_twice_is_publishing_once(tmp_path):
    shelf = Shelf()

    carrier, _ = carry(tmp_path, shelf, *WHOLE, WHOLE[-1])

    assert carrier.requests == 1


def test_what_is_thrown_away_is_never_seen(tmp_path):
    shelf = Shelf()

    carry(tmp_path, shelf, *WHOLE[:2], Discard("a.csv"), Discard("a.csv"))

    assert shelf.texts == {}


@pytest.mark.parametrize(("sayings", "faults"), [(WHOLE, ()), (WHOLE[:2], ()), (WHOLE, [SHUT])])
def test_no_row_stays_on_this_machine_whatever_happens(tmp_path, sayings, faults):
    during = []

    with suppress(CredentialsRefused):
        carry(tmp_path, Shelf(*faults), *sayings, between=lambda: during.append(spools()))

    assert during[0]
    assert spools() == set()


def test_rows_on_their_way_are_for_nobody_else(tmp_path):
    modes = []

    carry(
        tmp_path, Shelf(), *WHOLE[:2], between=lambda: modes.extend(path.stat().st_mode for path in spools())
    )

    assert modes
    assert all(mode & 0o077 == 0 for mode in modes)


def test_a_frame_that_lacks_columns_has_nulls_there_and_one_of_another_type_is_refused(tmp_path):
    shelf = Shelf()
    lacking, fitting = pl.DataFrame({"id": [2]}), pl.DataFrame({"id": ["3"]})

    carry(tmp_path, shelf, WHOLE[0], Append("a.csv", lacking), Append("a.csv", fitting), WHOLE[2])
    assert shelf.texts["a.csv"] == "id,name\n2,\n3,\n"

    with pytest.raises(BatchRefused, match="id does not fit a column of type Int64"):
        carry(tmp_path, shelf, WHOLE[0], Append("a.csv", pl.DataFrame({"id": ["x"]})))
