"""`activation check` and `activation fields`: what is declared, and what answers right now."""

import json

import duckdb
import httpx
import pytest
import yaml

from activation_platform_tests.cli.conftest import DECLARED
from activation_platform_tests.components.alerting.conftest import OPS
from activation_platform_tests.components.alerting.slack_stand_in import slack


def test_a_possible_workspace_is_counted(project, activation):
    said = activation("check").stdout
    assert said == "Possible: 1 source, 1 model, 0 segments, 2 destinations, 1 activation.\n"


def test_a_workspace_is_checked_without_secrets_and_connections(project, activation, monkeypatch):
    project.warehouse.unlink()
    for name in ("SHOP_WAREHOUSE", "BATCH_REST_API_KEY", "ATTIO_ACCESS_TOKEN"):
        monkeypatch.delenv(name)
    assert activation("check").stdout.startswith("Possible")


def test_all_impossible_things_are_told_with_file_and_line(project, activation):
    wrong = DECLARED.replace("kind: duckdb", "kind: duckdbb").replace("service: profiles", "service: profile")
    project.declare(wrong)
    lines = [
        number for number, line in enumerate(wrong.splitlines(), 1) if "duckdbb" in line or "profile" in line
    ]

    said = activation("check", fails=1).stderr

    assert 'Did you mean "duckdb"?' in said
    for number in lines:
        assert f"{project.yaml}:{number} - " in said
    assert "the workspace has 2 faults" in said


SEGMENT = """
---
type: activation_platform.SegmentComponent
attributes:
  name: recent
  model: people
  where:
    any:
      - field: seen
        in_last: 90
      - field: visits
        above: {percentile: 101}
      - has: ordres
"""


def test_what_a_condition_cannot_say_is_told_with_file_and_line(project, activation):
    project.declare(DECLARED + SEGMENT)
    lines = project.yaml.read_text().splitlines()

    said = activation("check", fails=1).stderr

    for place, words in (
        ("in_last: 90", 'write a whole number and a unit, such as "90 days"'),
        ("percentile: 101", "takes a percentile from 0 to 100, not 101"),
        ("has: ordres", 'the model people has no relation "ordres"'),
    ):
        (number,) = [number for number, line in enumerate(lines, 1) if place in line]
        assert f'{project.yaml}:{number} - segment "recent": ' in said
        assert words in said


def test_all_unreadable_attributes_are_told_with_file_and_line_and_without_values(project, activation):
    wrong = DECLARED.replace("  kind: duckdb\n", "").replace("table: people", "tabel: s3cret-value")
    project.declare(wrong)
    typo = next(number for number, line in enumerate(wrong.splitlines(), 1) if "tabel" in line)

    said = activation("check", fails=1).stderr

    assert f"{project.yaml}:{typo} - attributes.tabel" in said
    assert "attributes.kind: Field required" in said
    assert "s3cret-value" not in said


def test_a_misspelt_component_type_is_told_with_file_line_and_nearest(project, activation):
    wrong = DECLARED.replace("platform.ModelComponent", "platform.ModelComponnt")
    project.declare(wrong)
    line = next(number for number, text in enumerate(wrong.splitlines(), 1) if "Componnt" in text)

    said = activation("check", fails=1).stderr

    assert (
        f'{project.yaml}:{line} - there is no component type "ModelComponnt". Did you mean "ModelComponent"?'
        in said
    )


def test_broken_yaml_is_told_with_file_and_line_and_without_the_line(project, activation):
    project.declare("type: activation_platform.SourceComponent\nattributes: {name: s3cret-value: x}\n")

    said = activation("check", fails=1).stderr

    assert f"{project.yaml}:2 - " in said
    assert "s3cret-value" not in said
    assert "Traceback" not in said


def test_other_commands_tell_the_faults_too(project, activation):
    project.declare(DECLARED.replace("service: profiles", "service: profile"))
    assert 'Did you mean "profiles"?' in activation("run", "newsletter", fails=1).stderr


def test_two_activations_that_overwrite_each_other_are_a_doubt(project, activation):
    rival = DECLARED[DECLARED.rindex("---") :].replace("newsletter", "welcome")
    project.declare(DECLARED + rival)
    assert "whichever runs later wins" in activation("check").stdout


