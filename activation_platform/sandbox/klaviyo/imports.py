"""Import jobs: up to 10,000 profiles a call, worked through later, with an error for each that is refused.

Sources: https://developers.klaviyo.com/en/docs/use_klaviyos_bulk_profile_import_api and
https://developers.klaviyo.com/en/reference/bulk_import_profiles. A job cannot clear an attribute: null says nothing there.
The profiles are written at once; the first looks find the job queued and processing. Unconfirmed: that a profile of the
wrong form is an error of the job, and not of the call.
"""

from __future__ import annotations

from typing import Any

from activation_platform.sandbox.exchange import Answer, Call
from activation_platform.sandbox.klaviyo import writing
from activation_platform.sandbox.klaviyo.documents import data, instant, one, page, related, resource
from activation_platform.sandbox.klaviyo.errors import Faulty, error, refused
from activation_platform.sandbox.klaviyo.store import IDENTIFIERS, Job, Store

PROFILES_MAX = 10_000
BYTES_MAX = 5_000_000
LIVES = 7 * 24 * 3600.0
_POINTER = "/data/attributes/profiles/data"


def create(call: Call, store: Store, looks: int) -> Answer:
    """Take on an import, which `looks` looks find unfinished."""
    if len(call.body) > BYTES_MAX:
        return error(413, "The payload is larger than 5 MB.")
    sent = data(call, "profile-bulk-import-job")
    profiles = related(sent, "attributes", "profiles")
    if not isinstance(profiles, list) or not 1 <= len(profiles) <= PROFILES_MAX:
        raise refused(f"A job has 1 to {PROFILES_MAX} profiles.", _POINTER)
    lists = tuple(str(each.get("id")) for each in related(sent, "relationships", "lists") or ())
    for unknown in set(lists) - set(store.lists):
        raise refused(f"A list with id {unknown} does not exist.", "/data/relationships/lists", status=404)
    now = instant(call.wall)
    job = Job(store.new_id(), now, len(profiles), [], looks, lists)
    for position, profile in enumerate(profiles):
        try:
            _write(call, store, profile, now, lists)
        except Faulty as fault:
            job.errors.append(fault.document(f"{_POINTER}/{position}") | {"original_payload": profile})
    store.jobs[job.id] = job
    return one(202, _document(job, "queued", now))


def read(call: Call, store: Store) -> Answer:
    """Show a job, and let this look count."""
    job = _known(call, store, "job_id")
    status = "processing" if job.looks else "complete"
    job.looks = max(0, job.looks - 1)
    return one(200, _document(job, status, instant(call.wall)))


def errors(call: Call, store: Store) -> Answer:
    """Show a page of a job's errors."""
    return page(call, _known(call, store, "id").errors, _error, most=100, usual=20)


def _write(call: Call, store: Store, profile: Any, now: str, lists: tuple[str, ...]) -> None:
    attributes = profile.get("attributes") if isinstance(profile, dict) else None
    for name in IDENTIFIERS:
        value = attributes.get(name) if isinstance(attributes, dict) else None
        if isinstance(value, str) and value in call.poisoned:
            raise Faulty(f"/attributes/{name}", call.poisoned[value])
    written, _ = writing.upsert(store, profile, now, null_clears=False)
    for list_id in lists:
        store.lists[list_id].members.setdefault(written.id, now)


def _known(call: Call, store: Store, parameter: str) -> Job:
    found = store.jobs.get(call.parameters[parameter])
    if found is None:
        raise refused("An import job with this id does not exist.", "/data/id", status=404)
    return found


def _document(job: Job, status: str, now: str) -> dict[str, Any]:
    done = status == "complete"
    attributes = {
        "status": status,
        "created_at": job.created,
        "total_count": job.total,
        "completed_count": job.total - len(job.errors) if done else 0,
        "failed_count": len(job.errors) if done else 0,
        "completed_at": now if done else None,
        "expires_at": None,
        "started_at": None if status == "queued" else job.created,
    }
    return resource("profile-bulk-import-job", job.id, attributes, "profile-bulk-import-jobs")


def _error(error: dict[str, Any]) -> dict[str, Any]:
    attributes = {name: value for name, value in error.items() if name != "id"}
    return {"type": "import-error", "id": error["id"], "attributes": attributes}
