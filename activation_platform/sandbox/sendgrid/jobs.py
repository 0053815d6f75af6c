"""The jobs of a SendGrid account: what was taken on and is done a few calls later, one after the other.

Vendor: https://www.twilio.com/docs/sendgrid/api-reference/contacts/import-contacts-status. The form of the file of errors is not
described: here it is a JSON array of the refused contacts' identifiers, each with an `error`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Work = Callable[[str], "Results"]
"""Does what a job is for, at a time of day as the vendor writes it."""


@dataclass(slots=True)
class Results:
    """How many contacts a job was about and what it did to them; `errors` is the content of its file."""

    requested: int = 0
    created: int = 0
    updated: int = 0
    deleted: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Job:
    """Work that waits for `calls` more calls; then its results."""

    id: str
    kind: str
    started_at: str
    work: Work
    calls: int
    results: Results | None = None
    finished_at: str = ""

    @property
    def status(self) -> str:
        """Its state in the vendor's words."""
        if self.results is None:
            return "pending"
        failed = len(self.results.errors)
        if not failed:
            return "completed"
        return "failed" if failed == self.results.requested else "errored"

    def document(self, place: str) -> dict[str, Any]:
        """Return the job as the vendor shows it; its file of errors lies at `place`."""
        shown = {
            "id": self.id,
            "status": self.status,
            "job_type": self.kind,
            "started_at": self.started_at,
        }
        if self.results is None:
            return {**shown, "results": {"requested_count": 0}}
        results: dict[str, Any] = {
            "requested_count": self.results.requested,
            "created_count": self.results.created,
            "updated_count": self.results.updated,
            "deleted_count": self.results.deleted,
            "errored_count": len(self.results.errors),
        }
        if self.results.errors:
            results["errors_url"] = place
        return {**shown, "results": results, "finished_at": self.finished_at}


class Jobs:
    """All jobs of an account. `calls`: how many calls after its own find a job pending."""

    def __init__(self, calls: int) -> None:
        self._calls = calls
        self._jobs: dict[str, Job] = {}
        self._pending: list[Job] = []

    def begin(self, job_id: str, kind: str, work: Work, now: str) -> Job:
        """Take work on."""
        job = self._jobs[job_id] = Job(job_id, kind, now, work, self._calls)
        self._pending.append(job)
        return job

    def pass_by(self, now: str) -> None:
        """Let a call pass: do what has waited for long enough."""
        for job in [*self._pending]:
            if job.calls > 0:
                job.calls -= 1
                continue
            job.results, job.finished_at = job.work(now), now
            self._pending.remove(job)

    def get(self, job_id: str) -> Job | None:
        """Return a job."""
        return self._jobs.get(job_id)
