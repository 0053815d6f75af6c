"""The import of profiles: many by a job, which is looked at until it tells who was refused, or one by itself.

Sources: https://developers.klaviyo.com/en/docs/use_klaviyos_bulk_profile_import_api,
https://developers.klaviyo.com/en/reference/bulk_import_profiles and its neighbours.
"""

from collections.abc import Container, Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import httpx

from activation_platform.contracts.errors import TimedOut
from activation_platform.contracts.outcomes import (
    ACCEPTED,
    ALREADY_THERE,
    CREATED,
    UPDATED,
    Outcome,
    rejected,
    retry,
)
from activation_platform.contracts.service import BatchRefused, UnreadableAnswer, Wait, refuse
from activation_platform.destinations.klaviyo.answers import (
    Fault,
    fault_of,
    next_page,
    reasons_of,
    resource_of,
    resources_of,
)
from activation_platform.destinations.klaviyo.jobs import Job

if TYPE_CHECKING:
    from activation_platform.destinations.klaviyo.destination import Klaviyo

__all__ = ["create_profiles", "import_each", "import_profiles"]

_Asking = Generator[httpx.Request | Wait, Any, Any]

_PAGE = 100
_PAUSES = (1.0, 2.0, 4.0, *[10.0] * 180)
"""Seconds between looks at a job, half an hour in all. Unconfirmed: how long the largest one takes."""


def import_profiles(
    account: "Klaviyo", profiles: Mapping[int, str], lists: Sequence[str] = ()
) -> Generator[httpx.Request | Wait, Any, dict[int, Outcome]]:
    """Create or update profiles (JSON, by position), and add them to lists (by ID); returns what became of each.

    Raises `BatchRefused` where Klaviyo refuses some without saying which.
    """
    to = {"lists": {"data": [{"type": "list", "id": one} for one in lists]}} if lists else None
    job = Job("profile-bulk-import", "profiles", account.imports, relationships=to)
    taken = yield from job.said(account, profiles)
    if taken.response is None:
        return dict(taken.refused)
    place = f"{job.path}/{resource_of(taken.response, account)['id']}"
    done = yield from _finished(account, place)
    if done["status"] == "cancelled":
        return dict(taken.refused) | dict.fromkeys(taken.positions, retry("Klaviyo cancelled the import"))
    refused = yield from _refused(account, place, done.get("failed_count") or 0, len(taken.positions))
    return dict(taken.refused) | {
        position: rejected(refused[n]) if n in refused else ACCEPTED
        for n, position in enumerate(taken.positions)
    }


def import_each(
    account: "Klaviyo", profiles: Mapping[int, str], alone: Container[int]
) -> Generator[httpx.Request | Wait, Any, dict[int, Outcome]]:
    """The same, with those at the positions `alone` one by one, because a job would not clear what they lose."""
    outcomes = yield from import_profiles(account, {n: one for n, one in profiles.items() if n not in alone})
    for n, profile in profiles.items():
        if n in alone:
            outcomes[n] = yield from _import_profile(account, profile)
    return outcomes


def _import_profile(account: "Klaviyo", profile: str) -> Generator[httpx.Request, Any, Outcome]:
    """Create or update the one profile (JSON); unlike a job, this clears the attributes that are null in it."""
    response = yield account.call(
        "POST", "/api/profile-import", budget=account.single_imports, body=f'{{"data":{profile}}}'
    )
    return _alone(account, response)


def create_profiles(
    account: "Klaviyo", profiles: Sequence[str]
) -> Generator[httpx.Request, Any, list[Outcome]]:
    """Create profiles (JSON) one by one, but for those of whose identifiers one is taken."""
    outcomes: list[Outcome] = []
    for profile in profiles:
        response = yield account.call(
            "POST", "/api/profiles", budget=account.profile_makes, body=f'{{"data":{profile}}}'
        )
        taken = response.status_code == httpx.codes.CONFLICT
        outcomes.append(ALREADY_THERE if taken else _alone(account, response))
    return outcomes


def _alone(account: "Klaviyo", response: httpx.Response) -> Outcome:
    if response.is_success:
        resource_of(response, account)
        return CREATED if response.status_code == httpx.codes.CREATED else UPDATED
    if response.status_code == httpx.codes.NOT_FOUND:
        refuse(response, account)
    return rejected(account.refusal(response))


def _finished(account: "Klaviyo", job: str) -> _Asking:
    """What a job says of itself once it is complete or cancelled."""
    for pause in _PAUSES:
        yield Wait(pause)
        response = yield account.call("GET", job, budget=account.import_looks)
        told = resource_of(response, account).get("attributes") or {}
        status = told.get("status")
        if status in ("complete", "cancelled"):
            return told
        if status not in ("queued", "processing"):
            raise UnreadableAnswer(f"{response.status_code} with the status {status}")
    raise TimedOut(
        f"Klaviyo has not finished an import within {sum(_PAUSES) / 60:.0f} minutes",
        remedy="Look at the import jobs in Klaviyo; the next run sends again what was not acknowledged.",
    )


def _refused(
    account: "Klaviyo", job: str, failed: int, size: int
) -> Generator[httpx.Request, Any, dict[int, str]]:
    """The reasons of the `failed` profiles of `size` that a finished job refused, by position."""
    if not failed:
        return {}
    found: list[Fault] = []
    params: dict[str, Any] = {"page[size]": _PAGE}
    while True:
        response = yield account.call(
            "GET", f"{job}/import-errors", budget=account.import_errors, params=params
        )
        found += [fault_of(one.get("attributes") or {}) for one in resources_of(response, account)]
        cursor = next_page(response)
        if not cursor:
            break
        params = {"page[size]": _PAGE, "page[cursor]": cursor}
    refused = reasons_of(found, size)
    if len(refused) < failed:
        raise BatchRefused(found[0].words if found else f"Klaviyo refused {failed} of {size} profiles")
    return refused
