"""Events: taken on a thousand at a time, each under a unique id of its profile and metric.

Source: https://developers.klaviyo.com/en/reference/bulk_create_events. An event that is there already is not recorded twice.
Unconfirmed: that this refuses nothing (its description says that the request fails), and that one event of the wrong form
refuses the call.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from activation_platform.sandbox.exchange import Answer, Call
from activation_platform.sandbox.klaviyo import writing
from activation_platform.sandbox.klaviyo.documents import data, instant, page, related, resource
from activation_platform.sandbox.klaviyo.errors import Faulty, error, refused
from activation_platform.sandbox.klaviyo.store import Store

EVENTS_MAX = 1_000
BYTES_MAX = 5_000_000
PROPERTIES_MAX = 400
METRIC_MAX = 127
YEAR = 366 * 24 * 3600.0
_POINTER = "/data/attributes/events-bulk-create/data"


def create(call: Call, store: Store) -> Answer:
    """Take events on."""
    if len(call.body) > BYTES_MAX:
        return error(413, "The payload is larger than 5 MB.")
    told = related(data(call, "event-bulk-create-job"), "attributes", "events-bulk-create")
    if not isinstance(told, list) or not told:
        raise refused("A job has events.", _POINTER)
    groups = [_group(call, each, position) for position, each in enumerate(told)]
    if sum(len(events) for _, events in groups) > EVENTS_MAX:
        raise refused(f"A job has at most {EVENTS_MAX} events.", _POINTER)
    for person, events in groups:
        profile, _ = writing.upsert(store, person, instant(call.wall), null_clears=False)
        for event in events:
            known = (profile.id, event["metric"], event["unique_id"])
            if known not in store.told:
                store.told.add(known)
                store.events.append({"profile": profile.id, **event})
    return Answer(202)


def find(call: Call, store: Store) -> Answer:
    """Show a page of events."""
    return page(call, store.events, _document, most=200, usual=20)


def _group(call: Call, group: Any, position: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The person and the events of one entry."""
    try:
        person, events = related(group, "attributes", "profile"), related(group, "attributes", "events")
        writing.check(person)
        if not isinstance(events, list) or not events:
            raise Faulty("/attributes/events", "events is an array.")
        read = [_event(call, each) for each in events]
        for value in (*person["attributes"].values(), *(each["unique_id"] for each in read)):
            if isinstance(value, str) and value in call.poisoned:
                raise Faulty("/attributes", call.poisoned[value])
        return person, read
    except Faulty as fault:
        raise fault.refused(f"{_POINTER}/{position}") from None


def _event(call: Call, event: Any) -> dict[str, Any]:
    attributes: Mapping[str, Any] = event.get("attributes") or {}
    metric = (related(attributes, "metric", "attributes") or {}).get("name")
    if not isinstance(metric, str) or not 1 <= len(metric) <= METRIC_MAX:
        raise Faulty("/attributes/metric", "The name of a metric has 1 to 127 characters.")
    properties = attributes.get("properties")
    if not isinstance(properties, dict) or len(properties) > PROPERTIES_MAX:
        raise Faulty("/attributes/properties", f"properties is an object of at most {PROPERTIES_MAX}.")
    time = attributes.get("time") or instant(call.wall)
    try:
        moment = datetime.fromisoformat(time)
    except ValueError:
        raise Faulty("/attributes/time", "There is no such time.") from None
    if moment.year < 1990 or moment.timestamp() > call.wall + YEAR:
        raise Faulty("/attributes/time", "The time lies after 1990 and at most a year from now.")
    second = str(int(moment.timestamp()))
    return {
        "metric": metric,
        "unique_id": attributes.get("unique_id") or second,
        "time": moment.isoformat(timespec="seconds"),
        "value": attributes.get("value"),
        "properties": properties,
    }


def _document(event: dict[str, Any]) -> dict[str, Any]:
    attributes = {
        "timestamp": int(datetime.fromisoformat(event["time"]).timestamp()),
        "event_properties": {**event["properties"], "$event_id": event["unique_id"]},
        "datetime": event["time"],
    }
    return resource("event", event["unique_id"], attributes, "events")
