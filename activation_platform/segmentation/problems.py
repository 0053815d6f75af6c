"""What is wrong with a condition, and where in its tree."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: `path` leads to it from the root of the tree (keys and list positions), `message` says the way out.

    `follows`: whether it only follows from a fault that is told elsewhere: of another segment, or of a model.
    """

    path: tuple[str | int, ...]
    message: str
    follows: bool = False

    def __str__(self) -> str:
        where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)
        return f"{where.lstrip('.')}: {self.message}" if where else self.message


class InvalidCondition(ValueError):
    """A condition that cannot be evaluated; `problems` holds every fault found, never only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def nearest(word: str, known: Iterable[str], synonyms: Mapping[str, str] | None = None) -> str:
    """Return ` - did you mean "x"?` for the nearest known word, or an empty string where none is near."""
    if synonyms and word.lower() in synonyms:
        return f' - did you mean "{synonyms[word.lower()]}"?'
    by_lower = {name.lower(): name for name in known}
    near = get_close_matches(word.lower(), by_lower, n=1)
    return f' - did you mean "{by_lower[near[0]]}"?' if near else ""
