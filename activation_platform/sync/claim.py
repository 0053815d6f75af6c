"""Claiming a ledger: a run makes sure that it is the one of its target and key, before it writes anything (SEMANTICS A2-A4)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from activation_platform.contracts.errors import DeclarationError, LedgerMismatch
from activation_platform.contracts.service import Service
from activation_platform.sync.fingerprint import FINGERPRINT_VERSION
from activation_platform.sync.keys import is_lossless_cast, key_of, key_words
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.manifest import HASHED, Key, Manifest, Target
from activation_platform.sync.order import Activation
from activation_platform.sync.owners import Holding, contradiction, overwriting

__all__ = ["Neighbour", "can_be_adopted", "claim", "nobody", "target_of"]


@dataclass(frozen=True)
class Neighbour:
    """Another ledger under the storage root. `declared`: whether its activation is one of the workspace."""

    ledger: str
    activation: str
    manifest: Manifest | None
    """None where it is damaged."""
    declared: bool


def nobody() -> Sequence[Neighbour]:
    """No other ledgers."""
    return ()


def target_of(service: Service, account: str) -> Target:
    """Where a service writes; `account` as the vendor names it, else a keyed hash of the credential."""
    destination = service.destination
    return Target(
        platform=destination.platform,
        service=type(destination).service_name(type(service)),
        host=destination.host,
        account=account,
        object=service.target,
    )


def claim(
    activation: Activation,
    ledger: Ledger,
    target: Target,
    frame: pl.LazyFrame,
    neighbours: Callable[[], Sequence[Neighbour]] = nobody,
) -> list[str]:
    """Make the ledger this target's and key's, or make sure that it is; returns what is worth a note.

    Raises LedgerMismatch where it is another's, or where another ledger waits to be adopted, and DeclarationError where
    somebody else holds the target.
    """
    manifest = ledger.manifest
    key = key_of(activation.key, frame.collect_schema())
    if manifest.target is not None:
        _require_same(ledger, target, key, frame)
    elif not manifest.placed:
        _require_no_other(activation, ledger, target, neighbours())
    before = {name: getattr(manifest, name) for name in ("target", "key", "fingerprint", "mode", "scope")}
    # Claimed first, looked around after: of two runs that claim at once, at least one sees the other.
    ledger.pin(
        target=target,
        key=key,
        fingerprint=FINGERPRINT_VERSION,
        mode=activation.mode,
        scope=dict(activation.scope),
    )
    try:
        notes = _shared_with(activation, target, neighbours())
    except DeclarationError:
        ledger.pin(**before)
        raise
    ledger.pin(placed=False)
    return notes


def _require_same(ledger: Ledger, target: Target, key: Key, frame: pl.LazyFrame) -> None:
    """A2: whose ledger it is."""
    manifest, name = ledger.manifest, ledger.folder.name
    assert manifest.target is not None
    assert manifest.key is not None
    unlike = manifest.target.differences(target)
    differences = [f'{word} "{was}", now "{now}"' for word, (was, now) in unlike.items()]
    if manifest.key != key and not is_lossless_cast(
        manifest.key, key, frame, (*ledger.head.chunks(), ledger.debts)
    ):
        differences.append(f"primary key {key_words(manifest.key)}, now {key_words(key)}")
    if manifest.fingerprint != FINGERPRINT_VERSION:
        differences.append(f"fingerprints of version {manifest.fingerprint}, now {FINGERPRINT_VERSION}")
    if not differences:
        return
    renewed = len(differences) == 1 and unlike and can_be_adopted(manifest.target, target)
    adopt = (
        f"If the account is the same and only its credential is new: activation adopt {name}. "
        if renewed
        else ""
    )
    raise LedgerMismatch(
        f"the ledger {name} was written for another target: {'; '.join(differences)}",
        remedy=f"{adopt}Else change the workspace back, give the activation a new name (a ledger of its own), or start over: "
        f"activation reset {name} (everything is then sent again as new).",
    )


def can_be_adopted(was: Target, now: Target) -> bool:
    """Whether a ledger of one target may go on as the other's.

    What may differ is the keyed hash of a renewed credential, or the host at which an account of that name is reached.
    """
    unlike = was.differences(now)
    if unlike.keys() == {"account"}:
        return all(account.startswith(HASHED) for account in unlike["account"])
    return unlike.keys() <= {"host"}


def _require_no_other(
    activation: Activation, ledger: Ledger, target: Target, neighbours: Sequence[Neighbour]
) -> None:
    """A3: a run without a ledger looks for one that its target has already."""
    for other in neighbours:
        was = None if other.manifest is None else other.manifest.target
        if was is None:
            continue
        unlike = was.differences(target).keys()
        if other.activation == activation.name and unlike <= {"host"}:
            found = f"was written for the same account at {was.host}, now {target.host}"
        elif not other.declared and not unlike:
            found = f"was written for the same target by the activation {other.activation}, which is no longer declared"
        else:
            continue
        raise LedgerMismatch(
            f"there is no ledger yet, but the ledger {other.ledger} {found}",
            remedy=f"Go on with it: activation adopt {activation.name} --from {other.ledger}. Or begin with an empty one: "
            f"activation reset {ledger.folder.name} (everything is then sent as new).",
        )


def _shared_with(activation: Activation, target: Target, neighbours: Sequence[Neighbour]) -> list[str]:
    """A4: who else holds the target, and what becomes of it."""
    ours = _holding(activation)
    doubts = [
        f"the ledger {other.ledger} is damaged: whether {other.activation} writes to the same target is not known"
        for other in neighbours
        if other.manifest is None
    ]
    for other in neighbours:
        manifest = other.manifest
        if manifest is None or manifest.target != target or other.activation == activation.name:
            continue
        if manifest.mode is None:  # written before modes were pinned; its next run will
            continue
        fields = frozenset(manifest.mapping) - {activation.service.identifying_field}
        theirs = Holding(other.activation, manifest.mode, ours.object, fields, manifest.scope)
        if why := contradiction(ours, theirs):
            gone = f" If {other.activation} is gone for good, set its ledger aside: activation reset {other.ledger}."
            raise DeclarationError(
                f'the activation "{other.activation}" writes to the same target, and {why}',
                remedy="Let one activation own the target, or give both a scope."
                + ("" if other.declared else gone),
            )
        doubts.append(overwriting(ours, theirs))
    return [doubt for doubt in doubts if doubt]


def _holding(activation: Activation) -> Holding:
    fields = frozenset(line.field for line in activation.mapping) - {activation.service.identifying_field}
    return Holding(activation.name, activation.mode, activation.service.object, fields, activation.scope)
