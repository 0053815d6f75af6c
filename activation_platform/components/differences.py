"""How the columns of a model differ from those that it is held to, column by column: what, expected, found, what it means."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from activation_platform.components.shown import named
from activation_platform.components.types import same_type
from activation_platform.contracts.fields import close_to

__all__ = ["HEAD", "Difference", "Kind", "differences"]

HEAD = ("column", "difference", "expected", "found", "what it means")


class Kind(StrEnum):
    """What differs. The first three block the model."""

    MISSING = "Missing"
    ALTERED = "Altered"
    WRONG_TYPE = "Wrong Type"
    RESIZED = "Resized"
    NEW = "New"


BLOCKING = (Kind.MISSING, Kind.ALTERED, Kind.WRONG_TYPE)


@dataclass(frozen=True, slots=True)
class Difference:
    """One column that differs. `expected` and `found` are its type in words, empty where it is not there."""

    column: str
    kind: Kind
    expected: str
    found: str
    means: str

    @property
    def blocks(self) -> bool:
        """Whether the model must not be used."""
        return self.kind in BLOCKING

    @property
    def row(self) -> tuple[str, ...]:
        """Under `HEAD`."""
        return (self.column, str(self.kind), self.expected, self.found, self.means)

    @property
    def words(self) -> str:
        """In a list of others of its kind."""
        column = named(self.column)
        if self.kind is Kind.ALTERED:
            return f"{column} ({self.means})"
        if self.kind in (Kind.WRONG_TYPE, Kind.RESIZED):
            return f"{column} is {self.found}, was {self.expected}"
        return column


def differences(
    found: Mapping[str, str], expected: Mapping[str, str] | None, key: Sequence[str]
) -> list[Difference]:
    """What differs, of types in words; the worst first. Without expectations only the key has to be there."""
    known = expected or {}
    new = {} if expected is None else {name: type_ for name, type_ in found.items() if name not in known}
    return sorted(
        (*_gone(found, known, key, new), *_changed(found, known), *_come(new)),
        key=lambda one: list(Kind).index(one.kind),
    )


def _gone(
    found: Mapping[str, str], known: Mapping[str, str], key: Sequence[str], new: Mapping[str, str]
) -> Iterator[Difference]:
    """Each column that came in the place of one is taken for that of one alone."""
    left = dict(new)
    gone = [name for name in dict.fromkeys((*known, *key)) if name not in found]
    for name in gone:
        was = known.get(name, "")
        alike = [one for one, type_ in left.items() if same_type(type_, was)]
        alone = len(alike) == 1 and len([one for one in gone if same_type(known.get(one, ""), was)]) == 1
        now = close_to(name, alike) or (alike[0] if alone else "")
        if now:
            yield Difference(
                name, Kind.ALTERED, was, "", f"perhaps now {named(now)}, which is {left.pop(now)}"
            )
        else:
            part = "part of the primary key: without it no row can be told from another"
            means = part if name in key else "nothing can be made of it, nor sent from it"
            yield Difference(name, Kind.MISSING, was, "", means)


def _changed(found: Mapping[str, str], known: Mapping[str, str]) -> Iterator[Difference]:
    for name, was in known.items():
        now = found.get(name, was)
        if not same_type(now, was):
            means = "values of another kind: conditions on it and what is sent from it may not fit them"
            yield Difference(name, Kind.WRONG_TYPE, was, now, means)
        elif now != was:
            yield Difference(name, Kind.RESIZED, was, now, "values of the same kind: it is used as before")


def _come(new: Mapping[str, str]) -> Iterator[Difference]:
    for name, type_ in new.items():
        yield Difference(name, Kind.NEW, "", type_, "nothing uses it yet")
