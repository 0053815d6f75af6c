"""Trying out parts of a workspace now: connections, accounts, alerts, and the columns that a model has at its source."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from activation_platform.cli.asked import destination_of, source_of
from activation_platform.cli.saying import not_known
from activation_platform.components.activation import ActivationComponent
from activation_platform.components.alerting.wording import trial_of
from activation_platform.components.alerts import AlertsComponent
from activation_platform.components.asking import asker
from activation_platform.components.blame import blocks
from activation_platform.components.checks import KEY_UNIQUE, NOT_EMPTY, SCHEMA
from activation_platform.components.destination import DestinationComponent
from activation_platform.components.differences import Difference
from activation_platform.components.expiry import UNKNOWN, expiry, last_days
from activation_platform.components.mapping_check import AccountFields, mapping_result
from activation_platform.components.model import ModelComponent
from activation_platform.components.source import SourceComponent
from activation_platform.components.storage import storage_root
from activation_platform.components.types import type_words
from activation_platform.components.validation import Validation
from activation_platform.components.workspace import Workspace
from activation_platform.contracts.errors import ActivationError, DeclarationError

__all__ = ["TRIABLE", "Finding", "accept_columns", "findings"]

_ASKED = {SCHEMA: "columns", NOT_EMPTY: "rows", KEY_UNIQUE: "key"}
TRIABLE = ("source", "model", "destination", "activation", "alerts")

_HEAD = """\
# The columns of the model {name}, as they were when people agreed to them. A source that differs blocks the model.
# Written by `activation check --accept {name}`.
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was tried: what it was, whether it works, and why not; of a model's columns, what differs."""

    what: str
    passed: bool
    words: str
    differences: Sequence[Difference] = ()


def findings(workspace: Workspace, name: str) -> Iterator[Finding]:
    """Try everything of this name: sources, models as they are, destinations and what is mapped to them; alerts get a test."""
    for word in TRIABLE:
        component: Any = workspace.find(word, name)
        if component is None:
            continue
        try:
            yield from _tried(workspace, component)
        except ActivationError as error:
            yield Finding(f"{word} {name}", passed=False, words=str(error))


def _tried(workspace: Workspace, component: Any) -> Iterator[Finding]:
    what = f"{component.word} {component.name}"
    if isinstance(component, SourceComponent):
        source = source_of(component)
        steps = list(Validation(source, component.queries(workspace)).steps())
        yield from (Finding(f"{what}, {step.name}", step.passed, step.words) for step in steps)
        if all(step.passed for step in steps) and component.source_class.secrets:
            yield _credential(component, component.expires(source))
    elif isinstance(component, DestinationComponent):
        destination = destination_of(component)
        account = asker(destination, storage_root())(destination.account())
        yield Finding(what, passed=True, words=f"the account lets us in ({account or 'it has no name'})")
        if component.destination_class.secrets:
            yield _credential(component, component.spec.credential_expires)
        fields = AccountFields(destination)
        for activation in component.activations(workspace):
            yield _mapping(workspace, activation, fields)
    elif isinstance(component, ActivationComponent):
        account = destination_of(workspace.find("destination", component.spec.destination))
        yield _mapping(workspace, component, AccountFields(account))
    elif isinstance(component, AlertsComponent):
        component.channel().deliver(trial_of(component.name, component.spec.ui or "", datetime.now(UTC)))
        yield Finding(what, passed=True, words="a test was sent")
    elif isinstance(component, ModelComponent):
        source = source_of(workspace.find("source", component.spec.source))
        for check in component.checked_there(source, source.columns(component.query(source.dialect))):
            yield Finding(f"{what}, {_ASKED[check.name]}", not check.blocks, check.words, check.differences)


def _credential(component: Any, expires: date | None) -> Finding:
    """When it expires, with a warning in its last days: these fail nothing."""
    told = last_days(expires, component.spec.credential_warning)
    words = f"warning: {told}" if told else UNKNOWN if expires is None else expiry(expires)
    return Finding(f"{component.word} {component.name}, credential", passed=True, words=words)


def _mapping(workspace: Workspace, activation: ActivationComponent, account: AccountFields) -> Finding:
    verdict = mapping_result(activation, workspace, account)
    what = f"destination {activation.spec.destination}, mapping of {activation.name}"
    warning = "" if verdict.passed or blocks(verdict) else "warning: "
    return Finding(what, not blocks(verdict), f"{warning}{verdict.description}")


def _columns(workspace: Workspace, model: ModelComponent) -> pl.Schema:
    """The columns that the model's query has at its source now."""
    source = source_of(workspace.find("source", model.spec.source))
    return source.columns(model.query(source.dialect))


def accept_columns(workspace: Workspace, name: str) -> tuple[Path, int]:
    """Write the model's columns as they are now to its schema file; returns the file and their number.

    Raises NotKnown for a name that is no model's, DeclarationError for a model that has no YAML file or cannot be read.
    """
    workspace = Workspace(workspace.components)  # what is worked out of columns accepted before goes with it
    model: ModelComponent | None = workspace.find("model", name)
    if model is None:
        raise not_known("model", name, workspace.names("model"))
    if model.accepted_file is None:
        raise DeclarationError(
            f"the model {name} is declared in Python and has no place for a schema file",
            remedy="Declare its columns with their types instead.",
        )
    for word, component in (("source", workspace.find("source", model.spec.source)), ("model", model)):
        if component is None:
            raise not_known("source", model.spec.source, workspace.names("source"))
        for fault in component.faults(workspace):
            if fault.path[:1] not in (
                ("primary_key",),
                ("relations",),
                ("computed",),
            ):  # these depend on what was accepted before
                raise DeclarationError(
                    f"{word} {component.name}: {fault.message}", remedy="Correct it first."
                )
    there = model.exposed_of(_columns(workspace, model))
    columns = {column: type_words(dtype) for column, dtype in there.items()}
    text = yaml.safe_dump(columns, sort_keys=False, allow_unicode=True)
    model.accepted_file.write_text(_HEAD.format(name=name) + text, encoding="utf-8")
    return model.accepted_file, len(columns)
