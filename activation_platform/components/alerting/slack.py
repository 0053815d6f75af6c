"""Slack: a message by an incoming webhook, or by a bot into a channel.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
https://docs.slack.dev/reference/methods/chat.postMessage
"""

import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

import httpx
from pydantic import Field

from activation_platform.components.alerting.channel import SECONDS, Channel, Message, Section
from activation_platform.contracts.errors import (
    ActivationError,
    ConnectionFailed,
    CredentialsRefused,
    DeclarationError,
    NotFound,
    RateLimited,
    TimedOut,
)
from activation_platform.contracts.waiting import retry_after

__all__ = ["Slack"]

_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_LONGEST = 2900
"""Characters of a block's text; Slack takes 3,000."""
_REFUSALS = {
    **dict.fromkeys(
        ("invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope"),
        CredentialsRefused,
    ),
    **dict.fromkeys(
        ("invalid_token", "action_prohibited", "not_in_channel", "restricted_action"), CredentialsRefused
    ),
    **dict.fromkeys(
        ("channel_not_found", "is_archived", "channel_is_archived", "no_service", "no_team"), NotFound
    ),
    **dict.fromkeys(("ratelimited", "rate_limited"), RateLimited),
}
_REMEDIES: dict[type[ActivationError], str] = {
    CredentialsRefused: "Give the app the scope chat:write, invite its bot to the channel, or make a new webhook or token.",
    NotFound: "Name a channel that exists, by its id; or make a new webhook.",
    RateLimited: "Nothing has to be done: it is tried again.",
    ConnectionFailed: "Nothing has to be done if it passes: it is tried again. Else look whether this machine may reach Slack.",
    TimedOut: "Nothing has to be done if it passes: it is tried again.",
}


class Slack(Channel):
    """A channel of Slack."""

    secrets: ClassVar[tuple[str, ...]] = ("webhook_url", "bot_token")

    webhook_url: str | None = Field(
        default=None, repr=False, description="The address of an incoming webhook."
    )
    bot_token: str | None = Field(
        default=None, repr=False, description="A bot's token (xoxb-…), in place of a webhook; with `channel`."
    )
    channel: str | None = Field(default=None, description="The channel that the bot writes to: its id.")
    api_url: str = Field(default="https://slack.com/api", description="Where the Web API is.")

    @classmethod
    def objections(cls, settings: Mapping[str, Any]) -> Iterator[str]:
        """Neither or both of the two ways; a bot without a channel."""
        if ("webhook_url" in settings) == ("bot_token" in settings):
            yield "Slack takes exactly one of webhook_url and bot_token"
        elif ("bot_token" in settings) != ("channel" in settings):
            yield "bot_token and channel belong together: a webhook knows its channel, a bot does not"

    def deliver(self, message: Message) -> None:
        """Post it."""
        for name in ("httpx", "httpcore"):  # they log addresses, and a webhook's is a secret (SEMANTICS D9)
            logging.getLogger(name).setLevel(logging.WARNING)
        headers, body = {}, _body(message)
        url = self.webhook_url
        if url is None:
            url, headers = f"{self.api_url}/chat.postMessage", {"Authorization": f"Bearer {self.bot_token}"}
            body["channel"] = self.channel
        try:
            response = httpx.post(url, json=body, headers=headers, timeout=SECONDS)
        except httpx.TimeoutException:
            raise TimedOut("Slack did not answer in time", remedy=_REMEDIES[TimedOut]) from None
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            what = f"Slack cannot be reached ({type(error).__name__}: {self.heard(str(error))})"
            raise ConnectionFailed(what, remedy=_REMEDIES[ConnectionFailed]) from None
        self._require_taken(response)

    def _require_taken(self, response: httpx.Response) -> None:
        """A webhook answers "ok" or a word, the Web API `{"ok": true}` or the word as its error, mostly with 200."""
        said = response.text.strip()
        if self.webhook_url is None and response.is_success:
            try:
                told = response.json()
                if told["ok"] is True:
                    return
                said = str(told.get("error"))
            except (ValueError, KeyError, TypeError, AttributeError):
                pass
        elif response.is_success and said == "ok":
            return
        kind = _kind(said, response.status_code)
        what = f"Slack answered {response.status_code}: {self.heard(said[:200])}"
        remedy = _REMEDIES.get(kind, "Say so to the makers of this platform: Slack did not take its message.")
        if kind is RateLimited:
            raise RateLimited(what, remedy=remedy, wait=retry_after(response, datetime.now(UTC)) or 0.0)
        raise kind(what, remedy=remedy)


def _kind(said: str, status: int) -> type[ActivationError]:
    if said in _REFUSALS:
        return _REFUSALS[said]
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return RateLimited
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        return CredentialsRefused
    if status in (httpx.codes.NOT_FOUND, httpx.codes.GONE):
        return NotFound
    return DeclarationError if status == httpx.codes.BAD_REQUEST else ConnectionFailed


def _body(message: Message) -> dict[str, Any]:
    """Blocks for eyes, text for notifications. Neither names in it nor addresses become links or mentions."""
    title = _escaped(message.title)
    heads = [] if message.title == message.sections[0].head else [_block(f"*{title}*")]
    return {
        "text": title,
        "mrkdwn": False,
        "unfurl_links": False,
        "unfurl_media": False,
        "blocks": [*heads, *map(_section, message.sections)],
    }


def _section(section: Section) -> dict[str, Any]:
    lines = [f"*{_escaped(section.head)}*"]
    lines += [f"{word}: {_escaped(text)}" for word, text in section.lines.items() if text]
    if section.link:
        lines.append(f"<{_escaped(section.link)}|Open in Dagster>")
    return _block("\n".join(lines))


def _block(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "verbatim": True, "text": text[:_LONGEST]}}


def _escaped(text: str) -> str:
    """The three characters by which Slack's markup mentions and links; https://docs.slack.dev/messaging/formatting-message-text."""
    return text.translate(_ENTITIES)
