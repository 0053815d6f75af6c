"""A template in the workspace: a condition with gaps that several segments fill, each with its own values."""

from collections.abc import Iterator
from typing import Any, ClassVar

import dagster as dg
from pydantic import BaseModel, Field

from activation_platform.components.names import Name
from activation_platform.components.workspace import Declared, Fault, Workspace
from activation_platform.contracts.fields import nearest
from activation_platform.segmentation.templates import gaps

__all__ = ["TemplateComponent", "TemplateSpec"]


class TemplateSpec(dg.Model):
    """A condition with gaps."""

    name: Name = Field(description="The name that segments refer to.")
    parameters: list[Name] = Field(min_length=1, description="What a segment gives values for.")
    where: dict[str, Any] = Field(
        description="A condition as in a segment, with {parameter: name} in place of values or conditions."
    )
    description: str | None = Field(default=None, description="For the people who use it.")


class TemplateComponent(Declared[TemplateSpec]):
    """A condition with gaps; it is checked in every segment that fills it, and is no asset of its own."""

    word: ClassVar[str] = "template"
    spec_class: ClassVar[type[BaseModel]] = TemplateSpec

    def faults(self, workspace: Workspace) -> Iterator[Fault]:
        """Gaps that no parameter fills, and parameters without a gap."""
        del workspace
        named = [name for _, name in gaps(self.spec.where)]
        for path, name in gaps(self.spec.where):
            if name not in self.spec.parameters:
                words = f'there is no parameter "{name}".{nearest(str(name), self.spec.parameters)}'
                yield Fault(("where", *path, "parameter"), words)
        for number, name in enumerate(self.spec.parameters):
            if name not in named:
                yield Fault(("parameters", number), f'"{name}" fills nothing in `where`')

    def build(self, workspace: Workspace) -> dg.Definitions:
        """Nothing: segments are made of it."""
        del workspace
        return dg.Definitions()
