"""The events endpoint of Iterable: many events are tracked, each of a user; one of an ID that is there is updated.

Source: the vendor's description, https://github.com/Iterable/api-client. Unconfirmed: that an event makes nobody, and that a call
is refused as a whole where a value has another type than an earlier event of the name gave it. What Iterable does later is done
at once here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from activation_platform.sandbox.exchange import Answer, Call
from activation_platform.sandbox.iterable.errors import refused
from activation_platform.sandbox.iterable.project import Project, fits, type_of
from activation_platform.sandbox.iterable.tally import Tally
from activation_platform.sandbox.iterable.users import body, many, meant

ID_MAX = 512
_OF_AN_EVENT = {
    "email",
    "userId",
    "eventName",
    "id",
    "createdAt",
    "dataFields",
    "campaignId",
    "templateId",
    "createNewFields",
}
_NUMBERS = ("createdAt", "campaignId", "templateId")


def track_bulk(call: Call, project: Project) -> Answer:
    """Track many events; those of people who are not there are told, the others are tracked."""
    events, tally = many(body(call, {"events"}), "events", _OF_AN_EVENT), Tally()
    for event in events:
        _judge(event, call, project)
    disallowed: set[str] = set()
    for event in events:
        if event["eventName"] in project.disallowed:
            tally.failed += 1
            disallowed.add(event["eventName"])
        elif meant(event, call, project, tally) is not None:
            tally.taken += 1
            _track(event, call, project, tally)
    return tally.answer(disallowedEventNames=sorted(disallowed))


def _judge(event: Mapping[str, Any], call: Call, project: Project) -> None:
    """Refuse the call where an event is malformed."""
    name, id_ = event.get("eventName"), event.get("id", "")
    if not isinstance(name, str) or not name:
        raise refused("eventName is required")
    if not isinstance(id_, str) or len(id_.encode()) > ID_MAX:
        raise refused(f"id is at most {ID_MAX} bytes")
    if id_ in call.poisoned:
        raise refused(call.poisoned[id_])
    if not all(isinstance(event.get(number, 0), int) for number in _NUMBERS):
        raise refused(f"{', '.join(_NUMBERS)} are whole numbers")
    for field, value in event.get("dataFields", {}).items():
        if not fits(value, project.event_fields.get((name, field)) or type_of(value) or ""):
            raise refused(f"{field} has another type", code="RequestFieldsTypesMismatched")


def _track(event: Mapping[str, Any], call: Call, project: Project, tally: Tally) -> None:
    for field, value in event.get("dataFields", {}).items():
        made = type_of(value)
        if made is not None and (event["eventName"], field) not in project.event_fields:
            project.event_fields[event["eventName"], field] = made
            tally.created.add(field)
    id_ = event.get("id") or f"event{len(project.events) + 1}"
    project.received[id_] += 1
    project.events[id_] = {"createdAt": int(call.wall), **event, "id": id_}
