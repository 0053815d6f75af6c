"""What the command line says: results to standard output, errors in one red line to standard error."""

import json
import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.text import Text

from activation_platform.cli.untrusted import plain, visible

__all__ = ["PIPED_WIDTH", "NotKnown", "console", "not_known", "say", "say_error", "say_fault", "say_json"]

PIPED_WIDTH = 160
"""Columns where there is no terminal to ask: tables stand on one line each in logs and pipes."""


class NotKnown(Exception):
    """The command was called with a name that does not exist; exit code 2."""


def not_known(what: str, name: str, known: Iterable[str]) -> NotKnown:
    """`there is no activation "x".` and the nearest, or all, that there are."""
    from activation_platform.contracts.fields import nearest

    names = sorted(known)
    listed = nearest(name, names) or (
        f" There is: {', '.join(names)}." if names else f" There is no {what} at all."
    )
    return NotKnown(f'there is no {what} "{name}".{listed}')


def console(*, stderr: bool = False) -> Console:
    """Where things are said; as wide as the terminal, and wide where there is none."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else PIPED_WIDTH
    return Console(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)


def say(*things: Any) -> None:
    """Print renderables or lines of trusted text to standard output."""
    out = console()
    for thing in things:
        out.print(thing)


def say_json(value: Any) -> None:
    """Print a value as JSON. Control characters are escaped; dates are ISO 8601."""
    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")


def say_error(kind: str, what: str, remedy: str = "") -> None:
    """One red line: the class, what happened, and the way out."""
    line = Text.assemble(
        (f"{kind}: ", "bold red"), plain(what if what.endswith(("?", ".", "!")) else f"{what}.", "red")
    )
    if remedy:
        line.append(f" {visible(remedy)}")
    console(stderr=True).print(line, soft_wrap=True)


def say_fault(text: str) -> None:
    """Something wrong in the workspace: its lines as they are, with a snippet of the file."""
    lines = Text("\n").join(plain(line) for line in text.rstrip().split("\n"))
    console(stderr=True).print(lines, "", sep="\n", soft_wrap=True)
