"""A channel: something that takes a message to people, and what every kind of it has in common."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import dagster as dg

from activation_platform.components.shown import masked
from activation_platform.contracts.redaction import Redactor

__all__ = ["Channel", "Message", "Section", "shown"]

SECONDS = 10.0
"""How long a channel waits for one answer."""
_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Section:
    """One piece of news: a head of our words, lines with those of others, each under a word of ours. `link`: a URL, or none."""

    head: str
    lines: Mapping[str, str]
    link: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """What people are told at once. `number` is the same when the same is tried again."""

    title: str
    sections: Sequence[Section]
    number: str


class Channel(dg.ConfigurableResource["Channel"]):
    """A way to people. `secrets`: settings that hold some, always references to environment variables."""

    secrets: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def deliver(self, message: Message) -> None:
        """Take it there; raises an error of `contracts.errors` where it did not arrive."""

    @classmethod
    def objections(cls, settings: Mapping[str, Any]) -> Iterator[str]:
        """What settings, each right by itself, say wrongly together."""
        del settings
        return iter(())

    def heard(self, words: str) -> str:
        """The other side's words as they may be shown: on one line, without our secrets and personal values."""
        known = [value for name in self.secrets if (value := getattr(self, name))]
        return shown(Redactor(known)(words))


def shown(text: str) -> str:
    """Words of others on one line, without personal values and characters that do something, and not too long."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    line = masked(line)
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
