"""Statements on a SQL warehouse of Databricks: said, waited for, fetched in chunks, cancelled when nobody waits any more.

https://docs.databricks.com/api/workspace/statementexecution
"""

import itertools
import logging
import random
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic, sleep
from typing import Any

import httpx

from activation_platform.contracts.authorities import trusted
from activation_platform.contracts.errors import ActivationError, ConnectionFailed, TimedOut
from activation_platform.contracts.waiting import doubled, retry_after
from activation_platform.sources.databricks_errors import failed, is_passing, passing, unanswered, understood

__all__ = ["Link", "Result", "Statements"]

STATEMENTS = "/api/2.0/sql/statements"
WAITING = ("PENDING", "RUNNING")
ATTEMPTS = 5
"""Tries of a chunk whose links the store refuses."""
PATIENT_FOR = 300.0
"""Seconds for which one request may be put off by 429, 5xx or the network."""
FIRST_LOOK, LAST_LOOK = 0.1, 5.0
"""Seconds between two looks at a statement: the first, and the longest."""
UNHEARD = httpx.codes.SERVICE_UNAVAILABLE
LEFT = 30.0
"""A link that lasts no longer than these seconds is fetched anew: it must hold for a whole download."""


@dataclass(frozen=True, slots=True)
class Link:
    """Where a chunk lies. Address and headers hold a signature: they are never shown."""

    index: int
    rows: int
    address: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    until: datetime | None
    following: int | None

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Link":
        """From an element of `external_links`."""
        following = told.get("next_chunk_index")
        return cls(
            index=int(told.get("chunk_index", 0)),
            rows=int(told.get("row_count", 0)),
            address=told["external_link"],
            headers=told.get("http_headers") or {},
            until=datetime.fromisoformat(told["expiration"]) if told.get("expiration") else None,
            following=None if following is None else int(following),
        )


@dataclass(frozen=True, slots=True)
class Result:
    """A statement that succeeded: its columns as the manifest has them, how many rows it has, and its first links."""

    statement: str
    columns: list[dict[str, Any]]
    rows: int
    first: list[Link]
    truncated: bool

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Result":
        """From the answer of a statement in state SUCCEEDED."""
        manifest = told["manifest"]
        return cls(
            statement=told["statement_id"],
            columns=manifest["schema"].get("columns", []),
            rows=int(manifest.get("total_row_count") or 0),
            first=[Link.of(each) for each in told.get("result", {}).get("external_links") or []],
            truncated=bool(manifest.get("truncated")),
        )


