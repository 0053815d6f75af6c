"""Sets of hashes: each needle is found where a plain search finds it, however many there are and in whatever order."""

import numpy as np
import pytest

from activation_platform.sync.hashes import ascending, found_at, is_among

FEW, MANY = 50, 30_000
EDGES = np.array([0, 1, 2**63, 2**64 - 1], dtype=np.uint64)


@pytest.mark.parametrize("held", [0, 1, FEW, MANY])
@pytest.mark.parametrize("wanted", [0, 1, FEW, MANY])
@pytest.mark.parametrize("ordered", [True, False])
def test_every_needle_is_found_where_it_stands(held, wanted, ordered):
    dice = np.random.default_rng([held, wanted])
    haystack = np.unique(np.concatenate([dice.integers(0, 2**64, held, dtype=np.uint64), EDGES]))[-held:]
    haystack = haystack if held else haystack[:0]
    others = dice.integers(0, 2**64, wanted, dtype=np.uint64)
    needles = np.concatenate([others, dice.choice(haystack, wanted) if held else others, EDGES])
    needles = np.sort(needles) if ordered else dice.permutation(needles)

    found = found_at(haystack, needles)

    where = {value: index for index, value in enumerate(haystack.tolist())}
    assert found.tolist() == [where.get(needle, -1) for needle in needles.tolist()]
    assert is_among(needles, haystack).tolist() == (found >= 0).tolist()


@pytest.mark.parametrize("count", [0, 1, FEW, MANY])
@pytest.mark.parametrize("spread", [2, 1_000, 2**64])
def test_hashes_are_put_in_ascending_order_even_where_only_their_low_bits_differ(count, spread):
    values = np.random.default_rng([count]).integers(0, spread, count, dtype=np.uint64)

    order, ordered = ascending(values)

    assert ordered.tolist() == sorted(values.tolist())
    assert values[order].tolist() == ordered.tolist()
    assert sorted(order.tolist()) == list(range(count))
