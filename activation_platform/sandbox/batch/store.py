"""The profiles of a Batch project, its apps' data and the erasures asked for, in memory."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Collection
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

USER_NOT_FOUND = "user not found"


@dataclass(slots=True)
class Profile:
    """What is known of one person: attributes under the key they were sent with, and events."""

    attributes: dict[str, Any] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    # The apps that have erased this person since the profile was last written.
    erased_in: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Erasure:
    """A GDPR request: `due` is the instant on the sandbox's clock when it ends by itself, if ever."""

    request_id: str
    app_key: str = field(repr=False)
    request_type: str
    id_type: str
    value: str
    request_date: str
    due: float | None
    polls_left: int | None
    status: str = "pending"
    error: str | None = None

    def document(self) -> dict[str, Any]:
        """Return the entry as the list of requests shows it."""
        shown = {
            "request_id": self.request_id,
            "request_date": self.request_date,
            "status": self.status,
            "request_type": self.request_type,
            "trigger_type": "api",
            "id": {"type": self.id_type, "value": self.value},
        }
        return shown if self.error is None else {**shown, "error": self.error}


class Store:
    """A project's profiles, by custom id and by installation, the data of its apps' users, and its erasures.

    A person is gone once every registered app has erased them; a profile written in between lives in all
    apps again.
    """

    def __init__(
        self, app_keys: Collection[str], erasure_delay: float | None, erasure_polls: int | None, seed: int
    ) -> None:
        self._apps = list(app_keys)
        self._app_keys = frozenset(app_keys)
        self._delay = erasure_delay
        self._polls = erasure_polls
        self._dice = random.Random(seed)  # noqa: S311 - ids that are the same in every run
        self.profiles: dict[str, Profile] = {}
        self.installations: dict[str, Profile] = {}
        self.received: Counter[str] = Counter()
        # By app key and custom id: data under the names as sent.
        self.custom_data: dict[str, dict[str, dict[str, Any]]] = {key: {} for key in self._apps}
        self._erasures: list[Erasure] = []
        self._pending: list[Erasure] = []

    def profile(self, kind: str, identifier: str) -> Profile:
        """Return the profile of an identifier, made when there is none, and count that it was received."""
        home = self.profiles if kind == "custom_id" else self.installations
        if kind == "custom_id":
            self.received[identifier] += 1
        found = home.get(identifier)
        if found is None:
            found = home[identifier] = Profile()
        found.erased_in.clear()
        return found

    def request_erasure(
        self, app_key: str, request_type: str, id_type: str, value: str, now: float, wall: float
    ) -> Erasure:
        """Note a GDPR request; nothing is erased yet."""
        erasure = Erasure(
            request_id=str(uuid.UUID(int=self._dice.getrandbits(128), version=4)),
            app_key=app_key,
            request_type=request_type,
            id_type=id_type,
            value=value,
            request_date=datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            due=None if self._delay is None else now + self._delay,
            polls_left=self._polls,
        )
        self._erasures.append(erasure)
        self._pending.append(erasure)
        return erasure

    def polled(self, app_key: str) -> list[Erasure]:
        """Return an app's requests as they stand, then let this look count as one of the polls they wait for."""
        for erasure in self._pending:
            if erasure.app_key == app_key and erasure.polls_left is not None:
                erasure.polls_left -= 1
        self._finish([each for each in self._pending if each.polls_left is not None and each.polls_left < 0])
        return [each for each in self._erasures if each.app_key == app_key]

    def settle(self, now: float) -> None:
        """End the requests whose time has come."""
        if self._delay is not None and self._pending:
            self._finish([each for each in self._pending if each.due is not None and each.due <= now])

    def finish_all(self) -> int:
        """End all pending requests; return how many there were."""
        pending = list(self._pending)
        self._finish(pending)
        return len(pending)

    def document(self) -> dict[str, Any]:
        """Return everything as fresh JSON values."""
        return {
            "profiles": {key: deepcopy(each.attributes) for key, each in self.profiles.items()},
            "installations": {key: deepcopy(each.attributes) for key, each in self.installations.items()},
            "events": {key: deepcopy(each.events) for key, each in self.profiles.items() if each.events},
            # An app key is a credential: the app's position stands for it, here and below.
            "custom_data": {
                str(n): {id_: dict(held) for id_, held in self.custom_data[key].items()}
                for n, key in enumerate(self._apps)
            },
            "erasures": [
                {**each.document(), "app": self._apps.index(each.app_key)} for each in self._erasures
            ],
            "received": dict(self.received),
        }

    def _finish(self, ended: list[Erasure]) -> None:
        for erasure in ended:
            erasure.status = "done"
            if erasure.request_type == "remove":
                self._erase(erasure)
        if ended:
            self._pending = [each for each in self._pending if each.status == "pending"]

    def _erase(self, erasure: Erasure) -> None:
        known = erasure.id_type == "custom_id"
        data = self.custom_data[erasure.app_key].pop(erasure.value, None) if known else None
        profile = self.profiles.get(erasure.value) if known else None
        if profile is None or erasure.app_key in profile.erased_in:
            erasure.error = USER_NOT_FOUND if data is None else None
            return
        profile.erased_in.add(erasure.app_key)
        if profile.erased_in >= self._app_keys:
            del self.profiles[erasure.value]
