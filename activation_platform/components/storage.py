"""The storage root: where frames, ledgers, locks and budgets live."""

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from activation_platform.sync.manifest import HASHED

__all__ = ["account_hash", "storage_root"]


def storage_root() -> Path:
    """The folder named by `ACTIVATION_STORAGE`, or `.activation` in the working directory. Every run must see the same one."""
    return Path(os.environ.get("ACTIVATION_STORAGE", ".activation")).resolve()


def account_hash(root: Path, credentials: Iterable[str]) -> str:
    """Names an account by its credentials where the vendor gives it no name: keyed, so that the ledger tells nothing of them."""
    key = _key(root)
    return HASHED + hmac.new(key, "\0".join(credentials).encode(), hashlib.sha256).hexdigest()[:32]


def _key(root: Path) -> bytes:
    """A random key that belongs to the storage root, made once."""
    path = root / "account.key"
    try:
        return path.read_bytes()
    except FileNotFoundError:
        root.mkdir(parents=True, exist_ok=True)
        beside = root / f".account.key.{os.getpid()}"
        beside.write_bytes(secrets.token_bytes(32))
        beside.chmod(0o600)
        try:
            os.link(beside, path)  # the first of several processes wins
        except FileExistsError:
            pass
        finally:
            beside.unlink()
        return path.read_bytes()
