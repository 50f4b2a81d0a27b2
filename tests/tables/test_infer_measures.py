"""Limits of an area and of a kappa: they hold in as many samples as they promise, also where the estimate is perfect."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from mtl.tables.infer_measures import auc, auc_low, kappa, kappa_low, linear_r2


@pytest.mark.parametrize(("area", "n", "m"), [(0.9, 20, 20), (0.97, 25, 15), (0.97, 15, 60), (0.99, 100, 50)])
def test_the_limit_of_an_area_holds_in_95_of_100_samples(area: float, n: int, m: int) -> None:
    rng = np.random.default_rng(0)
    apart = np.sqrt(2) * norm.ppf(area)  # two normal distributions so far apart have that area
    labels = np.repeat([True, False], [n, m])
    held = [
        auc_low(auc(np.where(labels, apart, 0) + rng.normal(size=n + m), labels), n, m) <= area
        for _ in range(800)
    ]
    assert np.mean(held) >= 0.93  # 95 % less three standard errors


def test_a_perfect_area_of_few_patients_is_not_sure() -> None:
    assert auc_low(1.0, 20, 20) < 0.95 < auc_low(1.0, 60, 60) < auc_low(1.0, 500, 500) < 1


@pytest.mark.parametrize(("share", "rows"), [(0.5, 60), (0.1, 150)])
def test_the_limit_of_a_kappa_holds(share: float, rows: int) -> None:
    rng = np.random.default_rng(1)
    flips = 0.03
    large = rng.random(200_000) < share
    true = kappa(large.astype(float), (large ^ (rng.random(len(large)) < flips)).astype(float))
    held = []
    for _ in range(600):
        y = rng.random(rows) < share
        told = y ^ (rng.random(rows) < flips)
        held.append(kappa_low(kappa(y.astype(float), told.astype(float)), y.astype(float)) <= true)
    assert np.mean(held) >= 0.92


def test_squared_correlation_is_numpys() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(2, 50))
    assert linear_r2(x, y) == pytest.approx(np.corrcoef(x, y)[0, 1] ** 2)
    assert linear_r2(x, np.ones(50)) == 0


@pytest.mark.parametrize("factor", [1e-300, 1e-160, 1e150, 1e300])
def test_squared_correlation_of_numbers_near_the_ends_of_the_floats(factor: float) -> None:
    """Found by bench/fuzz.py: a square beyond the largest float."""
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(2, 50))
    assert linear_r2(factor * x, y) == pytest.approx(linear_r2(x, y))
    assert linear_r2(factor * x, factor * x) == pytest.approx(1)
