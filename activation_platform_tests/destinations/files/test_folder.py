"""Files in a folder of this machine: whole or not at all, whatever happens meanwhile."""

import errno
import signal
import subprocess
import sys
from datetime import timedelta

import polars as pl
import pytest

from activation_platform.contracts.errors import (
    ConnectionFailed,
    CredentialsRefused,
    DeclarationError,
    NotFound,
)
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import ACCEPTED
from activation_platform_tests.destinations.files.desk import (
    INSTANT,
    PEOPLE,
    Desk,
    as_batch,
    folder_at,
    leaving,
)
from activation_platform_tests.other_user import another_user, open_folder


@pytest.fixture
def place(tmp_path):
    return tmp_path / "exports"


def desk_at(place, tmp_path, mode=Mode.SNAPSHOT, **options):
    return Desk(folder_at(place), tmp_path, {"path": "people.csv", **options}, mode)


def names(place):
    return sorted(path.name for path in place.iterdir())


def test_a_run_is_one_file_and_nothing_else(place, tmp_path):
    desk = desk_at(place, tmp_path)

    desk.write(PEOPLE, pl.DataFrame({"id": [3], "name": ["Mary"]}))

    assert (place / "people.csv").read_text() == "id,name\n1,Ada\n2,Grace\n3,Mary\n"
    assert names(place) == ["people.csv"]
    assert desk.outcomes == [ACCEPTED] * 3


def test_a_snapshot_replaces_the_file_before(place, tmp_path):
    desk = desk_at(place, tmp_path)
    desk.write(PEOPLE)

    desk.write(PEOPLE[:1])

    assert (place / "people.csv").read_text() == "id,name\n1,Ada\n"


def test_a_snapshot_of_nothing_is_a_file_with_a_header(place, tmp_path):
    desk_at(place, tmp_path).write(schema=PEOPLE.schema)

    assert (place / "people.csv").read_text() == "id,name\n"


def test_under_mirror_a_column_says_what_happened(place, tmp_path):
    desk = desk_at(place, tmp_path, Mode.MIRROR, replace=True)

    desk.write(
        as_batch(PEOPLE[:1], Mode.MIRROR),
        as_batch(PEOPLE[1:], Mode.MIRROR, Operation.UPDATE),
        leaving("7"),
    )

    expected = "id,_operation,name\n1,insert,Ada\n2,update,Grace\n7,delete,\n"
    assert (place / "people.csv").read_text() == expected


def test_a_delete_whose_identifier_was_of_another_type_is_rejected_alone(place, tmp_path):
    desk = desk_at(place, tmp_path, Mode.MIRROR, replace=True)

    desk.write(as_batch(PEOPLE, Mode.MIRROR), leaving("7", "text-once", "8"))

    reasons = {outcome.reason for outcome in desk.outcomes if outcome != ACCEPTED}
    assert reasons == {"id does not fit a column of type Int64"}
    assert (place / "people.csv").read_text().count("delete") == 2


def test_a_file_of_changes_never_replaces_one_that_is_there(place, tmp_path):
    desk = desk_at(place, tmp_path, Mode.UPSERT, path="people_{ss}.csv")
    desk.write(PEOPLE)

    with pytest.raises(DeclarationError, match=r"already has a file people_05\.csv"):
        desk.write(PEOPLE[:1])

    assert (place / "people_05.csv").read_text() == "id,name\n1,Ada\n2,Grace\n"
    desk.write(PEOPLE[:1], instant=INSTANT + timedelta(seconds=1))
    assert (place / "people_06.csv").read_text() == "id,name\n1,Ada\n"


def test_folders_in_the_name_are_made(place, tmp_path):
    desk = desk_at(place, tmp_path, path="{YYYY}/{MM}/people é.csv")

    assert desk.write(PEOPLE) == "2026/03/people é.csv"
    assert (place / "2026" / "03" / "people é.csv").exists()


