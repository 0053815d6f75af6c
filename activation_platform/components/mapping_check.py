"""Whether an account has what an activation maps: the check that pauses this activation alone (SEMANTICS E7)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import dagster as dg

from activation_platform.components.asking import asker
from activation_platform.components.blame import refused
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
from activation_platform.contracts.service import Service
from activation_platform.sync.mapping import mapping_problems

if TYPE_CHECKING:
    from activation_platform.components.activation import ActivationComponent

__all__ = ["AT_FAULT", "MAPPING", "AccountFields", "mapping_fits", "mapping_result", "mapping_unasked"]

MAPPING = "mapping_fits"
"""The check of an activation."""
AT_FAULT = (CredentialsRefused, DeclarationError, NotFound)
"""Errors that say something of the account, or of what is mapped to it, and not only of the moment."""


class AccountFields:
    """The fields that an account has now, asked for once, whichever of its activations map them; nothing is written."""

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


def mapping_result(
    activation: "ActivationComponent", workspace: Workspace, account: AccountFields
) -> dg.AssetCheckResult:
    """What the account says of the mapping now. Raises errors that say nothing of it."""
    declared = activation.declared(workspace, account.destination)
    try:
        fields = account.of(declared.service)
        if fields is None:
            return mapping_fits("the platform does not tell an account's fields")
        problems = list(mapping_problems(declared.mapping, declared.service, None, fields))
        if problems:
            told = "; ".join(f"{one.field}: {one.message}" if one.field else one.message for one in problems)
            raise DeclarationError(
                told, remedy="Correct the activation's mapping, or the fields of the account."
            )
    except AT_FAULT as error:
        return refused(error, MAPPING)
    return mapping_fits("the account has every field that is mapped")


def mapping_fits(words: str = "the run found every field that is mapped") -> dg.AssetCheckResult:
    """The passed check."""
    return dg.AssetCheckResult(check_name=MAPPING, passed=True, description=words)


def mapping_unasked(activation: dg.AssetKey) -> dg.Output[None]:
    """In the place of the check, of a run that did not get as far as the mapping: the check stays as it was."""
    check = dg.AssetCheckSpec(MAPPING, asset=activation)
    return dg.Output(None, output_name=check.get_python_identifier())
