"""A Firestore database: whoever writes to it, the pace it is written at, and the way it speaks."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from time import monotonic
from typing import Any, ClassVar

import httpx

from activation_platform.contracts.destination import Destination
from activation_platform.contracts.encode import JSON, sized
from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.google import google_identity, key_secrets
from activation_platform.contracts.pace import Budget
from activation_platform.contracts.service import Inquiry, Service, UnreadableAnswer, body_of
from activation_platform.destinations.firestore.answers import error_of, says_later
from activation_platform.destinations.firestore.audiences import Audiences
from activation_platform.destinations.firestore.documents import Documents

__all__ = ["Firestore"]

_SCOPE = "https://www.googleapis.com/auth/datastore"
# https://cloud.google.com/firestore/docs/best-practices#ramping_up_traffic
_AT_FIRST, _GROWTH, _STEP = 500.0, 1.5, 300.0
_MOST_STEPS = 30
_BEGIN, _END = '{"writes":[', "]}"
_AROUND = len(_BEGIN + _END)
_ID = re.compile(r"[a-z0-9.:-]+")


class Firestore(Destination):
    """A database of Firestore, in native mode, of a project on Google Cloud.

    `project` is the project's ID, `database` the ID of the database. `credentials` is a service account's key, its JSON as it is
    or in base64; empty, the application default credentials. `writes_per_second` is the pace at most, of all that is written to
    the database. Where it is more than 500, a run begins with 500 and writes half as many more after every five minutes, as
    Google wants a collection that is new to be written to.
    """

    platform: ClassVar[str] = "firestore"
    docs: ClassVar[str] = "https://cloud.google.com/firestore/docs/reference/rest"
    services: ClassVar[tuple[type[Service], ...]] = (Audiences, Documents)
    verified: ClassVar[tuple[str, ...]] = (
        "the vendor's description (discovery document, revision 20240617)",
        "the vendor's client (google-cloud-firestore 2, over REST)",
    )
    secrets: ClassVar[tuple[str, ...]] = ("credentials",)
    default_base_url: ClassVar[str] = "https://firestore.googleapis.com"
    conversations: ClassVar[int] = 8  # each may hold 10 MiB of documents

    looks: ClassVar[Budget] = Budget("databases", per_second=5, burst=10)  # our own choice: a look a run

    project: str
    database: str = "(default)"
    credentials: str = ""
    writes_per_second: float = 500.0

    @classmethod
    def objections(cls, settings: Mapping[str, Any]) -> Iterator[str]:
        """Names that cannot be any project's or database's, and a pace that is none."""
        for name in ("project", "database"):
            given = str(settings.get(name, "(default)"))
            if given != "(default)" and not given.startswith("env:") and not _ID.fullmatch(given):
                yield f"{name} is not an ID: small letters, digits and hyphens"
        if float(settings.get("writes_per_second", 500)) <= 0:
            yield "writes_per_second is not above 0"

    @property
    def writes(self) -> Budget:
        """How many documents a second are written: as the rule says, counted from the first, and no more than the setting."""
        steps = min((monotonic() - self._first_write) // _STEP, _MOST_STEPS)
        rate = min(self.writes_per_second, _AT_FIRST * _GROWTH**steps)
        return Budget("writes", per_second=rate, burst=rate)

    @cached_property
    def _first_write(self) -> float:
        return monotonic()

    @cached_property
    def _identity(self) -> httpx.Auth:
        return google_identity(self.credentials, _SCOPE, "The destination's")

    def auth(self) -> httpx.Auth:
        """The service account, or the machine's own identity; its token is kept as long as this destination."""
        return self._identity

    def account(self) -> Inquiry:
        """The database's name; nothing is written. Raises `DeclarationError` for one in Datastore mode."""
        response = yield self.ask("GET", f"/v1/{self._name}", budget=self.looks)
        told = body_of(response, self)
        if told.get("type") == "DATASTORE_MODE":
            raise DeclarationError(
                f'the database "{self.database}" is in Datastore mode, in which it has no documents',
                remedy="Make a database in native mode, and name it in the setting database.",
            )
        if not isinstance(told.get("name"), str):
            raise UnreadableAnswer(f"{response.status_code} without a database")
        return str(told["name"])

    def documents(self, collection: str) -> str:
        """What stands before a document's ID in its name."""
        return f"{self._name}/documents/{collection}/"

    def write(self, service: Service, writes: Sequence[str]) -> httpx.Request:
        """A batch of writes (JSON), none of which waits for another; raises `BatchRefused` where it has too many bytes."""
        return self.ask(
            "POST",
            f"/v1/{self._name}/documents:batchWrite",
            budget=self.writes,
            cost=len(writes),
            content=f"{_BEGIN}{','.join(sized(writes, service, _AROUND))}{_END}".encode(),
            headers=JSON,
        )

    def should_retry(self, response: httpx.Response) -> bool:
        """Whether it says *later* in another way than by a 429."""
        return says_later(response)

    def refusal(self, response: httpx.Response) -> str:
        """The status and message of its error, or the status of HTTP where it has none."""
        error = error_of(response)
        words = ": ".join(str(error[name]) for name in ("status", "message") if error.get(name))
        return words or super().refusal(response)

    def secret_values(self) -> list[str]:
        """The key, and what in it is secret by itself."""
        return [*super().secret_values(), *key_secrets(self.credentials)]

    @property
    def _name(self) -> str:
        return f"projects/{self.project}/databases/{self.database}"
