"""Printed contributions: they add up, keep their signs and stay within a digit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl.explain.rounding import printed, whole_points


def check(points, start, end, decimals):
    shown = printed(points, start, end, decimals)
    unit = 10.0**decimals
    whole = np.rint(shown.points * unit).astype(int)
    assert np.rint(shown.start * unit) + whole.sum() == np.rint(shown.end * unit)
    assert f"{shown.start:.{decimals}f}" == f"{start:.{decimals}f}"
    assert float(f"{shown.end:.{decimals}f}") == float(f"{end:.{decimals}f}")
    assert np.all(whole * points >= 0)
    assert np.all(whole[points == 0] == 0)
    assert not np.any(np.signbit(shown.points) & (shown.points == 0))
    return whole, points * unit


def test_thousands_of_random_vectors():
    rng = np.random.default_rng(0)
    for trial in range(6000):
        size = int(rng.integers(1, 9))
        decimals = int(rng.integers(0, 3))
        points = rng.normal(size=size) * 10 ** rng.uniform(-2, 1.5)
        if trial % 3 == 0:
            points[rng.random(size) < 0.4] = 0
        start = rng.uniform(0, 100)
        whole, exact = check(points, start, start + points.sum(), decimals)
        # what is printed is a number rounded down or up, but where both ends were rounded apart
        assert np.abs(whole - exact).sum() < size + 2
        assert np.abs(whole - exact).max() < 2


@settings(max_examples=500, deadline=None)
@given(
    st.lists(
        st.sampled_from([-3, -2.5, -1, -0.5, -0.25, 0, 0.25, 0.5, 1, 1.5, 2, 7]), min_size=1, max_size=9
    ),
    st.sampled_from([0.0, 10.0, 10.25, 10.5, 11.5, 99.5]),
)
def test_halves_and_exact_numbers(values, start):
    points = np.array(values)
    check(points, start, start + points.sum(), 0)


def test_a_larger_contribution_never_prints_smaller():
    rng = np.random.default_rng(1)
    for _ in range(2000):
        points = np.sort(rng.normal(size=6) * 3)
        start = rng.uniform(20, 60)
        assert np.all(np.diff(printed(points, start, start + points.sum()).points) >= 0)


def test_both_ends_rounded_apart():
    # 10.5 prints 10 and 11.5 prints 12 (halves to even), so one exact point has to print as 2
    shown = printed(np.array([1.0]), 10.5, 11.5)
    assert (shown.start, shown.points.tolist(), shown.end) == (10.0, [2.0], 12.0)
    assert whole_points(np.array([3.0, -2.0]), 2).tolist() == [4, -2]
    assert whole_points(np.array([0.2, 0.0]), 3).tolist() == [3, 0]
    assert whole_points(np.array([-0.2, 0.0]), -3).tolist() == [-3, 0]


def test_what_cannot_be_printed_is_refused():
    with pytest.raises(ValueError, match="signs would flip"):
        whole_points(np.array([-1.0, 0.0]), 2)
    with pytest.raises(ValueError, match="finite"):
        whole_points(np.array([np.nan]), 0)
    with pytest.raises(ValueError, match="cannot be printed"):
        printed(np.array([1.0]), 10.0, 13.0)
    with pytest.raises(ValueError, match="cannot be printed"):
        printed(np.array([np.nan]), 10.0, 13.0)
    assert printed(np.array([]), 10.2, 10.2).points.tolist() == []
