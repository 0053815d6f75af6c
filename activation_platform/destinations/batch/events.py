"""The events of a Batch project's people: each is told once, with the moment at which it happened."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

import httpx
import polars as pl

from activation_platform.contracts.batch import Batch
from activation_platform.contracts.encode import JSON, Member, Shape, json_objects, unless_null
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind
from activation_platform.contracts.outcomes import Outcome, partial, rejected
from activation_platform.contracts.service import Service
from activation_platform.contracts.values import Instant, Text, TextList
from activation_platform.destinations.batch.answers import Fault, faults_of
from activation_platform.destinations.batch.attributes import (
    ATTRIBUTES,
    CUSTOM_ID,
    attribute_members,
    rfc3339,
)

if TYPE_CHECKING:
    from activation_platform.destinations.batch.destination import Batch as BatchProject

__all__ = ["Events"]

_OWN = ("event_id", "custom_id", "event_name", "event_time")


class Events(Service):
    """Tell a Batch project what its people did.

    An event belongs to the person with its custom ID, whose profile is created when Batch does not know it. Batch takes
    events of the last 24 hours only: older ones, and those in the future, are set aside. It knows no ID of an event, so
    `event_id` is how the ledger tells events apart and is not sent; an event whose answer was lost may be there twice if
    it is sent again. Attributes without a value are left out.

    Unconfirmed: the lengths of custom IDs, names, texts, labels and tags; under which name an error says the event it means.
    """

    docs: ClassVar[str] = "https://doc.batch.com/developer/api/cep/profiles/update"
    object: ClassVar[ObjectKind] = ObjectKind.EVENT
    modes: ClassVar[frozenset[Mode]] = frozenset({Mode.INSERT_ONLY})
    model_kinds: ClassVar[frozenset[ModelKind]] = frozenset({ModelKind.EVENTS})
    # A call may hold 200 profiles with 15 events each. No more than 15 events in all are never too many for one profile, so
    # that a batch is one call: were it several, a refusal of the second would have the first said again. Batch counts people
    # a second, not calls, so that smaller calls cost nothing.
    batch_size: ClassVar[int] = 15
    idempotent: ClassVar[bool] = False
    fields: ClassVar[tuple[Field, ...]] = (
        Field(
            "event_id",
            Text(min=1),
            key=True,
            required=True,
            docs="Your own ID of the event: told apart by it, not sent.",
        ),
        Field("custom_id", CUSTOM_ID, required=True, docs="Your own ID of the person."),
        Field(
            "event_name",
            Text(pattern="[a-z0-9_]{1,30}", words="1 to 30 lower-case letters, digits and underscores"),
            required=True,
            docs="What happened: a column, or a constant such as added_to_cart.",
        ),
        Field(
            "event_time",
            Instant(within_last=timedelta(hours=24)),
            required=True,
            docs="When it happened, sent to the second.",
        ),
        # As the pages of the older API and of the SDKs say; unconfirmed for this one.
        Field("$label", Text(min=1, max=200), docs="A word about the event."),
        Field("$tags", TextList(max_items=10, max=64), docs="Words to find it by."),
    )
    custom_fields: ClassVar[CustomFields | None] = ATTRIBUTES

    destination: "BatchProject"

    def request(self, batch: Batch) -> httpx.Request:
        """The people of the batch, each once, with their events in the batch's order."""
        people, events = _by_person(batch), json_objects(batch, _event)
        said = (_person(custom_id, [events[n] for n in places]) for custom_id, places in people.items())
        return self.destination.ask(
            "POST",
            f"/{self.destination.version}/profiles/update",
            budget=self.destination.updates,
            cost=len(people),
            content=f"[{','.join(said)}]".encode(),
            headers=JSON,
        )

    def outcomes(self, response: httpx.Response, batch: Batch) -> list[Outcome]:
        """Accepted; rejected where Batch left the event out; partial where it left out less, or one of several."""
        people, names = list(_by_person(batch).values()), batch.frame["event_name"].to_list()
        refused: set[int] = set()
        reasons: defaultdict[int, list[str]] = defaultdict(list)
        for place, faults in faults_of(response, self.destination, len(people)).items():
            for fault in faults:
                meant = _meant(fault, people[place], names)
                for n in meant:
                    reasons[n].append(fault.words)
                if len(meant) == 1 and fault.category == "event" and not fault.attribute:
                    refused.update(meant)
        return batch.accepted(
            {n: (rejected if n in refused else partial)("; ".join(words)) for n, words in reasons.items()}
        )


def _by_person(batch: Batch) -> Mapping[str, list[int]]:
    """The positions of each person's events, in order."""
    people: defaultdict[str, list[int]] = defaultdict(list)
    for n, custom_id in enumerate(batch.frame["custom_id"].to_list()):
        people[custom_id].append(n)
    return people


def _person(custom_id: str, events: Sequence[str]) -> str:
    said = json.dumps({"custom_id": custom_id}, ensure_ascii=False)
    return f'{{"identifiers":{said},"events":[{",".join(events)}]}}'


def _event(batch: Batch) -> Shape:
    """An event; what it lacks is left out."""
    dtype = batch.frame.schema["event_time"]
    return {
        "name": Member(pl.col("event_name")),
        "time": Member(rfc3339(pl.col("event_time"), dtype)),
        "attributes": {name: unless_null(member) for name, member in attribute_members(batch, but=_OWN)},
    }


def _meant(fault: Fault, positions: Sequence[int], names: Sequence[str]) -> Sequence[int]:
    """The events of a person that a fault may mean: those of the name that it says, else all of them."""
    named = [n for n in positions if names[n] == fault.event]
    return named or positions
