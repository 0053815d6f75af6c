"""Faults on order: rules that say which call goes wrong, how, and how often."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any


class Kind(StrEnum):
    """What goes wrong."""

    STATUS = "status"  # an error status in the vendor's shape
    HTML_200 = "html_200"  # a web page with status 200, as a captive proxy or a maintenance page gives
    DROP = "drop"  # the connection is closed without an answer
    TIMEOUT = "timeout"  # no answer until the client gives up
    SLOW = "slow"  # a late, correct answer
    BROKEN_JSON = "broken_json"  # the true status, with a body that is no JSON
    HALF = "half"  # the true answer, cut off in the middle of its body
    POISON = "poison"  # one record is refused, or takes its whole batch with it


class When(StrEnum):
    """Whether the platform has done what it was asked before the fault strikes."""

    BEFORE = "before"
    AFTER = "after"


class Extent(StrEnum):
    """How far a poisoned record reaches."""

    BATCH = "batch"
    RECORD = "record"


class RetryAfter(StrEnum):
    """How a Retry-After header is written."""

    SECONDS = "seconds"
    HTTP_DATE = "http_date"


# Kinds whose point is that the work was done and the answer spoilt.
_AFTER_BY_NATURE = frozenset({Kind.BROKEN_JSON, Kind.HALF})
_ENUMS: Mapping[str, type[StrEnum]] = {
    "kind": Kind,
    "when": When,
    "extent": Extent,
    "retry_after_format": RetryAfter,
}
_TYPES: Mapping[str, tuple[type, ...]] = {
    "path": (str,),
    "method": (str,),
    "identifier": (str, type(None)),
    "reason": (str,),
    "status": (int,),
    "after": (int,),
    "delay_ms": (int,),
    "times": (int, type(None)),
    "probability": (int, float),
    "retry_after": (int, float, type(None)),
    "cap": (int, float),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """Which calls go wrong, and how.

    `path` is a glob over the whole path (`/batch/*/profiles/*`; `*` crosses slashes), `method` one over the HTTP
    method (`[!G]*`: all but GET), `identifier` restricts the rule to calls that carry that record. The first `after`
    matches are let through, then each strikes with `probability`, at most `times` times (None: for ever). `status`,
    `retry_after` (seconds from now) and `reason` shape an error, `delay_ms` a slow answer, `cap` is how many
    seconds a timeout hangs at most. ValueError when the rule makes no sense.
    """

    kind: Kind
    path: str = "*"
    method: str = "*"
    identifier: str | None = None
    status: int = 500
    retry_after: float | None = None
    retry_after_format: RetryAfter = RetryAfter.SECONDS
    reason: str = ""
    when: When | None = None
    extent: Extent = Extent.BATCH
    delay_ms: int = 100
    cap: float = 60.0
    times: int | None = None
    probability: float = 1.0
    after: int = 0

    def __post_init__(self) -> None:
        for condition, complaint in (
            (200 <= self.status <= 599, "status lies between 200 and 599"),
            (0 <= self.probability <= 1, "probability lies between 0 and 1"),
            (self.times is None or self.times >= 0, "times is 0 or more, or null for ever"),
            (self.after >= 0, "after is 0 or more"),
            (0 <= self.delay_ms <= 60_000, "delay_ms lies between 0 and 60,000"),
            (0 < self.cap <= 600, "cap lies above 0 and at most at 600 seconds"),
            (
                self.retry_after is None or 0 <= self.retry_after <= 1e6,
                "retry_after is 0 to 1,000,000 seconds",
            ),
            (
                self.kind is not Kind.POISON or self.identifier,
                "a poison rule names the identifier it is about",
            ),
        ):
            if not condition:
                raise ValueError(f"{self.kind}: {complaint}")

    @property
    def done_first(self) -> bool:
        """Whether the call is carried out before the fault strikes."""
        if self.when is None:
            return self.kind in _AFTER_BY_NATURE
        return self.when is When.AFTER

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Rule:
        """Build a rule from JSON values; ValueError names the word that is unknown or of the wrong type."""
        known = {each.name for each in fields(cls)}
        if unknown := sorted(set(document) - known):
            raise ValueError(f"unknown: {', '.join(unknown)}; a rule has {', '.join(sorted(known))}")
        if "kind" not in document:
            raise ValueError(f"a rule needs a kind: {', '.join(Kind)}")
        return cls(**{name: _parsed(name, value) for name, value in document.items()})

    def document(self) -> dict[str, Any]:
        """Return the rule as JSON values."""
        return asdict(self)


def _parsed(name: str, value: Any) -> Any:
    if name in _ENUMS:
        return None if name == "when" and value is None else _ENUMS[name](value)
    if not isinstance(value, _TYPES[name]) or isinstance(value, bool):
        raise ValueError(f"{name}: {value!r} has the wrong type")
    return value


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules make of one call: a delay, at most one fault, and the records to refuse."""

    delay_seconds: float = 0.0
    rule: Rule | None = None
    poisoned: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Armed:
    rule: Rule
    number: int
    matched: int = 0
    struck: int = 0


class Faults:
    """The rules in force, in the order they were given, with their counts.

    Whether the nth match of a rule strikes depends only on the seed, the rule's number and n, so it is the
    same in every run whatever other rules do.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._armed: list[_Armed] = []
        self._given = 0

    def add(self, rule: Rule) -> int:
        """Put a rule in force and return its number."""
        self._given += 1
        self._armed.append(_Armed(rule, self._given))
        return self._given

    def clear(self) -> None:
        """Drop all rules and start their numbering over."""
        self._armed.clear()
        self._given = 0

    def document(self) -> list[dict[str, Any]]:
        """Return the rules with `number`, `matched` and `struck`, as JSON values."""
        return [
            {"number": each.number, "matched": each.matched, "struck": each.struck, **each.rule.document()}
            for each in self._armed
        ]

    def draw(self, method: str, path: str, carried: Callable[[], Collection[str]]) -> Verdict:
        """Judge a call; `carried` is asked for the call's identifiers only when a rule needs them.

        Delays add up, record-level poison accumulates, and the first other rule that strikes ends the search.
        """
        if not self._armed:
            return Verdict()
        delay, poisoned = 0.0, {}
        for armed in self._armed:
            rule = armed.rule
            if not self._strikes(armed, method, path, carried):
                continue
            if rule.kind is Kind.SLOW:
                delay += rule.delay_ms / 1000
            elif rule.kind is Kind.POISON and rule.extent is Extent.RECORD:
                poisoned[rule.identifier or ""] = rule.reason or "This value is not acceptable."
            else:
                return Verdict(delay, rule, poisoned)
        return Verdict(delay, None, poisoned)

    def _strikes(self, armed: _Armed, method: str, path: str, carried: Callable[[], Collection[str]]) -> bool:
        rule = armed.rule
        if not fnmatchcase(method, rule.method) or not fnmatchcase(path, rule.path):
            return False
        if rule.identifier is not None and rule.identifier not in carried():
            return False
        armed.matched += 1
        if armed.matched <= rule.after or (rule.times is not None and armed.struck >= rule.times):
            return False
        if rule.probability < 1:
            chance = random.Random(f"{self._seed}:{armed.number}:{armed.matched}")  # noqa: S311 - a repeatable die
            if chance.random() >= rule.probability:
                return False
        armed.struck += 1
        return True
