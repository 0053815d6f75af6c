"""The verdicts on a row as the terminal shows them: a tree of conditions, each with yes or no and what the row holds."""

from collections.abc import Iterator

from rich.text import Text

from activation_platform.cli.saying import console
from activation_platform.cli.untrusted import plain
from activation_platform.segmentation.shown import lines
from activation_platform.segmentation.why import Verdict

__all__ = ["say_verdict"]


def say_verdict(verdict: Verdict, depth: int = 1) -> None:
    """Print a verdict that was made `shown`, a line for each of its conditions, as long as they are."""
    for line in _lines(verdict, depth):
        console().print(line, soft_wrap=True)


def _lines(verdict: Verdict, depth: int) -> Iterator[Text]:
    for answer, words, held in lines(verdict, depth):
        style = "green" if "yes" in answer else "red"
        yield Text.assemble(Text(answer, style), plain(words), plain(held, "dim"))
