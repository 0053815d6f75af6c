"""A list of a Klaviyo account by its name: found, or made where there is none.

Source: https://developers.klaviyo.com/en/reference/lists_api_overview. A name may be that of several lists; then nothing is sent.
"""

import json
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, cast

import httpx

from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.once import Once
from activation_platform.contracts.service import Inquiry, Service
from activation_platform.destinations.klaviyo.answers import resource_of, resources_of

if TYPE_CHECKING:
    from activation_platform.destinations.klaviyo.destination import Klaviyo

__all__ = ["NamedList", "OfAList", "check_name", "list_relationship"]


class NamedList:
    """A list; its ID is found out once a run."""

    def __init__(self, account: "Klaviyo", name: str) -> None:
        self._account = account
        self._name = name
        self._id: Once[str] = Once(self._found_or_made)

    def id(self) -> Generator[Any, Any, str]:
        """The list's ID; the list is made where there is none."""
        return self._id.get()

    def found(self) -> Generator[httpx.Request, Any, str | None]:
        """The list's ID, None where there is none of this name; raises DeclarationError where there are several."""
        response = yield self._account.call(
            "GET",
            "/api/lists",
            budget=self._account.list_reads,
            params={"filter": f"equals(name,{json.dumps(self._name, ensure_ascii=False)})"},
        )
        ids = [str(one["id"]) for one in resources_of(response, self._account)]
        if len(ids) > 1:
            raise DeclarationError(
                f'{len(ids)} lists of the Klaviyo account are called "{self._name}"',
                remedy="Rename all but one of them in Klaviyo.",
            )
        return ids[0] if ids else None

    def _found_or_made(self) -> Inquiry:
        there = yield from self.found()
        if there is not None:
            return there
        response = yield self._account.call(
            "POST",
            "/api/lists",
            budget=self._account.list_makes,
            body=json.dumps({"data": {"type": "list", "attributes": {"name": self._name}}}),
        )
        return str(resource_of(response, self._account)["id"])


class OfAList:
    """A service about the one list that its option `list` names."""

    options: Any

    def __init__(self, destination: "Klaviyo", options: Any = None) -> None:
        super().__init__(destination, options)  # type: ignore[call-arg]  # of the service that this is mixed into
        self._list = NamedList(destination, self.target)

    @property
    def target(self) -> str:
        """The list's name."""
        return str(self.options.list)

    def account_fields(self) -> Inquiry:
        """The fields, after a look whether the name means one list."""
        yield from self._list.found()
        return cast("Service", self).declared_fields()


def check_name(name: str) -> None:
    """Raise DeclarationError where no list can be called so."""
    if not isinstance(name, str) or not name or name != name.strip():
        raise DeclarationError(
            "the name of a list is not empty, and has no spaces around it",
            remedy="Choose such a name in the option list.",
        )


def list_relationship(id_: str) -> str:
    """The list of a job, as the text of its `relationships`."""
    return json.dumps({"list": {"data": {"type": "list", "id": id_}}})
