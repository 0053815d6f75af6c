"""Everything impossible that an activation can say of events: windows, moments, and words that only go with them."""

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from activation_platform.components.activation_spec import OF_EVENTS
from activation_platform.components.model import ModelComponent
from activation_platform.components.workspace import Fault
from activation_platform.contracts.modes import ObjectKind
from activation_platform.contracts.service import Service

if TYPE_CHECKING:
    from activation_platform.components.activation import ActivationComponent

__all__ = ["event_faults"]

EPOCH = date(1970, 1, 1)


def event_faults(
    activation: "ActivationComponent", service: type[Service], model: ModelComponent | None
) -> Iterator[Fault]:
    """What is wrong with an activation of events, or with one that speaks of events but has none (SEMANTICS E3)."""
    spec = activation.spec
    if service.object is not ObjectKind.EVENT:
        for name in OF_EVENTS:
            if name in spec.model_fields_set:
                words = f"{name} is for events; {spec.service} keeps {service.object}s: leave it out"
                yield Fault((name,), words)
        return
    if spec.schedule.follow is not None:
        words = "events go by windows of time, and those that no run covers would be left out: write every, at or cron"
        yield Fault(("schedule", "follow"), words)
    if spec.start_from is not None and spec.start_from < EPOCH:
        words = f"events begin on {EPOCH} or later: computers count time from then on"
        yield Fault(("start_from",), words)
    if model is not None and model.spec.kind in service.model_kinds and model.spec.event_time is None:
        words = f'the model "{model.name}" does not say when each event happened: give it kind: events and an event_time'
        yield Fault(("service",), words)
