"""Faults of a workspace: each with its file and line, the name of what is wrong, and the nearest name that would be right."""

import logging

import pytest

from activation_platform_tests.components.project import SHOP, Project

LETTERS, LEADS, PEOPLE = 'activation "letters"', 'activation "leads"', 'model "people"'
MAIL, CRM, SOURCE, SEGMENT = 'destination "mail"', 'destination "crm"', 'source "shop"', 'segment "loyal"'
WEEKLY = '{cron: "0 6 * * 1", start: 2024-01-01}'
SCHEDULE = (
    f"  schedule: {WEEKLY}\n---\ntype: activation_platform.ActivationComponent\nattributes:\n  name: leads"
)


def schedule(text: str) -> tuple[str, str]:
    """The schedule of the first activation, replaced."""
    return SCHEDULE, SCHEDULE.replace(WEEKLY, text)


FAULTS = {
    "source of a model": ("source: shop\n", "source: shpo\n", "shpo", PEOPLE, ['there is no source "shpo"', '"shop"']),
    "kind of source": ("kind: duckdb", "kind: dukdb", "dukdb", SOURCE, ['"dukdb"', 'Did you mean "duckdb"?']),
    "no source like it": ("source: shop\n", "source: xyz\n", "xyz", PEOPLE, ['no source "xyz"', "There is: shop."]),
    "model of a segment": ("model: people", "model: peple", "peple", SEGMENT, ['no model "peple"', '"people"']),
    "segment of an activation": (
        "segment: loyal\n  destination: mail",
        "segment: loyall\n  destination: mail",
        "loyall",
        LETTERS,
        ['no segment "loyall"', 'Did you mean "loyal"?'],
    ),
    "destination": ("destination: mail", "destination: mial", "mial", LETTERS, ['no destination "mial"', '"mail"']),
    "platform": ("platform: attio", "platform: atio", "atio", CRM, ['no platform "atio"', 'Did you mean "attio"?']),
    "service": ("service: profiles", "service: profile", "service: profile", LETTERS, ['batch has no service', '"profiles"']),
    "field": (
        "name.first_name: first_name",
        "name.frist_name: first_name",
        "name.frist_name",
        LEADS,
        ["name.frist_name", 'Did you mean "name.first_name"?'],
    ),
    "custom field": (
        "    first_name: first_name\n  schedule",
        "    First-Name: first_name\n  schedule",
        "First-Name",
        LETTERS,
        ['"First-Name"', "1 to 30 lower-case letters"],
    ),
    "mode": ("mode: upsert", "mode: snapshot", "mode: snapshot", LEADS, ["cannot keep the promise of snapshot", "upsert"]),
    "mode that erases": (
        "  allow_irreversible_deletes: true\n", "", "mode: mirror", LETTERS, ["allow_irreversible_deletes: true"],
    ),
    "service that erases": (
        (
            "service: profiles\n  mode: mirror\n  allow_irreversible_deletes: true\n"
            "  mapping:\n    custom_id: id\n    $email_address: email\n    first_name: first_name\n"
        ),
        "service: erasures\n  mode: erase\n  mapping:\n    custom_id: id\n",
        "mode: erase",
        LETTERS,
        ["erase erases records for good", "allow_irreversible_deletes: true"],
    ),
    "mode that needs a setting": (
        "    live_api_keys: [env:BATCH_LIVE_API_KEY]\n", "", "mode: mirror", LETTERS, ['needs the setting "live_api_keys"'],
    ),
    "option": (
        "service: people",
        "service: people\n  options: {matching_atribute: email_addresses}",
        "matching_atribute",
        LEADS,
        ['no option "matching_atribute"', 'Did you mean "matching_attribute"?'],
    ),
    "option of a service without options": (
        "service: profiles",
        "service: profiles\n  options: {merge: true}",
        "merge: true",
        LETTERS,
        ['the service has no option "merge"', "It has none."],
    ),
    "option that is refused": (
        "service: people",
        "service: people\n  options: {matching_attribute: record_id}",
        "options:",
        LEADS,
        ["does not match records by record_id", "Choose a unique attribute"],
    ),
    "column": ("$email_address: email", "$email_address: mail", "$email_address: mail", LETTERS, ['no column "mail"', '"email"']),
    "column of a condition": ("{field: orders,", "{field: order,", "field: order,", SEGMENT, ["order", '"orders"']),
    "column of the key": ("primary_key: id", "primary_key: ids", "primary_key: ids", PEOPLE, ['no column "ids"', '"id"']),
    "column that settles": (
        "service: profiles",
        "service: profiles\n  on_shared_identifier: 'first_by: order'",
        "first_by: order",
        LETTERS,
        ['no column "order"', '"orders"'],
    ),
    "name of a column": (
        "orders: integer",
        "'*': integer",
        "'*'",
        PEOPLE,
        ['"*" cannot name a column'],
    ),
    "type of a column": ("orders: integer", "orders: integr", "integr", PEOPLE, ['"integr" is no type', "integer"]),
    "relation": (
        "kind: users",
        "kind: users\n  relations: {orders: {model: peopel, match: {idd: id}}}",
        "peopel",
        PEOPLE,
        ['no model "peopel"', 'Did you mean "people"?'],
    ),
    "column of a relation": (
        "kind: users",
        "kind: users\n  relations: {friend: {model: people, match: {id: idd}}}",
        "friend",
        PEOPLE,
        ['the model "people" has no column "idd"', '"id"'],
    ),
    "kind of model": ("kind: users", "kind: events", "service: profiles", LETTERS, ["kind users", "kind events"]),
    "operator of a condition": ("at_least: 3", "atleast: 3", "atleast", SEGMENT, ["atleast", "at_least"]),
    "sql": ("table: people", "sql: delete from people", "delete from", PEOPLE, ["SELECT"]),
    "sql file": ("table: people", "sql_file: people.sql", "people.sql", PEOPLE, ['no file "people.sql"']),
    "two statements": ("table: people", "table: people\n  sql: select 1", "attributes", PEOPLE, ["exactly one of table"]),
    "setting": ("access_token: env", "acces_token: env", "acces_token", CRM, ['no setting "acces_token"', '"access_token"']),
    "missing setting": (
        "    access_token: env:ATTIO_ACCESS_TOKEN\n", "", 'settings:', CRM, ['"access_token" is missing'],
    ),
    "type of a setting": (
        "[env:BATCH_LIVE_API_KEY]", "env:BATCH_LIVE_API_KEY", "live_api_keys", MAIL, ['"live_api_keys"', "list"],
    ),
    "template in a secret": (
        "env:ATTIO_ACCESS_TOKEN",
        "'{{ env.ATTIO_TOKEN }}'",
        "ATTIO_TOKEN",
        CRM,
        ['"access_token" is a template', "write env:ATTIO_TOKEN"],
    ),
    "constant and column": (
        "$email_address: email",
        "$email_address: {column: email, constant: x}",
        "constant: x",
        LETTERS,
        ["exactly one of column and constant"],
    ),
    "required field": ("    email_addresses: email\n", "", "mapping:", LEADS, ['"email_addresses" is not mapped']),
    "segment and model": (
        "segment: loyal\n  destination: crm",
        "segment: loyal\n  model: people\n  destination: crm",
        "attributes",
        LEADS,
        ["exactly one of segment and model"],
    ),
    "time zone": (*schedule("{at: '07:00', timezone: Europe/Pari}"), "Europe/Pari", LETTERS, ['"Europe/Paris"']),
    "interval": (*schedule("{every: 25m, start: 2024-01-01}"), "every: 25m", LETTERS, ["25m does not divide", "nearest is 20m"]),
    "start": (*schedule("{every: 15m}"), "every: 15m", LETTERS, ["`start:` is required"]),
    "cron": (*schedule("{cron: 0 25 * * *}"), "0 25", LETTERS, ['"0 25 * * *" is no cron expression']),
    "two recurrences": (*schedule("{every: 1d, at: '07:00'}"), "every: 1d", LETTERS, ["one of every, at and cron"]),
}  # fmt: skip


