"""The delivery: each channel gets what waits for it, none waits for another, and what did not arrive is tried again."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from activation_platform.components.alerting.memory import Box, Memory
from activation_platform.components.alerting.wording import AT_ONCE, digest_of, message_of
from activation_platform.components.shown import masked
from activation_platform.components.workspace import Workspace
from activation_platform.contracts.errors import ActivationError, ConnectionFailed, RateLimited, TimedOut

if TYPE_CHECKING:
    from activation_platform.components.alerting.channel import Channel, Message
    from activation_platform.components.alerts import AlertsComponent

__all__ = ["deliver"]

_DEADLINE = 40.0
"""Seconds for all of them: Dagster gives a tick of a sensor 60, and with the tick what it remembers would be lost."""
_FIRST_WAIT, _LONGEST_WAIT = 30.0, 900.0


@dataclass
class _Parcel:
    """Something for one channel. `arrived`: what to forget then."""

    component: "AlertsComponent"
    box: Box
    message: "Message"
    arrived: Callable[[], None]


def deliver(
    alerts: Sequence["AlertsComponent"], workspace: Workspace, memory: Memory, now: datetime
) -> list[str]:
    """Deliver what waits; what arrived waits no more. Returns, of each channel that took nothing, why not."""
    parcels = [
        parcel
        for one in alerts
        if (box := memory.boxes[one.name]).not_before <= now.timestamp()
        for parcel in _parcels(one, box, workspace, now)
    ]
    return [words for parcel, error in _carried(parcels) if (words := _noted(parcel, error, now))]


def _parcels(
    component: "AlertsComponent", box: Box, workspace: Workspace, now: datetime
) -> Iterator[_Parcel]:
    """At most one: news before the digest, which waits for the next tick."""
    ui = component.spec.ui or ""
    if box.waiting:
        news = box.waiting[:AT_ONCE]

        def told() -> None:
            del box.waiting[: len(news)]
            box.dropped = 0

        yield _Parcel(component, box, message_of(news, ui, box.dropped), told)
    elif (due := _digest_due(component, box, now)) is not None:
        names = [one.name for one in component.activations(workspace)]

        def digested() -> None:
            box.digested, box.runs = now.timestamp(), {}

        yield _Parcel(component, box, digest_of(box, ui, names, due), digested)


def _digest_due(component: "AlertsComponent", box: Box, now: datetime) -> datetime | None:
    if component.spec.digest is None:
        return None
    hour, minute = map(int, component.spec.digest.split(":"))
    newest = now.astimezone(UTC).replace(hour=hour, minute=minute, second=0, microsecond=0)
    newest -= timedelta(days=1) if newest > now else timedelta()
    return newest if box.digested < newest.timestamp() else None


def _carried(parcels: Sequence[_Parcel]) -> list[tuple[_Parcel, ActivationError | None]]:
    """All at the same time. One that is not back in time counts as lost, and is tried again: rather twice than never."""
    if not parcels:
        return []
    pool = ThreadPoolExecutor(len(parcels), thread_name_prefix="alerts")
    under_way = [pool.submit(_delivered, _channel(one.component), one.message) for one in parcels]
    wait(under_way, timeout=_DEADLINE)
    pool.shutdown(wait=False, cancel_futures=True)
    return [(parcel, _result(one)) for parcel, one in zip(parcels, under_way, strict=True)]


def _channel(component: "AlertsComponent") -> "Channel | ActivationError":
    """The channel, or why there is none."""
    try:
        return component.channel()
    except ActivationError as error:
        return error


def _delivered(channel: "Channel | ActivationError", message: "Message") -> ActivationError | None:
    if isinstance(channel, ActivationError):
        return channel
    try:
        channel.deliver(message)
    except ActivationError as error:
        return error
    except Exception as error:  # noqa: BLE001 -- or what the other channels took would be forgotten with this tick
        return ConnectionFailed(type(error).__name__, remedy="Say so to the makers of this platform.")
    return None


def _result(one: Future[ActivationError | None]) -> ActivationError | None:
    if not one.done():
        return TimedOut("the channel did not answer in time", remedy="It is tried again.")
    return one.result()


def _noted(parcel: _Parcel, error: ActivationError | None, now: datetime) -> str:
    box = parcel.box
    if error is None:
        parcel.arrived()
        box.failures, box.not_before = 0, 0.0
        return ""
    asked = error.wait if isinstance(error, RateLimited) else 0.0
    pause = min(max(_FIRST_WAIT * 2**box.failures, asked), _LONGEST_WAIT)
    box.failures, box.not_before = min(box.failures + 1, 10), now.timestamp() + pause
    return f"the alerts {parcel.component.name} could not be delivered: {masked(str(error))}"
