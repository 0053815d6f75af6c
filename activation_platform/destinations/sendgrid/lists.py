"""The lists of a SendGrid account, found by their names, and made.

Source: https://www.twilio.com/docs/sendgrid/api-reference/lists.
"""

from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any

import httpx

from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.service import UnreadableAnswer, body_of

if TYPE_CHECKING:
    from activation_platform.destinations.sendgrid.destination import SendGrid

__all__ = ["list_named", "list_of_the_name"]

_LISTS = "/v3/marketing/lists"
_PAGE = 1_000


def list_of_the_name(account: "SendGrid", name: str) -> Generator[httpx.Request, Any, str]:
    """The ID of the list of this name, which is made where there is none."""
    there = yield from list_named(account, name)
    if there is not None:
        return there
    response = yield account.ask("POST", _LISTS, budget=account.lists, json={"name": name})
    if response.is_success:
        return _id(body_of(response, account))
    there = yield from list_named(account, name)  # another run may have been quicker
    if there is None:
        raise DeclarationError(
            f'SendGrid refuses to make the list "{name}" ({account.refusal(response)})',
            remedy="Make it in SendGrid, or choose another name in the option list.",
        )
    return there


def list_named(account: "SendGrid", name: str) -> Generator[httpx.Request, Any, str | None]:
    """The ID of the list of this name, None where there is none; raises `DeclarationError` where there are several."""
    ids: list[str] = []
    params: dict[str, Any] = {"page_size": _PAGE}
    while True:
        page = body_of((yield account.ask("GET", _LISTS, budget=account.lists, params=params)), account)
        ids += [_id(one) for one in page.get("result") or () if one.get("name") == name]
        token = _next_page(page)
        if not token:
            break
        params = {"page_size": _PAGE, "page_token": token}
    if len(ids) > 1:
        raise DeclarationError(
            f'{len(ids)} lists of the SendGrid account are called "{name}"',
            remedy="Rename all but one of them in SendGrid.",
        )
    return ids[0] if ids else None


def _id(told: Mapping[str, Any]) -> str:
    if not isinstance(told.get("id"), str):
        raise UnreadableAnswer("a list without its ID")
    return str(told["id"])


def _next_page(page: Mapping[str, Any]) -> str:
    """The token of the page after this one; empty after the last."""
    metadata = page.get("_metadata")
    address = metadata.get("next") if isinstance(metadata, dict) else None
    return httpx.URL(address).params.get("page_token", "") if isinstance(address, str) else ""
