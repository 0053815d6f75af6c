"""Events as a call of profiles holds them: the people of a batch, each once, with their events in the batch's order."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence

from activation_platform.contracts.batch import Batch
from activation_platform.contracts.outcomes import Outcome, partial, rejected
from activation_platform.destinations.batch.updates import Fault

__all__ = ["ByPerson"]


class ByPerson:
    """The events of a batch, person by person."""

    def __init__(self, batch: Batch) -> None:
        people: defaultdict[str, list[int]] = defaultdict(list)
        for n, custom_id in enumerate(batch.frame["custom_id"].to_list()):
            people[custom_id].append(n)
        self._people = people
        self._names = batch.frame["event_name"].to_list()

    def __len__(self) -> int:
        return len(self._people)

    def profiles(self, events: Sequence[str]) -> bytes:
        """The people with their events (JSON, by the batch's order), as an array."""
        return f"[{','.join(_profile(one, [events[n] for n in places]) for one, places in self._people.items())}]".encode()

    def verdicts(self, faults: Mapping[int, Sequence[Fault]]) -> dict[int, Outcome]:
        """The events that were not taken on whole: rejected where Batch left the one event out that a fault can mean;
        partial where it left out less, or one of several.
        """
        refused: set[int] = set()
        reasons: defaultdict[int, list[str]] = defaultdict(list)
        people = list(self._people.values())
        for person, found in faults.items():
            for fault in found:
                meant = self._meant(fault, people[person])
                for n in meant:
                    reasons[n].append(fault.words)
                if len(meant) == 1 and fault.category == "event" and not fault.attribute:
                    refused.update(meant)
        return {n: (rejected if n in refused else partial)("; ".join(words)) for n, words in reasons.items()}

    def _meant(self, fault: Fault, places: Sequence[int]) -> Sequence[int]:
        """The events of a person that a fault may mean: those of the name that it says, else all of them."""
        return [n for n in places if self._names[n] == fault.event] or places


def _profile(custom_id: str, events: Sequence[str]) -> str:
    identifiers = json.dumps({"custom_id": custom_id}, ensure_ascii=False)
    return f'{{"identifiers":{identifiers},"events":[{",".join(events)}]}}'
