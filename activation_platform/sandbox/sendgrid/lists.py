"""The lists endpoints of SendGrid: lists are made, renamed, looked at and deleted, and contacts taken off them by a job.

Vendor: https://www.twilio.com/docs/sendgrid/api-reference/lists. Unconfirmed by the pages as read: that a name is taken once
only, and the form of page tokens.
"""

from __future__ import annotations

from typing import Any

from activation_platform.sandbox.exchange import Answer, Call
from activation_platform.sandbox.sendgrid.account import ADDRESS, Account, instant
from activation_platform.sandbox.sendgrid.errors import refused
from activation_platform.sandbox.sendgrid.jobs import Jobs, Results

PAGE = 100
PAGE_MAX = 1_000
NAME_MAX = 100


def create(call: Call, account: Account, jobs: Jobs) -> Answer:  # noqa: ARG001 - as all endpoints
    """Make an empty list."""
    name = _name(call, account)
    list_id = account.new_id()
    account.lists[list_id] = name
    return Answer(201, _document(list_id, account))


def rename(call: Call, account: Account, jobs: Jobs) -> Answer:  # noqa: ARG001 - as all endpoints
    """Give a list another name."""
    list_id = _known(call, account)
    account.lists[list_id] = _name(call, account)
    return Answer(200, _document(list_id, account))


def delete(call: Call, account: Account, jobs: Jobs) -> Answer:
    """Forget a list; the contacts on it stay, unless a job is to delete them, too."""
    list_id = _known(call, account)
    del account.lists[list_id]
    ids = [one.id for one in account.members(list_id)]
    for one in account.members(list_id):
        one.lists.remove(list_id)
    if call.query.get("delete_contacts") != "true":
        return Answer(204)

    def work(now: str) -> Results:  # noqa: ARG001 - a deletion leaves no time behind
        return Results(requested=len(ids), deleted=sum(map(account.delete, ids)))

    return Answer(200, {"job_id": jobs.begin(account.new_id(), "delete", work, instant(call.wall)).id})


def page(call: Call, account: Account, jobs: Jobs) -> Answer:  # noqa: ARG001 - as all endpoints
    """Show a page of lists."""
    size, start = call.query.get("page_size", str(PAGE)), call.query.get("page_token", "0")
    if not size.isdecimal() or not 1 <= int(size) <= PAGE_MAX or not start.isdecimal():
        raise refused(f"page_size lies between 1 and {PAGE_MAX}")
    first, ids = int(start), list(account.lists)
    after = first + int(size)
    metadata: dict[str, Any] = {"self": _page(size, first), "count": len(ids)}
    if after < len(ids):
        metadata["next"] = _page(size, after)
    return Answer(
        200, {"result": [_document(one, account) for one in ids[first:after]], "_metadata": metadata}
    )


def read(call: Call, account: Account, jobs: Jobs) -> Answer:  # noqa: ARG001 - as all endpoints
    """Show one list."""
    return Answer(200, _document(_known(call, account), account))


def count(call: Call, account: Account, jobs: Jobs) -> Answer:  # noqa: ARG001 - as all endpoints
    """Tell how many contacts are on a list."""
    members = len(account.members(_known(call, account)))
    return Answer(200, {"contact_count": members, "billable_count": members})


def remove(call: Call, account: Account, jobs: Jobs) -> Answer:
    """Take contacts off a list."""
    list_id = _known(call, account)
    ids = [one for one in call.query.get("contact_ids", "").split(",") if one]
    if not ids:
        raise refused("contact_ids must be set")
    if any(one not in account.contacts for one in ids):
        raise refused("one of the contacts does not exist", 404)

    def work(now: str) -> Results:  # noqa: ARG001 - a removal leaves no time behind
        there = [account.contacts[one] for one in ids if one in account.contacts]
        for contact in there:
            if list_id in contact.lists:
                contact.lists.remove(list_id)
        return Results(requested=len(ids), updated=len(there))

    return Answer(202, {"job_id": jobs.begin(account.new_id(), "upsert", work, instant(call.wall)).id})


def _name(call: Call, account: Account) -> str:
    name = call.document.get("name") if isinstance(call.document, dict) else None
    if not isinstance(name, str) or not 1 <= len(name) <= NAME_MAX:
        raise refused(f"the name of a list is 1 to {NAME_MAX} characters")
    if name in account.lists.values():
        raise refused("there is already a list of this name")
    return name


def _known(call: Call, account: Account) -> str:
    list_id = call.parameters["id"]
    if list_id not in account.lists:
        raise refused("there is no such list", 404)
    return list_id


def _page(size: str, first: int) -> str:
    return f"{ADDRESS}/lists?page_size={size}&page_token={first}"


def _document(list_id: str, account: Account) -> dict[str, Any]:
    return {
        "id": list_id,
        "name": account.lists[list_id],
        "contact_count": len(account.members(list_id)),
        "_metadata": {"self": f"{ADDRESS}/lists/{list_id}"},
    }
