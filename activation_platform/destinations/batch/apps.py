"""The apps of a Batch project, each of which is asked by itself, under the key of the app.

The key stands in the path of a request, so no message may name the path. What some of the apps have taken on already is
remembered as JSON, app → what the app said of it; an app stands there under a digest of its key, never the key.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx

from activation_platform.contracts.errors import CredentialsRefused, NotFound

if TYPE_CHECKING:
    from activation_platform.destinations.batch.destination import Batch

__all__ = ["App", "apps_of", "pack", "unpack"]


@dataclass(frozen=True, slots=True)
class App:
    """One app: its key, and its place among the keys, from 1, by which people are told of it."""

    key: str = field(repr=False)
    position: int

    @property
    def digest(self) -> str:
        """What stands for it wherever something is remembered."""
        return hashlib.sha256(self.key.encode()).hexdigest()[:12]

    def path(self, what: str) -> str:
        """The path of one of its endpoints."""
        return f"/1.0/{quote(self.key, safe='')}/{what}"

    def check(self, response: httpx.Response) -> None:
        """A 404 means that the app does not exist."""
        if response.status_code == httpx.codes.NOT_FOUND:
            raise NotFound(
                f"Batch does not know the app of key {self.position} in live_api_keys",
                remedy="Check that key and base_url.",
            )


def apps_of(destination: "Batch") -> list[App]:
    """The apps, each once; without any nothing would be said, and nothing may count as said."""
    keys = dict.fromkeys(key for key in destination.live_api_keys if key)
    if not keys:
        raise CredentialsRefused(
            "Batch has to be asked app by app here, and no app key is configured",
            remedy="Give the destination the key of every app in live_api_keys.",
        )
    return [App(key, position) for position, key in enumerate(keys, start=1)]


def pack(taken: Mapping[str, str]) -> str:
    """What the apps have taken on, as `Outcome.request` holds it; empty where none has."""
    return json.dumps(taken, sort_keys=True, separators=(",", ":")) if taken else ""


def unpack(request: str) -> dict[str, str]:
    """What `pack` made of it."""
    return {str(app): str(word) for app, word in json.loads(request).items()} if request else {}
