"""The bar in the terminal: it says how far, how fast and what holds it up, also while Dagster takes what a step prints."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from rich.console import Console

from activation_platform.cli.progress_bar import bar
from activation_platform.sync.progress import Progress


class Terminal:
    """A terminal of 120 columns and the program's way to it."""

    def __init__(self) -> None:
        self._screen, descriptor = os.openpty()
        os.set_blocking(self._screen, False)
        self.file = os.fdopen(descriptor, "w")
        self.console = Console(file=self.file, force_terminal=True, width=120)

    @property
    def shown(self) -> str:
        shown = b""
        with suppress(OSError):  # nothing more is there, or everybody has closed it
            while True:
                shown += os.read(self._screen, 1 << 16)
        return shown.decode()

    def close(self) -> None:
        self.file.close()
        os.close(self._screen)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    made = Terminal()
    yield made
    made.close()


def test_the_bar_is_shown_while_what_the_program_prints_goes_elsewhere(terminal):
    with bar(terminal.console, "newsletter") as face, Path(os.devnull).open("w") as elsewhere:
        os.dup2(elsewhere.fileno(), terminal.file.fileno())
        face(Progress(1_200, 50_000, 48.0, "waiting 12 s: shop asked for it"))
    assert "1,200/50,000  48/s  17 min left  waiting 12 s: shop asked for it" in terminal.shown


def test_a_run_that_has_nothing_to_send_says_so(terminal):
    with bar(terminal.console, "newsletter"):
        pass
    assert "nothing to send" in terminal.shown


def test_where_there_is_no_terminal_the_end_is_told(tmp_path):
    with (tmp_path / "log").open("w") as file, bar(Console(file=file, width=100), "newsletter") as face:
        face(Progress(3, 3))
    assert "3/3" in (tmp_path / "log").read_text()