def test_outside_a_project_the_way_out_is_told(tmp_path, activation, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = activation("check", fails=1).stderr
    assert "there is no Dagster project" in said
    assert "Traceback" not in said


def test_a_project_whose_module_is_missing_is_told(tmp_path, activation, monkeypatch):
    (tmp_path / "dg.toml").write_text('[project]\nroot_module = "nobody_wrote_it"\n')
    monkeypatch.chdir(tmp_path)
    assert "nobody_wrote_it" in activation("check", fails=1).stderr


def test_named_parts_are_tried_out(project, activation):
    said = activation("check", "shop", "people", "messages", "crm").stdout.splitlines()

    assert [line.partition(": ")[0] for line in said] == [
        "passed source shop, connection",
        "passed source shop, access",
        "passed source shop, schemas",
        "passed source shop, grants",
        "passed source shop, lineage",
        "passed model people, columns",
        "passed model people, rows",
        "passed model people, key",
        "passed destination messages",
        "passed destination messages, credential",
        "passed destination messages, mapping of newsletter",
        "passed destination crm",
        "passed destination crm, credential",
    ]


def test_the_mapping_of_one_activation_is_tried_alone(project, activation):
    said = activation("check", "newsletter").stdout
    assert said.startswith("passed destination messages, mapping of newsletter: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ("", "nobody told on which day it expires (credential_expires)"),
        ("  credential_expires: 2999-01-31\n", "expires on 2999-01-31, in "),
        (
            "  credential_expires: 2020-01-31\n",
            "warning: the credential was to expire on 2020-01-31; warns 30d before",
        ),
    ],
)
def test_the_day_on_which_a_credential_expires_is_told_and_fails_nothing(project, activation, declared, told):
    project.declare(DECLARED.replace("  name: crm\n", f"  name: crm\n{declared}"))
    assert f"passed destination crm, credential: {told}" in activation("check", "crm").stdout


def test_a_part_that_does_not_work_fails_and_the_others_are_still_tried(project, activation, monkeypatch):
    monkeypatch.delenv("BATCH_REST_API_KEY")
    monkeypatch.setenv("ATTIO_ACCESS_TOKEN", "s3cret-value")

    said = activation("check", "messages", "crm", "shop", fails=1).stdout

    assert "the environment variable BATCH_REST_API_KEY is not set" in said
    assert "failed destination crm: Bad credentials" in said
    assert "passed source shop" in said
    assert "s3cret-value" not in said


def test_alerts_that_are_named_send_a_test(project, activation, monkeypatch):
    with slack() as server:
        monkeypatch.setenv("SLACK_WEBHOOK_URL", f"{server.url}/services/s3cret-value")
        project.declare(f"{DECLARED}\n---\n{OPS}")
        assert "passed alerts ops: a test was sent" in activation("check", "ops").stdout
        server.answer = (404, "no_service")
        said = activation("check", "ops", fails=1).stdout
    assert server.texts()[0].startswith("*Test: the alerts ops*")
    assert "failed alerts ops: Resource not found: Slack answered 404: no_service" in said
    assert "s3cret-value" not in said


def test_an_unreachable_warehouse_fails_with_its_class(project, activation):
    project.warehouse.unlink()
    assert "failed model people: Resource not found" in activation("check", "people", fails=1).stdout


def test_an_unknown_part_names_the_nearest(project, activation):
    assert 'Did you mean "people"?' in activation("check", "poeple", fails=2).stderr


def test_accepted_columns_are_written_beside_the_yaml_and_held_to(project, activation):
    activation("check", "--accept", "people")
    file = project.yaml.with_name("people.schema.yaml")
    assert yaml.safe_load(file.read_text()) == {"id": "text", "email": "text", "first_name": "text"}
    assert file.read_text().startswith("# The columns of the model people")

    project.warehouse_holds("alter table people rename first_name to given_name")
    told = activation("check", "people", fails=1).stdout
    assert "failed model people, columns: Altered: first_name (perhaps now given_name" in told


def test_columns_that_differ_are_listed_one_by_one(project, activation):
    activation("check", "--accept", "people")
    project.warehouse_holds("alter table people drop column first_name")
    project.warehouse_holds('alter table people add column "[red]x\u202e" bigint')

    said = activation("check", "people", fails=1).stdout.splitlines()

    (head,) = [number for number, line in enumerate(said) if line.startswith("column")]
    assert said[head].split() == ["column", "difference", "expected", "found", "what", "it", "means"]
    assert said[head + 1].split()[:3] == ["first_name", "Missing", "text"]
    assert said[head + 2].split()[:3] == ["[red]x<U+202E>", "New", "integer"]

    finding, *_ = json.loads(activation("check", "people", "--json", fails=1).stdout)["findings"]
    missing, new = finding["differences"]
    assert missing == {
        "column": "first_name",
        "kind": "Missing",
        "expected": "text",
        "found": "",
        "means": "nothing can be made of it, nor sent from it",
    }
    assert new["column"] == "[red]x\u202e"


def test_accepting_mends_a_workspace_that_fails_because_of_what_was_accepted_before(project, activation):
    file = project.yaml.with_name("people.schema.yaml")
    file.write_text("number: integer\n")
    computed = "primary_key: id\n  computed: {greeting: {formula: \"'Dear ' || first_name\"}}\n"
    project.declare(DECLARED.replace("primary_key: id\n", computed))
    told = activation("check", fails=1).stderr
    assert 'there is no column "id"' in told
    assert "first_name: the model has no such field" in told

    activation("check", "--accept", "people")

    assert activation("check").stdout.startswith("Possible")


def test_only_exposed_columns_are_accepted_under_their_own_names(project, activation):
    exposed = "primary_key: id\n  columns: {id: , email: , first_name: {column: FIRST}}"
    project.declare(DECLARED.replace("primary_key: id", exposed))
    project.warehouse_holds('alter table people rename first_name to "FIRST"')

    activation("check", "--accept", "people")

    accepted = yaml.safe_load(project.yaml.with_name("people.schema.yaml").read_text())
    assert list(accepted) == ["id", "email", "first_name"]


