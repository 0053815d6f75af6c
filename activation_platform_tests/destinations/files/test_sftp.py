"""Files on an SFTP server: beside, renamed, and only on a server that is who it says it is."""

import os
import socket

import asyncssh
import polars as pl
import pytest

from activation_platform.contracts.errors import (
    ConnectionFailed,
    CredentialsRefused,
    DeclarationError,
    NotFound,
    TimedOut,
)
from activation_platform.contracts.modes import Mode
from activation_platform.destinations.files import sftp
from activation_platform_tests.destinations.files.desk import PEOPLE, Desk
from activation_platform_tests.destinations.files.sftp_server import Server, serving

OLD, NEW = "id,name\n1,Ada\n", "id,name\n1,Ada\n2,Grace\n"
BIG = pl.DataFrame({"id": range(150_000), "name": [f"{n**5:040}" for n in range(150_000)]})
"""More than one block."""


@pytest.fixture
def server(tmp_path):
    (tmp_path / "served" / "in").mkdir(parents=True)
    with serving(Server(tmp_path / "served")) as running:
        yield running


@pytest.fixture
def inbox(server):
    return server.folder / "in"


def desk_at(destination, tmp_path, mode=Mode.SNAPSHOT, **options):
    return Desk(destination, tmp_path, {"path": "people.csv", **options}, mode)


def test_a_run_is_one_file(server, inbox, tmp_path):
    desk = desk_at(server.files(), tmp_path, path="é {YYYY}/people.csv")

    assert desk.probe() == f"sftp://127.0.0.1:{server.port}/in"
    assert os.listdir(inbox) == []  # noqa: PTH208
    desk.write(BIG)
    desk.write(PEOPLE)

    assert [str(path.relative_to(inbox)) for path in inbox.rglob("*.*")] == ["é 2026/people.csv"]
    assert (inbox / "é 2026/people.csv").read_text() == NEW
    assert len(server.renamed) == 2


def test_a_server_without_posix_rename_has_the_old_file_removed_first(server, inbox, tmp_path):
    server.posix_rename = False
    desk = desk_at(server.files(), tmp_path)
    desk.write(PEOPLE[:1])

    desk.write(PEOPLE)

    assert {path.name: path.read_text() for path in inbox.iterdir()} == {"people.csv": NEW}


def test_a_private_key_lets_in_without_a_password(server, inbox, tmp_path):
    key = server.user_key.export_private_key().decode()

    desk_at(server.files(password="", private_key=key), tmp_path).write(PEOPLE)

    assert (inbox / "people.csv").read_text() == NEW
    assert server.logins == 0


def test_a_server_with_another_host_key_is_not_talked_to(server, inbox, tmp_path):
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    desk = desk_at(server.files(known_host_key=other), tmp_path)

    with pytest.raises(ConnectionFailed, match="another host key than the one declared"):
        desk.probe()
    with pytest.raises(ConnectionFailed, match="somebody stands in between"):
        desk.write(PEOPLE)

    assert (server.logins, desk.waited, list(inbox.iterdir())) == (0, [], [])


def test_one_of_several_known_host_keys_is_enough(server, tmp_path):
    other = asyncssh.generate_private_key("ecdsa-sha2-nistp256").export_public_key().decode()

    desk_at(server.files(known_host_key=f"{other}\n{server.public_key}"), tmp_path).probe()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"known_host_key": "nonsense"}, "ssh-keyscan"),
        ({"known_host_key": "ssh-ed25519 AAAAnonsense"}, "ssh-keyscan"),
        ({"private_key": "a-secret-but-no-key"}, "private key .* cannot be read"),
    ],
)
def test_a_key_that_is_none_is_said_without_showing_it(server, tmp_path, settings, words):
    with pytest.raises(DeclarationError, match=words) as refused:
        desk_at(server.files(**settings), tmp_path).probe()

    assert "a-secret-but-no-key" not in str(refused.value)


def test_a_wrong_password_is_a_refusal_of_credentials(server, tmp_path):
    desk = desk_at(server.files(password="wrong-secret"), tmp_path)

    with pytest.raises(CredentialsRefused, match="refuses partner") as refused:
        desk.probe()

    assert (desk.waited, "wrong-secret" in str(refused.value)) == ([], False)


@pytest.mark.parametrize(("name", "probed"), [(".activation.part", True), (".people.csv.part", False)])
def test_a_folder_that_may_not_be_written_is_a_refusal_of_credentials(server, inbox, tmp_path, name, probed):
    server.refuses.add(name)
    desk = desk_at(server.files(), tmp_path)

    with pytest.raises(CredentialsRefused, match="may write and rename in the folder"):
        desk.probe() if probed else desk.write(PEOPLE)

    assert list(inbox.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "found"), [("~/in", "in/people.csv"), ("", "people.csv"), ("~", "people.csv")]
)
def test_a_path_may_begin_where_the_login_leads(server, tmp_path, path, found):
    desk = desk_at(server.files(path), tmp_path)

    desk.probe()
    desk.write(PEOPLE)

    assert (server.folder / found).read_text() == NEW


def test_a_folder_that_is_not_there_is_said(server, tmp_path):
    with pytest.raises(NotFound, match="Create the folder"):
        desk_at(server.files("nowhere"), tmp_path).probe()


def test_a_connection_that_breaks_in_the_middle_is_made_anew(server, inbox, tmp_path):
    desk = desk_at(server.files(), tmp_path)
    desk.write(PEOPLE[:1])
    server.hangs_up = 1

    desk.write(BIG)

    assert len(desk.waited) == 1
    assert (inbox / "people.csv").stat().st_size > 5_000_000
    assert [path.name for path in inbox.iterdir()] == ["people.csv"]


def test_a_connection_that_keeps_breaking_leaves_the_old_file(server, inbox, tmp_path):
    desk = desk_at(server.files(), tmp_path)
    desk.write(PEOPLE[:1])
    server.hangs_up = 100

    with pytest.raises(ConnectionFailed, match="cannot be reached"):
        desk.write(BIG)

    assert len(desk.waited) == 2
    assert (inbox / "people.csv").read_text() == OLD


def test_a_full_server_leaves_the_old_file_and_no_draft(server, inbox, tmp_path):
    desk = desk_at(server.files(), tmp_path)
    desk.write(PEOPLE[:1])
    server.full = True

    with pytest.raises(ConnectionFailed, match="Is there room"):
        desk.write(PEOPLE)

    assert {path.name: path.read_text() for path in inbox.iterdir()} == {"people.csv": OLD}


def test_a_server_that_is_down_cannot_be_reached(tmp_path):
    down = Server(tmp_path)
    down.port = 9
    desk = desk_at(down.files(), tmp_path)

    with pytest.raises(ConnectionFailed, match="cannot be reached"):
        desk.probe()

    assert len(desk.waited) == 2


def test_a_server_that_never_answers_is_timed_out(tmp_path, monkeypatch):
    monkeypatch.setattr(sftp, "_CONNECT_WITHIN", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hung = Server(tmp_path)
        hung.port = silent.getsockname()[1]

        with pytest.raises(TimedOut, match="did not answer in time"):
            desk_at(hung.files(), tmp_path).probe()


def test_a_file_of_changes_never_replaces_one_that_is_there(server, inbox, tmp_path):
    desk = desk_at(server.files(), tmp_path, Mode.UPSERT, path="people_{ss}.csv")
    desk.write(PEOPLE[:1])

    with pytest.raises(DeclarationError, match="already has a file"):
        desk.write(PEOPLE)

    assert (inbox / "people_05.csv").read_text() == OLD
