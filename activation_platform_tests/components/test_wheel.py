"""A second project, of somebody else, that installs this package's wheel and names its components in YAML."""

import json
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

import activation_platform
from activation_platform_tests.components.project import Project

ROOT = Path(__file__).parents[2]
SECOND_PROJECT = """
import json, sys
from pathlib import Path

import activation_platform
import dagster
from click.testing import CliRunner
from dagster_dg_cli.cli import create_dg_cli


def dg(*arguments):
    done = CliRunner().invoke(create_dg_cli(), arguments)
    assert done.exit_code == 0, done.output
    return done.output


sys.path.insert(0, ".")
told = dg("list", "components", "--json")  # a notice of the tool itself may stand before it
listed = [one["key"] for one in json.loads(told[told.index('{"items"'):])["items"]]
for component, name in json.loads(sys.argv[1]).items():
    dg("scaffold", "defs", f"activation_platform.{component}", name)
dg("check", "yaml")
graph = dagster.ComponentTree.for_project(Path.cwd()).build_defs().resolve_asset_graph()
print(json.dumps({
    "from": activation_platform.__file__,
    "listed": [key for key in listed if key.startswith("activation_platform.")],
    "assets": sorted(key.to_user_string() for key in graph.get_all_asset_keys()),
}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this source tree, built without asking any index."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "activation_platform", source / "activation_platform", ignore=ignored)
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, source)
    pip("wheel", "--no-build-isolation", "--wheel-dir", str(folder), str(source))
    (made,) = folder.glob("*.whl")
    return made


def pip(word: str, *arguments: str) -> None:
    quiet = ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-index"]
    done = subprocess.run(
        [sys.executable, "-m", "pip", word, *quiet, *arguments], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_wheel_holds_what_is_no_python(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for word in ("source", "model", "segment", "destination", "activation"):
        assert f"activation_platform/components/samples/{word}.yaml" in names
    assert {
        "activation_platform/defs/shop/defs.yaml",
        "activation_platform/cli/demo/data/cdnow_orders.csv.gz",
    } <= set(names)
    assert not [name for name in names if name.startswith("activation_platform_tests")]


def test_a_project_that_installs_the_wheel_can_use_every_component(wheel, tmp_path):
    home = tmp_path / "environment"
    venv.create(home)
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(home)}))
    # What we depend on is seen through a path; the package itself is not, as it is installed there by a hook.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip("install", "--target", str(site), str(wheel))
    names = ("warehouse", "customers", "subscribers", "crm", "newsletter")
    words = ("Source", "Model", "Segment", "Destination", "Activation")
    wanted = {f"{word}Component": name for word, name in zip(words, names, strict=True)}
    done = subprocess.run(
        [home / "bin" / "python", "-W", "ignore", "-c", SECOND_PROJECT, json.dumps(wanted)],
        cwd=Project(tmp_path, {}).write(),
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "DAGSTER_DISABLE_TELEMETRY": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert Path(told["from"]).is_relative_to(home)
    assert {key.partition(".")[2] for key in told["listed"]} == set(activation_platform.__all__)
    assert told["assets"] == [
        "activations/crm/newsletter",
        "destinations/crm",
        "models/customers",
        "segments/subscribers",
        "sources/warehouse",
    ]
