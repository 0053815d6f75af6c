"""Environments of their own for what is measured beside us, so that nothing of it is installed here."""

import subprocess
import sys
from pathlib import Path

from benchmarks import people

__all__ = ["environment", "told_by"]


def environment(name: str, *packages: str) -> Path:
    """The Python of an environment with these packages, made when it is first asked for."""
    folder = people.cache() / name
    if not folder.exists():
        beside = folder.with_name(f".{name}")
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(beside)], check=True)
        subprocess.run([str(beside / "bin" / "pip"), "install", "--quiet", *packages], check=True)
        beside.rename(folder)
    return folder / "bin" / "python"


def told_by(python: Path, program: str, *arguments: str) -> str:
    """The last line that a program of this folder says when it is run by such a Python."""
    command = [str(python), str(Path(__file__).with_name(program)), *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.splitlines()[-1]
