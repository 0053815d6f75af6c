"""A warehouse behind an SSH server is read through a port that is gone with the read; only a pinned host is trusted."""

import sys
import threading

import asyncssh
import polars as pl
import pytest

from activation_platform.components.settings import secrets_in_clear, settings_faults
from activation_platform.contracts.errors import (
    ActivationError,
    ConnectionFailed,
    CredentialsRefused,
    DeclarationError,
)
from activation_platform.sources.postgres import Postgres
from activation_platform.sources.redshift import Redshift
from activation_platform_tests.sources import redshift_cluster
from activation_platform_tests.sources.ssh_server import PASSWORD, serving


@pytest.fixture
def bastion():
    with serving() as bastion:
        yield bastion


@pytest.fixture
def behind(postgres_server, bastion):
    """Makes a PostgreSQL source behind the bastion; `changes` are to its `ssh`."""
    return lambda **changes: Postgres(
        host="127.0.0.1",
        port=postgres_server.port,
        database="postgres",
        user=postgres_server.user,
        password=postgres_server.password,
        ssh=bastion.ssh(**changes),
    )


def rows(source, query="select 7 as x"):
    return pl.concat(source.read(query)).rows()


def refusal(source):
    with pytest.raises(ActivationError) as caught:
        list(source.read("select 1 as x"))
    return caught.value


def tunnels():
    return [thread for thread in threading.enumerate() if thread.name == "ssh-tunnel"]


def test_postgres_is_read_through_the_tunnel_which_closes_with_the_read(behind, bastion, postgres_server):
    assert rows(behind()) == [(7,)]
    assert set(bastion.forwarded) == {("127.0.0.1", postgres_server.port)}
    assert tunnels() == []


def test_a_reader_that_goes_away_closes_the_tunnel(behind, bastion):
    frames = behind().read("select i, repeat('x', 200) as t from generate_series(1, 200000) i")
    next(frames)
    assert len(tunnels()) == 1
    frames.close()

    assert tunnels() == []


def test_redshift_is_read_through_the_tunnel(postgres_server, bastion):
    with redshift_cluster.serving(postgres_server, None) as cluster:
        source = Redshift(
            host=cluster.host,
            port=cluster.port,
            database="postgres",
            user=postgres_server.user,
            password=postgres_server.password,
            sslmode="disable",
            ssh=bastion.ssh(),
        )
        assert rows(source) == [(7,)]
        assert set(bastion.forwarded) == {("127.0.0.1", cluster.port)}
    assert tunnels() == []


def test_a_private_key_lets_in_without_a_password(behind, bastion):
    key = bastion.user_key.export_private_key().decode()

    assert rows(behind(password="", private_key=key)) == [(7,)]


@pytest.mark.parametrize("known", ["", "another"])
def test_a_host_key_that_is_not_pinned_is_refused_with_its_fingerprint_and_how_to_pin_it(
    behind, bastion, known
):
    if known:
        known = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()

    error = refusal(behind(known_host_key=known))

    assert type(error) is ConnectionFailed
    assert bastion.host_key.get_fingerprint() in str(error)
    (pin,) = (line for line in [str(error).partition("known_host_key: ")[2]] if line)
    assert rows(behind(known_host_key=pin)) == [(7,)]


def test_a_wrong_password_is_a_refusal_of_credentials(behind):
    error = refusal(behind(password="wrong-Passw0rd"))

    assert type(error) is CredentialsRefused
    assert "private_key under the source's `ssh`" in str(error)
    assert "wrong-Passw0rd" not in str(error)


def test_a_private_key_that_is_none_is_said_without_showing_it(behind):
    error = refusal(behind(private_key="-----BEGIN nonsense"))

    assert type(error) is DeclarationError
    assert "nonsense" not in str(error)


def test_an_ssh_server_that_is_not_there_is_named(behind):
    error = refusal(behind(port=1))

    assert type(error) is ConnectionFailed
    assert "The SSH server 127.0.0.1:1 cannot be reached" in str(error)


def test_a_warehouse_that_the_ssh_server_does_not_reach_is_named(bastion):
    error = refusal(Postgres(host="127.0.0.1", port=1, database="d", user="u", ssh=bastion.ssh()))

    assert type(error) is ConnectionFailed
    assert f"127.0.0.1:{bastion.port} does not reach 127.0.0.1:1" in str(error)


def test_a_tunnel_that_breaks_in_the_middle_is_named_and_the_next_run_reads_all(behind, bastion):
    frames = behind().read("select i, repeat('x', 200) as t from generate_series(1, 500000) i")
    next(frames)
    bastion.hang_up()

    with pytest.raises(ConnectionFailed, match=r"The SSH tunnel through .* broke"):
        list(frames)
    assert tunnels() == []
    assert rows(behind()) == [(7,)]


def test_a_certificate_that_could_not_be_held_against_a_name_is_not_silently_trusted(bastion):
    source = Redshift(host="127.0.0.1", port=bastion.port, database="d", user="u", ssh=bastion.ssh())

    error = refusal(source)

    assert type(error) is DeclarationError
    assert "verify-ca" in str(error)


def test_a_missing_library_says_how_to_install_it(behind, monkeypatch):
    monkeypatch.setitem(sys.modules, "asyncssh", None)

    assert r"pip install 'activation_platform[ssh]'" in str(refusal(behind()))


SETTINGS = {"host": "h", "database": "d", "user": "u"}


@pytest.mark.parametrize(
    ("ssh", "words"),
    [
        ({"host": "b", "user": "u", "password": PASSWORD}, '"ssh.password" is a secret: write env:NAME'),
        ({"host": "b", "user": "u", "private_key": "-----BEGIN"}, '"ssh.private_key" is a secret'),
        ({"host": "b"}, '"ssh.user": Input should be a valid string'),
        ({"host": "b", "user": "u", "hots": 1}, '"ssh.hots": Extra inputs are not permitted'),
    ],
)
def test_a_mistake_within_ssh_is_found_at_load(ssh, words):
    found = [fault.message for fault in settings_faults(Postgres, Postgres.secrets, {**SETTINGS, "ssh": ssh})]

    assert any(words in one for one in found)
    assert not any(PASSWORD in one for one in found)


def test_references_within_ssh_are_fine_and_a_secret_in_clear_is_known_to_be_hidden():
    ssh = {"host": "b", "port": 2222, "user": "u", "password": "env:PASSWORD", "known_host_key": "env:KEY"}

    assert list(settings_faults(Postgres, Postgres.secrets, {**SETTINGS, "ssh": ssh})) == []
    assert list(secrets_in_clear(Postgres.secrets, {"ssh": {"password": PASSWORD}})) == [PASSWORD]
