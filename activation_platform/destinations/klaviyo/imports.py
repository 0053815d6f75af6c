"""The import of profiles: many by a job, which is looked at until it tells who was refused, or one by itself.

Sources: https://developers.klaviyo.com/en/docs/use_klaviyos_bulk_profile_import_api,
https://developers.klaviyo.com/en/reference/bulk_import_profiles and its neighbours.
"""

from collections.abc import Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import httpx

from activation_platform.contracts.errors import TimedOut
from activation_platform.contracts.outcomes import ACCEPTED, CREATED, UPDATED, Outcome, rejected, retry
from activation_platform.contracts.service import BatchRefused, UnreadableAnswer, Wait, refuse, said
from activation_platform.destinations.klaviyo.answers import fault_of, faults_of, resource_of, resources_of

if TYPE_CHECKING:
    from activation_platform.destinations.klaviyo.destination import Klaviyo

__all__ = ["ENVELOPE", "import_profile", "import_profiles"]

_Asking = Generator[httpx.Request | Wait, Any, Any]

_JOBS = "/api/profile-bulk-import-jobs"
_PAGE = 100
_PAUSES = (1.0, 2.0, 4.0, *[10.0] * 180)
"""Seconds between looks at a job, half an hour in all. Unconfirmed: how long the largest one takes."""

ENVELOPE = 512
"""Bytes of the request beside its profiles, at most."""


def import_profiles(
    account: "Klaviyo", profiles: Mapping[int, str], lists: Sequence[str] = ()
) -> Generator[httpx.Request | Wait, Any, dict[int, Outcome]]:
    """Create or update profiles (JSON, by position), and add them to lists (by ID); returns what became of each.

    Raises `BatchRefused` where Klaviyo refuses some without saying which.
    """
    outcomes: dict[int, Outcome] = {}  # filled by what is refused before a job is made of it
    while rest := [position for position in profiles if position not in outcomes]:
        response = yield account.call(
            "POST", _JOBS, budget=account.imports, body=_job([profiles[n] for n in rest], lists)
        )
        refused = {} if response.is_success else _by_position(faults_of(response), len(rest))
        if refused:  # the others are said again without them
            outcomes |= {rest[n]: rejected(words) for n, words in refused.items()}
            continue
        job = yield from _finished(account, str(resource_of(response, account)["id"]))
        if job["attributes"]["status"] == "cancelled":
            return outcomes | dict.fromkeys(rest, retry("Klaviyo cancelled the import"))
        refused = yield from _refused(account, job, len(rest))
        return outcomes | {
            position: rejected(refused[n]) if n in refused else ACCEPTED for n, position in enumerate(rest)
        }
    return outcomes


def import_profile(account: "Klaviyo", profile: str) -> Generator[httpx.Request, Any, Outcome]:
    """Create or update the one profile (JSON); unlike a job, this clears the attributes that are null in it."""
    response = yield account.call(
        "POST", "/api/profile-import", budget=account.single_imports, body=f'{{"data":{profile}}}'
    )
    if response.is_success:
        resource_of(response, account)
        return CREATED if response.status_code == httpx.codes.CREATED else UPDATED
    if response.status_code == httpx.codes.NOT_FOUND:
        refuse(response, account)
    return rejected(account.refusal(response))


def _job(profiles: Sequence[str], lists: Sequence[str]) -> str:
    """The document of a job."""
    named = ",".join(f'{{"type":"list","id":"{one}"}}' for one in lists)
    to = f',"relationships":{{"lists":{{"data":[{named}]}}}}' if lists else ""
    return (
        '{"data":{"type":"profile-bulk-import-job","attributes":{"profiles":{"data":['
        f"{','.join(profiles)}]}}}}{to}}}}}"
    )


def _finished(account: "Klaviyo", job: str) -> _Asking:
    """The job once it is complete or cancelled."""
    for pause in _PAUSES:
        yield Wait(pause)
        response = yield account.call("GET", f"{_JOBS}/{job}", budget=account.import_looks)
        told = resource_of(response, account)
        status = told.get("attributes", {}).get("status")
        if status in ("complete", "cancelled"):
            return told
        if status not in ("queued", "processing"):
            raise UnreadableAnswer(f"{response.status_code} with the status {status}")
    raise TimedOut(
        f"Klaviyo has not finished an import within {sum(_PAUSES) / 60:.0f} minutes",
        remedy="Look at the import jobs in Klaviyo; the next run sends again what was not acknowledged.",
    )


def _refused(
    account: "Klaviyo", job: Mapping[str, Any], size: int
) -> Generator[httpx.Request, Any, dict[int, str]]:
    """The reasons of the profiles that a finished job refused, by position."""
    failed = job["attributes"].get("failed_count") or 0
    if not failed:
        return {}
    found: list[Any] = []
    params: dict[str, Any] = {"page[size]": _PAGE}
    while True:
        response = yield account.call(
            "GET", f"{_JOBS}/{job['id']}/import-errors", budget=account.import_errors, params=params
        )
        found += [fault_of(one.get("attributes") or {}) for one in resources_of(response, account)]
        cursor = _next_page(response)
        if not cursor:
            break
        params = {"page[size]": _PAGE, "page[cursor]": cursor}
    refused = _by_position(found, size)
    if len(refused) < failed:
        raise BatchRefused(found[0].words if found else f"Klaviyo refused {failed} of {size} profiles")
    return refused


def _by_position(faults: Sequence[Any], size: int) -> dict[int, str]:
    """The words of faults by position; nothing where one of them does not say which of `size` it means."""
    found: dict[int, str] = {}
    for fault in faults:
        if fault.position is None or fault.position >= size:
            return {}
        words = found.get(fault.position)
        found[fault.position] = fault.words if words is None else f"{words}; {fault.words}"
    return found


def _next_page(response: httpx.Response) -> str:
    """The cursor of the page after this one; empty after the last."""
    links = said(response).get("links")
    address = links.get("next") if isinstance(links, dict) else None
    return httpx.URL(address).params.get("page[cursor]", "") if isinstance(address, str) else ""
