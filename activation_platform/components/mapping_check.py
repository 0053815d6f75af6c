"""Whether an account has what an activation maps: the check that pauses this activation alone (SEMANTICS E7)."""

from typing import TYPE_CHECKING

import dagster as dg

from activation_platform.components.asking import asker
from activation_platform.components.blame import refused
from activation_platform.components.storage import storage_root
from activation_platform.components.workspace import Workspace
from activation_platform.contracts.destination import Destination
from activation_platform.contracts.errors import CredentialsRefused, DeclarationError, NotFound
from activation_platform.sync.mapping import mapping_problems

if TYPE_CHECKING:
    from activation_platform.components.activation import ActivationComponent

__all__ = ["AT_FAULT", "MAPPING", "mapping_fits", "mapping_result", "mapping_unasked"]

MAPPING = "mapping_fits"
"""The check of an activation."""
AT_FAULT = (CredentialsRefused, DeclarationError, NotFound)
"""Errors that say something of the account, or of what is mapped to it, and not only of the moment."""


def mapping_result(
    activation: "ActivationComponent", workspace: Workspace, destination: Destination
) -> dg.AssetCheckResult:
    """What the account says of the mapping now; nothing is written. Raises errors that say nothing of it."""
    declared = activation.declared(workspace, destination)
    inquiry = declared.service.account_fields()
    if inquiry is None:
        return mapping_fits("the platform does not tell an account's fields")
    try:
        fields = asker(destination, storage_root())(inquiry)
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
