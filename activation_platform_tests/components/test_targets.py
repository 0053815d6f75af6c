"""SEMANTICS A4 when definitions load: who may hold a target beside whom, by what is declared."""

import logging

import pytest

from activation_platform_tests.components.project import SHOP

ACTIVATION = """\
type: activation_platform.ActivationComponent
attributes:
  name: {name}
  segment: loyal
  destination: mail
  service: {service}
  mode: {mode}
  allow_irreversible_deletes: true
  options: {options}
  mapping: {mapping}
  {more}
"""
ALONE = SHOP[: SHOP.index("---\ntype: activation_platform.ActivationComponent")]


@pytest.fixture
def beside(project):
    """A project with two activations, `a` and `b`."""

    def declare(a, b):
        project.documents["defs.yaml"] = ALONE
        for name, how in (("a", a), ("b", b)):
            project.also(ACTIVATION.format(**{"name": name, "options": "{}", "more": "", **how}))
        return project

    return declare


def profiles(mode, region=None, scope=None):
    mapping = "custom_id: id" + (f", region: {{constant: {region}}}" if region else "")
    more = f"scope: {scope}" if scope else ""
    return {"service": "profiles", "mode": mode, "mapping": f"{{{mapping}}}", "more": more}


def members(mode, audience="vip"):
    options = f"{{audience: {audience}}}"
    return {"service": "contact_lists", "mode": mode, "mapping": "{custom_id: id}", "options": options}


ERASURES = {"service": "erasures", "mode": "erase", "mapping": "{custom_id: id}"}


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        (profiles("upsert"), profiles("mirror"), '"b" (mirror) would delete what the other wrote'),
        (members("snapshot"), members("upsert"), '"a" (snapshot) would replace what the other wrote'),
        (members("mirror"), members("upsert"), '"a" (mirror) would delete what the other wrote'),
        (members("mirror"), members("snapshot"), "would delete or replace what the other wrote"),
        (ERASURES, ERASURES, "would erase what the other wrote"),
    ],
    ids=["mirror", "snapshot", "list", "both", "erase"],
)
def test_a4_two_on_one_target_are_refused_where_either_takes_away(beside, a, b, words):
    text = beside(a, b).refusal()
    assert text.startswith("1 error")
    assert words in text
    assert "give both a scope" in text


def test_a4_an_activation_that_erases_shares_no_target_with_one_that_writes(beside):
    assert beside(ERASURES, profiles("upsert")).load()


def test_a4_another_list_is_another_target(beside):
    assert beside(members("mirror"), members("snapshot", audience="others")).load()


def test_a4_two_that_fill_one_list_are_a_doubt_that_names_both(beside, caplog):
    with caplog.at_level(logging.WARNING):
        beside(members("upsert"), members("upsert")).load()
    (message,) = [record.getMessage() for record in caplog.records if "same target" in record.getMessage()]
    assert '"a" and "b"' in message
    assert "gone for the other" in message


def test_a4_disjoint_scopes_share_a_target(beside, caplog):
    with caplog.at_level(logging.WARNING):
        assert beside(profiles("mirror", "emea", "region"), profiles("mirror", "apac", "region")).load()
    assert "same target" not in caplog.text


@pytest.mark.parametrize(
    "other", [profiles("mirror", "emea", "region"), profiles("mirror", "apac")], ids=["same", "none"]
)
def test_a4_scopes_that_are_not_disjoint_are_none(beside, other):
    assert "same target" in beside(profiles("mirror", "emea", "region"), other).refusal()


def test_a4_a_scope_must_name_a_field_that_a_constant_feeds(beside):
    text = beside(profiles("mirror", "emea", "regoin"), members("upsert")).refusal()
    assert 'names a field that the mapping feeds with a constant; "regoin" is none. There is: region.' in text


def test_a4_a_snapshot_has_no_scope(beside):
    scoped = {**members("snapshot"), "more": "scope: custom_id"}
    assert (
        "a snapshot replaces everything at its target, so it cannot share it"
        in beside(scoped, ERASURES).refusal()
    )
