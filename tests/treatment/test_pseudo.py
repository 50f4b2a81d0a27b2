"""Pseudo-values against leaving every patient out by brute force, and against lifelines."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from lifelines.utils import restricted_mean_survival_time

from mtl.treatment.pseudo import pseudo_restricted_mean, pseudo_survival


def product_limit(time: np.ndarray, event: np.ndarray, at: float) -> tuple[float, float]:
    """Survival and restricted mean by the definition, one time after the other; nobody left means no change."""
    survival, area, last = 1.0, 0.0, 0.0
    for now in np.unique(time[time <= at]):
        area += survival * (now - last)
        survival *= 1 - (event & (time == now)).sum() / (time >= now).sum()
        last = now
    return survival, area + survival * (at - last)


def by_leaving_out(time: np.ndarray, event: np.ndarray, at: float) -> np.ndarray:
    n, whole = len(time), np.array(product_limit(time, event, at))
    return np.array(
        [
            n * whole - (n - 1) * np.array(product_limit(np.delete(time, i), np.delete(event, i), at))
            for i in range(n)
        ]
    )


patients = st.lists(st.tuples(st.integers(1, 12), st.booleans()), min_size=2, max_size=25)


@settings(deadline=None, max_examples=150)
@given(patients, st.floats(0.3, 14.0))
def test_as_leaving_out_by_brute_force(rows: list[tuple[int, bool]], at: float) -> None:
    time = np.array([float(t) for t, _ in rows])
    event = np.array([e for _, e in rows])
    wanted = by_leaving_out(time, event, at)
    assert pseudo_survival(time, event, at) == pytest.approx(wanted[:, 0], abs=1e-9)
    assert pseudo_restricted_mean(time, event, at) == pytest.approx(wanted[:, 1], abs=1e-8)


def test_their_mean_is_the_estimate_nearly_and_without_censoring_the_outcome() -> None:
    rng = np.random.default_rng(0)
    time, event = rng.exponential(2.0, 400), rng.random(400) < 0.7
    curve = KaplanMeierFitter().fit(time, event)
    assert pseudo_survival(time, event, 2.0).mean() == pytest.approx(curve.predict(2.0), abs=1e-3)
    area = restricted_mean_survival_time(curve, t=2.0)
    assert pseudo_restricted_mean(time, event, 2.0).mean() == pytest.approx(area, abs=1e-3)
    everyone = np.ones(400, dtype=bool)
    assert pseudo_survival(time, everyone, 2.0) == pytest.approx((time > 2.0).astype(float), abs=1e-9)
    assert pseudo_restricted_mean(time, everyone, 2.0) == pytest.approx(np.minimum(time, 2.0), abs=1e-9)


def test_an_arm_has_its_own_curve() -> None:
    rng = np.random.default_rng(1)
    time, event, arm = rng.exponential(2.0, 200), rng.random(200) < 0.7, rng.random(200) < 0.3
    apart = pseudo_survival(time, event, 1.0, arm)
    assert apart[arm] == pytest.approx(pseudo_survival(time[arm], event[arm], 1.0))
    assert apart[~arm] == pytest.approx(pseudo_survival(time[~arm], event[~arm], 1.0))
