"""What SendGrid does later: contacts are taken on together, by a job that is looked at until it tells who was refused.

Sources: https://www.twilio.com/docs/sendgrid/api-reference/contacts/add-or-update-a-contact,
https://www.twilio.com/docs/sendgrid/api-reference/contacts/import-contacts-status. Unconfirmed: the form of the file of
errors. So it is read for the identifiers in it, entry by entry; where that does not name everybody who was refused, the
contacts are said again in halves.
"""

import json
import re
from collections.abc import Generator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx

from activation_platform.contracts.encode import JSON
from activation_platform.contracts.errors import TimedOut
from activation_platform.contracts.outcomes import ACCEPTED, CREATED, UPDATED, Outcome, rejected
from activation_platform.contracts.service import BatchRefused, UnreadableAnswer, Wait, body_of
from activation_platform.destinations.sendgrid.answers import faults_by_position, faults_of, job_of
from activation_platform.destinations.sendgrid.search import in_hundreds

if TYPE_CHECKING:
    from activation_platform.destinations.sendgrid.destination import SendGrid

__all__ = ["ENVELOPE", "LONGEST", "delete_contacts", "remove_contacts", "upsert_contacts"]

ENVELOPE = 128
"""Bytes of a call beside its contacts, at most."""

_CONTACTS = "/v3/marketing/contacts"
_PAUSES = (1.0, 2.0, 4.0, 8.0, *[15.0] * 240)
LONGEST = timedelta(hours=1)
"""How long a job may take, and is looked at. Unconfirmed: how long the largest one takes."""

_Working = Generator[httpx.Request | Wait, Any, dict[str, Any]]
"""Waits for a job, and returns its results."""
_Leaving = Generator[httpx.Request | Wait, Any, None]


def upsert_contacts(
    account: "SendGrid", contacts: Mapping[int, str], identifiers: Sequence[str], lists: Sequence[str] = ()
) -> Generator[httpx.Request | Wait, Any, dict[int, Outcome]]:
    """Create or update contacts (JSON, by position) and add them to lists (by ID); returns what became of each.

    `identifiers` are those of all positions. Whether a contact was created is told where it is put on no list. Raises
    `BatchRefused` where SendGrid refuses some without saying which.
    """
    outcomes: dict[int, Outcome] = {}  # filled by what is refused before a job is made of it
    while rest := [position for position in contacts if position not in outcomes]:
        response = yield account.ask(
            "PUT",
            _CONTACTS,
            budget=account.upserts,
            content=_body([contacts[n] for n in rest], lists),
            headers=JSON,
        )
        refused = {} if response.is_success else faults_by_position(response, len(rest))
        if refused:  # the others are said again without them
            outcomes |= {rest[n]: rejected(words) for n, words in refused.items()}
            continue
        results = yield from _finished(account, response)
        success = ACCEPTED if lists else _success(results, len(rest))
        refused = yield from _refused(account, results, [identifiers[n] for n in rest])
        return outcomes | {
            position: rejected(refused[n]) if n in refused else success for n, position in enumerate(rest)
        }
    return outcomes


def delete_contacts(account: "SendGrid", ids: Sequence[str]) -> _Leaving:
    """Delete contacts by their IDs; raises `BatchRefused` where SendGrid leaves some."""
    for some in in_hundreds(ids):
        named = {"ids": ",".join(some)}
        response = yield account.ask("DELETE", _CONTACTS, budget=account.deletes, params=named)
        yield from _carried_out(account, response)


def remove_contacts(account: "SendGrid", from_list: str, ids: Sequence[str]) -> _Leaving:
    """Take contacts off a list by their IDs, likewise."""
    path = f"/v3/marketing/lists/{from_list}/contacts"
    for some in in_hundreds(ids):
        named = {"contact_ids": ",".join(some)}
        response = yield account.ask("DELETE", path, budget=account.removals, params=named)
        yield from _carried_out(account, response)


def _carried_out(account: "SendGrid", response: httpx.Response) -> _Leaving:
    if response.status_code == httpx.codes.NOT_FOUND:  # one of them has been deleted meanwhile
        raise BatchRefused(account.refusal(response))
    results = yield from _finished(account, response)
    if results.get("errored_count"):
        raise BatchRefused(f"SendGrid left {results['errored_count']} contacts where they are")


def _finished(account: "SendGrid", begun: httpx.Response) -> _Working:
    """The results of the job that a call began, once it is over."""
    job = job_of(begun, account)
    for pause in _PAUSES:
        yield Wait(pause)
        response = yield account.ask("GET", f"{_CONTACTS}/imports/{job}", budget=account.jobs)
        if response.status_code == httpx.codes.NOT_FOUND and faults_of(response):
            continue  # not known yet; unconfirmed that this happens
        told = body_of(response, account)
        status, results = told.get("status"), told.get("results") or {}
        if status in ("completed", "errored", "failed") and isinstance(results, dict):
            if status != "completed" and not results.get("errored_count"):
                raise BatchRefused(f"the job {status}, and SendGrid does not say why")
            return results
        if status != "pending":
            raise UnreadableAnswer(f"{response.status_code} with the status {status}")
    raise TimedOut(
        f"SendGrid has not finished a job within {LONGEST // timedelta(minutes=1)} minutes",
        remedy="Look at the contacts in SendGrid; the next run says again what was not acknowledged.",
    )


def _body(contacts: Sequence[str], lists: Sequence[str]) -> bytes:
    to = f'"list_ids":{json.dumps(list(lists))},' if lists else ""
    return f'{{{to}"contacts":[{",".join(contacts)}]}}'.encode()


def _success(results: Mapping[str, Any], size: int) -> Outcome:
    """What happened to those who were taken on, where it was the same for all."""
    if results.get("created_count") == size:
        return CREATED
    return UPDATED if results.get("updated_count") == size else ACCEPTED


def _refused(
    account: "SendGrid", results: Mapping[str, Any], identifiers: Sequence[str]
) -> Generator[httpx.Request, Any, dict[int, str]]:
    """Why SendGrid refused contacts, by position."""
    failed, address = results.get("errored_count") or 0, results.get("errors_url")
    if not failed:
        return {}
    found: dict[int, str] = {}
    request = account.download(address) if isinstance(address, str) else None
    if request is not None:
        response = yield request
        found = _named(response.text, identifiers) if response.is_success else {}
    if len(found) < failed:
        raise BatchRefused(f"SendGrid refused {failed} of {len(identifiers)} contacts")
    return found


def _named(text: str, identifiers: Sequence[str]) -> dict[int, str]:
    """The entries of a file of errors (lines, or the items of a JSON array) by the position of the contact in them."""
    positions = {identifier.casefold(): n for n, identifier in enumerate(identifiers)}
    found: dict[int, str] = {}
    for entry in _entries(text):
        for word in re.split(r'[\s,;"\'<>{}\[\]]+', entry.casefold()):
            if word in positions:
                found.setdefault(positions[word], entry)
    return found


def _entries(text: str) -> Sequence[str]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return text.splitlines()
    listed = told.get("errors") if isinstance(told, dict) else told
    return [json.dumps(entry, ensure_ascii=False) for entry in listed] if isinstance(listed, list) else [text]
