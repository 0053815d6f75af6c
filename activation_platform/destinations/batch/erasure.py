"""Erasure at Batch: one GDPR removal per person and app, and the settling of those that are pending.

The requests of one erasure are remembered together (see `apps.py`): app → the vendor's request id (empty where it named
none). A record counts as requested once every app took its request on; until then the ones that did are handed on, and
the missing ones alone are asked (SEMANTICS D7).

Sources: https://doc.batch.com/api/gdpr/create, https://doc.batch.com/api/gdpr/get-all-requests.
"""

from collections.abc import Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import httpx

from activation_platform.contracts.batch import Batch
from activation_platform.contracts.modes import Mode
from activation_platform.contracts.outcomes import rejected, requested
from activation_platform.contracts.service import Conversation, Pending, Settlement, refuse, said
from activation_platform.destinations.batch.apps import apps_of, pack, unpack
from activation_platform.destinations.batch.removals import Removals

if TYPE_CHECKING:
    from activation_platform.destinations.batch.destination import Batch as BatchProject

__all__ = ["Erasing"]


class Erasing:
    """A service that erases people.

    Unconfirmed: the pace of erasures, which is our own choice, for no limit was found; the name of the ID in the answer to a
    request; that an app's removal takes the person's profile out of the project, and not only out of the app.
    """

    deletes_are_requests: ClassVar[bool] = True
    delete_batch_size: ClassVar[int | None] = 1

    destination: "BatchProject"

    @classmethod
    def requirements(cls, mode: Mode) -> tuple[str, ...]:
        """Erasure is asked of every app by its key."""
        return ("live_api_keys",) if mode in (Mode.MIRROR, Mode.ERASE) else ()

    @property
    def erasures_per_second(self) -> float | None:
        """How many people a second may be erased: an erasure takes one request per app."""
        return self.destination.erasures.per_second / max(1, len(self.destination.live_api_keys))

    def erase(self, batch: Batch) -> Conversation:
        """Ask every app that has not yet taken the erasure of the batch's one person on; requested once all have."""
        (record,) = batch.records
        taken = unpack(record.request)
        for app in apps_of(self.destination):
            if app.digest in taken:
                continue
            response = yield self.destination.ask(
                "POST",
                app.path("gdpr/request"),
                budget=self.destination.erasures,
                json={"request_type": "remove", "id": {"type": "custom_id", "value": record.identifier}},
            )
            app.check(response)
            if not response.is_success:
                reason = f"app {app.position}: {self.destination.refusal(response)}"
                return [rejected(reason, request=pack(taken))]
            taken[app.digest] = _request_id(response)
        return [requested(pack(taken))]

    def settle(self, pending: Sequence[Pending]) -> Generator[httpx.Request, Any, list[Settlement]]:
        """One settlement per pending erasure, in order, from each app's list of requests (read once)."""
        if not pending:
            return []
        lists: dict[str, Removals] = {}
        for app in apps_of(self.destination):
            response = yield self.destination.ask(
                "GET", app.path("gdpr/requests"), budget=self.destination.erasures
            )
            app.check(response)
            if not response.is_success:
                refuse(response, self.destination)
            lists[app.digest] = Removals.read(response)
        return [_settlement(one, lists) for one in pending]


def _settlement(one: Pending, lists: Mapping[str, Removals]) -> Settlement:
    """Done when every app is done. Unheard when some app does not know of it: the settlement then names the others."""
    known = unpack(one.request)
    looked_up = {app: requests.look_up(one, known.get(app, "")) for app, requests in lists.items()}
    heard = {app: request for app, (state, request) in looked_up.items() if state != "unheard"}
    if len(heard) < len(lists):
        return Settlement("unheard", pack(heard))
    done = all(state == "done" for state, _ in looked_up.values())
    return Settlement("done" if done else "pending", pack(heard))


def _request_id(response: httpx.Response) -> str:
    body = said(response)
    return str(body.get("request_id") or body.get("id") or "") if isinstance(body, dict) else ""
