"""The message channels of an Iterable project: those that a new one has."""

from __future__ import annotations

from activation_platform.sandbox.exchange import Answer, Call
from activation_platform.sandbox.iterable.project import Project

CHANNELS = (("Marketing Channel", "Marketing"), ("Transactional Channel", "Transactional"))


def listed(call: Call, project: Project) -> Answer:  # noqa: ARG001 - as all endpoints
    """Show the channels."""
    shown = [
        {"id": number, "name": name, "channelType": kind, "messageMedium": "Email"}
        for number, (name, kind) in enumerate(CHANNELS, start=1)
    ]
    return Answer(200, {"channels": shown})
