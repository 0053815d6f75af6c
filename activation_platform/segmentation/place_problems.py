"""The check of arms and limits against the model that they are about: each fault with its path from the leaf or the limit."""

from collections.abc import Iterator

from activation_platform.segmentation.fields import UNTOLD, Kind, kind_of
from activation_platform.segmentation.keys import key_fault
from activation_platform.segmentation.limits import Limit, Order
from activation_platform.segmentation.problems import Problem, nearest
from activation_platform.segmentation.scope import Scope
from activation_platform.segmentation.splits import InArm

__all__ = ["arm_problems", "limit_problems"]

_ORDERED = (Kind.TEXT, Kind.NUMBER, Kind.BOOLEAN, Kind.DATE, Kind.TIMESTAMP)


def arm_problems(leaf: InArm, scope: Scope) -> Iterator[Problem]:
    """An unknown split or arm, a split of another model, a key that has no place."""
    name, split = leaf.split, scope.splits.get(leaf.split)
    if split is None:
        yield Problem(("split",), f'there is no split "{name}"{nearest(name, scope.splits)}')
    elif split.model != scope.name:
        told = f'the split "{name}" is one of {split.model}, and this is about {scope.name}'
        yield Problem(("split",), told, follows=split.model not in scope.models)
    elif leaf.arm not in split.arms:
        known = nearest(leaf.arm, split.arms) or f"; it has: {', '.join(split.arms)}"
        yield Problem(("arm",), f'the split "{name}" has no arm "{leaf.arm}"{known}')
    elif (fault := key_fault(scope)) is not None:
        yield Problem(("split",), fault, follows=True)


def limit_problems(limit: Limit, scope: Scope) -> Iterator[Problem]:
    """An unknown field, one that has no order, a key that has no place."""
    if (fault := key_fault(scope)) is not None:
        yield Problem((), fault)
    for number, order in enumerate(limit.by or ()):
        if (told := _order_fault(order, scope)) is not None:
            path = ("by", number, "descending" if order.down else "ascending")
            yield Problem(path, f"{order.field}: {told}")


def _order_fault(order: Order, scope: Scope) -> str | None:
    known = scope.model.schema
    if known is not None and order.field not in known:
        return f"the model has no such field{nearest(order.field, known)}"
    dtype = UNTOLD if known is None else known[order.field]
    if dtype != UNTOLD and kind_of(dtype) not in _ORDERED:
        return f"a field of kind {kind_of(dtype)} has no order"
    return None
