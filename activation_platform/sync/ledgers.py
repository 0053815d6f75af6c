"""The ledgers under a storage root: which one is whose, setting one aside, giving one a new name.

An activation has one ledger for each host it writes to. The first has the activation's name, the others `name~host`: a run
against the sandbox, a proxy or another database never touches what is remembered of the real account, and back again it goes on.
"""

import re
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from activation_platform.contracts.errors import DeclarationError, LedgerMismatch
from activation_platform.sync.claim import Neighbour, can_be_adopted
from activation_platform.sync.keys import key_words
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.manifest import Manifest, Target
from activation_platform.sync.store import Hold, Store

__all__ = [
    "Aside",
    "activation_of",
    "adopt",
    "adoptable",
    "ledger_of",
    "ledgers",
    "ledgers_named",
    "neighbours",
    "readable_manifest",
    "reset",
    "set_aside",
]

_LOCK_WAIT = 2.0
_APART = "~"
_ASIDE = "ledgers-set-aside"
_LONGEST = 120
_PLAIN = re.compile(r"[^A-Za-z0-9.-]+")


def ledgers(root: Store, activation: str | None = None) -> list[str]:
    """Names of all ledgers, or of those of an activation."""
    return [name for name in (root / "ledgers").names() if activation in (None, activation_of(name))]


def activation_of(ledger: str) -> str:
    """The activation that a ledger is named after."""
    return ledger.partition(_APART)[0]


def ledgers_named(root: Store, name: str) -> list[str]:
    """All ledgers of an activation of this name, or the ledger of this name."""
    return [ledger for ledger in ledgers(root) if name in (ledger, activation_of(ledger))]


def ledger_of(root: Store, activation: str, host: str) -> str:
    """The name of the ledger that an activation keeps of a host."""
    short = _PLAIN.sub("_", host)[-_LONGEST:].strip("_")  # the manifest has it in full
    apart = f"{activation}{_APART}{short}"
    if apart in ledgers(root):
        return apart
    first = Manifest.read(root / "ledgers" / activation).target
    return activation if first is None or first.host == host else apart


@dataclass(frozen=True, slots=True)
class Aside:
    """A ledger that lies where no run looks for one. `since`: Unix seconds."""

    activation: str
    place: Store
    name: str
    since: float


def set_aside(root: Store) -> list[Aside]:
    """The ledgers that `reset` and `adopt` took out of the way; not what somebody else put there."""
    place = root / _ASIDE
    found = ((name, *name.rpartition("-")[::2]) for name in place.names())
    return [
        Aside(activation_of(ledger), place, name, int(since) / 1e9)
        for name, ledger, since in found
        if since.isdecimal()
    ]


def neighbours(root: Store, ledger: str, declared: Collection[str]) -> list[Neighbour]:
    """All other ledgers, those of activations that are `declared` and those of others."""
    return [
        Neighbour(name, activation_of(name), readable_manifest(root, name), activation_of(name) in declared)
        for name in ledgers(root)
        if name != ledger
    ]


def readable_manifest(root: Store, ledger: str) -> Manifest | None:
    """A ledger's manifest; None where it is damaged."""
    try:
        return Manifest.read(root / "ledgers" / ledger)
    except LedgerMismatch:  # it stops its own activation, and no other
        return None


def reset(root: Store, ledger: str) -> Store | None:
    """Start a ledger over: an empty one takes its place; returns where the old one is now, if there was one.

    Its numbers go on, so that the old one, put back later, is known to be old. Raises TimedOut while a run has it.
    """
    folder = root / "ledgers" / ledger
    with _locked(root, ledger) as held:
        newest = readable_manifest(root, ledger)
        number = 0 if newest is None else newest.sequence
        aside = _set_aside(root, ledger)
        fence = held[activation_of(ledger)].fence
        Manifest(sequence=number, sealed=number, placed=True, fence=fence).place(folder)
        return aside


def adoptable(root: Store, ledger: str, target: Target, declared: Collection[str]) -> list[str]:
    """Ledgers that could go on as this one: itself, or those of this target and host whose activation is no longer declared."""
    own = Manifest.read(root / "ledgers" / ledger)
    if own.target is not None:
        return [ledger]
    found = []
    for other in neighbours(root, ledger, declared):
        was = None if other.manifest is None or other.declared else other.manifest.target
        if was is not None and was.host == target.host and can_be_adopted(was, target):
            found.append(other.ledger)
    return found


def adopt(root: Store, ledger: str, *, of: str, target: Target, key: tuple[str, ...]) -> Manifest:
    """Make the ledger `of` another name or credential the one of this name, target and key; returns its manifest.

    Raises LedgerMismatch where it is another target's or key's, DeclarationError where it is none or in whose place it would
    come has entries of its own, TimedOut while a run has one of the two.
    """
    old, new = root / "ledgers" / of, root / "ledgers" / ledger
    with _locked(root, ledger, of) as held:
        if (was := Manifest.read(old)).target is None:
            raise DeclarationError(
                f"there is no ledger {of} that a run ever claimed",
                remedy="activation ledger lists what there is.",
            )
        _require_adoptable(of, was, target, key)
        if ledger != of:
            _require_empty(ledger, Manifest.read(new), of)
            _set_aside(root, ledger)
        adopted = Ledger(old, held[activation_of(of)])  # what a crashed run left is sealed now
        adopted.pin(target=target, placed=True)
        if ledger != of:
            _move(root, f"ledgers/{of}", f"ledgers/{ledger}")
            replace(adopted.manifest, fence=held[activation_of(ledger)].fence).place(new)
        return adopted.manifest


def _require_adoptable(name: str, was: Manifest, target: Target, key: tuple[str, ...]) -> None:
    assert was.target is not None
    assert was.key is not None
    differences = [
        f'{word} "{before}", now "{now}"' for word, (before, now) in was.target.differences(target).items()
    ]
    if was.key.columns != key:
        differences.append(f"primary key {key_words(was.key)}, now {', '.join(key)}")
    if differences and not (can_be_adopted(was.target, target) and was.key.columns == key):
        raise LedgerMismatch(
            f"the ledger {name} cannot be adopted, it was written for another target: {'; '.join(differences)}",
            remedy="Adopt a ledger of the same account, service, object and key, or begin with an empty one.",
        )


def _require_empty(name: str, replaced: Manifest, of: str) -> None:
    if replaced.base or replaced.deltas:
        raise DeclarationError(
            f"{name} has a ledger of its own, with entries",
            remedy=f"activation reset {name} sets it aside; then adopt {of}.",
        )


def _set_aside(root: Store, ledger: str) -> Store | None:
    """Move a ledger where no run looks for one; returns where, if there was one."""
    if ledger not in ledgers(root):
        return None
    aside = f"{_ASIDE}/{ledger}-{time.time_ns()}"
    _move(root, f"ledgers/{ledger}", aside)
    return root / aside


def _move(root: Store, name: str, to: str) -> None:
    root.move(name, to, last="manifest.json")


@contextmanager
def _locked(root: Store, *names: str) -> Iterator[dict[str, Hold]]:
    """Hold the locks of the activations; in one order, so that two who want the same two do not wait for each other."""
    with ExitStack() as stack:
        yield {
            activation: stack.enter_context(root.lock(f"locks/{activation}", wait=_LOCK_WAIT))
            for activation in sorted({activation_of(name) for name in names})
        }
