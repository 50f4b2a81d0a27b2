"""Breslow against lifelines and against loops; what follows from it against closed forms."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import CoxPHFitter

from mtl.model.baseline import FEWEST_AT_RISK, Baseline, breslow


def test_equals_lifelines() -> None:
    rng = np.random.default_rng(0)
    n = 300
    x = rng.normal(size=n)
    time = np.ceil(rng.exponential(np.exp(-0.5 * x)) * 50) / 10
    event = (rng.random(n) < 0.7).astype(float)
    frame = pd.DataFrame({"x": x, "time": time, "event": event})
    peer = CoxPHFitter(baseline_estimation_method="breslow").fit(frame, "time", "event")
    log_hazard = (peer.params_["x"] * (x - x.mean()))[:, None]
    times, hazard = breslow(time, event, log_hazard)
    theirs = peer.baseline_cumulative_hazard_["baseline cumulative hazard"]
    np.testing.assert_allclose(hazard, theirs.loc[times], rtol=1e-9)


def by_loops(time, event, log_hazard, boundaries, weight):
    limits = (-np.inf, *boundaries, np.inf)
    total, out = 0.0, []
    for t in np.unique(time[(event > 0) & (weight > 0)]):
        period = next(q for q in range(len(limits) - 1) if limits[q] < t <= limits[q + 1])
        deaths = sum(weight[i] for i in range(len(time)) if time[i] == t and event[i])
        risk = sum(weight[i] * np.exp(log_hazard[i, period]) for i in range(len(time)) if time[i] >= t)
        total += deaths / risk
        out.append((t, total))
    return np.array(out).reshape(-1, 2).T


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 9999), n=st.integers(2, 40), ticks=st.sampled_from([3, 1000]), weighted=st.booleans(),
    boundaries=st.sampled_from([(), (1.0,), (0.5, 2.0)]),
)  # fmt: skip
def test_by_period_equals_loops(
    seed: int, n: int, ticks: int, weighted: bool, boundaries: tuple[float, ...]
) -> None:
    rng = np.random.default_rng(seed)
    time = np.ceil(rng.exponential(size=n) * ticks) / ticks
    event = (rng.random(n) < 0.7).astype(float)
    weight = rng.integers(0, 3, n).astype(float) if weighted else np.ones(n)
    log_hazard = rng.normal(size=(n, len(boundaries) + 1))
    last = event * (weight > 0) * time
    if weighted and (weight[time >= last.max()] == 0).all():
        return
    times, hazard = breslow(time, event, log_hazard, boundaries, weight)
    wanted = by_loops(time, event, log_hazard, boundaries, weight)
    np.testing.assert_allclose(times, wanted[0])
    np.testing.assert_allclose(hazard, wanted[1], rtol=1e-12)


def simulated(n: int = 4000, boundaries: tuple[float, ...] = (2.0,), seed: int = 0):
    """Exponential survival at rate .2, hazard ratio of the treated .5 until 2 years and .8 after; uniform censoring."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    treated = rng.integers(0, 2, n)
    offsets = treated[:, None] * np.log([0.5, 0.8])
    target = rng.exponential(size=n)  # cumulative hazard at which the event comes
    early, late = (0.2 * np.exp(x + offsets[:, q]) for q in (0, 1))
    years = np.where(target <= 2 * early, target / early, 2 + (target - 2 * early) / late)
    end = rng.uniform(1, 8, n)
    return x, offsets, np.minimum(years, end), (years <= end).astype(float)


def test_recovers_the_hazard_with_offsets_by_period() -> None:
    x, offsets, time, event = simulated()
    baseline = Baseline.fit(time, event, x[:, None] + offsets, (2.0,), (1.0, 2.0, 5.0))
    np.testing.assert_allclose(baseline.at(np.array([1.0, 2.0, 5.0])), [0.2, 0.4, 1.0], rtol=0.08)
    risk = baseline.risk(np.zeros(2), np.array([[0.0, 0.0], np.log([0.5, 0.8])]), np.array([2.0, 5.0]))
    np.testing.assert_allclose(risk[1], 1 - np.exp([-0.2, -0.2 - 0.48]), atol=0.02)


def test_one_ratio_means_survival_to_the_power_of_it() -> None:
    x, offsets, time, event = simulated()
    baseline = Baseline.fit(time, event, x[:, None] + offsets, (2.0,), (5.0,))
    years = np.array([1.0, 2.0, 3.3, 5.0])
    without = baseline.risk(x[:50], np.zeros((50, 2)), years)
    given_ = baseline.risk(x[:50], np.full((50, 2), np.log(0.69)), years)
    np.testing.assert_allclose(1 - given_, (1 - without) ** 0.69, rtol=1e-12)


