"""How a record of an Attio object is recognised: by its matching attribute, whose values the ledger keeps as text."""

from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any

import httpx

from activation_platform.contracts.outcomes import Outcome, rejected
from activation_platform.contracts.service import UnreadableAnswer, refuse, said
from activation_platform.destinations.attio.account import Told, attributes_of, records_with
from activation_platform.destinations.attio.attributes import Matching, check_matching
from activation_platform.destinations.attio.values import folded, plain

if TYPE_CHECKING:
    from activation_platform.destinations.attio.destination import Attio

__all__ = ["Recognising", "Saying", "id_of"]


Saying = Generator[httpx.Request, Any, Outcome]
"""Says one record, and returns what became of it."""


class Recognising:
    """A service that finds the records of an object by the matching attribute that its options name."""

    destination: "Attio"
    options: Matching
    _numbers = False
    """Whether the matching attribute is a number; known once the object's attributes were asked for."""

    @property
    def thing(self) -> str:
        """The slug of the object."""
        raise NotImplementedError(f"{type(self).__name__} must say whose records it finds")

    def attributes(self) -> Generator[httpx.Request, Any, dict[str, Mapping[str, Any]]]:
        """The object's attributes in this workspace, by slug.

        Raises `NotFound` where object or matching attribute do not exist, `DeclarationError` where it cannot match.
        """
        found = yield from attributes_of(self.destination, "objects", self.thing)
        check_matching(self.options.matching_attribute, self.thing, found)
        self._numbers = found[self.options.matching_attribute]["type"] == "number"
        return found

    def find(self, sought: Any) -> Told:
        """The records with this value of the matching attribute: at most two, to tell one from several."""
        return records_with(self.destination, self.thing, self.options.matching_attribute, sought)

    def sought(self, identifier: str | None) -> Any:
        """An identifier in the type of the matching attribute."""
        if identifier is None or not self._numbers:
            return identifier
        try:
            return float(identifier)
        except ValueError:  # it was last sent when the attribute was of another type
            return identifier

    def held(self, found: Mapping[str, Any]) -> list[Any]:
        """The values of the matching attribute that a record has."""
        values = found.get("values")
        written = values.get(self.options.matching_attribute) if isinstance(values, dict) else None
        return [value for value in map(plain, written or ()) if value is not None]

    def others(self, found: Mapping[str, Any], sought: Any) -> list[Any]:
        """The values of the matching attribute by which a record may be another row's, too."""
        held = self.held(found)
        return [value for value in held if folded(value) != folded(sought)] if len(held) > 1 else []

    def ambiguous(self) -> Outcome:
        """What becomes of a record where several have its identifier."""
        return rejected(f"several records at Attio have this value of {self.options.matching_attribute}")

    def stays(self) -> str:
        """Why a record that left stays."""
        return f"stays, known by its other values of {self.options.matching_attribute}"

    def outcome(self, response: httpx.Response, success: Outcome) -> Outcome:
        """What became of a record that was written; raises `NotFound` where there is nothing to write to."""
        if response.is_success:
            said(response)
            return success
        if response.status_code == httpx.codes.NOT_FOUND:
            refuse(response, self.destination)
        return rejected(self.destination.refusal(response))


def id_of(found: Mapping[str, Any]) -> str:
    """The ID of a record that was found."""
    told = found["id"]
    if not isinstance(told, dict) or not told.get("record_id"):
        raise UnreadableAnswer("a record without its ID")
    return str(told["record_id"])
