"""A destination in the workspace: an account on a platform, under a name that activations refer to."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

import dagster as dg
from pydantic import BaseModel, Field

from activation_platform.components.asking import asker
from activation_platform.components.blame import blocks, refused
from activation_platform.components.expiry import EXPIRES, WARNS, expiring
from activation_platform.components.mapping_check import (
    AT_FAULT,
    MAPPING,
    AccountFields,
    mapping_result,
)
from activation_platform.components.names import Name
from activation_platform.components.recurrence import TimeOfDay
from activation_platform.components.settings import resolved, secrets_in_clear, settings_faults
from activation_platform.components.spans import Interval, Span
from activation_platform.components.standing import report
from activation_platform.components.storage import storage_root
from activation_platform.components.workspace import Declared, Fault, Workspace
from activation_platform.contracts.destination import Destination
from activation_platform.contracts.errors import ActivationError
from activation_platform.contracts.fields import nearest
from activation_platform.destinations import PLATFORMS

if TYPE_CHECKING:
    from activation_platform.components.activation import ActivationComponent

__all__ = ["DestinationComponent", "DestinationSpec"]

READY = "ready"


class DestinationSpec(dg.Model):
    """An account on a platform that activations write to."""

    name: Name = Field(description="The name that activations refer to.")
    platform: str = Field(
        description="The platform: attio, batch, database, emarsys, files, firestore, intercom, iterable, klaviyo, sendgrid, "
        "webhook."
    )
    settings: dict[str, Any] = Field(
        default_factory=dict, description="The account; secrets as env:NAME. See docs/catalogue.md."
    )
    validate_at: TimeOfDay | None = Field(
        default=None, description="When it is validated every day (UTC); omitted: before 02:00."
    )
    probe_every: Interval = Field(
        default="1h", description="How often it is tried anew while it is broken and a run waits."
    )
    credential_expires: date | None = Field(default=None, description=EXPIRES)
    credential_warning: Span = Field(default="30d", description=WARNS)


class DestinationComponent(Declared[DestinationSpec]):
    """An account on a platform. Several activations may write to it; they share its rate limits."""

    word: ClassVar[str] = "destination"
    spec_class: ClassVar[type[BaseModel]] = DestinationSpec
    blocking: ClassVar[tuple[str, ...]] = (READY,)

    @property
    def resource_key(self) -> str:
        """The key of the Dagster resource that holds the account."""
        return f"destination_{self.name}"

    @property
    def destination_class(self) -> type[Destination]:
        """The class behind the platform."""
        return PLATFORMS[self.spec.platform]

    def faults(self, workspace: Workspace) -> Iterator[Fault]:
        """A platform or settings that do not exist."""
        del workspace
        platform = self.spec.platform
        if platform not in PLATFORMS:
            near = nearest(platform, PLATFORMS) or f" There is: {', '.join(sorted(PLATFORMS))}."
            yield Fault(("platform",), f'there is no platform "{platform}".{near}')
            return
        settings = self.spec.settings
        faults = list(settings_faults(self.destination_class, self.destination_class.secrets, settings))
        yield from faults
        if not faults:
            yield from (Fault(("settings",), words) for words in self.destination_class.objections(settings))

    def secrets_in_clear(self) -> Iterator[str]:
        """Secrets that somebody wrote into the YAML."""
        if self.spec.platform in PLATFORMS:
            yield from secrets_in_clear(self.destination_class.secrets, self.spec.settings)

    def get_asset_spec(self) -> dg.AssetSpec:
        """The account as an external asset; its check tells whether it lets us in."""
        return dg.AssetSpec(
            key=self.asset_key,
            group_name="destinations",
            kinds={self.spec.platform},
            description=f"An account on {self.spec.platform}.",
        )

    def activations(self, workspace: Workspace) -> "list[ActivationComponent]":
        """Every activation that writes to it."""
        every = (workspace.find("activation", name) for name in workspace.names("activation"))
        return [one for one in every if one.spec.destination == self.name]

    def execute(
        self,
        destination: Destination,
        activations: "Iterable[ActivationComponent]",
        workspace: Workspace,
        instance: dg.DagsterInstance,
    ) -> dg.AssetCheckResult:
        """Ask the account who it is, and whether it has what these activations map, which each one's own check is told.

        Writes nothing. A mapping that does not fit is no fault of the account: that blocks the one activation.
        """
        try:
            account = asker(destination, storage_root())(destination.account())
            fields = AccountFields(destination)
            verdicts = {one: mapping_result(one, workspace, fields) for one in activations}
        except ActivationError as error:
            return refused(error)
        for one, verdict in verdicts.items():
            report(instance, one.asset_key, MAPPING, verdict)
        unfit = [one.name for one, verdict in verdicts.items() if blocks(verdict)]
        words = f" It does not fit: {', '.join(unfit)} (see the check {MAPPING} there)." if unfit else ""
        result = dg.AssetCheckResult(
            passed=True,
            description=f"The account lets us in.{words}",
            metadata={"account": account or "(unnamed)", "mappings_that_do_not_fit": len(unfit)},
        )
        return expiring(result, self.spec.credential_expires, self.spec.credential_warning)

    def blame(
        self,
        error: ActivationError,
        destination: Destination,
        activation: "ActivationComponent",
        workspace: Workspace,
        instance: dg.DagsterInstance,
    ) -> None:
        """Where a run was refused, find out by the checks whether the account lets anybody in, and has what is mapped."""
        if isinstance(error, AT_FAULT):
            result = self.execute(destination, [activation], workspace, instance)
            report(instance, self.asset_key, READY, result)

    def build(self, workspace: Workspace) -> dg.Definitions:
        """The resource, the asset, the check."""
        resource = self.destination_class(**resolved(self.destination_class, self.spec.settings))
        key = self.resource_key

        @dg.asset_check(
            asset=self.asset_key,
            name=READY,
            required_resource_keys={key},
            description="Credentials, permissions, and whether the account has what each activation maps.",
        )
        def ready(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
            account = getattr(context.resources, key)
            return self.execute(account, self.activations(workspace), workspace, context.instance)

        return dg.Definitions(assets=[self.get_asset_spec()], asset_checks=[ready], resources={key: resource})
