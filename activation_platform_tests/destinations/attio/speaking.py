"""What the tests of Attio share: a person, answers in the vendor's shape, and a way to say one to the other."""

import httpx

from activation_platform.contracts.modes import Mode
from activation_platform.destinations.attio.destination import Attio
from activation_platform.destinations.attio.people import People, PeopleOptions
from activation_platform_tests.destinations.conversation import batch_of, converse

JANE = {"email_addresses": "jane@acme.com", "job_title": "Engineer"}
FOUND = {"id": {"record_id": "r-1"}, "values": {"email_addresses": [{"email_address": "jane@acme.com"}]}}
UPSERT, UPDATE_ONLY, INSERT_ONLY = Mode.UPSERT, Mode.UPDATE_ONLY, Mode.INSERT_ONLY


def people(matching="email_addresses"):
    return People(Attio(access_token="token"), PeopleOptions(matching_attribute=matching))


def say(person, *responses, mode=UPSERT, matching="email_addresses", schema=None):
    batch = batch_of(person, identified_by=matching, mode=mode, schema=schema)
    return converse(people(matching), batch, *responses)


def values_of(said, request=-1):
    return said.bodies[request]["data"]["values"]


def done(record="r-1"):
    return httpx.Response(200, json={"data": {"id": {"record_id": record}, "values": {}}})


def refused(code, message="no", status=400):
    body = {"status_code": status, "type": "invalid_request_error", "code": code, "message": message}
    return httpx.Response(status, json=body)


def listed(*entries):
    return httpx.Response(200, json={"data": list(entries)})


found = listed


def attribute(slug, kind="text", **more):
    return {
        "api_slug": slug,
        "title": slug.title(),
        "type": kind,
        "is_writable": True,
        "is_required": False,
        "is_unique": False,
        "is_multiselect": False,
        "is_archived": False,
        "is_default_value_enabled": False,
        **more,
    }
