"""Text from elsewhere is shown in a terminal, and does nothing there."""

import io

import pytest
from rich.console import Console

from activation_platform.cli.untrusted import plain, visible

CASES = [
    ("\x1b[2J", "␛[2J"),
    ("a\rb\nc", "a␍b␊c"),
    ("\x7f", "␡"),
    ("\x9b31m", "<U+009B>31m"),
    ("abc\u202ecba", "abc<U+202E>cba"),
    ("\u2028", "<U+2028>"),
    ("Zoë 東京 🙂", "Zoë 東京 🙂"),
]


@pytest.mark.parametrize(("text", "shown"), CASES)
def test_what_would_steer_a_terminal_is_shown(text, shown):
    assert visible(text) == shown


def test_markup_stays_text():
    screen = Console(file=io.StringIO(), force_terminal=False)
    screen.print(plain("[red]x[/red] [link=https://example.com]y[/link]"))
    assert screen.file.getvalue() == "[red]x[/red] [link=https://example.com]y[/link]\n"
