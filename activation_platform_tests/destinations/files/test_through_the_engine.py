"""files.export through the engine: what counts, and when; what a failed run leaves, and what the next one does."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from activation_platform.contracts.modes import Mode, RunType
from activation_platform.destinations.files.export import Export, ExportOptions
from activation_platform.destinations.files.folder import Folder
from activation_platform.sync.activate import RunFailed, activate
from activation_platform.sync.budgets import Budgets
from activation_platform.sync.folder import Folder as LocalStore
from activation_platform.sync.history import Status
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.loader import Loader
from activation_platform.sync.mapping import FieldMapping
from activation_platform.sync.order import Activation, Guards, RunOrder
from activation_platform.sync.patience import Patience
from activation_platform_tests.destinations.files.desk import folder_at

START = datetime(2026, 1, 1, tzinfo=UTC)
ADA, GRACE, MARY = {"id": 1, "name": "Ada"}, {"id": 2, "name": "Grace"}, {"id": 3, "name": "Mary"}


@dataclass
class Exports:
    """Runs of one export, a day each."""

    root: Path
    mode: Mode
    path: str = "{DD}.csv"
    key: str = "id"
    day: int = 0
    guards: Guards = field(default_factory=lambda: Guards(deletes=None))

    @property
    def folder(self) -> Path:
        return self.root / "exports"

    def run(self, *rows, again=False):
        """The next day's run, or the same day's once more."""
        self.day += 0 if again else 1
        destination = folder_at(self.folder)
        service = Export(destination, ExportOptions(path=self.path))
        snapshots = self.mode is Mode.SNAPSHOT
        activation = Activation(
            name="people",
            service=service,
            mode=self.mode,
            run_type=RunType.FULL_ONLY if snapshots else RunType.FULL_THEN_DELTA,
            mapping=(FieldMapping("id", "id"), FieldMapping("name", "name")),
            key=(self.key,),
            guards=self.guards,
        )
        frame = pl.LazyFrame(list(rows), schema={"key": pl.Int64, "id": pl.Int64, "name": pl.String})
        instant = START + timedelta(days=self.day - 1)
        return activate(
            activation,
            frame,
            Ledger(LocalStore(self.root / "ledger")),
            Loader(
                destination,
                Budgets(LocalStore(self.root / "budgets"), "files"),
                Patience(sleep=None, attempts=1),
            ),
            RunOrder(
                run_id=f"run-{self.day}", partition=str(instant.date()), instant=instant, snapshot=self.day
            ),
            account_hash=str,
        )

    def lines(self, name=None):
        """The rows of a day's file, in order of text; None where there is no such file."""
        path = self.folder / (name or f"{self.day:02}.csv")
        return sorted(path.read_text().splitlines()[1:]) if path.exists() else None


@pytest.mark.parametrize(
    ("mode", "second", "third"),
    [
        (Mode.UPSERT, ["1,Ada L.", "3,Mary"], None),
        (Mode.INSERT_ONLY, ["3,Mary"], None),
        (Mode.MIRROR, ["1,update,Ada L.", "2,delete,", "3,insert,Mary"], None),
        (Mode.SNAPSHOT, ["1,Ada L.", "3,Mary"], ["1,Ada L.", "3,Mary"]),
    ],
)
def test_the_mode_says_what_is_in_a_file(tmp_path, mode, second, third):
    exports = Exports(tmp_path, mode)

    exports.run(ADA, GRACE)
    assert len(exports.lines()) == 2
    exports.run(ADA | {"name": "Ada L."}, MARY)
    assert exports.lines() == second
    exports.run(ADA | {"name": "Ada L."}, MARY)
    assert exports.lines() == third


def test_c1_a_snapshot_of_nobody_is_a_header(tmp_path):
    exports = Exports(tmp_path, Mode.SNAPSHOT)
    exports.run(ADA)

    exports.run()

    assert (exports.folder / "02.csv").read_text() == "id,name\n"


@pytest.mark.parametrize("mode", [Mode.UPSERT, Mode.MIRROR, Mode.SNAPSHOT])
def test_c1_what_was_not_published_was_not_acknowledged(tmp_path, mode, monkeypatch):
    exports = Exports(tmp_path, mode, path="people_{DD}.csv")
    exports.run(ADA)

    with monkeypatch.context() as patch:
        patch.setattr(Folder, "_publish", _no_room)
        with pytest.raises(RunFailed, match="No space left on device") as failed:
            exports.run(ADA, GRACE)

    assert failed.value.run.status is Status.FAILED
    assert failed.value.run.figures.loaded == 0
    assert [path.name for path in exports.folder.iterdir()] == ["people_01.csv"]
    figures = exports.run(ADA, GRACE, again=True).figures
    assert figures.loaded >= 1
    assert any("Grace" in line for line in exports.lines("people_02.csv"))


def _no_room(self, draft, file):
    with self._understood():
        raise OSError(28, "No space left on device")


def test_b5_an_identifier_that_changes_is_a_row_inserted_and_one_deleted(tmp_path):
    exports = Exports(tmp_path, Mode.MIRROR, key="key")
    exports.run({"key": 7, **ADA})

    exports.run({"key": 7, **ADA, "id": 11})

    assert exports.lines() in (["1,delete,", "11,insert,Ada"], ["1,delete,", "11,update,Ada"])


def test_c3_a_guard_withholds_deletes_and_the_file_holds_the_rest(tmp_path):
    exports = Exports(tmp_path, Mode.MIRROR)
    exports.run(*({"id": n, "name": "x"} for n in range(200)))
    exports.guards = Guards()

    exports.run(MARY | {"id": 500})

    assert exports.lines() == ["500,insert,Mary"]


def test_a_run_repeated_for_the_same_partition_never_overwrites_changes_that_wait(tmp_path):
    exports = Exports(tmp_path, Mode.UPSERT)
    exports.run(ADA)

    with pytest.raises(RunFailed, match=r"already has a file 01\.csv"):
        exports.run(ADA, GRACE, again=True)

    assert exports.lines() == ["1,Ada"]
    exports.path = "{DD}.csv"
    exports.run(ADA, GRACE)
    assert exports.lines() == ["2,Grace"]


def test_a2_the_target_is_the_place_and_the_template(tmp_path):
    exports = Exports(tmp_path, Mode.UPSERT)
    exports.run(ADA)

    with pytest.raises(RunFailed, match="Configuration"):
        replace(exports, path="other_{DD}.csv").run(ADA)
