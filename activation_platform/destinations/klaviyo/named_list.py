"""A list of a Klaviyo account by its name: found, or made where there is none.

Source: https://developers.klaviyo.com/en/reference/lists_api_overview. A name may be that of several lists, for Klaviyo makes one
again where it is asked twice: then the oldest is meant, so that every run means the same.
"""

import json
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, cast

import httpx

from activation_platform.contracts.once import Once
from activation_platform.contracts.service import Inquiry, Service
from activation_platform.destinations.klaviyo.answers import resource_of, resources_of

if TYPE_CHECKING:
    from activation_platform.destinations.klaviyo.destination import Klaviyo

__all__ = ["NamedList", "OfAList"]


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
        """The list's ID, None where there is none of this name; of several, the oldest's."""
        response = yield self._account.call(
            "GET",
            "/api/lists",
            budget=self._account.list_reads,
            params={
                "filter": f"equals(name,{json.dumps(self._name, ensure_ascii=False)})",
                "sort": "created",
            },
        )
        lists = resources_of(response, self._account)
        oldest = min(lists, key=lambda one: (one["attributes"].get("created") or "", one["id"]), default=None)
        return None if oldest is None else str(oldest["id"])

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
        made = str(resource_of(response, self._account)["id"])
        return (yield from self.found()) or made  # the answer to an earlier try may have been lost


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
        """The fields, after a look for the list, which may be read or is refused here."""
        yield from self._list.found()
        return cast("Service", self).declared_fields()
