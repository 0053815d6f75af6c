"""The storage root: where frames, ledgers, locks and budgets live."""

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from activation_platform.sync.folder import Folder
from activation_platform.sync.manifest import HASHED
from activation_platform.sync.store import Store

__all__ = ["account_hash", "storage_root", "store_at"]

_KEY = "account.key"


def storage_root() -> Store:
    """The place named by `ACTIVATION_STORAGE`, or `.activation` in the working directory. Every run must see the same one.

    A path, or `s3://bucket/prefix`, `gs://bucket/prefix`.
    """
    return store_at(os.environ.get("ACTIVATION_STORAGE", ".activation"))


def store_at(named: str) -> Store:
    """The place that a path, `s3://bucket/prefix` or `gs://bucket/prefix` names."""
    return _bucket(named) if "://" in named else Folder(Path(named).resolve())


@cache
def _bucket(url: str) -> Store:
    """One client a process."""
    from activation_platform.sync.bucket import Bucket

    return Bucket.at(url)


def account_hash(root: Store, credentials: Iterable[str]) -> str:
    """Names an account by its credentials where the vendor gives it no name: keyed, so that the ledger tells nothing of them."""
    key = _key(root)
    return HASHED + hmac.new(key, "\0".join(credentials).encode(), hashlib.sha256).hexdigest()[:32]


def _key(root: Store) -> bytes:
    """A random key that belongs to the storage root, made once: the first of several processes wins."""
    key = root.read(_KEY)
    if key is None:
        root.create(_KEY, secrets.token_bytes(32))
        key = root.read(_KEY)
        assert key is not None
    return key
