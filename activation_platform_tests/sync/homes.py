"""The homes of state for tests: a local folder, and a bucket of a store on the loopback."""

from pathlib import Path

import pytest

from activation_platform.sync.bucket import Bucket
from activation_platform.sync.folder import Folder
from activation_platform.sync.store import Store
from activation_platform_tests.destinations.files.stores import Front, ObjectStore

LEASE = 2.0
"""Seconds, in tests: long enough for a busy machine, short enough to wait for."""


def environment(front: Front, cache: Path) -> dict[str, str]:
    """What a process needs to find the store, besides the URL."""
    return {
        "AWS_ENDPOINT_URL": front.address,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "owner",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
        "ACTIVATION_CACHE": str(cache),
    }


def new_bucket(front: Front, cache: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A new bucket's URL; this process can use it from now on."""
    for name, value in environment(front, cache).items():
        monkeypatch.setenv(name, value)
    return f"s3://{ObjectStore(front).bucket}/some/prefix"


def home(kind: str, front: Front, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A `folder` or a `bucket`."""
    if kind == "folder":
        return Folder(tmp_path / "root")
    url = new_bucket(front, tmp_path / "cache", monkeypatch)
    return Bucket.at(url, lease=LEASE, retry_within=1.0)
