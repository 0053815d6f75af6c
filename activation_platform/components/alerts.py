"""Alerts in the workspace: a channel to people, under a name that activations refer to."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import dagster as dg
from pydantic import BaseModel, Field

from activation_platform.components.alerting.channel import Channel
from activation_platform.components.alerting.mail import Mail
from activation_platform.components.alerting.slack import Slack
from activation_platform.components.names import Name
from activation_platform.components.recurrence import TimeOfDay
from activation_platform.components.settings import connected, secrets_in_clear, settings_faults
from activation_platform.components.workspace import Declared, Fault, Workspace

if TYPE_CHECKING:
    from activation_platform.components.activation import ActivationComponent

__all__ = ["AlertsComponent", "AlertsSpec"]

_KINDS: dict[str, type[Channel]] = {"email": Mail, "slack": Slack}


class AlertsSpec(dg.Model):
    """A channel to people."""

    name: Name = Field(description="The name that activations refer to.")
    kind: Literal["email", "slack"] = Field(description="The kind of channel.")
    settings: dict[str, Any] = Field(
        default_factory=dict, description="How to reach it; secrets as env:NAME. See docs/alerts.md."
    )
    ui: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s<>|]+$",
        description="Where people open Dagster's UI, for links: https://dagster.example.org.",
    )
    everything: bool = Field(
        default=True, description="false: only of activations that name it in their attribute alerts."
    )
    warnings: bool = Field(default=True, description="false: only of what is broken.")
    digest: TimeOfDay | None = Field(
        default=None, description="When it tells every day how things stand (UTC); omitted: never."
    )


class AlertsComponent(Declared[AlertsSpec]):
    """A channel that tells people when an activation breaks and when it recovers; it is no asset of its own."""

    word: ClassVar[str] = "alerts"
    spec_class: ClassVar[type[BaseModel]] = AlertsSpec

    @property
    def channel_class(self) -> type[Channel]:
        """The class behind the kind."""
        return _KINDS[self.spec.kind]

    def channel(self) -> Channel:
        """The channel, with what the environment holds now; raises DeclarationError that names what is not set there."""
        channel: Channel = connected(self.channel_class, self.spec.settings)
        return channel

    def activations(self, workspace: Workspace) -> list["ActivationComponent"]:
        """The activations that it tells of: those that name it, and, if it is for everything, those that say nothing."""
        every: list[ActivationComponent] = [
            workspace.find("activation", name) for name in workspace.names("activation")
        ]
        return [one for one in every if self._is_for(one.spec.alerts)]

    def _is_for(self, named: Any) -> bool:
        return self.spec.everything if named is None else isinstance(named, list) and self.name in named

    def faults(self, workspace: Workspace) -> Iterator[Fault]:
        """Settings that do not exist, or do not go together."""
        del workspace
        settings = self.spec.settings
        faults = list(settings_faults(self.channel_class, self.channel_class.secrets, settings))
        yield from faults
        if not faults:
            yield from (Fault(("settings",), words) for words in self.channel_class.objections(settings))

    def secrets_in_clear(self) -> Iterator[str]:
        """Secrets that somebody wrote into the YAML."""
        yield from secrets_in_clear(self.channel_class.secrets, self.spec.settings)

    def build(self, workspace: Workspace) -> dg.Definitions:
        """Nothing of its own: one sensor tells by all channels, see `clockwork.py`."""
        del workspace
        return dg.Definitions()