ERRORS = {"kind of model": 2, "name of a column": 2, "relation": 2, "platform": 1}
"""Faults that are told twice, because two places are wrong."""


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_with_file_line_object_and_the_way_out(fault, project):
    old, new, marker, component, words = FAULTS[fault]
    text = project.replaced(old, new).refusal()
    where = f"shop/defs.yaml:{_line(project, component, marker)} - {component}: "
    (told,) = [piece for piece in text.split("\n\n/") if where in piece and words[0] in piece]
    assert all(word in told for word in words)
    assert "^ " in told  # points at it
    assert text.startswith(f"{ERRORS.get(fault, 1)} error")


def _line(project: Project, component: str, marker: str) -> int:
    """The line of the marker within the component; where a fault is about all of it, that of its attributes."""
    text = project.documents["defs.yaml"]
    called = component.split('"')[1]
    name = text.index(f"  name: {called}\n")
    place = text.rindex("attributes:", 0, name) if marker == "attributes" else text.index(marker, name)
    return text[:place].count("\n") + 1


def test_all_faults_of_a_workspace_are_told_at_once(project):
    project.replaced("source: shop\n", "source: shpo\n").replaced("platform: attio", "platform: atio")
    project.replaced("service: profiles", "service: profile").replaced("at_least: 3", "at_least: many")
    project.replaced("project_key: env", "projct_key: env")  # on the destination of the misspelt service
    text = project.refusal()
    assert text.startswith("5 errors in the workspace")
    for words in ("shpo", "atio", '"profile"', "at_least", "projct_key"):
        assert words in text
    assert text.count("shop/defs.yaml:") == 5


def test_two_components_of_one_name_are_told(project):
    text = project.also(SHOP.partition("---\n")[0]).refusal()
    assert 'there are two sources called "shop"' in text


