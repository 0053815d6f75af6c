"""A limit in English."""

from activation_platform.segmentation.limits import Limit, Nulls, Order
from activation_platform.segmentation.quoting import name_in_words, quoted

__all__ = ["limit_in_words"]


def limit_in_words(limit: Limit) -> str:
    """Among which rows a limit takes a row to be, without saying which rows it chooses from."""
    if limit.top is not None:
        return f"among the first {limit.top:,} by {', '.join(map(_order, limit.by or ()))}"
    size = f"{limit.sample:,}" if isinstance(limit.sample, int) else f"{limit.sample} %"
    return f"in the stable sample of {size} with the seed {quoted(limit.seed or '')}"


def _order(order: Order) -> str:
    nulls = "" if order.nulls is Nulls.LAST else ", null first"
    return f"{name_in_words(order.field)} ({'descending' if order.down else 'ascending'}{nulls})"
