"""Splits: arms of a model's rows by a hash of the key, the same for a person on every run, machine and engine.

A row's *place* is the number that the first 60 bits of `md5(seed ':' key)` are (`keys.py` says how a key is written). The arms
lie one after the other, in the order in which they are declared, each from the sum of the shares before it to its own end,
rounded down to a whole place: `floor(2**60 * percent / 100)`. So a change of 50/50 to 60/40 moves the 10 % between the old and
the new bound and nobody else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Annotated, Any

from pydantic import PlainValidator

from activation_platform.segmentation.nodes import Worded
from activation_platform.segmentation.values import Name, refused, storable

__all__ = ["PLACES", "WHOLE", "InArm", "Seed", "Split", "bound"]

PLACES = 2**60
WHOLE = Decimal(100)
"""What the shares of the arms come to, in percent."""


def _seed(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise refused(f'takes a text of your own, in quotes, such as "spring 2026", not {value!r}')
    return storable(value)


Seed = Annotated[str, PlainValidator(_seed, json_schema_input_type=str)]
"""What is hashed with a key: rows have other places under another one."""


class InArm(Worded):
    """Whether the row is in an arm of a split of its model; a row whose key is null is in none."""

    split: Name
    arm: Name


@dataclass(frozen=True, slots=True)
class Split:
    """A split of a model. `arms`: their shares in percent, in order; they come to 100."""

    model: str
    seed: str
    arms: Mapping[str, Decimal]

    @property
    def bounds(self) -> dict[str, tuple[int, int]]:
        """For each arm, the first place in it and the first place after it."""
        ends = [bound(share) for share in accumulate(self.arms.values(), initial=Decimal(0))]
        return dict(zip(self.arms, pairwise(ends), strict=True))


def bound(percent: Decimal) -> int:
    """The first place after a share of all places."""
    return int(Fraction(percent) * PLACES / 100)
