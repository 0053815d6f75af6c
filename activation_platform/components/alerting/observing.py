"""What is wrong with activations now, out of Dagster's records, put as news into the boxes of their channels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecord as Record

from activation_platform.components.alerting.channel import shown
from activation_platform.components.alerting.memory import Box, Memory, News
from activation_platform.components.alerting.runs import class_in, ended
from activation_platform.components.pauses import NOT_PAUSED, culprits, verdict
from activation_platform.components.standing import Broken, evaluated, newest_finished
from activation_platform.components.watch import switched_on
from activation_platform.components.workspace import Workspace

if TYPE_CHECKING:
    from activation_platform.components.activation import ActivationComponent
    from activation_platform.components.alerts import AlertsComponent

__all__ = ["observe"]

HEALTH = "health"
"""The trouble of an activation whose newest run failed, or that is paused. Any other is a check, by its name."""
_EVERY_CHECK = 600.0
"""Seconds between two looks at the checks of all activations: others than their runs may evaluate them, too."""


@dataclass(frozen=True)
class _Look:
    """One look at a workspace."""

    instance: dg.DagsterInstance
    workspace: Workspace
    activations: Sequence["ActivationComponent"]
    now: datetime

    @cached_property
    def broken(self) -> Mapping[str, Sequence[Broken]]:
        """What stands broken below each activation."""
        return culprits(self.instance, self.activations, self.workspace)

    @cached_property
    def on(self) -> frozenset[str]:
        """The activations that people let run by themselves: of others nobody needs to know that they would be paused."""
        return switched_on(self.instance, self.activations)


def observe(
    instance: dg.DagsterInstance,
    workspace: Workspace,
    alerts: Sequence["AlertsComponent"],
    checks: Mapping[dg.AssetKey, Sequence[dg.AssetCheckKey]],
    memory: Memory,
    now: datetime,
) -> None:
    """Put what began or ended since the last look into the box of each channel that it is the business of.

    The checks of an activation are asked for where a run of it has ended, and those of all now and then, or for a new channel:
    a look at each of several thousand takes a second.
    """
    business = {one.name: one.activations(workspace) for one in alerts}
    every = {one.name: one for activations in business.values() for one in activations}
    of = {
        name: [key for key in checks.get(one.asset_key, ()) if key.name not in (NOT_PAUSED, *one.blocking)]
        for name, one in every.items()
    }
    look = _Look(instance, workspace, list(every.values()), now)
    due = now.timestamp() - memory.asked >= _EVERY_CHECK or any(
        one.name not in memory.boxes for one in alerts
    )
    memory.boxes = {one.name: memory.boxes.get(one.name) or Box(digested=now.timestamp()) for one in alerts}
    boxes: dict[str, list[tuple[AlertsComponent, Box]]] = {name: [] for name in every}
    for one in alerts:
        box = memory.boxes[one.name]
        if one.spec.digest is None:  # one that is wanted later begins then
            box.digested, box.runs = now.timestamp(), {}
        mine = [activation.name for activation in business[one.name]]
        box.forget_all_but({name: frozenset({HEALTH, *(key.name for key in of[name])}) for name in mine})
        for name in mine:
            boxes[name].append((one, box))
    asked = _runs(look, boxes, memory)
    for activation in look.activations:
        _pause(look, activation, [box for _, box in boxes[activation.name]], memory)
    if due:
        asked, memory.asked = frozenset(every), now.timestamp()
    wanted = {key: name for name in sorted(asked) for key in of[name]}
    for key, record in newest_finished(instance, list(wanted)).items():
        _check(look, every[wanted[key]], record, key, boxes[wanted[key]])


def _runs(
    look: _Look, boxes: Mapping[str, Sequence[tuple["AlertsComponent", Box]]], memory: Memory
) -> frozenset[str]:
    """Tell of runs that have ended; returns whose they were."""
    found = set()
    for run in ended(look.instance, look.activations, memory, look.now):
        found.add(run.activation)
        mine = [box for _, box in boxes[run.activation]]
        for box in mine:
            word = "failed" if run.failed else "succeeded"
            box.runs[word] = box.runs.get(word, 0) + 1
        if run.failed:
            news = run.told(look.instance)
            for box in mine:
                box.begin(HEALTH, news)
        elif not look.broken[run.activation]:
            standing = [box for box in mine if HEALTH in box.told.get(run.activation, {})]
            for box in standing:
                box.end(HEALTH, run.told(look.instance))
    return frozenset(found)


def _pause(look: _Look, activation: "ActivationComponent", boxes: Sequence[Box], memory: Memory) -> None:
    """A pause tells of itself where no failed run did; its end, where no run has to follow first."""
    name, at = activation.name, look.now.timestamp()
    below = look.broken[name]
    if below and name in look.on:
        news = _paused(name, below, look.workspace, at)
        for box in boxes:
            box.begin(HEALTH, news)
    elif not below and not memory.newest[name].failed:
        for box in boxes:
            box.end(HEALTH, News(kind="recovered", names=(name,), path=_page(activation.asset_key), at=at))


def _page(asset: dg.AssetKey) -> str:
    return f"/assets/{'/'.join(asset.path)}"


def _paused(name: str, below: Sequence[Broken], workspace: Workspace, at: float) -> News:
    words = verdict(below).description or ""
    culprit = below[0]
    return News(
        kind="paused",
        names=(name,),
        title=class_in(words) or f"{culprit.word} {culprit.name}, {culprit.check}",
        words=shown(words),
        remedy=f"Mend the {culprit.word} {culprit.name}; what is paused goes on by itself.",
        path=_page(workspace.find(culprit.word, culprit.name).asset_key),
        at=at,
    )


def _check(
    look: _Look,
    activation: "ActivationComponent",
    record: Record,
    key: dg.AssetCheckKey,
    boxes: Sequence[tuple["AlertsComponent", Box]],
) -> None:
    said = evaluated(record)
    error = said.severity is dg.AssetCheckSeverity.ERROR
    news = News(
        kind="over" if said.passed else "broken" if error else "warning",
        names=(activation.name,),
        title=key.name,
        words=shown(said.description or ""),
        path=f"/runs/{record.run_id}" if record.run_id else _page(key.asset_key),
        at=look.now.timestamp(),
    )
    for component, box in boxes:
        if said.passed:
            box.end(key.name, news)
        elif error or component.spec.warnings:
            box.begin(key.name, news)
