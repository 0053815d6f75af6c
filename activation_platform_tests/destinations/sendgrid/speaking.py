"""What the tests of SendGrid share: answers in the vendor's shape, and a way to say people and hear what became of them."""

import httpx

from activation_platform.contracts.modes import Mode, Operation
from activation_platform.destinations.sendgrid.contacts import Contacts
from activation_platform.destinations.sendgrid.destination import SendGrid
from activation_platform.destinations.sendgrid.people import Identified
from activation_platform_tests.destinations.conversation import batch_of, converse

JOB = "GET /v3/marketing/contacts/imports/j1"
PUT = "PUT /v3/marketing/contacts"
FIELDS = "GET /v3/marketing/field_definitions"


def account(**settings):
    return SendGrid(api_key="SG.secret", **settings)


def contacts(identifier="email"):
    return Contacts(account(), Identified(identifier))


def say(people, *responses, mode=Mode.UPSERT, operation=Operation.INSERT, identifier="email", schema=None):
    """Deliver these people as contacts; where none of them is deleted, the account has been asked for its fields before."""
    batch = batch_of(*people, identified_by=identifier, mode=mode, operation=operation, schema=schema)
    asked = () if operation is Operation.DELETE else (defined(),)
    return converse(contacts(identifier), batch, *asked, *responses)


def defined(**types):
    fields = [
        {"id": f"e{n}_{kind[0]}", "name": name, "field_type": kind}
        for n, (name, kind) in enumerate(types.items(), start=1)
    ]
    return httpx.Response(200, json={"custom_fields": fields, "reserved_fields": []})


def begun(job="j1"):
    return httpx.Response(202, json={"job_id": job})


def job(status="completed", **results):
    told = {"id": "j1", "status": status, "job_type": "upsert", "results": results}
    return httpx.Response(200, json=told)


def refused(*errors, status=400):
    return httpx.Response(status, json={"errors": list(errors)})


def found(*people):
    result = {person["email"]: {"contact": {"id": f"id-{person['email']}", **person}} for person in people}
    return httpx.Response(200, json={"result": {**result, "x@acme.com": {"error": "contact not found"}}})


def nobody():
    return httpx.Response(404, json={"message": "no contacts were found"})
