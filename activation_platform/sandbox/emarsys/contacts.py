"""The contact endpoints of Emarsys: contacts are made, changed, deleted and looked at, up to a thousand in a call.

Vendor: https://dev.emarsys.com/docs/core-api-reference/f8ljhut3ac2i1-update-contacts. A contact that is wrong leaves the others
alone. Unconfirmed: that a field that does not exist refuses the contact, not the call; that a call with one contact, too, is
answered 200.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from activation_platform.sandbox.emarsys import replies
from activation_platform.sandbox.emarsys.account import Account
from activation_platform.sandbox.emarsys.replies import errors_of, ok, refused
from activation_platform.sandbox.exchange import Answer, Call

MOST = 1_000
UPDATE_BYTES = 8_000_000
CREATE_BYTES = 10_000_000
NO_KEY = "<NO_KEY_ID>"

_Faults = dict[str, tuple[int, str]]
_Write = Callable[[list[int], str], "int | None"]


class Wrong(Exception):
    """Raised for a contact that cannot be written: code and text."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.fault = code, text


def create(call: Call, account: Account) -> Answer:
    """Make contacts; who is there already is left as it is."""

    def make(there: list[int], key: str) -> int | None:
        if there:
            raise Wrong(replies.EXISTS, f"Contact with the external id already exists: {key}")
        return None

    return _write(call, account, CREATE_BYTES, make)


def update(call: Call, account: Account) -> Answer:
    """Change contacts; with create_if_not_exists, make those who are not there."""
    makes = call.query.get("create_if_not_exists", "0") == "1"

    def change(there: list[int], key: str) -> int | None:
        if len(there) > 1:
            raise Wrong(replies.SEVERAL, f"More contacts found with the external id: {key}")
        if not there and not makes:
            raise Wrong(replies.UNKNOWN, f"No contact found with the external id: {key}")
        return there[0] if there else None

    return _write(call, account, UPDATE_BYTES, change)


def delete(call: Call, account: Account) -> Answer:
    """Delete contacts by the values of a key field."""
    body = body_of(call)
    key = key_of(body, account)
    found, faults = found_by(key, body.get(key), account, call.poisoned)
    for id_ in found.values():
        account.forget(id_)
    return ok({"errors": errors_of(faults)})


def look_up(call: Call, account: Account) -> Answer:
    """Tell the IDs of contacts by the values of a key field."""
    body = body_of(call)
    key = key_of(body, account)
    found, faults = found_by(key, body.get("external_ids"), account, call.poisoned)
    return ok({"ids": {value: str(id_) for value, id_ in found.items()}, "errors": errors_of(faults)})


def read(call: Call, account: Account) -> Answer:
    """Tell the values of fields of contacts."""
    body = body_of(call)
    fields = [str(one) for one in body.get("fields") or ()]
    key = str(body.get("keyId", "id"))
    found, _ = found_by(key, body.get("keyValues"), account, call.poisoned)
    result = [
        {
            "id": str(id_),
            "uid": f"u{id_}",
            **{field: account.contacts[id_].get(field) for field in fields if field in account.fields},
        }
        for id_ in found.values()
    ]
    return ok({"result": result or False})


def found_by(
    key: str, values: Any, account: Account, poisoned: Mapping[str, str]
) -> tuple[dict[str, int], _Faults]:
    """Return the contacts with these values of a key field, by the value, and what is wrong with the others."""
    if not isinstance(values, list):
        raise refused(2003, "Invalid datatype for the list of external ids. Array expected.")
    found: dict[str, int] = {}
    faults: _Faults = {}
    for value in map(str, values):
        there = account.with_value(key, value)
        if value in poisoned:
            faults[value] = replies.BAD_VALUE, poisoned[value]
        elif len(there) == 1:
            found[value] = there[0]
        elif there:
            faults[value] = replies.SEVERAL, f"More contacts found with the external id: {key} - {value}"
        else:
            faults[value] = replies.UNKNOWN, f"No contact found with the external id: {key} - {value}"
    return found, faults


def body_of(call: Call) -> dict[str, Any]:
    """Return the body of a call, which is an object."""
    if not isinstance(call.document, dict):
        raise refused(1, "Invalid JSON")
    return call.document


def key_of(body: Mapping[str, Any], account: Account) -> str:
    """Return the key field that a body names, which there must be; email where it names none."""
    key = str(body.get("key_id", "3"))
    if key not in account.fields and key not in ("id", "uid"):
        raise refused(replies.BAD_KEY, f"Invalid key field id: {key}")
    return key


def carried(document: Any) -> list[str]:
    """Return the identifiers in a body, whatever its form."""
    body = document if isinstance(document, dict) else {}
    key = str(body.get("key_id", "3"))
    contacts = body.get("contacts")
    named = [
        one.get(key) for one in (contacts if isinstance(contacts, list) else ()) if isinstance(one, dict)
    ]
    for values in (body.get("external_ids"), body.get(key), body.get("keyValues")):
        named += values if isinstance(values, list) else []
    return [one for one in named if isinstance(one, str)]


def _write(call: Call, account: Account, most_bytes: int, choose: _Write) -> Answer:
    if len(call.body) > most_bytes:
        raise refused(1, "The request is too large", 413)
    body = body_of(call)
    key = key_of(body, account)
    contacts, list_id = body.get("contacts"), body.get("contact_list_id")
    if not isinstance(contacts, list) or not all(isinstance(one, dict) for one in contacts):
        raise refused(1, "contacts is an array of objects")
    if len(contacts) > MOST:
        raise refused(replies.TOO_MANY, "The request exceeded the maximum batch size 1,000")
    if list_id is not None and int(list_id) not in account.lists:
        raise refused(replies.BAD_LIST, f"Invalid contact list id: {list_id}")
    ids: list[int | str] = []
    faults: _Faults = {}
    for contact in contacts:
        value = contact.get(key)
        try:
            there = _checked(contact, key, account, call.poisoned)
            chosen = choose(there, key)
        except Wrong as wrong:
            faults[str(value) if value else NO_KEY] = wrong.fault
            continue
        written = account.write(chosen, {name: one for name, one in contact.items() if name != "id"})
        ids.append(written if chosen is None else str(written))
        if list_id is not None:
            account.members[int(list_id)].add(written)
    return ok({"ids": ids, "errors": errors_of(faults)})


def _checked(
    contact: Mapping[str, Any], key: str, account: Account, poisoned: Mapping[str, str]
) -> list[int]:
    """Return who has the value of the key field; raises `Wrong` where a value cannot be."""
    value = contact.get(key)
    if value in (None, ""):
        raise Wrong(replies.BAD_VALUE, f"No value provided for key field: {key}")
    if str(value) in poisoned:
        raise Wrong(replies.BAD_VALUE, poisoned[str(value)])
    for name, one in contact.items():
        if name in ("id", "source_id"):
            continue
        if name not in account.fields:
            raise Wrong(replies.BAD_FIELD, f"Invalid field id: {name}")
        fault = account.fields[name].fault(one)
        if fault:
            raise Wrong(replies.BAD_FIELD, fault)
    return account.with_value(key, str(value))
