"""What everything that speaks SSH needs: the library when it is first used, and keys read from what people paste."""

import logging
import re
from typing import Any

from activation_platform.contracts.errors import DeclarationError

__all__ = ["library", "private_keys", "public_keys"]

_PUBLIC_KEY = re.compile(r"(?:ssh|ecdsa|sk)-\S+ \S+")


def library(what: str, extra: str) -> Any:
    """asyncssh, imported now; `what` needs it and `extra` brings it."""
    try:
        import asyncssh
    except ImportError:
        raise DeclarationError(
            f"{what} needs asyncssh, which is not installed",
            remedy=f"pip install 'activation_platform[{extra}]'",
        ) from None
    logging.getLogger("asyncssh").setLevel(logging.WARNING)  # it logs names and paths
    return asyncssh


def private_keys(text: str, where: str) -> list[Any] | None:
    """The private key for `where`, or None: never one that lies about on this machine."""
    if not text:
        return None
    import asyncssh

    try:
        return [asyncssh.import_private_key(text)]
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError):
        raise DeclarationError(
            f"the private key for {where} cannot be read",
            remedy="private_key holds a key in OpenSSH or PEM format, line breaks included, without a passphrase.",
        ) from None


def public_keys(text: str) -> list[Any]:
    """The keys in what `ssh-keyscan` prints; none where one of them cannot be read."""
    import asyncssh

    try:
        return [asyncssh.import_public_key(key) for key in _PUBLIC_KEY.findall(text)]
    except asyncssh.KeyImportError:
        return []
