"""What platforms live through in the stateful tests: which of their services, in which modes, and how to see what is held.

A platform says so in its own `stateful.py`, which is found by itself.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from activation_platform.contracts.modes import Mode
from activation_platform.contracts.service import Inquiry, Service
from activation_platform.sandbox.faults import Rule
from activation_platform.sandbox.world import World
from activation_platform.sync.mapping import FieldMapping
from activation_platform_tests.destinations.exam import EXAMS

__all__ = ["KEYS", "PEOPLE", "REFUSED", "Case", "InStorm", "address", "cases", "in_storms"]

KEYS = "abcd"
"""Of those who come and go in histories; `email` is that at example.org."""
PEOPLE = 25
REFUSED = 20
"""Who comes and goes in storms is numbered; the vendor refuses one of them."""


@dataclass(frozen=True)
class Case:
    """A service in a mode, over rows of `id`, `email`, `name` and `at` (an hour ago).

    `held`: what the sandbox holds, as key → name (None where only keys are mapped). `before`: what a person did in the account
    before, such as to make everybody known there.
    """

    service: Callable[[], Service]
    mode: Mode
    mapping: tuple[FieldMapping, ...]
    held: Callable[[World], Mapping[str, Any]]
    before: Callable[[Any], Inquiry] | None = None


@dataclass(frozen=True)
class InStorm:
    """A service in a storm, at an address of the sandbox.

    `row`: the row of a number, with a title. `held`: what the sandbox holds, as `address` → title. `poison`: whom it refuses:
    the one numbered `REFUSED`. `keeps`: fields mapped with `on_null: keep`. `before`: as in a case.
    """

    service: Callable[[str], Service]
    row: Callable[[int, str], dict[str, Any]]
    held: Callable[[World], Mapping[str, str]]
    poison: Rule
    mode: Mode = Mode.MIRROR
    keeps: frozenset[str] = frozenset()
    before: Callable[[Any], Inquiry] | None = None


def address(number: int) -> str:
    """The e-mail address of somebody in a storm."""
    return f"person{number}@example.com"


def cases() -> list[Case]:
    """The cases of all platforms."""
    return [case for _, module in _modules() for case in module.CASES]


def in_storms() -> dict[str, InStorm]:
    """The services of all platforms that are put into storms, by name."""
    return {f"{name}.{word}": one for name, module in _modules() for word, one in module.IN_STORMS.items()}


def _modules() -> Iterator[tuple[str, ModuleType]]:
    for name in EXAMS:
        module = f"{__package__}.{name}.stateful"
        if find_spec(module) is not None:
            yield name, import_module(module)
