"""The authorities whose certificates are trusted: those of httpx, or those that the environment names."""

import os
import ssl
from functools import lru_cache

import httpx

__all__ = ["trusted"]


def trusted() -> ssl.SSLContext:
    """A context for any number of clients. Read once a process: that takes longer than all else of a small run."""
    return _read(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@lru_cache(maxsize=1)
def _read(*_places: str | None) -> ssl.SSLContext:
    context: ssl.SSLContext = httpx.create_ssl_context()
    return context