def test_the_mean_offset_gathers_the_same_hazard() -> None:
    x, offsets, time, event = simulated()
    baseline = Baseline.fit(time, event, x[:, None] + offsets, (2.0,), (5.0,))
    mean = baseline.mean_offset(offsets[:20])
    end = baseline.times[-1:]
    np.testing.assert_allclose(
        baseline.risk(x[:20] + mean, np.zeros((20, 2)), end),
        baseline.risk(x[:20], offsets[:20], end),
        rtol=1e-12,
    )
    np.testing.assert_allclose(baseline.mean_offset(np.full((3, 2), 0.4)), 0.4, rtol=1e-12)


def test_beyond_twenty_at_risk_nothing_is_estimable() -> None:
    time = np.arange(1.0, 101.0)
    baseline = Baseline.fit(time, np.ones(100), np.zeros((100, 1)), (), (50.0, 81.0, 81.5))
    assert [baseline.estimable(h) for h in (50.0, 81.0, 81.5)] == [True, True, False]
    assert (time >= 81).sum() == FEWEST_AT_RISK
    found = baseline.risk(np.zeros(1), np.zeros((1, 1)), np.array([0.0, 81.0, 81.5, 1e9]))[0]
    assert found[0] == 0 and np.isfinite(found[1]) and np.isnan(found[2:]).all()


def test_a_horizon_between_boundaries_beyond_follow_up() -> None:
    time = np.linspace(0.1, 3, 100)
    baseline = Baseline.fit(time, np.ones(100), np.zeros((100, 2)), (5.0,), (1.0, 10.0))
    found = baseline.risk(np.zeros(2), np.zeros((2, 2)), np.array([1.0, 10.0]))
    assert np.isfinite(found[:, 0]).all() and np.isnan(found[:, 1]).all()


def test_huge_hazards_are_certain_and_not_a_number_never() -> None:
    time = np.linspace(0.1, 3, 100)
    baseline = Baseline.fit(time, (time > 1).astype(float), np.zeros((100, 1)), (), (0.5, 2.0))
    with np.errstate(over="raise", invalid="raise"):
        found = baseline.risk(np.array([-1e6, 1e6]), np.zeros((2, 1)), np.array([0.5, 2.0]))
    assert found.tolist() == [[0.0, 0.0], [0.0, 1.0]]


def test_a_row_has_the_same_bits_alone() -> None:
    x, offsets, time, event = simulated(500)
    baseline = Baseline.fit(time, event, x[:, None] + offsets, (2.0,), (5.0,))
    years = np.array([1.0, 3.0, 5.0])
    whole = baseline.risk(x, offsets, years)
    alone = np.concatenate([baseline.risk(x[i : i + 1], offsets[i : i + 1], years) for i in range(500)])
    assert alone.tobytes() == whole.tobytes()
    mean = np.concatenate([baseline.mean_offset(offsets[i : i + 1]) for i in range(500)])
    assert mean.tobytes() == baseline.mean_offset(offsets).tobytes()


def test_no_patients_own_time_is_on_the_grid() -> None:
    rng = np.random.default_rng(0)
    time = rng.exponential(size=300)
    baseline = Baseline.fit(time, np.ones(300), np.zeros((300, 1)), (), (0.5,))
    assert not np.isin(baseline.times, time).any()


def test_json_keeps_every_bit() -> None:
    x, offsets, time, event = simulated(300)
    baseline = Baseline.fit(time, event, x[:, None] + offsets, (2.0,), (5.0,))
    again = Baseline.from_dict(json.loads(json.dumps(baseline.to_dict())))
    for name in ("times", "hazard", "at_risk"):
        assert getattr(again, name).tobytes() == getattr(baseline, name).tobytes()
    assert again.boundaries == baseline.boundaries


def test_few_rows() -> None:
    baseline = Baseline.fit(
        np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.0, 1.0]), np.zeros((3, 1)), (), (1.0, 5.0)
    )
    assert baseline.at(np.array([1.0])) == pytest.approx(1 / 3)
    none = Baseline.fit(np.array([1.0, 2.0]), np.zeros(2), np.zeros((2, 1)), (), (1.0,))
    assert none.at(np.array([0.5])).tolist() == [0.0]
    assert none.mean_offset(np.array([[0.3]])).tolist() == [0.3]
