"""The Dagster project in the current folder: its components checked together, and its definitions."""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg
from dagster.components.core.component_tree import ComponentTree
from dagster_shared.check import CheckError
from dagster_shared.error import DagsterError
from dagster_shared.utils.config import discover_config_file
from pydantic import ValidationError
from yaml import MarkedYAMLError

import activation_platform
from activation_platform.cli.running import without_notices
from activation_platform.components.workspace import Declared, Workspace
from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.fields import nearest

__all__ = ["Project", "WorkspaceFaults"]

_TYPE = re.compile(r"""^type:\s*["']?activation_platform\.(\w+)""")
_AT = re.compile(r"(?P<path>\S*) at (?P<place>.+:\d+)")


class WorkspaceFaults(DeclarationError):
    """Everything that is wrong with a workspace; `faults` are texts with file, line and snippet where they are known."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        super().__init__(
            f"the workspace has {count}", remedy="activation check shows them with file and line."
        )


@dataclass(frozen=True)
class Project:
    """A Dagster project with components, loaded from the folder it is in (SEMANTICS G: nothing is connected to)."""

    tree: ComponentTree

    @classmethod
    def here(cls, folder: Path) -> "Project":
        """The project that the folder belongs to; DeclarationError where there is none, or it cannot be imported."""
        config = discover_config_file(folder)
        if config is None:
            raise DeclarationError(
                f"there is no Dagster project in {folder} or above it",
                remedy="Go to the folder of a project: the one with a dg.toml, or a pyproject.toml with [tool.dg].",
            )
        for importable in (
            config.parent,
            config.parent / "src",
        ):  # a project need not be installed to be checked
            if str(importable) not in sys.path:
                sys.path.append(str(importable))
        try:
            with without_notices():
                return cls(ComponentTree.for_project(folder))
        except (CheckError, DagsterError, ImportError) as error:
            raise DeclarationError(
                f"the project in {config.parent} cannot be loaded: {_first_line(error)}",
                remedy="Its pyproject.toml or dg.toml names the module under [tool.dg.project] root_module.",
            ) from error

    @cached_property
    def workspace(self) -> Workspace:
        """All declared components, read but not yet checked against each other; raises WorkspaceFaults."""
        faults = list(self._mistyped())
        if faults:
            raise WorkspaceFaults(faults)
        with without_notices():
            try:
                faults = [
                    fault for decl in _all(self.tree.find_root_decl()) for fault in self._unreadable(decl)
                ]
            except Exception as error:  # noqa: BLE001 -- whatever the YAML or a Python file of the project raises
                faults = [_innermost(error)]
            if faults:
                raise WorkspaceFaults(faults)
            return Workspace(self.tree.get_all_components(of_type=Declared))  # type: ignore[type-abstract]  # it only filters by it

    def check(self) -> Workspace:
        """The workspace, checked; raises WorkspaceFaults."""
        workspace = self.workspace
        try:
            workspace.check()
        except dg.DagsterInvalidDefinitionError as error:
            raise WorkspaceFaults(str(error).split("\n\n")[1:]) from None
        return workspace

    @cached_property
    def definitions(self) -> dg.Definitions:
        """The project as Dagster objects; raises WorkspaceFaults."""
        self.check().serve(self.tree)
        try:
            with without_notices():
                return self.tree.build_defs()
        except Exception as error:
            raise WorkspaceFaults([_innermost(error)]) from error

    def _mistyped(self) -> Iterator[str]:
        """Dagster says neither file nor line of a component type that does not exist."""
        known = activation_platform.__all__
        for path in sorted(self.tree.defs_module_path.rglob("*.y*ml")):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
                found = _TYPE.match(line)
                if found and found[1] not in known:
                    yield f'{path}:{number} - there is no component type "{found[1]}".{nearest(found[1], known)}'

    def _unreadable(self, declared: Any) -> Iterator[str]:
        if not hasattr(declared, "component_file_model") or list(declared.iterate_child_component_decls()):
            return
        # Dagster would look for each of them in a list of all.
        self.tree.state_tracker.set_cache_data(declared.loc, component_decl=declared)
        try:
            self.tree.load_component(declared.loc)
        except Exception as error:  # noqa: BLE001 -- components of others raise what they like
            yield from _told(error)


def _all(declared: Any) -> Iterator[Any]:
    yield declared
    for child in declared.iterate_child_component_decls():
        yield from _all(child)


def _told(error: BaseException) -> Iterator[str]:
    """The errors of a component's attributes, one by one; never the value, which might be a secret."""
    cause = _cause(error)
    if not isinstance(cause, ValidationError):
        yield _innermost(error)
        return
    for one in cause.errors(include_input=False, include_url=False):
        found = _AT.fullmatch("".join(map(str, one["loc"])))
        yield f"{found['place']} - {found['path']}: {one['msg']}" if found else f"{one['loc']}: {one['msg']}"


def _cause(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _innermost(error: BaseException) -> str:
    cause = _cause(error)
    if isinstance(cause, MarkedYAMLError) and cause.problem_mark is not None:  # its text quotes the line
        mark = cause.problem_mark
        return f"{mark.name}:{mark.line + 1} - {', '.join(filter(None, (cause.context, cause.problem)))}"
    return (
        str(cause)
        if isinstance(cause, dg.DagsterInvalidDefinitionError)
        else f"{type(cause).__name__}: {cause}"
    )


def _first_line(error: BaseException) -> str:
    return str(_cause(error)).partition("\n")[0]
