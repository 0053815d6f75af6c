"""The contact list endpoints of Emarsys: lists are made, shown and deleted, contacts put on them and taken off.

Vendor: https://dev.emarsys.com/docs/core-api-reference/enmevkj1fi016-create-a-contact-list,
https://help.emarsys.com/hc/en-us/articles/115004466413. Unconfirmed: that nobody may take the place of
all; the form of IDs in pages.
"""

from __future__ import annotations

from activation_platform.sandbox.emarsys.account import Account
from activation_platform.sandbox.emarsys.contacts import body_of, found_by, key_of
from activation_platform.sandbox.emarsys.replies import errors_of, ok, refused
from activation_platform.sandbox.exchange import Answer, Call

MOST = 10_000
TOO_MANY = 3002
BAD_LIST = 3004
TAKEN = 3005


def listed(call: Call, account: Account) -> Answer:  # noqa: ARG001 - as all endpoints
    """Show the lists."""
    return ok([{"id": str(id_), "name": name} for id_, name in account.lists.items()])


def create(call: Call, account: Account) -> Answer:
    """Make a list, with who is on it."""
    body = body_of(call)
    name = body.get("name")
    if not isinstance(name, str) or not name:
        raise refused(3001, "The name of a contact list is missing")
    if name in account.lists.values():
        raise refused(TAKEN, "Contact list with the requested name already exists")
    ids, errors = _meant(call, account)
    list_id = account.new_id(account.lists)
    account.lists[list_id] = name
    account.members[list_id] = set(ids)
    return ok({"id": list_id, "errors": errors})


def add(call: Call, account: Account) -> Answer:
    """Put contacts on a list."""
    members = account.members[_known(call, account)]
    ids, errors = _meant(call, account)
    before = len(members)
    members.update(ids)
    return ok({"inserted_contacts": len(members) - before, "errors": errors})


def remove(call: Call, account: Account) -> Answer:
    """Take contacts off a list."""
    members = account.members[_known(call, account)]
    ids, errors = _meant(call, account)
    before = len(members)
    members.difference_update(ids)
    return ok({"deleted_contacts": before - len(members), "errors": errors})


def replace(call: Call, account: Account) -> Answer:
    """Put contacts in the place of all who are on a list."""
    list_id = _known(call, account)
    ids, errors = _meant(call, account)
    account.members[list_id] = set(ids)
    return ok({"inserted_contacts": len(account.members[list_id]), "errors": errors})


def page(call: Call, account: Account) -> Answer:
    """Show the IDs of who is on a list."""
    first, most = int(call.query.get("offset", "0")), int(call.query.get("limit", "1000000"))
    ids = sorted(account.members[_known(call, account)])
    return ok([str(one) for one in ids[first : first + most]])


def count(call: Call, account: Account) -> Answer:
    """Tell how many contacts are on a list."""
    return ok(len(account.members[_known(call, account)]))


def delete(call: Call, account: Account) -> Answer:
    """Forget a list; who was on it stays a contact."""
    list_id = _known(call, account)
    del account.lists[list_id], account.members[list_id]
    return ok("")


def _meant(call: Call, account: Account) -> tuple[list[int], object]:
    """Return the IDs of the contacts that a call names, and the errors of those whom it names in vain."""
    body = body_of(call)
    values = body.get("external_ids")
    if isinstance(values, list) and len(values) > MOST:
        raise refused(TOO_MANY, "The list of external ids exceeds the maximum size.")
    found, faults = found_by(key_of(body, account), values, account, call.poisoned)
    return list(found.values()), errors_of(faults)


def _known(call: Call, account: Account) -> int:
    list_id = call.parameters["list_id"]
    if not list_id.isdecimal() or int(list_id) not in account.lists:
        raise refused(BAD_LIST, f"Invalid contact list id: {list_id}")
    return int(list_id)
