"""The contacts endpoints of SendGrid: upsert and delete by jobs, look-ups by identifier and ID, counts.

Vendor: https://www.twilio.com/docs/sendgrid/api-reference/contacts. Second-hand: that a deletion takes 100 IDs at most.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from activation_platform.sandbox.exchange import Answer, Call, Refused
from activation_platform.sandbox.sendgrid import checks
from activation_platform.sandbox.sendgrid.account import IDENTIFIERS, Account, Contact, instant
from activation_platform.sandbox.sendgrid.errors import bare, error, faulty, refused
from activation_platform.sandbox.sendgrid.jobs import Jobs, Results

MOST = 30_000
BYTES = 6_000_000
NAMED = 100
SAMPLE = 50


def upsert(call: Call, account: Account, jobs: Jobs) -> Answer:
    """Take contacts on, if all of them are well formed."""
    body = _body(call)
    contacts, lists = body.get("contacts"), body.get("list_ids", [])
    if len(call.body) > BYTES:
        raise refused("the body is larger than 6MB", 413)
    if not isinstance(contacts, list) or not 1 <= len(contacts) <= MOST:
        raise refused(f"contacts is an array of 1 to {MOST} contacts")
    if not isinstance(lists, list) or any(one not in account.lists for one in lists):
        raise refused("list_ids names a list that does not exist", 404)
    found = [
        (f"contacts[{n}].{field}" if field else f"contacts[{n}]", words)
        for n, contact in enumerate(contacts)
        for field, words in checks.faults(contact, account.definitions)
    ]
    if found:
        raise faulty(found)
    said = [checks.lowered(contact) for contact in contacts]
    poisoned = dict(call.poisoned)

    def work(now: str) -> Results:
        results = Results(requested=len(said))
        for contact in said:
            own = {kind: contact[kind] for kind in IDENTIFIERS if contact.get(kind)}
            reason = next((poisoned[value] for value in own.values() if value in poisoned), None)
            try:
                if reason is not None:
                    raise ValueError(reason)
                word = account.upsert(contact, lists, now)
            except ValueError as wrong:
                results.errors.append({**own, "error": str(wrong)})
                continue
            results.created += word == "created"
            results.updated += word == "updated"
        return results

    return _begun(call, jobs.begin(account.new_id(), "upsert", work, instant(call.wall)).id)


def delete(call: Call, account: Account, jobs: Jobs) -> Answer:
    """Take a deletion on, of contacts by their IDs or of all."""
    everybody = call.query.get("delete_all_contacts") == "true"
    ids = [one for one in call.query.get("ids", "").split(",") if one]
    if not ids and not everybody:
        raise refused("ids or delete_all_contacts must be set")
    if len(ids) > NAMED:
        raise refused(f"at most {NAMED} ids can be deleted at a time")

    def work(now: str) -> Results:  # noqa: ARG001 - a deletion leaves no time behind
        meant = list(account.contacts) if everybody else ids
        return Results(requested=len(meant), deleted=sum(account.delete(one) for one in meant))

    return _begun(call, jobs.begin(account.new_id(), "delete", work, instant(call.wall)).id)


def search_identifiers(call: Call, account: Account, jobs: Jobs) -> Answer:  # noqa: ARG001 - as all endpoints
    """Find contacts by identifiers of one kind."""
    kind = call.parameters["kind"]
    if kind not in IDENTIFIERS:
        return bare(f"the identifier type is one of {', '.join(IDENTIFIERS)}", 400)
    try:
        return _found(call, "identifiers", kind, lambda value: account.holder(kind, value), account)
    except Refused as refusal:
        return bare(refusal.answer.document["errors"][0]["message"], refusal.answer.status)


def search_emails(call: Call, account: Account, jobs: Jobs) -> Answer:  # noqa: ARG001 - as all endpoints
    """Find contacts by their e-mail addresses, the alternate ones included."""

    def holder(email: str) -> Contact | None:
        others = (one for one in account.contacts.values() if email in one.values.get("alternate_emails", ()))
        return account.holder("email", email) or next(others, None)

    return _found(call, "emails", "email", holder, account)


def by_ids(call: Call, account: Account, jobs: Jobs) -> Answer:  # noqa: ARG001 - as all endpoints
    """Show the contacts with these IDs."""
    ids = _texts(call, "ids")
    return Answer(
        200,
        {"result": [account.document(account.contacts[one]) for one in ids if one in account.contacts]},
    )


def read(call: Call, account: Account, jobs: Jobs) -> Answer:  # noqa: ARG001 - as all endpoints
    """Show one contact."""
    contact = account.contacts.get(call.parameters["id"])
    return error(404, "not found") if contact is None else Answer(200, account.document(contact))


def sample(call: Call, account: Account, jobs: Jobs) -> Answer:  # noqa: ARG001 - as all endpoints
    """Show some of the newest contacts, by their e-mail addresses, and how many there are."""
    newest = list(account.contacts.values())[-SAMPLE:]
    shown = sorted(map(account.document, newest), key=lambda one: str(one["email"]))
    return Answer(200, {"result": shown, "contact_count": len(account.contacts), "_metadata": {}})


def count(call: Call, account: Account, jobs: Jobs) -> Answer:  # noqa: ARG001 - as all endpoints
    """Tell how many contacts there are."""
    return Answer(200, {"contact_count": len(account.contacts), "billable_count": len(account.contacts)})


def carried(document: Any) -> list[str]:
    """Return the identifiers in a body, whatever its form."""
    body = document if isinstance(document, dict) else {}
    contacts = body.get("contacts")
    own = [
        one.get(kind)
        for one in (contacts if isinstance(contacts, list) else ())
        if isinstance(one, dict)
        for kind in IDENTIFIERS
    ]
    named = [one for key in ("identifiers", "emails", "ids") for one in body.get(key) or ()]
    return [one for one in (*own, *named) if isinstance(one, str)]


def _found(
    call: Call, key: str, kind: str, holder: Callable[[str], Contact | None], account: Account
) -> Answer:
    values = _texts(call, key)
    if kind == "email":
        values = [one.lower() for one in values]
        wrong = [one for one in values if not checks.EMAIL.fullmatch(one)]
        if wrong:
            raise refused(f"email '{wrong[0]}' is not valid")
    for reason in (call.poisoned[value] for value in values if value in call.poisoned):
        raise refused(reason)
    held = {value: holder(value) for value in values}
    if not any(held.values()):
        raise refused("no contacts were found", 404)
    result: Mapping[str, Any] = {
        value: {"error": "contact not found"} if one is None else {"contact": account.document(one)}
        for value, one in held.items()
    }
    return Answer(200, {"result": result})


def _texts(call: Call, key: str) -> list[str]:
    values = _body(call).get(key)
    if not isinstance(values, list) or not 1 <= len(values) <= NAMED:
        raise refused(f"{key} is an array of 1 to {NAMED} texts")
    if not all(isinstance(one, str) for one in values):
        raise refused(f"{key} holds texts only")
    return values


def _body(call: Call) -> dict[str, Any]:
    if not isinstance(call.document, dict):
        raise refused("the body is not a JSON object")
    return call.document


def _begun(call: Call, job: str) -> Answer:  # noqa: ARG001 - the job says all
    return Answer(202, {"job_id": job})
