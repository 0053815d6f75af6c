"""The catalogue on the command line and as a page: what the declarations say, and all of it."""

import json
from pathlib import Path

import pytest

from activation_platform.destinations import PLATFORMS

PAGE = Path(__file__).parents[2] / "docs" / "catalogue.md"
NAMES = [
    f"{platform.platform}.{platform.service_name(service)}"
    for platform in PLATFORMS.values()
    for service in platform.services
]


def test_the_page_is_in_step_with_the_declarations(activation):
    assert activation("services", "--markdown").stdout == PAGE.read_text(), "make docs"


def test_every_service_is_listed(activation):
    said = activation("services").stdout
    assert [name for name in NAMES if name not in said] == []
    assert [entry["name"] for entry in json.loads(activation("services", "--json").stdout)] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_says_all_that_is_declared(name, activation):
    platform_name, _, service_name = name.partition(".")
    platform = PLATFORMS[platform_name]
    service = platform.service(service_name)

    entry = json.loads(activation("services", name, "--json").stdout)
    said = " ".join(activation("services", name).stdout.split())

    described = service.described(platform.model_construct())
    declared = described.declared_fields()
    assert [field["name"] for field in entry["fields"]] == [field.name for field in declared]
    assert [field["name"] for field in entry["fields"] if field["key"]] == [declared_key(declared)]
    assert {mode["name"] for mode in entry["modes"]} == set(service.modes)
    assert entry["run_types"] == list(service.run_types())
    assert described.identifying_field in entry["identifiers"]
    assert entry["limits"]["batch_size"] == described.batch_size
    settings = entry["destination"]["settings"]
    assert {one["name"] for one in settings if one["secret"]} == set(platform.secrets)
    assert entry["docs"] in said
    for field in declared:
        assert field.name in said
        assert " ".join(field.type.rule.split())[:20] in said


def declared_key(fields):
    return next(field.name for field in fields if field.key)


def test_a_mode_says_what_it_needs_and_that_it_deletes(activation):
    entry = json.loads(activation("services", "batch.profiles", "--json").stdout)
    assert {"name": "mirror", "deletes": True, "needs": ["live_api_keys"]} in entry["modes"]
    assert "mirror (deletes, needs live_api_keys)" in activation("services", "batch.profiles").stdout


def test_an_entry_says_by_what_a_record_may_be_recognised_how_often_it_is_sent_and_how_much_is_taken(
    activation,
):
    every = json.loads(activation("services", "--json").stdout)
    events = {one["name"] for one in every if one["object"] == "event"}
    assert (
        {one["name"] for one in every if one["run_types"] == ["incremental"]} == events > {"database.events"}
    )
    profiles = " ".join(activation("services", "klaviyo.profiles").stdout.split())
    for words in ("email or phone_number or external_id", "full_then_delta; full_only", "bytes a record"):
        assert words in profiles
    consent = json.loads(activation("services", "klaviyo.subscriptions", "--json").stdout)
    assert consent["run_types"] == ["full_then_delta"]


def test_options_have_their_defaults(activation):
    (option,) = json.loads(activation("services", "attio.people", "--json").stdout)["options"]
    assert (option["name"], option["default"]) == ("matching_attribute", "email_addresses")


def test_a_vendors_pace_is_told(activation):
    budgets = json.loads(activation("services", "batch.profiles", "--json").stdout)["limits"]["budgets"]
    assert {"name": "profiles/update", "per_second": 300, "burst": 1000} in budgets


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_says_what_it_was_verified_against_and_what_could_not_be_confirmed(name, activation):
    entry = json.loads(activation("services", name, "--json").stdout)
    said = " ".join(activation("services", name).stdout.split())

    platform = PLATFORMS[name.partition(".")[0]]
    assert entry["verified"] == list(platform.verified)
    assert "verified against" in said
    assert "unconfirmed" in said
    assert not [one for one in entry["description"] if "nconfirmed:" in one]


def test_what_a_docstring_leaves_open_is_told_apart_also_where_services_share_it(activation):
    (told,) = json.loads(activation("services", "attio.companies", "--json").stdout)["unconfirmed"]

    assert told.startswith("That an empty array clears a single value")


def test_an_unknown_service_names_the_nearest(activation):
    assert 'Did you mean "attio.people"?' in activation("services", "attio.peopl", fails=2).stderr
