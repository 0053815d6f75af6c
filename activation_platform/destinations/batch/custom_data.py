"""The custom data API of Batch's older platform: what one app after another is told of many users, and what each has taken on.

Source: https://doc.batch.com/api/custom-data-api/set-update. What an app took on is known again by a digest of the update:
other values of the same record are news to every app.
"""

import hashlib
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

import httpx

from activation_platform.contracts.batch import Record
from activation_platform.contracts.encode import JSON
from activation_platform.contracts.outcomes import ACCEPTED, Outcome, rejected, retry
from activation_platform.contracts.service import Conversation, said
from activation_platform.destinations.batch.apps import App, apps_of, pack, unpack

if TYPE_CHECKING:
    from activation_platform.destinations.batch.destination import Batch

__all__ = ["tell_every_app"]


def tell_every_app(destination: "Batch", records: Sequence[Record], updates: Sequence[str]) -> Conversation:
    """Tell every app the updates (JSON) that it has not yet taken on; a record is accepted once all have."""
    digests = [hashlib.sha256(update.encode()).hexdigest()[:12] for update in updates]
    taken = [unpack(record.request) for record in records]
    reasons: dict[int, list[str]] = {}
    for app in apps_of(destination):
        missing = [n for n, digest in enumerate(digests) if taken[n].get(app.digest) != digest]
        refused = (yield from _tell(destination, app, updates, missing)) if missing else {}
        for n in missing:
            if n in refused:
                reasons.setdefault(n, []).append(f"app {app.position}: {refused[n]}")
            else:
                taken[n][app.digest] = digests[n]
    return [
        _outcome(reasons.get(n), taken[n], digest in taken[n].values()) for n, digest in enumerate(digests)
    ]


def _tell(
    destination: "Batch", app: App, updates: Sequence[str], missing: Sequence[int]
) -> Generator[httpx.Request, Any, dict[int, str]]:
    """Tell one app; returns why it refused, by record. What it refuses together is told in halves.

    That is done here and not by the loader, because the apps before have taken the whole batch on.
    """
    response = yield destination.ask(
        "POST",
        app.path("data/users"),
        budget=destination.custom_data,
        content=f"[{','.join(updates[n] for n in missing)}]".encode(),
        headers=JSON,
    )
    app.check(response)
    if response.is_success:
        if response.content:  # unconfirmed: what Batch says to it
            said(response)
        return {}
    if len(missing) == 1:
        return {missing[0]: destination.refusal(response)}
    middle = len(missing) // 2
    first = yield from _tell(destination, app, updates, missing[:middle])
    return first | (yield from _tell(destination, app, updates, missing[middle:]))


def _outcome(reasons: Sequence[str] | None, taken: dict[str, str], in_part: bool) -> Outcome:
    """Accepted by all apps; or to be tried again where some took it on; or rejected, since none did."""
    if not reasons:
        return ACCEPTED
    return (retry if in_part else rejected)("; ".join(reasons), request=pack(taken))
