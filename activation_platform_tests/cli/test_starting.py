"""How the command line starts: light, with a sentence of help for every command, and with what the README promises."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from activation_platform.cli.app import COMMANDS, app

ROOT = Path(__file__).parents[2]


def commands(command, path=()):
    """Every command and group by its words."""
    yield path, command
    for name in command.list_commands(None) if hasattr(command, "list_commands") else ():
        yield from commands(command.get_command(None, name), (*path, name))


ALL = list(commands(typer.main.get_command(app)))


def imported(*arguments, folder):
    """The modules that a call of the command line imports, in a process of its own."""
    program = (
        "import sys; from activation_platform.cli.app import app\n"
        f"app({list(arguments)!r}, standalone_mode=False)\n"
        "print('\\n'.join(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=folder, timeout=60, check=True
    )
    return set(done.stdout.splitlines())


@pytest.mark.parametrize(
    "arguments", [["history"], ["record", "--help"], ["sandbox", "--help"], ["--help"]], ids=" ".join
)
def test_a_light_command_starts_without_dagster(arguments, tmp_path):
    modules = imported(*arguments, folder=tmp_path)

    assert "activation_platform.cli.app" in modules
    assert "dagster" not in modules


def test_issues_start_without_dagster(tmp_path):
    (tmp_path / ".activation" / "ledgers" / "newsletter").mkdir(parents=True)

    modules = imported("issues", "newsletter", folder=tmp_path)

    assert "activation_platform.cli.issues" in modules
    assert "dagster" not in modules


@pytest.mark.parametrize(("path", "command"), ALL, ids=[" ".join(path) or "activation" for path, _ in ALL])
def test_every_command_explains_itself_in_a_sentence(path, command, activation):
    said = activation(*path, "--help").stdout

    assert re.match(r"[A-Z].{15,}\.$", command.help.strip().splitlines()[-1]), command.help
    assert command.help.split()[0] in said
    for parameter in command.params:
        assert parameter.name == "help" or parameter.help, (path, parameter.name)


def test_every_command_of_the_readme_exists():
    known = {" ".join(path) for path, _ in ALL}
    named = re.findall(
        r"^activation ([a-z-]+)(?: ([a-z-]+))?", (ROOT / "README.md").read_text(), re.MULTILINE
    )

    assert {first for first, _ in named} <= set(COMMANDS)
    for first, second in named:
        group = [path for path in known if path.startswith(f"{first} ")]
        assert not group or f"{first} {second}" in known


def test_every_command_that_a_page_names_exists():
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    named = {name for page in pages for name in re.findall(r"`activation ([a-z-]+)", page.read_text())}

    assert "sandbox" in named
    assert named <= set(COMMANDS)


def test_the_installed_command_answers():
    done = subprocess.run(
        [Path(sys.executable).with_name("activation"), "services"], capture_output=True, text=True, timeout=60
    )

    assert done.returncode == 0, done.stderr
    assert "batch.profiles" in done.stdout


def test_an_unknown_command_names_the_nearest(activation):
    assert "history" in activation("histori", fails=2).stderr
