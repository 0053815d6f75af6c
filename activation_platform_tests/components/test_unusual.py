"""What is usual among numbers: the robust statistic, its edges, and what no odd number may do to it."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activation_platform.components.unusual import FEWEST, Usual, usual

NUMBERS = st.lists(st.integers(0, 10**9), min_size=FEWEST, max_size=40)


def test_fewer_numbers_than_needed_say_nothing():
    assert usual([5.0] * (FEWEST - 1)) is None
    assert usual([5.0] * FEWEST) == Usual(5, 0)


def test_the_middle_and_the_spread_are_those_of_the_modified_z_score():
    found = usual([2, 3, 4, 4, 5, 6, 7, 8, 100])  # distances from 5: 0 1 1 1 2 2 3 3 95
    assert found == Usual(5, pytest.approx(1.4826 * 2))
    assert pytest.approx(found.deviations(20), rel=1e-3) == 0.6745 * (20 - 5) / 2


def test_where_most_numbers_are_the_same_the_mean_distance_takes_over():
    found = usual([10] * 7 + [100])
    assert found == Usual(10, pytest.approx(1.2533 * 90 / 8))
    assert 0 < found.deviations(100) < inf


def test_where_all_numbers_are_the_same_any_other_is_infinitely_far_away():
    found = usual([7] * 10)
    assert [found.deviations(value) for value in (6, 7, 8)] == [-inf, 0, inf]


@given(NUMBERS, st.data())
def test_a_quarter_of_odd_numbers_moves_the_middle_no_further_than_the_others_reach(numbers, data):
    odd = data.draw(st.lists(st.just(10**15), max_size=len(numbers) // 3))
    assert min(numbers) <= usual(numbers + odd).middle <= max(numbers)


@given(NUMBERS, st.integers(1, 1000), st.integers(-(10**6), 10**6))
def test_another_unit_or_another_zero_leaves_the_deviations_as_they_are(numbers, unit, zero):
    moved = usual([unit * number + zero for number in numbers])
    value = numbers[0] + 1
    assert moved.deviations(unit * value + zero) == pytest.approx(usual(numbers).deviations(value))
