"""The workspace: all components of a code location, checked together, every error with its file and line.

Dagster loads components one by one and stops at the first that fails. So the first one that is built checks them all, and
raises everything that is wrong at once (SEMANTICS G). Nothing is connected to, no secret is read.
"""

import logging
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar, cast

import dagster as dg
from pydantic import BaseModel

from activation_platform.components.scaffolding import SampleScaffolder
from activation_platform.contracts.errors import ErrorClass
from activation_platform.contracts.fields import nearest
from activation_platform.contracts.redaction import Redactor, whole

__all__ = ["Declared", "Fault", "Workspace"]

_log = logging.getLogger(__name__)

SpecT = TypeVar("SpecT", bound=BaseModel)
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something impossible that a component says, and where below its attributes."""

    path: Path
    message: str


@dg.scaffold_with(SampleScaffolder)
class Declared(dg.Component, Generic[SpecT]):
    """A component that a user declares: its attributes (`spec`) and, if it comes from YAML, its place there."""

    word: ClassVar[str]
    """What users call it: source, model, segment, destination, activation."""
    spec_class: ClassVar[type[BaseModel]]
    blocking: ClassVar[tuple[str, ...]] = ()
    """The checks of its asset that pause the activations below it while they stand failed (SEMANTICS E7)."""

    def __init__(self, spec: SpecT, context: dg.ComponentLoadContext | None = None) -> None:
        self.spec = spec
        self._context = context

    @classmethod
    def get_model_cls(cls) -> type[BaseModel]:
        """The schema of the attributes; a plain model, so that typos are reported with file, line and caret."""
        return cls.spec_class

    @classmethod
    def load(cls, attributes: BaseModel | None, context: dg.ComponentLoadContext) -> "Declared[SpecT]":
        """Read a component from YAML."""
        assert attributes is not None
        return cls(cast(SpecT, attributes), context)

    @property
    def name(self) -> str:
        """The name that other components refer to."""
        return cast(str, cast(Any, self.spec).name)

    @property
    def asset_key(self) -> dg.AssetKey:
        """The asset that stands for it in the graph, where it has one: templates and the like have none."""
        return dg.AssetKey([f"{self.word}s", self.name])

    @property
    def project_path(self) -> Any:
        """The folder of the YAML file, or None for a component made in Python."""
        return None if self._context is None else self._context.path

    @abstractmethod
    def faults(self, workspace: "Workspace") -> Iterator[Fault]:
        """Everything impossible about this component, given all the others."""

    def doubts(self, workspace: "Workspace") -> Iterator[str]:
        """What is possible but looks like a mistake; said in the log when the workspace is loaded."""
        del workspace
        return iter(())

    def secrets_in_clear(self) -> Iterator[str]:
        """Secrets that somebody wrote into the YAML; no message may repeat them."""
        return iter(())

    @abstractmethod
    def build(self, workspace: "Workspace") -> dg.Definitions:
        """The component as Dagster objects; called only for a workspace without faults."""

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Check the whole workspace (once), then build this component."""
        return self.build(Workspace.of(context, self))

    def located(self, fault: Fault) -> str:
        """The fault as text with file, line and snippet, as far as they are known."""
        place = f'{self.word} "{self.name}"'
        declared: Any = None if self._context is None else self._context.component_decl
        tree = getattr(declared, "source_tree", None)
        if tree is None:
            return f"{place}: {fault.message}"
        position = tree.source_position_tree.source_error(
            yaml_path=["attributes", *fault.path], inline_error_message=fault.message, value_error=True
        )
        return f"{position.file_name}:{position.start_line_no} - {place}: {fault.message}\n{position.snippet}"


@dataclass
class Workspace:
    """Every declared component by word and name."""

    components: Sequence[Declared[Any]]
    by_word: dict[str, dict[str, Declared[Any]]] = field(default_factory=dict)
    _worked_out: dict[str, Any] = field(default_factory=dict, repr=False)
    _serving: ClassVar["tuple[Any, Workspace] | None"] = None
    """The newest component tree and its workspace: all components of a tree ask for it one after the other."""

    def __post_init__(self) -> None:
        for component in self.components:
            self.by_word.setdefault(component.word, {}).setdefault(component.name, component)

    @classmethod
    def of(cls, context: dg.ComponentLoadContext, component: Declared[Any]) -> "Workspace":
        """The workspace of a component tree, checked; raises DagsterInvalidDefinitionError with all its faults."""
        tree, known = context.component_tree, cls._serving
        if known is None or known[0] is not tree or known[1].find(component.word, component.name) is None:
            found = tree.get_all_components(of_type=Declared)  # type: ignore[type-abstract]  # it only filters by it
            workspace = cls(found if component in found else [*found, component])
            workspace.check()
            return workspace.serve(tree)
        return known[1]

    def serve(self, tree: Any) -> "Workspace":
        """Be the workspace that all components of a tree are given, once it is checked; log what looks like a mistake."""
        for doubt in self.doubts():
            _log.warning(doubt)
        Workspace._serving = (tree, self)
        return self

    def check(self) -> None:
        """Raise every fault of every component, together."""
        told = [
            component.located(fault)
            for component in self.components
            for fault in (*self._doubled(component), *_with_halves(component, list(component.faults(self))))
        ]
        if told:
            count = f"{len(told)} errors" if len(told) > 1 else "1 error"
            hide = Redactor(
                secret for component in self.components for secret in component.secrets_in_clear()
            )
            head = f"{count} in the workspace. More in {ErrorClass.CONFIGURATION.page}."
            raise dg.DagsterInvalidDefinitionError("\n\n".join([head, hide("\n\n".join(told))]))

    def doubts(self) -> list[str]:
        """Everything that looks like a mistake, in the order of the components."""
        return [doubt for component in self.components for doubt in component.doubts(self)]

    def _doubled(self, component: Declared[Any]) -> Iterator[Fault]:
        if self.by_word[component.word][component.name] is not component:
            yield Fault(("name",), f'there are two {component.word}s called "{component.name}"')

    def once(self, what: str, make: Callable[[], Any]) -> Any:
        """What is looked up for every component but worked out only once."""
        if what not in self._worked_out:
            self._worked_out[what] = make()
        return self._worked_out[what]

    def names(self, word: str) -> list[str]:
        """All names of a kind of component."""
        return sorted(self.by_word.get(word, {}))

    def find(self, word: str, name: str) -> Any:
        """A component, or None."""
        return self.by_word.get(word, {}).get(name)

    def unknown(self, word: str, name: str, path: Path) -> Iterator[Fault]:
        """The fault of naming a component that does not exist."""
        if self.find(word, name) is None:
            known = self.names(word)
            listed = nearest(name, known) or (
                f" There is: {', '.join(known)}." if known else f" There is no {word} at all."
            )
            yield Fault(path, f'there is no {word} "{name}".{listed}')


def _with_halves(component: Declared[Any], faults: list[Fault]) -> list[Fault]:
    """The faults of a component, and every text with half a character (`"\\ud800"`) where nothing is told yet."""
    told = [fault.path for fault in faults]
    halves = [
        Fault(path, "holds half a character, which can be neither stored nor sent")
        for path, text in _texts(component.spec.model_dump(exclude_unset=True))
        if whole(text) != text and not any(path[: len(one)] == one for one in told)
    ]
    return faults + halves


def _texts(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every text below a value of YAML, with where it stands."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from _texts(name, path)
            yield from _texts(one, (*path, name))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from _texts(one, (*path, number))
