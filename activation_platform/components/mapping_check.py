"""Whether an account has what an activation maps, and its columns fit: the check that pauses it alone (SEMANTICS E7)."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import dagster as dg
import polars as pl

from activation_platform.components.asking import asker
from activation_platform.components.blame import refused
from activation_platform.components.inputs import computed_columns, models_behind
from activation_platform.components.pauses import tell_now
from activation_platform.components.scopes import fields_of, scope_of
from activation_platform.components.standing import evaluated, newest_finished, report
from activation_platform.components.staying import fitting
from activation_platform.components.storage import storage_root
from activation_platform.components.workspace import Workspace
from activation_platform.contracts.destination import Destination
from activation_platform.contracts.errors import (
    ActivationError,
    CredentialsRefused,
    DeclarationError,
    NotFound,
)
from activation_platform.contracts.fields import Field
from activation_platform.contracts.modes import Mode
from activation_platform.contracts.service import Service
from activation_platform.segmentation.definitions import all_problems, typed
from activation_platform.segmentation.fields import UNTOLD
from activation_platform.segmentation.problems import InvalidCondition
from activation_platform.sync.history import Status
from activation_platform.sync.mapping import MappingProblem, mapping_doubts, mapping_problems

if TYPE_CHECKING:
    from activation_platform.components.activation import ActivationComponent
    from activation_platform.components.model import ModelComponent

__all__ = [
    "AT_FAULT",
    "MAPPING",
    "AccountFields",
    "mapping_of_run",
    "mapping_result",
    "mapping_unasked",
    "misfit_told",
]

MAPPING = "mapping_fits"
"""The check of an activation."""
AT_FAULT = (CredentialsRefused, DeclarationError, NotFound)
"""Errors that say something of the account, or of what is mapped to it, and not only of the moment."""


class AccountFields:
    """The fields that an account has now, asked for once, whichever of its activations map them; and what it lets us write."""

    def __init__(self, destination: Destination) -> None:
        self.destination = destination
        self._ask = asker(destination, storage_root())
        self._told: dict[tuple[type[Service], str], Sequence[Field] | ActivationError] = {}

    def of(self, service: Service) -> Sequence[Field] | None:
        """Those of a service with its options, None where the platform does not tell them; raises what the account answered."""
        inquiry = service.account_fields()
        if inquiry is None:
            return None
        key = (type(service), repr(service.options))
        if key not in self._told:
            try:
                self._told[key] = self._ask(inquiry)
            except AT_FAULT as error:
                self._told[key] = error
        told = self._told[key]
        if isinstance(told, ActivationError):
            raise told
        return told

    def require_rights(self, service: Service, mode: Mode, fields: Collection[str]) -> None:
        """Raise what stands against writing these fields under this mode, as far as the platform tells it."""
        inquiry = service.require_rights(mode, fields)
        if inquiry is not None:
            self._ask(inquiry)


def mapping_result(
    activation: "ActivationComponent", workspace: Workspace, account: AccountFields
) -> dg.AssetCheckResult:
    """What the account, and the columns of the models' newest snapshots, say of the mapping. Raises what says nothing of it.

    A column of which some values may not be sent because of its type warns, and pauses nothing.
    """
    declared = activation.declared(workspace, account.destination)
    mapping, service, columns = declared.mapping, declared.service, _columns(activation, workspace)
    try:
        _require_computed(activation, workspace)
        fields = account.of(service)
        problems = list(mapping_problems(mapping, service, columns, fields))
        if problems:
            remedy = "Correct the activation's mapping, or the fields of the account."
            raise DeclarationError(_listed(problems), remedy=remedy)
        account.require_rights(service, declared.mode, [line.field for line in mapping])
    except AT_FAULT as error:
        return refused(error, MAPPING)
    told = "the account tells no fields of its own"
    fits = mapping_fits(told if fields is None else "the account has every field that is mapped")
    doubts = list(mapping_doubts(mapping, service, columns, fields))
    return (
        fits
        if not doubts
        else fits._replace(
            passed=False,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"{fits.description}. But {_listed(doubts)}",
        )
    )


def _columns(activation: "ActivationComponent", workspace: Workspace) -> dict[str, pl.DataType | None]:
    """The mapped columns, with their types where these are known: whether they are there is the model's own check."""
    model = activation.model(workspace)
    assert model is not None
    types = {**(fields_of(workspace, model) or {}), **_types(model, workspace)}
    return {
        line.column: types.get(line.column) for line in activation.spec.lines() if line.column is not None
    }


def _types(model: "ModelComponent", workspace: Workspace) -> Mapping[str, pl.DataType | None]:
    return model.types(workspace.find("source", model.spec.source).source_class.dialect)


def _require_computed(activation: "ActivationComponent", workspace: Workspace) -> None:
    """Raise what stands against the computed fields that it maps, as far as columns are declared, or known by a snapshot.

    A segment's rows have these fields already: it is the segment's own check that fails.
    """
    fields = [] if activation.spec.segment is not None else computed_columns(activation, workspace)
    if not fields:
        return
    own, *_ = models = models_behind(activation, workspace)
    known = {
        model.name: {**dict.fromkeys(model.columns() or ()), **_types(model, workspace)} for model in models
    }
    read = {
        name: {column: dtype or UNTOLD for column, dtype in columns.items()}
        for name, columns in known.items()
        if columns
    }
    with fitting(activation):
        found = all_problems(None, typed(scope_of(workspace, own.name), read), fields)
        if found:
            raise InvalidCondition(found)


@contextmanager
def misfit_told(
    instance: dg.DagsterInstance, activation: "ActivationComponent", workspace: Workspace
) -> Iterator[None]:
    """Let the check know where a run finds that computed fields do not fit the models' columns: that pauses the activation."""
    try:
        yield
    except DeclarationError as error:
        if isinstance(error.__cause__, InvalidCondition):
            report(instance, activation.asset_key, MAPPING, refused(error, MAPPING))
            tell_now(instance, activation, workspace)
        raise


def _listed(problems: Sequence[MappingProblem]) -> str:
    return "; ".join(f"{one.field}: {one.message}" if one.field else one.message for one in problems)


def mapping_fits(words: str = "the run found every field that is mapped") -> dg.AssetCheckResult:
    """The passed check."""
    return dg.AssetCheckResult(check_name=MAPPING, passed=True, description=words)


def mapping_of_run(
    instance: dg.DagsterInstance, activation: dg.AssetKey, status: Status
) -> dg.AssetCheckResult | dg.Output[None]:
    """The check of a run that has ended well: passed, unless it was doubtful before, which a run does not settle."""
    key = dg.AssetCheckKey(activation, MAPPING)
    said = [evaluated(record) for record in newest_finished(instance, [key]).values()]
    doubtful = any(not one.passed and one.severity is dg.AssetCheckSeverity.WARN for one in said)
    unasked = doubtful or status is Status.SUPERSEDED
    return mapping_unasked(activation) if unasked else mapping_fits()


def mapping_unasked(activation: dg.AssetKey) -> dg.Output[None]:
    """In the place of the check, of a run that did not get as far as the mapping: the check stays as it was."""
    check = dg.AssetCheckSpec(MAPPING, asset=activation)
    return dg.Output(None, output_name=check.get_python_identifier())
