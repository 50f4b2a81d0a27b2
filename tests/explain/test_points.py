"""Probability points: sums, signs and limits, against numerical integration and high-precision arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad_vec
from scipy.special import softmax

from mtl.explain.points import Identity, Logistic, Softmax, SurvivalRisk

LINKS = [Identity(), Logistic(), SurvivalRisk.of([0.05, 0.2, 0.4], [-0.6, -0.3, 0.0]), SurvivalRisk.of([0.3])]
contributions = st.lists(st.floats(-6, 6), min_size=1, max_size=12).map(np.array)


@pytest.mark.parametrize("link", LINKS, ids=repr)
@settings(max_examples=300, deadline=None)
@given(contributions, st.floats(-8, 8))
def test_points_sum_to_the_difference_and_keep_their_sign(link, values, base):
    points = link.points(values, base)
    expected = link.response(np.array(base + values.sum())) - link.response(np.array(base))
    assert abs(points.sum() - expected) <= 1e-13 * (1 + np.abs(values).sum())
    assert np.all(points * values >= 0)
    assert np.all(points[values == 0] == 0)


@pytest.mark.parametrize("link", LINKS[1:], ids=repr)
def test_points_are_the_integral_of_the_derivative(link):
    rng = np.random.default_rng(0)
    for _ in range(20):
        values, base = rng.normal(size=4), rng.normal()
        h = 1e-5

        def slope(t, values=values, base=base, h=h):
            m = base + t * values.sum()
            return (link.response(np.array(m + h)) - link.response(np.array(m - h))) / (2 * h)

        factor = quad_vec(slope, 0, 1)[0]
        np.testing.assert_allclose(link.points(values, base), values * factor, rtol=1e-6)


@pytest.mark.parametrize("base", [-30.0, -3.0, 0.0, 2.5, 12.0])
def test_equal_margins_give_the_derivative(base):
    values = np.array([0.7, -0.7])
    p = 1 / (1 + np.exp(-base))
    np.testing.assert_allclose(Logistic().points(values, base)[0], 0.7 * p / (1 + np.exp(base)), rtol=1e-12)
    link = SurvivalRisk.of([0.1, 0.2], [-0.5, 0.3])
    hazard = (0.1 * np.exp(-0.5) + 0.2 * np.exp(0.3)) * np.exp(base)
    np.testing.assert_allclose(
        link.points(values, base)[0], 0.7 * hazard * np.exp(-hazard), rtol=1e-10, atol=1e-300
    )
    # and nearly equal margins are near the limit, not a difference of equal numbers
    for step in (1e-4, 1e-9, 1e-13):
        near = Logistic().points(np.array([0.7, -0.7 + step]), base)[0]
        np.testing.assert_allclose(near, 0.7 * p / (1 + np.exp(base)), rtol=2 * step + 1e-12)


def test_far_margins_stay_finite():
    for link in (Logistic(), SurvivalRisk.of([0.3])):
        for base, values in ((-800.0, [1600.0]), (900.0, [-1.0]), (-900.0, [1.0]), (0.0, [1e6, -1.0])):
            points = link.points(np.array(values), base)
            assert np.all(np.isfinite(points))
            expected = link.response(np.array(base + sum(values))) - link.response(np.array(base))
            np.testing.assert_allclose(points.sum(), expected, atol=1e-12)


def test_survival_risk_is_the_formula_and_has_rows():
    link = SurvivalRisk.of([0.1, 0.2], [-0.5, 0.3])
    m = np.array([-1.0, 0.0, 1.5])
    by_hand = 1 - np.exp(-(0.1 * np.exp(m - 0.5) + 0.2 * np.exp(m + 0.3)))
    np.testing.assert_allclose(link.response(m), by_hand, rtol=1e-14)
    values = np.random.default_rng(0).normal(size=(7, 4))
    rows = link.points(values, 0.2)
    np.testing.assert_allclose(rows, [link.points(v, 0.2) for v in values], rtol=1e-14)
    nothing = SurvivalRisk.of([0.0])
    assert nothing.response(m).tolist() == [0, 0, 0]
    assert not nothing.points(values, 0.2).any()


@pytest.mark.parametrize(
    "hazard, offset", [([], []), ([-0.1], []), ([np.nan], []), ([0.1, 0.2], [0.3]), ([0.1], [np.inf])]
)
def test_survival_risk_refuses(hazard, offset):
    with pytest.raises(ValueError, match=r"baseline hazard|period offsets"):
        SurvivalRisk.of(hazard, offset)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 6), st.floats(0.01, 30))
def test_softmax_sums_per_class_and_cancels_over_classes(seed, classes, spread):
    rng = np.random.default_rng(seed)
    values, base = spread * rng.normal(size=(5, classes)), rng.normal(size=classes)
    points = Softmax().points(values, base)
    expected = softmax(base + values.sum(axis=0)) - softmax(base)
    np.testing.assert_allclose(points.sum(axis=0), expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(points.sum(axis=1), 0, atol=1e-12 * (1 + spread))


def test_softmax_is_the_integral_and_two_classes_are_logistic():
    rng = np.random.default_rng(1)
    values, base = 3 * rng.normal(size=(4, 3)), rng.normal(size=3)

    def integrand(t):
        g = softmax(base + t * values.sum(axis=0))
        return values * g - np.outer(values @ g, g)

    expected = quad_vec(integrand, 0, 1, epsabs=1e-13)[0]
    np.testing.assert_allclose(Softmax().points(values, base), expected, atol=1e-12)
    two, start = rng.normal(size=(6, 2)), rng.normal(size=2)
    logistic = Logistic().points(two[:, 1] - two[:, 0], start[1] - start[0])
    np.testing.assert_allclose(Softmax().points(two, start)[:, 1], logistic, atol=1e-13)
    both = Softmax().points(np.stack([two, 2 * two]), start)
    np.testing.assert_array_equal(both[0], Softmax().points(two, start))
    still = np.array([[1.0, 0.0], [-1.0, 0.0]])  # back where it started
    assert np.abs(Softmax().points(still, start).sum(axis=0)).max() < 1e-15
