"""Where a destination leads, and the settings that each kind of place takes."""

import os
import subprocess
import sys

import pytest

from activation_platform.contracts.errors import DeclarationError
from activation_platform.destinations.files.destination import Files

SFTP = {"user": "me", "password": "env:PASSWORD", "known_host_key": "env:KEY"}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"url": "/exports"}, '"url" starts with one of file://'),
        ({"url": "ftp://example.org"}, '"url" starts with one of file://.* Did you mean "sftp"'),
        ({"url": "file://exports"}, "three slashes"),
        ({"url": "file:///exports/../etc"}, r'holds "\.\."'),
        ({"url": "file:///exports/%2e%2e/etc"}, r'holds "\.\."'),
        ({"url": "s3:///prefix"}, "names no bucket"),
        ({"url": "s3://bucket:80/prefix"}, "a port, which only sftp:// takes"),
        ({"url": "s3://bucket/prefix?region=eu"}, "lead nowhere"),
        ({"url": "sftp://example.org:99999/in", **SFTP}, "a number up to 65535"),
        ({"url": "sftp://[::1/in", **SFTP}, "is no address"),
        ({"url": "sftp://:22/in", **SFTP}, "names no host"),
        (
            {"url": "sftp://example.org/in", "user": "me", "known_host_key": "k"},
            '"password" or "private_key"',
        ),
        ({"url": "sftp://example.org/in", "user": "me", "password": "p"}, 'needs "known_host_key"'),
        ({"url": "file:///exports", "region": "eu-west-1"}, 'takes no "region"; it takes no other setting'),
        (
            {"url": "gs://bucket", "access_key_id": "k"},
            'takes no "access_key_id"; it takes base_url, service_',
        ),
        ({"url": "s3://bucket", "access_key_id": "k"}, "together, or neither"),
    ],
)
def test_settings_that_lead_nowhere_are_refused_at_load_and_when_used(settings, words):
    with pytest.raises(DeclarationError, match=words):
        Files(**settings).place()
    assert list(Files.objections(settings))


@pytest.mark.parametrize(
    ("settings", "host", "name"),
    [
        ({"url": "file:///exports/"}, "file:///exports", "file:///exports"),
        ({"url": "s3://bucket/a/b/"}, "s3://bucket", "s3://bucket/a/b"),
        ({"url": "gs://bucket"}, "gs://bucket", "gs://bucket"),
        ({"url": "sftp://example.org/in", **SFTP}, "sftp://example.org", "sftp://example.org:22/in"),
    ],
)
def test_a_place_has_a_name_that_outlives_its_credentials(settings, host, name):
    destination = Files(**settings)

    assert (destination.host, destination.place().name) == (host, name)


def test_a_bucket_of_another_store_is_another_account():
    elsewhere = Files(url="s3://bucket", base_url="https://store.example.org")

    assert elsewhere.host == "s3://bucket at store.example.org"


def test_an_address_from_the_environment_is_judged_when_it_is_known():
    assert list(Files.objections({"url": "env:WHERE", "region": "eu-west-1"})) == []


@pytest.mark.parametrize(
    ("module", "settings", "extra"),
    [
        ("obstore", {"url": "s3://bucket"}, "objects"),
        ("obstore", {"url": "gs://bucket"}, "objects"),
        ("asyncssh", {"url": "sftp://example.org", **SFTP}, "sftp"),
    ],
)
def test_what_is_not_installed_is_told_with_its_extra(monkeypatch, tmp_path, module, settings, extra):
    from activation_platform_tests.destinations.files.desk import Desk

    monkeypatch.setitem(sys.modules, module, None)

    with pytest.raises(DeclarationError, match=rf"activation_platform\[{extra}\]"):
        Desk(Files(**settings), tmp_path, {"path": "{run}.csv"}).probe()


def test_a_folder_of_this_machine_needs_neither():
    look = (
        "import sys, activation_platform.destinations.files.destination as d, activation_platform.sync.loader; "
        "d.Files(url='file:///exports').place(); "
        "print([name for name in ('obstore', 'asyncssh') if name in sys.modules])"
    )

    seen = subprocess.run(
        [sys.executable, "-c", look], capture_output=True, text=True, check=True, env=os.environ
    )

    assert seen.stdout.strip() == "[]"
