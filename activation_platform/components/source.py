"""A source in the workspace: a warehouse under a name that models refer to."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

import dagster as dg
from pydantic import BaseModel, Field

from activation_platform.components.blame import CONNECTION, refused
from activation_platform.components.checks import SCHEMA
from activation_platform.components.clockwork import clockwork
from activation_platform.components.expiry import EXPIRES, WARNS, expiring
from activation_platform.components.names import Name
from activation_platform.components.recurrence import TimeOfDay
from activation_platform.components.settings import resolved, secrets_in_clear, settings_faults
from activation_platform.components.shown import escaped, markdown_table, masked, tamed
from activation_platform.components.spans import Interval, Span
from activation_platform.components.standing import report
from activation_platform.components.validation import OF_MODELS, Validation
from activation_platform.components.workspace import Declared, Fault, Workspace
from activation_platform.contracts.errors import ActivationError, ConnectionFailed, CredentialsRefused
from activation_platform.contracts.fields import nearest
from activation_platform.contracts.modes import Engine
from activation_platform.contracts.source import CheckStep, Source
from activation_platform.sources import SOURCES

if TYPE_CHECKING:
    from activation_platform.components.model import ModelComponent

__all__ = ["SourceComponent", "SourceSpec"]


class SourceSpec(dg.Model):
    """A warehouse that models read from."""

    name: Name = Field(description="The name that models refer to.")
    kind: str = Field(
        description="The kind of warehouse: bigquery, databricks, duckdb, postgres, redshift, snowflake."
    )
    settings: dict[str, Any] = Field(
        default_factory=dict, description="How to connect; secrets as env:NAME. See docs/sources.md."
    )
    validate_at: TimeOfDay | None = Field(
        default=None, description="When it is validated every day (UTC); omitted: before 02:00."
    )
    probe_every: Interval = Field(
        default="1h",
        description="How often it, and models that read it, are tried anew while they are broken and a run waits.",
    )
    credential_expires: date | None = Field(default=None, description=EXPIRES)
    credential_warning: Span = Field(default="30d", description=WARNS)


class SourceComponent(Declared[SourceSpec]):
    """A warehouse under a name. It is read, and written only where rows stay in it, in schemas of the platform's own."""

    word: ClassVar[str] = "source"
    spec_class: ClassVar[type[BaseModel]] = SourceSpec
    blocking: ClassVar[tuple[str, ...]] = (CONNECTION,)

    @property
    def resource_key(self) -> str:
        """The key of the Dagster resource that connects."""
        return f"source_{self.name}"

    @property
    def source_class(self) -> type[Source]:
        """The class behind the kind."""
        return SOURCES[self.spec.kind]

    def faults(self, workspace: Workspace) -> Iterator[Fault]:
        """A kind or settings that do not exist."""
        del workspace
        if self.spec.kind not in SOURCES:
            near = nearest(self.spec.kind, SOURCES) or f" There is: {', '.join(sorted(SOURCES))}."
            yield Fault(("kind",), f'there is no kind of source "{self.spec.kind}".{near}')
            return
        yield from settings_faults(self.source_class, self.source_class.secrets, self.spec.settings)

    def secrets_in_clear(self) -> Iterator[str]:
        """Secrets that somebody wrote into the YAML."""
        if self.spec.kind in SOURCES:
            yield from secrets_in_clear(self.source_class.secrets, self.spec.settings)

    def get_asset_spec(self) -> dg.AssetSpec:
        """The warehouse as an external asset; its check tells whether it can be read."""
        return dg.AssetSpec(
            key=self.asset_key,
            group_name="sources",
            kinds={self.spec.kind},
            description=f"The {self.spec.kind} warehouse that models read.",
        )

    def models(self, workspace: Workspace) -> dict[str, "ModelComponent"]:
        """Every model that reads it, by name."""
        models: list[Any] = list(workspace.by_word.get("model", {}).values())
        return {model.name: model for model in models if model.spec.source == self.name}

    def queries(self, workspace: Workspace) -> dict[str, str]:
        """The SQL of every model that reads it, by the model's name."""
        dialect = self.source_class.dialect
        return {name: model.query(dialect) for name, model in self.models(workspace).items()}

    def has_staying_models(self, workspace: Workspace) -> bool:
        """Whether rows of a model that reads it stay in it, so that it must be written, too."""
        return any(model.spec.engine is Engine.WAREHOUSE for model in self.models(workspace).values())

    def execute(
        self, source: Source, models: Mapping[str, "ModelComponent"], instance: dg.DagsterInstance
    ) -> dg.AssetCheckResult:
        """Validate the source, step by step, and the columns and keys of the models that read it, as the models' checks are told.

        A model that cannot be read is no fault of the source: that warns here, and blocks what is below the model.
        """
        validation = Validation(source, {name: model.query(source.dialect) for name, model in models.items()})
        found = list(validation.steps())
        for name, columns in validation.columns.items():
            model = models[name]
            verdicts = (
                [refused(columns, SCHEMA)]
                if isinstance(columns, ActivationError)
                else [check.result() for check in model.checked_there(source, columns)]
            )
            for verdict in verdicts:
                report(instance, model.asset_key, verdict.check_name or SCHEMA, verdict)
        broken = next((step for step in found if not step.passed), None)
        rows = [
            (step.name, "passed" if step.passed else "**failed**", escaped(masked(step.words)))
            for step in found
        ]
        of_a_model = broken is not None and broken.name in OF_MODELS
        result = dg.AssetCheckResult(
            passed=broken is None,
            severity=dg.AssetCheckSeverity.WARN if of_a_model else dg.AssetCheckSeverity.ERROR,
            description=self._words(broken) if broken else "The source can be read.",
            metadata={"steps": dg.MetadataValue.md(markdown_table(["step", "result", "what"], rows))},
        )
        expires = self.expires(source) if broken is None else None
        return expiring(result, expires, self.spec.credential_warning)

    def expires(self, source: Source) -> date | None:
        """The day on which its credential expires: as people declare it, else as the warehouse tells it."""
        return self.spec.credential_expires or source.credential_expires()

    def takes_blame(self, error: ActivationError, source: Source, instance: dg.DagsterInstance) -> bool:
        """Whether an error while reading is the source's own fault, by its own check; Dagster knows it then."""
        if not isinstance(error, (ConnectionFailed, CredentialsRefused)):
            return False
        broken = next((step for step in source.check() if not step.passed), None)
        if broken is None:
            return False
        told = dg.AssetCheckResult(passed=False, description=self._words(broken))
        report(instance, self.asset_key, CONNECTION, told)
        return True

    @staticmethod
    def _words(broken: CheckStep) -> str:
        return tamed(masked(f"{broken.name}: {broken.words}"))

    def build(self, workspace: Workspace) -> dg.Definitions:
        """The resource, the asset, the check; with the first source, the clockwork of the workspace."""
        resource = self.source_class(**resolved(self.source_class, self.spec.settings))
        key = self.resource_key

        @dg.asset_check(
            asset=self.asset_key,
            name=CONNECTION,
            required_resource_keys={key},
            description="Connection, access, schemas, grants, lineage of every model; then its columns and its key.",
        )
        def connection(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
            return self.execute(getattr(context.resources, key), self.models(workspace), context.instance)

        own = dg.Definitions(
            assets=[self.get_asset_spec()], asset_checks=[connection], resources={key: resource}
        )
        first, *_ = workspace.names("source")
        return dg.Definitions.merge(own, clockwork(workspace)) if self.name == first else own