@pytest.mark.parametrize("secret", ["s3cr3t-value", '"s3cr3t-value"', "[s3cr3t-value]"])
def test_a_secret_in_clear_is_refused_and_never_repeated(secret, project):
    project.replaced("access_token: env:ATTIO_ACCESS_TOKEN", f"access_token: {secret}")
    text = project.replaced("platform: batch", "platform: bacth").refusal()
    assert '"access_token" is a secret: write env:NAME' in text
    assert f"shop/defs.yaml:{project.line('access_token')} - {CRM}" in text
    assert "s3cr3t" not in text


def test_loading_opens_no_connection_and_needs_no_variable(project, monkeypatch):
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("a connection while loading")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("socket.create_connection", refuse)
    monkeypatch.setattr("duckdb.connect", refuse)
    for name in (
        "SHOP_FILE",
        "BATCH_BASE_URL",
        "BATCH_REST_API_KEY",
        "ATTIO_ACCESS_TOKEN",
        "ACTIVATION_STORAGE",
    ):
        monkeypatch.delenv(name, raising=False)
    defs = project.load()
    assert len(defs.resolve_asset_graph().materializable_asset_keys) == 4


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("mode: upsert", "mode: upsrt", "upsrt", "upsert"),
        ("kind: users", "kind: user", "kind: user", "users"),
        ("segment: loyal\n  destination: crm", "segmnt: loyal\n  destination: crm", "segmnt", "segmnt"),
        ("name: loyal", "name: Loyal Ones", "Loyal Ones", "pattern"),
        ("kind: users", "kind: users\n  owners: [growth]", "growth", "pattern"),
        ("primary_key: id", "primary_key: []", "primary_key: []", "at least 1"),
    ],
    ids=["mode", "kind", "key", "name", "owner", "empty key"],
)
def test_a_word_that_the_schema_does_not_know_is_told_with_its_line(old, new, line, words, project):
    text = project.replaced(old, new).refusal()
    assert f"shop/defs.yaml:{project.line(line)}" in text
    assert words in text


ALSO_LETTERS = SHOP[
    SHOP.index("type: activation_platform.ActivationComponent") : SHOP.index(
        "---\ntype: activation_platform.ActivationComponent\nattributes:\n  name: leads"
    )
]
ALSO_LEADS = SHOP[SHOP.index("type: activation_platform.ActivationComponent\nattributes:\n  name: leads") :]


def test_two_activations_of_one_target_are_refused_if_either_deletes(project):
    text = project.also(
        ALSO_LETTERS.replace("letters", "more").replace("mode: mirror", "mode: upsert")
    ).refusal()
    assert '"letters" (mirror) would delete what the other wrote' in text
    assert 'activation "more": writes to the same target as the activation "letters"' in text or (
        'same target as the activation "letters"' in text
    )
    assert text.startswith("1 error")


def test_one_account_under_two_names_is_one_target(project):
    again = SHOP.split("---\n")[3].replace("name: mail", "name: post")
    project.also(again).also(
        ALSO_LETTERS.replace("letters", "more").replace("destination: mail", "destination: post")
    )
    assert "same target" in project.refusal()


def test_two_activations_that_write_the_same_fields_are_a_doubt_that_names_both(project, caplog):
    project.also(ALSO_LEADS.replace("name: leads", "name: more"))
    with caplog.at_level(logging.WARNING):
        project.load()
    (message,) = [record.getMessage() for record in caplog.records if "same target" in record.getMessage()]
    assert '"leads"' in message
    assert '"more"' in message
    assert "name.first_name" in message
    assert "email_addresses" not in message  # it identifies; both must map it


def test_activations_of_one_target_that_share_no_field_are_no_doubt(project, caplog):
    project.also(ALSO_LEADS.replace("name: leads", "name: more").replace("name.first_name", "name.last_name"))
    with caplog.at_level(logging.WARNING):
        project.load()
    assert "same target" not in caplog.text


def test_who_only_inserts_overwrites_nobody(project, caplog):
    project.also(ALSO_LEADS.replace("name: leads", "name: more").replace("mode: upsert", "mode: insert_only"))
    with caplog.at_level(logging.WARNING):
        project.load()
    assert "same target" not in caplog.text


def test_another_account_is_another_target(project):
    again = (
        SHOP.split("---\n")[3]
        .replace("name: mail", "name: post")
        .replace("BATCH_PROJECT_KEY", "OTHER_PROJECT_KEY")
    )
    project.also(again).also(
        ALSO_LETTERS.replace("letters", "more").replace("destination: mail", "destination: post")
    )
    assert project.load()


CONSENT = """\
type: activation_platform.DestinationComponent
attributes: {name: news, platform: klaviyo, settings: {private_key: env:KLAVIYO_KEY}}
---
type: activation_platform.ActivationComponent
attributes:
  name: consent
  segment: loyal
  destination: news
  service: subscriptions
  run_type: full_only
  options: {list: Newsletter}
  mapping: {email: email}
  schedule: {at: "06:00"}
"""


def test_what_people_may_undo_is_not_said_to_them_again_at_every_run(project):
    text = project.also(CONSENT).refusal()
    assert f"shop/defs.yaml:{project.line('run_type: full_only')}" in text
    assert "subscriptions says it once of each, since to say it again may undo what people decided" in text
    assert text.startswith("1 error")
