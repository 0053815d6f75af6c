"""A receiver of webhooks in a workspace: its secrets, its owner, and what the ledger pins of it."""

import json

import pytest

from activation_platform.sandbox.webhook import SIGNING_KEY
from activation_platform_tests.components.pages import example_of
from activation_platform_tests.components.project import SECOND, fill, person, refusal, succeeded, told
from activation_platform_tests.components.test_secrets import stored

HOOKS = "activations/backend/hooks"
BACKEND = """\
type: activation_platform.DestinationComponent
attributes:
  name: backend
  platform: webhook
  settings:
    url: env:HOOK_URL
    headers: {Authorization: env:HOOK_AUTHORIZATION}
    signing_key: env:HOOK_SIGNING_KEY
---
type: activation_platform.ActivationComponent
attributes:
  name: hooks
  segment: loyal
  destination: backend
  service: requests
  mode: mirror
  guards: {deletes: {percent: 100}}
  options: {insert: POST /customers}
  mapping:
    id: id
    name: first_name
  schedule: {cron: "0 6 * * 1", start: 2024-01-01}
"""
MORE = "---\n" + BACKEND.split("---\n")[1].replace("name: hooks", "name: more")
ALL = {"allow": {"deletes": 1000}}
SECRETS = ("hidden-token", "hidden-authorization", SIGNING_KEY)


@pytest.fixture
def hook(sandbox, monkeypatch):
    """Gives the receiver its address, and a header that it does not look at."""

    def at(path):
        monkeypatch.setenv("HOOK_URL", f"{sandbox.base_url('webhook')}/{path}")
        monkeypatch.setenv("HOOK_AUTHORIZATION", "Bearer hidden-authorization")
        monkeypatch.setenv("HOOK_SIGNING_KEY", SIGNING_KEY)

    at("hidden-token")
    return at


@pytest.fixture
def runner(project, hook, loaded):
    return loaded(project.also(BACKEND))


def things(sandbox):
    return {name: thing["name"] for name, thing in sandbox.world.part("webhook", "things").items()}


def test_a_receiver_is_kept_in_step(runner, warehouse, sandbox):
    succeeded(runner.run(HOOKS))
    assert things(sandbox) == {str(n): f"Name {n}" for n in range(1, 5)}

    fill(warehouse, [person(1, first_name="Ada"), person(2), person(3), person(6)])
    second = succeeded(runner.run(HOOKS, partition=SECOND))

    assert things(sandbox) == {"1": "Ada", "2": "Name 2", "3": "Name 3", "6": "Name 6"}
    figures = told(second, HOOKS)
    assert [figures[name] for name in ("inserted", "updated", "deleted")] == [1, 1, 1]
    calls = sandbox.world.part("webhook", "calls")
    assert {call["headers"]["authorization"] for call in calls} == {"Bearer hidden-authorization"}
    assert {call["path"].split("/")[1] for call in calls} == {"hidden-token"}


def test_d9_no_part_of_its_address_and_no_header_is_stored_or_told(
    runner, instance, sandbox, storage, caplog
):
    with sandbox.control() as control:
        control.add_fault({"kind": "status", "status": 401, "path": "/webhook/*", "reason": "hidden-token"})

    found = stored(instance, runner.run(HOOKS).run_id)

    assert "answered 401 to" in found
    files = [path.read_bytes() for path in storage.rglob("*") if path.is_file()]
    for secret in SECRETS:
        assert secret not in found
        assert secret not in caplog.text
        assert not [text for text in files if secret.encode() in text]


def test_a2_the_ledger_pins_host_path_and_object_without_telling_them(runner, hook, storage, sandbox):
    succeeded(runner.run(HOOKS))
    manifest = json.loads(next(storage.glob("ledgers/hooks/manifest.json")).read_text())

    assert manifest["target"]["host"] in sandbox.url
    assert manifest["target"]["account"].startswith("hash:")
    assert manifest["target"]["object"] == "/customers"
    calls = len(sandbox.world.part("webhook", "calls"))
    hook("another-path")
    words = refusal(runner.run(HOOKS, partition=SECOND))

    assert "adopt" in words
    assert len(sandbox.world.part("webhook", "calls")) == calls


def test_a2_without_a_secret_the_ledger_pins_the_path_all_the_same(project, hook, loaded, sandbox, storage):
    plain = BACKEND.replace("    headers: {Authorization: env:HOOK_AUTHORIZATION}\n", "")
    url = f"{sandbox.base_url('webhook')}/plain"
    first = loaded(project.also(plain.replace("env:HOOK_URL", url)))
    succeeded(first.run(HOOKS))

    project.replaced(url, url + "-other")

    assert "adopt" in refusal(loaded(project).run(HOOKS, partition=SECOND))


def test_a4_two_activations_that_create_in_one_place_are_an_error(project):
    words = project.also(BACKEND + MORE).refusal()

    assert 'writes to the same target as the activation "hooks"' in words


def test_a4_two_activations_that_create_in_two_places_are_none(project, hook, loaded):
    loaded(project.also(BACKEND + MORE.replace("POST /customers", "POST /prospects")))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("env:HOOK_AUTHORIZATION", "Bearer in-clear", '"headers" is a secret: write env:NAME'),
        ("{Authorization: env:HOOK_AUTHORIZATION}", "env:X", '"headers"'),
        ("    url: env:HOOK_URL\n", "", 'the setting "url" is missing'),
        ("POST /customers", "GET /customers", '"insert" is not a call'),
        ("POST /customers", '"POST /{country}"', 'the required field "country" is not mapped'),
        ("{insert: POST /customers}", "{inserts: POST /x}", 'Did you mean "insert"?'),
        ("    id: id\n    name", "    name", 'the required field "id" is not mapped'),
        ("requests\n  mode: mirror", "requests\n  mode: snapshot", "cannot keep the promise of snapshot"),
    ],
)
def test_g_what_makes_no_receiver_is_refused_when_definitions_load(project, old, new, words):
    refused = project.also(BACKEND).replaced(old, new).refusal()

    assert words in refused
    assert "in-clear" not in refused


def test_the_example_of_the_page_keeps_a_receiver_in_step(project, loaded, warehouse, sandbox, monkeypatch):
    monkeypatch.setenv("BACKEND_AUTHORIZATION", "Bearer of-the-shop")
    monkeypatch.setenv("BACKEND_SIGNING_KEY", SIGNING_KEY)
    example, url = example_of("webhook"), "https://api.example.org/v1"
    assert example.count(url) == 1
    runner = loaded(project.also(example.replace(url, sandbox.base_url("webhook"))))

    succeeded(runner.run("activations/backend/loyal_customers"))
    fill(warehouse, [person(1, email="ada@example.com"), person(2), person(6)])
    succeeded(
        runner.run(
            "activations/backend/loyal_customers", partition=SECOND, activations__backend__loyal_customers=ALL
        )
    )

    held = sandbox.world.part("webhook", "things")
    assert {name: (one["email"], one["tier"]) for name, one in held.items()} == {
        "1": ("ada@example.com", "loyal"),
        "2": ("person2@example.com", "loyal"),
        "6": ("person6@example.com", "loyal"),
    }
    signed = {"x-signature" in call["headers"] for call in sandbox.world.part("webhook", "calls")}
    assert signed == {True}