def test_only_models_have_columns_to_accept(project, activation):
    assert 'Did you mean "people"?' in activation("check", "--accept", "peple", fails=2).stderr


def test_nothing_is_accepted_of_a_source_that_cannot_be_read(project, activation):
    project.warehouse.unlink()
    assert "Resource not found" in activation("check", "--accept", "people", fails=1).stderr
    assert not project.yaml.with_name("people.schema.yaml").exists()


COPIES = """
type: activation_platform.DestinationComponent
attributes:
  name: copies
  platform: database
  settings: {url: duckdb://FILE}
---
type: activation_platform.ActivationComponent
attributes:
  name: one
  model: people
  destination: copies
  service: table
  options: {table: one, key: id}
  mapping: {id: id, visits: first_name}
---
type: activation_platform.ActivationComponent
attributes:
  name: two
  model: people
  destination: copies
  service: table
  options: {table: two, key: id}
  mapping: {id: id, tags: first_name}
"""


def test_a_doubtful_mapping_is_a_warning_and_an_impossible_one_fails(project, activation, tmp_path):
    with duckdb.connect(str(tmp_path / "mail.duckdb")) as made:
        made.execute("create table one (id text primary key, visits bigint)")
        made.execute("create table two (id text primary key, tags text[])")
    project.declare(f"{DECLARED}---\n{COPIES.replace('FILE', str(tmp_path / 'mail.duckdb'))}")
    activation("check", "--accept", "people")

    *_, one, two = json.loads(activation("check", "copies", "--json", fails=1).stdout)["findings"]

    assert (one["what"], one["passed"]) == ("destination copies, mapping of one", True)
    assert one["words"].startswith(
        "warning: the account has every field that is mapped. But visits: it takes a whole"
    )
    assert (two["what"], two["passed"]) == ("destination copies, mapping of two", False)
    assert two["words"].startswith("Configuration: tags: it takes a list of texts, and the column")


def test_an_accounts_own_fields_are_read_live(project, activation, sandbox):
    attribute = {
        "title": "Shoe size",
        "description": None,
        "api_slug": "shoe_size",
        "type": "number",
        "is_required": False,
        "is_unique": False,
        "is_multiselect": False,
        "config": {},
    }
    answer = httpx.post(
        sandbox.base_url("attio") + "/v2/objects/people/attributes",
        json={"data": attribute},
        headers={"Authorization": "Bearer sandbox-attio-token"},
        timeout=5,
    )
    assert answer.is_success, answer.text

    told = {
        field["name"]: field for field in json.loads(activation("fields", "crm", "people", "--json").stdout)
    }

    assert told["shoe_size"]["rule"] == "number"
    assert told["email_addresses"]["key"]
    assert "shoe_size" in activation("fields", "crm", "people").stdout


def test_where_a_platform_tells_nothing_the_declared_fields_are_shown(project, activation):
    said = activation("fields", "messages", "profiles").stdout
    assert "$email_address" in said
    assert "these are the declared ones" in said


@pytest.mark.parametrize(
    ("words", "nearest"), [(("crn", "people"), "crm"), (("crm", "peple"), "people")], ids=str
)
def test_unknown_names_of_fields_name_the_nearest(project, activation, words, nearest):
    assert f'Did you mean "{nearest}"?' in activation("fields", *words, fails=2).stderr


def test_the_fields_of_an_object_are_asked_with_its_options(project, activation):
    object_ = ("--option", "object=workspaces", "--option", "matching_attribute=workspace_id")
    told = json.loads(activation("fields", "crm", "objects", *object_, "--json").stdout)
    assert [field["name"] for field in told if field["key"]] == ["workspace_id"]

    assert "matching_attribute" in activation("fields", "crm", "deals", fails=1).stderr
    assert "--option name=value" in activation("fields", "crm", "deals", "--option", "x=y", fails=1).stderr


def test_an_unset_variable_is_named(project, activation, monkeypatch):
    monkeypatch.delenv("ATTIO_ACCESS_TOKEN")
    said = activation("fields", "crm", "people", fails=1).stderr
    assert said.startswith("Configuration: the environment variable ATTIO_ACCESS_TOKEN is not set.")


def test_an_account_tells_its_fields_once_for_all_that_is_mapped_to_it(project, activation, sandbox):
    mapped = "service: people\n  mapping: {email_addresses: email, name.first_name: first_name}"
    leads = DECLARED.rpartition("---")[2].replace("destination: messages", "destination: crm")
    leads = leads.partition("service:")[0] + mapped
    others = [leads.replace("newsletter", name) for name in ("leads", "friends")]
    project.declare("---".join([DECLARED, *(f"{one}\n" for one in others)]))

    said = activation("check", "crm").stdout

    assert said.count("the account has every field that is mapped") == 2
    asked = [one for one in sandbox.world.requests() if one["path"].endswith("/attributes")]
    assert [one["count"] for one in asked] == [2]  # a page, and the empty one behind it