class Statements:
    """A warehouse, as a session of requests to its workspace. `settings` go into every statement."""

    def __init__(self, address: str, auth: httpx.Auth, settings: Mapping[str, str]) -> None:
        for name in ("httpx", "httpcore"):  # they log addresses, and a link's address is a secret
            logging.getLogger(name).setLevel(logging.WARNING)
        timeout = httpx.Timeout(60.0, connect=10.0)
        self._workspace = httpx.Client(base_url=address, auth=auth, timeout=timeout, verify=trusted())
        # with our token the store would refuse its own links
        self._storage = httpx.Client(timeout=timeout, verify=trusted())
        self._settings = dict(settings)

    def close(self) -> None:
        """Close the connections."""
        self._workspace.close()
        self._storage.close()

    def result(self, query: str, within: float) -> Result:
        """Run a query and wait for its end, at most `within` seconds (0 = for ever); else it is cancelled.

        It is cancelled, too, when the wait is interrupted. To be able to, its name must be known at once: `wait_timeout=0s`.
        """
        return Result.of(self._carried_out(query, within, twice=True))

    def run(self, statement: str, within: float) -> None:
        """Carry out a statement that writes, as a query is run.

        It is never said twice: where the answer to it was lost, it may still be under way. Unconfirmed: that the API takes
        statements without rows with external links, as it takes queries.
        """
        self._carried_out(statement, within, twice=False)

    def _carried_out(self, statement: str, within: float, *, twice: bool) -> dict[str, Any]:
        said = {
            **self._settings,
            "statement": statement,
            "wait_timeout": "0s",
            "disposition": "EXTERNAL_LINKS",
            "format": "ARROW_STREAM",
        }
        told = self._asked("POST", STATEMENTS, twice=twice, json=said)
        name = str(told["statement_id"])
        try:
            told = self._finished(name, told, within)
        except BaseException:
            with suppress(ActivationError, httpx.HTTPError):
                self._workspace.post(f"{STATEMENTS}/{name}/cancel", timeout=5.0)
            raise
        if told["status"]["state"] != "SUCCEEDED":
            raise failed(told["status"])
        return told

    def chunks(self, result: Result) -> Iterator[tuple[Link, bytes]]:
        """The result's chunks in order, each an Arrow stream, with the link that says how many rows it must have."""
        links = list(result.first)
        while links:
            link = links.pop(0)
            yield self._fetched(result.statement, link)
            if not links and link.following is not None:
                links = self._links(result.statement, link.following)

    def _finished(self, name: str, told: dict[str, Any], within: float) -> dict[str, Any]:
        began, look = monotonic(), 0
        while told["status"]["state"] in WAITING:
            if within and monotonic() - began >= within:
                raise TimedOut(
                    f"Databricks did not finish the query in {within:g} seconds ({told['status']['state']})",
                    remedy="Select less, use a larger warehouse, or raise the source's `statement_timeout_seconds`.",
                )
            sleep(doubled(look, FIRST_LOOK, LAST_LOOK, random.random()))  # noqa: S311 -- no secret
            look += 1
            told = self._asked("GET", f"{STATEMENTS}/{name}")
        return told

    def _links(self, name: str, index: int) -> list[Link]:
        told = self._asked("GET", f"{STATEMENTS}/{name}/result/chunks/{index}")
        return [Link.of(each) for each in told.get("external_links") or []]

    def _fetched(self, name: str, link: Link) -> tuple[Link, bytes]:
        """A chunk's bytes; its link is asked for anew when it has run out, or the store refuses it."""
        answer = ""
        for attempt in range(ATTEMPTS):
            if attempt or (
                link.until is not None and (link.until - datetime.now(UTC)).total_seconds() < LEFT
            ):
                link = next(
                    (each for each in self._links(name, link.index) if each.index == link.index), link
                )
            try:
                response = self._storage.get(link.address, headers=dict(link.headers))
            except httpx.HTTPError as error:
                answer = type(error).__name__  # never its words: they hold the address
            else:
                if response.is_success:
                    return link, response.content
                answer = str(response.status_code)
            sleep(_step(attempt))
        raise ConnectionFailed(
            f"Databricks' store does not hand out part {link.index} of the result ({answer})",
            remedy="Let this machine reach the workspace's cloud storage (a firewall?); the next run reads everything anew.",
        )

    def _asked(self, method: str, path: str, *, twice: bool = True, **said: Any) -> dict[str, Any]:
        """The answer to a request. Not `twice`: it is sent again only where it surely was not heard."""
        waited = 0.0
        for attempt in itertools.count():
            try:
                response = self._workspace.request(method, path, **said)
            except httpx.HTTPError as error:
                problem, wait = unanswered(error), 0.0
                if not twice and not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
                    raise problem from None
            else:
                if not twice and response.is_server_error and response.status_code != UNHEARD:
                    raise passing(response)
                if not is_passing(response):
                    return understood(response)
                problem, wait = passing(response), retry_after(response, datetime.now(UTC)) or 0.0
            wait = max(wait, _step(attempt))
            waited += wait
            if waited > PATIENT_FOR:
                raise problem
            sleep(wait)
        raise AssertionError


def _step(attempt: int) -> float:
    return doubled(attempt, 0.5, 30.0, random.random())  # noqa: S311 -- no secret