def test_a_folder_that_is_not_there_is_not_made(place, tmp_path):
    desk = desk_at(place, tmp_path)
    place.rmdir()

    with pytest.raises(NotFound, match="Create the folder"):
        desk.probe()


def test_a_probe_names_the_folder_and_leaves_nothing(place, tmp_path):
    desk = desk_at(place, tmp_path)

    assert desk.probe() == place.as_uri()
    assert names(place) == []


@pytest.fixture
def sealed():
    """A folder that nobody may write."""
    with open_folder() as around:
        (around / "exports").mkdir(0o555)
        with another_user():
            yield around / "exports"


def test_a_folder_that_may_not_be_written_is_a_refusal_of_credentials(sealed):
    desk = Desk(folder_at(sealed), sealed.parent, {"path": "people.csv"})

    with pytest.raises(CredentialsRefused, match="cannot be written"):
        desk.probe()
    with pytest.raises(CredentialsRefused, match="Let the user"):
        desk.write(PEOPLE)


FULL = """
import resource, sys
from pathlib import Path
import polars as pl
from activation_platform_tests.destinations.files.desk import Desk, folder_at

root = Path(sys.argv[1])
rows = pl.DataFrame({"id": range(5000), "name": ["x" * 100] * 5000})
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
for format in ("csv", "jsonl", "parquet"):
    desk = Desk(folder_at(root), root.parent, {"path": f"people.{format}", "format": format})
    if format == "parquet":
        rows = pl.DataFrame({"id": range(5000), "name": [str(n**7) for n in range(5000)]})
    try:
        desk.write(rows)
    except Exception as error:
        print(type(error).__name__, error, flush=True)
"""


def test_a_disk_that_is_full_leaves_the_old_file_and_says_so(place, tmp_path):
    place.mkdir()
    for ending in ("csv", "jsonl", "parquet"):
        (place / f"people.{ending}").write_text("the file before")

    child = subprocess.run(
        [sys.executable, "-W", "error", "-c", FULL, str(place)], capture_output=True, text=True, check=False
    )

    assert child.stderr == ""
    told = child.stdout.splitlines()
    assert len(told) == 3
    assert all(line.startswith("ConnectionFailed") and "File too large" in line for line in told)
    assert all("Make room" in line for line in told)
    assert {path.name: path.read_text() for path in place.iterdir()} == {
        f"people.{ending}": "the file before" for ending in ("csv", "jsonl", "parquet")
    }


KILLED = """
import os, signal, sys
from pathlib import Path
from activation_platform.destinations.files import folder
from activation_platform_tests.destinations.files.desk import PEOPLE, Desk, folder_at

class Dying(folder.Folder):
    async def publish(self, draft, path):
        assert draft.read_text().endswith("Grace\\n")
        os.kill(os.getpid(), signal.SIGKILL)

root = Path(sys.argv[1])
from activation_platform.destinations.files import destination
destination.Folder = Dying
Desk(folder_at(root), root.parent, {"path": "people.csv"}).write(PEOPLE)
"""


def test_a_crash_before_the_rename_leaves_the_old_file_and_the_next_run_takes_over(place, tmp_path):
    desk = desk_at(place, tmp_path)
    desk.write(PEOPLE[:1])

    child = subprocess.run([sys.executable, "-c", KILLED, str(place)], check=False)

    assert child.returncode == -signal.SIGKILL
    assert (place / "people.csv").read_text() == "id,name\n1,Ada\n"
    assert names(place) == [".people.csv.part", "people.csv"]
    desk.write(PEOPLE)
    assert names(place) == ["people.csv"]


def test_the_temporary_folder_being_full_is_an_error_of_its_own(place, tmp_path, monkeypatch):
    def full(self, *_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pl.DataFrame, "write_ipc", full)
    desk = desk_at(place, tmp_path)

    with pytest.raises(ConnectionFailed, match=r"temporary folder .* No space left on device"):
        desk.write(PEOPLE)

    assert (desk.outcomes, desk.unsent) == ([], 2)
    assert names(place) == []
