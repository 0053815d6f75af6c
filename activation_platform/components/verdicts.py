"""The verdicts on a run of an activation: a check for each of its warnings, which blocks nothing."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg
import polars as pl

from activation_platform.components.expiry import found_day, last_days
from activation_platform.components.judges import ENDED, JUDGES, REMEMBERING, Numbers, Seen
from activation_platform.components.pauses import stands_on
from activation_platform.components.standing import evaluated, newest_finished
from activation_platform.components.storage import storage_root
from activation_platform.components.warnings_spec import WarningsSpec
from activation_platform.components.workspace import Declared, Workspace
from activation_platform.contracts.modes import Mode, RunType
from activation_platform.sync.history import Run, newest_runs

if TYPE_CHECKING:
    from activation_platform.components.activation import ActivationComponent

__all__ = ["doubtful", "pointless", "repeated", "verdicts", "warning_checks"]

_LOOKS_BACK = 30
"""Runs whose figures are read, at least."""
_LEDGER = "ledger"


def pointless(activation: "ActivationComponent", workspace: Workspace) -> dict[str, str]:
    """The warnings that such an activation has no use for, and why."""
    found: dict[str, str] = {}
    if activation.takes_events(workspace):
        events = "events happen, nobody is in them for long"
        found |= {"audience_size": events, "turnover": events}
    if activation.spec.run_type is RunType.FULL_ONLY or activation.mode(workspace) is Mode.SNAPSHOT:
        full = "every run sends everything here"
        found |= {"turnover": full, "full_sync": full}
    return found


def doubtful(activation: "ActivationComponent", workspace: Workspace) -> Iterator[str]:
    """What is asked for by name and can never warn; of a workspace without faults."""
    if "credentials" in activation.spec.warnings.switched_on and not _dated(activation, workspace):
        yield "warnings: credentials: neither its sources nor its destination declare, or can tell, credential_expires"


def _dated(activation: "ActivationComponent", workspace: Workspace) -> list[Declared[Any]]:
    """The accounts that it logs in to and whose credential has a last day: as declared, or as the warehouse may tell."""
    accounts: list[Any] = [
        one for one in stands_on(activation, workspace) if one.word in ("source", "destination")
    ]
    return [
        one
        for one in accounts
        if one.spec.credential_expires is not None or (one.word == "source" and one.source_class.tells_expiry)
    ]


def _expiring(
    instance: dg.DagsterInstance, activation: "ActivationComponent", workspace: Workspace
) -> Iterator[str]:
    """What to say of each credential in its last days; the day that a warehouse told is the one that its check found last."""
    accounts = {dg.AssetCheckKey(one.asset_key, *one.blocking): one for one in _dated(activation, workspace)}
    asked = [key for key, one in accounts.items() if one.spec.credential_expires is None]
    found = {key: found_day(evaluated(one)) for key, one in newest_finished(instance, asked).items()}
    for key, one in accounts.items():
        told = last_days(one.spec.credential_expires or found.get(key), one.spec.credential_warning)
        if told:
            yield f"the {one.word} {one.name}: {told}"


def _in_force(activation: "ActivationComponent", workspace: Workspace) -> dict[str, Any]:
    """The thresholds of its warnings, by name."""
    without = set(pointless(activation, workspace))
    if not _dated(activation, workspace):
        without.add("credentials")
    every = activation.spec.warnings.in_force()
    return {name: threshold for name, threshold in every.items() if name not in without}


def warning_checks(activation: "ActivationComponent", workspace: Workspace) -> list[dg.AssetCheckSpec]:
    """Its warnings as checks, each of its name."""
    fields = WarningsSpec.model_fields
    return [
        dg.AssetCheckSpec(name, asset=activation.asset_key, description=fields[name].description)
        for name in _in_force(activation, workspace)
    ]


def verdicts(
    instance: dg.DagsterInstance,
    activation: "ActivationComponent",
    workspace: Workspace,
    run: Run,
    rows: int,
    debts: pl.DataFrame,
) -> Iterator[dg.AssetCheckResult]:
    """One result a check, of a run that did not fail; of one that was overtaken, what was said before it.

    `rows`: how many it was about; `debts`: what its ledger owes.
    """
    if run.status not in ENDED:
        yield from repeated(instance, activation, workspace)
        return
    thresholds = _in_force(activation, workspace)
    most = max(_LOOKS_BACK, thresholds.get("empty_runs", 0))
    before = [one for one in newest_runs(storage_root(), run.ledger, most) if one.number < run.number]
    seen = Seen(run, before, rows, debts, list(_expiring(instance, activation, workspace)))
    said = _said(instance, activation, [name for name in REMEMBERING if name in thresholds])
    for name, threshold in thresholds.items():
        verdict = JUDGES[name](seen, threshold, _numbers(said.get(name), run.ledger))
        yield dg.AssetCheckResult(
            check_name=name,
            passed=verdict.passed,
            severity=dg.AssetCheckSeverity.WARN,
            description=verdict.words if verdict.passed else f"{verdict.words}. {verdict.remedy}",
            metadata={**verdict.numbers, _LEDGER: run.ledger},
        )


def repeated(
    instance: dg.DagsterInstance, activation: "ActivationComponent", workspace: Workspace
) -> Iterator[dg.AssetCheckResult]:
    """What the checks said last, once more: a run that did nothing finds nothing out."""
    thresholds = _in_force(activation, workspace)
    said = _said(instance, activation, thresholds)
    for name in thresholds:
        last = said.get(name)
        yield dg.AssetCheckResult(
            check_name=name,
            passed=last is None or last.passed,
            severity=dg.AssetCheckSeverity.WARN,
            description="no run has come to its end yet" if last is None else last.description,
            metadata={} if last is None else dict(last.metadata),
        )


def _said(
    instance: dg.DagsterInstance, activation: "ActivationComponent", names: Iterable[str]
) -> Mapping[str, dg.AssetCheckEvaluation]:
    """What each of these checks said last; nothing of one that never did."""
    keys = [dg.AssetCheckKey(activation.asset_key, name) for name in names]
    return {key.name: evaluated(record) for key, record in newest_finished(instance, keys).items()}


def _numbers(said: dg.AssetCheckEvaluation | None, ledger: str) -> Numbers:
    """The numbers of what was said; none where that was of another ledger."""
    told = {} if said is None else {name: value.value for name, value in said.metadata.items()}
    return told if told.get(_LEDGER) == ledger else {}
