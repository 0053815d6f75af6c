"""`activation sandbox`: a sandbox served by the command, and one that is ruled by it."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from activation_platform.sandbox.faults import Rule


@pytest.fixture
def rule(sandbox, activation):
    def call(*words, fails=0):
        return activation("sandbox", *words, "--url", sandbox.url, fails=fails)

    return call


def test_a_served_sandbox_says_where_it_is_and_stops_when_interrupted():
    command = [Path(sys.executable).with_name("activation"), "sandbox", "serve", "--port", "0", "--no-limits"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        address = process.stdout.readline().strip()
        state = httpx.get(address.rpartition("/")[0] + "/_sandbox/limits", timeout=5).json()
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()

    assert address.startswith("http://127.0.0.1:")
    assert {platform["enabled"] for platform in state.values()} == {False}
    assert "_sandbox" in rest
    assert process.returncode == 0


def test_a_port_that_is_taken_is_told(sandbox, activation):
    port = sandbox.url.rpartition(":")[2]
    assert "cannot be taken" in activation("sandbox", "serve", "--port", port, fails=1).stderr


def test_what_it_holds_is_counted_and_shown(rule):
    assert "batch" in rule("state").stdout
    assert json.loads(rule("state", "--json").stdout)["batch"]["profiles"] == {}
    assert json.loads(rule("state", "batch", "profiles").stdout) == {}
    assert "profiles" in rule("state", "batch").stdout


def test_a_fault_is_ordered_with_all_its_options(rule, sandbox):
    options = {
        "path": "/batch/*",
        "method": "POST",
        "identifier": "p1",
        "status": 503,
        "retry_after": 2.5,
        "retry_after_format": "http_date",
        "reason": "not today",
        "when": "after",
        "extent": "record",
        "delay_ms": 7,
        "cap": 3.0,
        "times": 2,
        "probability": 0.5,
        "after": 1,
    }
    words = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", value)]

    assert json.loads(rule("faults", "add", "status", *words, "--json").stdout) == {"number": 1}

    (ordered,) = sandbox.world.faults_in_force()
    assert ordered == {"kind": "status", "number": 1, "matched": 0, "struck": 0, **options}
    assert set(options) | {"kind"} == set(Rule.__dataclass_fields__)
    assert json.loads(rule("faults", "list", "--json").stdout) == [ordered]


def test_faults_are_listed_by_what_they_say_and_dropped(rule, sandbox):
    rule("faults", "add", "slow", "--delay-ms", 50)
    assert "delay_ms=50" in rule("faults", "list").stdout

    rule("faults", "clear")
    assert sandbox.world.faults_in_force() == []


def test_a_rule_that_makes_no_sense_is_refused_before_it_is_sent(rule, sandbox):
    assert "identifier" in rule("faults", "add", "poison", fails=2).stderr
    assert sandbox.world.faults_in_force() == []


def test_requests_are_counted(rule, sandbox):
    httpx.get(sandbox.base_url("attio") + "/v2/self", timeout=5)

    assert "/v2/self" in rule("requests").stdout
    assert [row["count"] for row in json.loads(rule("requests", "--json").stdout)] == [1]


def test_limits_are_shown_changed_and_switched(rule, sandbox):
    rule("limits", "set", "batch", "gdpr", "--rate", 3, "--burst", 4)
    assert json.loads(rule("limits", "--json").stdout)["batch"]["limits"]["gdpr"] == {"rate": 3, "burst": 4}

    assert "yes" in rule("limits", "on").stdout
    assert sandbox.world.limits()["batch"]["enabled"]
    rule("limits", "off")
    assert not sandbox.world.limits()["batch"]["enabled"]


def test_what_the_sandbox_refuses_is_told_in_a_line(rule):
    said = rule("limits", "set", "batch", "nothing", "--rate", 1, "--burst", 1, fails=1).stderr
    assert said.startswith("Configuration: the sandbox refuses")
    assert "nothing" in rule("state", "nothing", fails=1).stderr


def test_erasures_are_finished_and_everything_is_forgotten(rule, sandbox):
    assert json.loads(rule("finish-erasures", "--json").stdout) == {"finished": 0}
    rule("faults", "add", "slow")

    rule("reset")

    assert sandbox.world.faults_in_force() == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "nowhere", "http://["])
def test_where_no_sandbox_answers_the_way_out_is_told(activation, url):
    said = activation("sandbox", "state", "--url", url, fails=1).stderr
    assert "activation sandbox serve" in said
    assert "Traceback" not in said


def test_a_server_that_is_no_sandbox_is_told(activation, sandbox):
    said = activation("sandbox", "state", "--url", sandbox.base_url("attio"), fails=1).stderr
    assert said.startswith(("Connection: no sandbox answers", "Configuration: the sandbox refuses"))
