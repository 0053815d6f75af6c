"""Dagster's own tools on this repository and on a project of somebody else."""

import json
from pathlib import Path

import dagster
import pytest
import yaml
from click.testing import CliRunner
from dagster._cli import create_dagster_cli
from dagster_dg_cli.cli import create_dg_cli

import activation_platform
from activation_platform_tests.components.project import Project, added_to_path

ROOT = Path(__file__).parents[2]
NAMES = {
    "SourceComponent": "warehouse",
    "ModelComponent": "customers",
    "SplitComponent": "welcome_test",
    "TemplateComponent": "reachable",
    "SegmentComponent": "subscribers",
    "TablesComponent": "technical",
    "AlertsComponent": "ops",
    "DestinationComponent": "crm",
    "ActivationComponent": "newsletter",
}


def dg(folder, *arguments, monkeypatch):
    """A `dg` command in this process, as if the project's folder were the working directory."""
    monkeypatch.chdir(folder)
    with added_to_path(folder):
        return CliRunner().invoke(create_dg_cli(), [*arguments])


def test_the_repository_itself_passes_dg_check_yaml_and_defs(monkeypatch):
    checked = dg(ROOT, "check", "defs", monkeypatch=monkeypatch)
    assert checked.exit_code == 0, checked.output
    assert "All component YAML validated successfully" in checked.output
    assert "All definitions loaded successfully" in checked.output


def test_the_repository_itself_passes_dagster_definitions_validate(monkeypatch):
    monkeypatch.chdir(ROOT)
    checked = CliRunner().invoke(create_dagster_cli(), ["definitions", "validate"])
    assert checked.exit_code == 0, checked.output
    assert "All code locations passed validation" in checked.output


def test_dg_check_defs_tells_a_fault_with_its_line_and_fails(project, monkeypatch):
    folder = project.replaced("source: shop\n", "source: shpo\n").write()
    (package,) = [path.parent for path in folder.glob("*/__init__.py")]
    (package / "definitions.py").write_text(
        "from pathlib import Path\nimport dagster as dg\n\n\n@dg.definitions\ndef defs():\n"
        "    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)\n"
    )
    checked = dg(folder, "check", "defs", monkeypatch=monkeypatch)
    assert checked.exit_code == 1
    assert f"defs.yaml:{project.line('shpo')} - model" in checked.output


def test_dg_lists_every_component_with_what_it_is(project, monkeypatch):
    listed = dg(project.write(), "list", "components", "--json", monkeypatch=monkeypatch)
    assert listed.exit_code == 0, listed.output
    ours = [
        one for one in json.loads(listed.output)["items"] if one["key"].startswith("activation_platform.")
    ]
    assert {one["key"].partition(".")[2] for one in ours} == set(activation_platform.__all__)
    assert all(one["summary"] for one in ours)


def test_a_good_workspace_passes_dg_check_yaml(project, monkeypatch):
    checked = dg(project.write(), "check", "yaml", monkeypatch=monkeypatch)
    assert checked.exit_code == 0, checked.output


def test_dg_check_yaml_tells_all_words_that_the_schema_does_not_know_with_a_caret_each(project, monkeypatch):
    project.replaced("mode: upsert", "mode: upsrt").replaced("kind: users", "kind: user")
    checked = dg(project.write(), "check", "yaml", monkeypatch=monkeypatch)
    assert checked.exit_code == 1
    for word in ("upsrt", "user"):
        assert f"defs.yaml:{project.line(f': {word}')}" in checked.output
    assert checked.output.count("^") == 2


@pytest.mark.parametrize("component", NAMES)
def test_the_scaffold_of_each_component_leads_on_to_what_is_missing(component, tmp_path, monkeypatch):
    project = Project(tmp_path, {})
    folder = project.write()
    made = dg(
        folder,
        "scaffold",
        "defs",
        f"activation_platform.{component}",
        NAMES[component],
        monkeypatch=monkeypatch,
    )
    assert made.exit_code == 0, made.output
    assert dg(folder, "check", "yaml", monkeypatch=monkeypatch).exit_code == 0


def test_the_scaffolds_together_are_a_workspace_that_loads(tmp_path, monkeypatch):
    folder = Project(tmp_path, {}).write()
    for component, name in NAMES.items():
        done = dg(
            folder, "scaffold", "defs", f"activation_platform.{component}", name, monkeypatch=monkeypatch
        )
        assert done.exit_code == 0, done.output
    with added_to_path(folder):
        defs = dagster.ComponentTree.for_project(folder).build_defs()
    assert {key.to_user_string() for key in defs.resolve_asset_graph().materializable_asset_keys} == {
        "models/customers",
        "segments/subscribers",
        "activations/crm/newsletter",
        "tables/technical",
    }


@pytest.mark.parametrize(
    ("folder", "name"),
    [("vip-customers", "vip_customers"), ("2nd", "nd"), ("growth/leads", "leads"), ("2024", "my_segment")],
)
def test_a_scaffold_is_named_after_its_folder_as_far_as_a_name_may_be(folder, name, tmp_path, monkeypatch):
    root = Project(tmp_path, {}).write()
    done = dg(
        root, "scaffold", "defs", "activation_platform.SegmentComponent", folder, monkeypatch=monkeypatch
    )
    assert done.exit_code == 0, done.output
    (file,) = root.glob(f"*/defs/{folder}/defs.yaml")
    assert yaml.safe_load(file.read_text())["attributes"]["name"] == name


def test_a_scaffold_in_python_is_dagsters_own(tmp_path, monkeypatch):
    root = Project(tmp_path, {}).write()
    done = dg(
        root,
        "scaffold",
        "defs",
        "activation_platform.SegmentComponent",
        "loyal",
        "--format",
        "python",
        monkeypatch=monkeypatch,
    )
    assert done.exit_code == 0, done.output
    (file,) = root.glob("*/defs/loyal/component.py")
    assert "component_instance" in file.read_text()


def test_a_component_may_be_made_in_python(project):
    from activation_platform.components.segment import SegmentComponent, SegmentSpec

    project.documents["component.py"] = (
        "import dagster as dg\n"
        "from activation_platform.components.segment import SegmentComponent, SegmentSpec\n\n"
        "@dg.component_instance\n"
        "def load(context: dg.ComponentLoadContext) -> SegmentComponent:\n"
        "    return SegmentComponent(SegmentSpec(name='many', model='people', where={'field': 'orders', 'at_least': 9}))\n"
    )
    folder = project.write()
    shop = next(folder.glob("*/defs/shop"))
    (shop.parent / "many").mkdir()
    (shop / "component.py").rename(shop.parent / "many" / "component.py")
    with added_to_path(folder):
        defs = dagster.ComponentTree.for_project(folder).build_defs()
    assert dagster.AssetKey(["segments", "many"]) in defs.resolve_asset_graph().materializable_asset_keys
    assert SegmentComponent(SegmentSpec(name="many", model="people", where={})).located is not None
