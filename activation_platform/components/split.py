"""A split in the workspace: the arms of a test over a model's rows, and how large each is."""

from collections.abc import Iterator
from decimal import Decimal
from typing import ClassVar

import dagster as dg
from pydantic import BaseModel, Field

from activation_platform.components.names import Name
from activation_platform.components.scopes import scope_of
from activation_platform.components.workspace import Declared, Fault, Workspace
from activation_platform.segmentation.keys import key_fault
from activation_platform.segmentation.splits import WHOLE

__all__ = ["SplitComponent", "SplitSpec"]

_MOST_DIGITS = 9


class SplitSpec(dg.Model):
    """Arms of a model's rows."""

    name: Name = Field(description="The name that conditions refer to: {split: name, arm: control}.")
    model: str = Field(description="The model whose rows it divides.")
    seed: str = Field(
        description="A text of your own: splits of one seed divide alike, others have nothing to do with each other."
    )
    arms: dict[Name, int | float] = Field(
        min_length=2,
        description="Each arm's share in percent: {treatment: 90, control: 10}; they come to 100.",
    )
    description: str | None = Field(default=None, description="For the people who use it.")

    @property
    def shares(self) -> dict[str, Decimal]:
        """The shares, exactly as they are written."""
        return {arm: Decimal(repr(share)) for arm, share in self.arms.items()}


class SplitComponent(Declared[SplitSpec]):
    """Arms of a model's rows, the same on every run, machine and engine; it is no asset of its own."""

    word: ClassVar[str] = "split"
    spec_class: ClassVar[type[BaseModel]] = SplitSpec

    def faults(self, workspace: Workspace) -> Iterator[Fault]:
        """An unknown model, a key that no hash is the same of on every engine, a seed or shares that are none."""
        yield from workspace.unknown("model", self.spec.model, ("model",))
        if workspace.find("model", self.spec.model) is not None:
            fault = key_fault(scope_of(workspace, self.spec.model))
            yield from [] if fault is None else [Fault(("model",), fault)]
        if not self.spec.seed or "\0" in self.spec.seed:
            yield Fault(("seed",), "takes a text of your own, of one character or more and without NUL")
        yield from self._shares()

    def _shares(self) -> Iterator[Fault]:
        shares = self.spec.shares
        unfit = [arm for arm, share in shares.items() if not _is_share(share)]
        for arm in unfit:
            words = f"takes a share from 0 to 100 percent, with {_MOST_DIGITS} digits after the point at most"
            yield Fault(("arms", arm), words)
        total = sum(shares.values(), Decimal(0))
        if not unfit and total != WHOLE:
            missing = f"{WHOLE - total} are missing" if total < WHOLE else f"{total - WHOLE} are too many"
            yield Fault(("arms",), f"the shares come to {total} percent, not 100: {missing}")

    def build(self, workspace: Workspace) -> dg.Definitions:
        """Nothing: conditions refer to it."""
        del workspace
        return dg.Definitions()


def _is_share(share: Decimal) -> bool:
    exponent = share.as_tuple().exponent
    return (
        share.is_finite() and 0 <= share <= WHOLE and isinstance(exponent, int) and exponent >= -_MOST_DIGITS
    )
