"""Values within JSON where rows stay in a warehouse that cannot find them as others do: refused when definitions load."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from activation_platform.components.scopes import scope_of
from activation_platform.components.workspace import Workspace
from activation_platform.contracts.modes import Engine
from activation_platform.segmentation.conditions import Condition
from activation_platform.segmentation.reads import reads_json
from activation_platform.sources import SOURCES
from activation_platform.sources.dialect import dialect_of

if TYPE_CHECKING:
    from activation_platform.components.model import ModelComponent
    from activation_platform.components.source import SourceComponent

__all__ = ["unread_json"]


def unread_json(
    model: "ModelComponent", workspace: Workspace, condition: Condition | None, fields: Iterable[str] = ()
) -> Iterator[str]:
    """Why a condition over a model, or computed `fields` of it, without problems, cannot be asked where its rows are."""
    source: SourceComponent | None = workspace.find("source", model.spec.source)
    if model.spec.engine is Engine.FRAMES or source is None or source.spec.kind not in SOURCES:
        return
    alike = dialect_of(source.source_class.dialect).reads_json
    if not alike and reads_json(condition, scope_of(workspace, model.name), fields):
        yield (
            f"asks for values within JSON, which {source.spec.kind} cannot find as the other engines do: make them columns "
            f"in the SQL of the model, or give {model.name} engine: frames"
        )
