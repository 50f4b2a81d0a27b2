"""Losses against finite differences, brute force and lifelines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import CoxPHFitter, CoxTimeVaryingFitter
from scipy.special import log_softmax

from mtl.model.cox import CoxError, CoxLoss
from mtl.model.losses import BinaryLoss, Loss, LossError, MulticlassLoss, SquaredLoss, loss_for


def check_derivatives(loss: Loss, margin: np.ndarray, tolerance: float = 1e-5) -> None:
    """Compare gradient and diagonal Hessian with central differences of value and gradient."""
    gradient, hessian = loss.gradient(margin)
    step = 1e-5
    for index in np.ndindex(*margin.shape):
        up, down = margin.copy(), margin.copy()
        up[index] += step
        down[index] -= step
        slope = (loss.value(up) - loss.value(down)) / (2 * step) * loss.total
        bend = (loss.gradient(up)[0][index] - loss.gradient(down)[0][index]) / (2 * step)
        assert gradient[index] == pytest.approx(slope, abs=tolerance, rel=tolerance)
        assert hessian[index] == pytest.approx(bend, abs=tolerance, rel=tolerance)


def check_hessian(loss: Loss, margin: np.ndarray, rng: np.random.Generator) -> None:
    """Compare the exact Hessian by coefficients with differences of the gradient."""
    design = rng.normal(size=(loss.rows, 3))
    step = 1e-5
    exact = loss.hessian(margin, design)
    for output in range(loss.n_outputs):
        for column in range(3):
            move = np.zeros_like(margin)
            move[:, output] = step * design[:, column]
            slope = (loss.gradient(margin + move)[0] - loss.gradient(margin - move)[0]) / (2 * step)
            expected = (design.T @ slope).T.ravel()
            np.testing.assert_allclose(exact[output * 3 + column], expected, atol=1e-5, rtol=1e-5)


def brute_force_cox(
    time: np.ndarray,
    event: np.ndarray,
    margin: np.ndarray,
    weight: np.ndarray,
    strata: np.ndarray,
    offsets: np.ndarray,
    boundaries: tuple[float, ...],
) -> float:
    """Return the negative log partial likelihood by loops, straight from Efron's formula."""
    total = 0.0
    limits = (-np.inf, *boundaries, np.inf)
    for stratum in np.unique(strata):
        for period in range(len(limits) - 1):
            f = margin + offsets[:, period]
            inside = (
                (strata == stratum) & (event == 1) & (time > limits[period]) & (time <= limits[period + 1])
            )
            for t in np.unique(time[inside]):
                tied = inside & (time == t)
                at_risk = (strata == stratum) & (time >= t)
                d = tied.sum()
                risk = (weight * np.exp(f))[at_risk].sum()
                lost = (weight * np.exp(f))[tied].sum()
                total += (weight * f)[tied].sum()
                for k in range(d):
                    total -= weight[tied].mean() * np.log(risk - k / d * lost)
    return -total


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(2, 25),
    ticks=st.sampled_from([2, 5, 1000]),
    n_strata=st.integers(1, 3),
    weighted=st.booleans(),
    boundaries=st.sampled_from([(), (0.5,), (0.25, 0.6)]),
)
def test_cox_equals_brute_force_and_differences(
    seed: int, n: int, ticks: int, n_strata: int, weighted: bool, boundaries: tuple[float, ...]
) -> None:
    rng = np.random.default_rng(seed)
    time = np.ceil(rng.random(n) * ticks) / ticks
    event = (rng.random(n) < 0.7).astype(float)
    event[0] = 1.0
    weight = rng.uniform(0.2, 3.0, n) if weighted else np.ones(n)
    strata = rng.integers(0, n_strata, n)
    offsets = rng.normal(size=(n, len(boundaries) + 1))
    margin = rng.normal(size=(n, 1))
    loss = CoxLoss(time, event, offsets, boundaries, strata, weight if weighted else None)
    expected = brute_force_cox(time, event, margin[:, 0], weight, strata, offsets, boundaries)
    assert loss.total == pytest.approx((weight * event).sum())
    assert loss.value(margin) * loss.total == pytest.approx(expected, rel=1e-10, abs=1e-10)
    check_derivatives(loss, margin)
    check_hessian(loss, margin, rng)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000), weighted=st.booleans(), kind=st.sampled_from(["binary", "multi", "squared"])
)
def test_row_losses_equal_differences(seed: int, weighted: bool, kind: str) -> None:
    rng = np.random.default_rng(seed)
    n = 8
    weight = rng.uniform(0, 2, n) if weighted else None
    loss: Loss
    if kind == "binary":
        loss = BinaryLoss(rng.integers(0, 2, n), weight)
    elif kind == "multi":
        loss = MulticlassLoss(rng.integers(0, 4, n), 4, weight)
    else:
        loss = SquaredLoss(rng.normal(size=n), weight)
    margin = rng.normal(size=(n, loss.n_outputs)) * 2
    check_derivatives(loss, margin)
    check_hessian(loss, margin, rng)


def survival_table(seed: int, n: int, ticks: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 2))
    time = np.ceil(rng.exponential(np.exp(-x @ [0.7, -0.4])) * ticks) / ticks
    return pd.DataFrame(
        {
            "time": time,
            "event": (rng.random(n) < 0.6) * 1,
            "a": x[:, 0],
            "b": x[:, 1],
            "w": rng.uniform(0.5, 2, n),
        }
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("ticks", [3, 10_000])
@pytest.mark.parametrize("weighted", [False, True])
def test_cox_likelihood_equals_lifelines(ticks: int, weighted: bool) -> None:
    table = survival_table(1, 200, ticks)
    columns = ["time", "event", "a", "b"] + ["w"] * weighted
    fitted = CoxPHFitter().fit(
        table[columns],
        "time",
        "event",
        weights_col="w" if weighted else None,
        fit_options={"precision": 1e-12},
    )
    loss = CoxLoss(table["time"], table["event"], weight=table["w"] if weighted else None)
    design = table[["a", "b"]].to_numpy()
    margin = design @ fitted.params_.to_numpy()[:, None]
    assert -loss.value(margin) * loss.total == pytest.approx(fitted.log_likelihood_, rel=1e-9)
    np.testing.assert_allclose(design.T @ loss.gradient(margin)[0], 0.0, atol=1e-5)
    if not weighted:  # lifelines' variance is a sandwich when there are weights
        information = np.linalg.inv(fitted.variance_matrix_.to_numpy())
        np.testing.assert_allclose(loss.hessian(margin, design), information, rtol=1e-5)


@pytest.mark.filterwarnings("ignore")
def test_offsets_equal_lifelines_with_a_fixed_part() -> None:
    """At lifelines' optimum for (a, b), the part b * beta as an offset leaves a's optimum where it was."""
    table = survival_table(2, 300, 10_000)
    fitted = CoxPHFitter().fit(
        table[["time", "event", "a", "b"]], "time", "event", fit_options={"precision": 1e-12}
    )
    loss = CoxLoss(table["time"], table["event"], offsets=table["b"] * fitted.params_["b"])
    margin = table[["a"]].to_numpy() * fitted.params_["a"]
    assert -loss.value(margin) * loss.total == pytest.approx(fitted.log_likelihood_, rel=1e-9)
    assert (table["a"] @ loss.gradient(margin)[0]).item() == pytest.approx(0, abs=1e-5)


@pytest.mark.filterwarnings("ignore")
def test_periods_equal_lifelines_episodes() -> None:
    """A hazard ratio that changes at half a year equals a time-varying covariate on split episodes."""
    table = survival_table(3, 300, 10_000)
    cut = 0.5
    early = table.assign(id=range(300), start=0.0, stop=table["time"].clip(upper=cut))
    early["event"] = early["event"].where(table["time"] <= cut, 0)
    late = table.assign(id=range(300), start=cut, stop=table["time"])[table["time"] > cut]
    early["early"], late["early"] = early["b"], 0.0
    early["late"], late["late"] = 0.0, late["b"]
    columns = ["id", "start", "stop", "event", "a", "early", "late"]
    fitted = CoxTimeVaryingFitter().fit(
        pd.concat([early, late])[columns], id_col="id", start_col="start", stop_col="stop", event_col="event"
    )
    offsets = np.outer(table["b"], fitted.params_[["early", "late"]])
    loss = CoxLoss(table["time"], table["event"], offsets, (cut,))
    margin = table[["a"]].to_numpy() * fitted.params_["a"]
    assert -loss.value(margin) * loss.total == pytest.approx(fitted.log_likelihood_, rel=1e-8)
    assert (table["a"] @ loss.gradient(margin)[0]).item() == pytest.approx(0, abs=1e-3)


def test_weights_equal_repeated_rows_without_ties() -> None:
    rng = np.random.default_rng(4)
    y, f, w = rng.integers(0, 2, 20), rng.normal(size=(20, 1)), rng.integers(0, 4, 20)
    weighted, repeated = BinaryLoss(y, w), BinaryLoss(np.repeat(y, w))
    assert weighted.value(f) == pytest.approx(repeated.value(np.repeat(f, w, axis=0)))
    assert weighted.start() == pytest.approx(repeated.start())
    assert weighted.total == repeated.rows


def test_zero_weight_removes_a_row_from_cox() -> None:
    rng = np.random.default_rng(5)
    time, event, f = np.ceil(rng.random(30) * 5), rng.integers(0, 2, 30), rng.normal(size=(30, 1))
    keep = rng.random(30) < 0.7
    whole, part = CoxLoss(time, event, weight=keep * 1.0), CoxLoss(time[keep], event[keep])
    assert whole.value(f) == pytest.approx(part.value(f[keep]))
    gradient, hessian = whole.gradient(f)
    np.testing.assert_allclose(gradient[keep], part.gradient(f[keep])[0], atol=1e-12)
    assert not gradient[~keep].any() and not hessian[~keep].any()


@pytest.mark.parametrize("size", [50.0, 1e4])
def test_extreme_margins_stay_finite(size: float) -> None:
    rng = np.random.default_rng(6)
    n = 200
    y, time = rng.integers(0, 2, n), rng.random(n)
    for loss in (BinaryLoss(y), MulticlassLoss(y, 3), CoxLoss(time, y), CoxLoss(np.ceil(time * 5), y)):
        margin = rng.choice([-size, size], (n, loss.n_outputs))
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            value, gradient, hessian = loss.evaluate(margin)
        assert np.isfinite(value) and value >= 0
        assert np.isfinite(gradient).all() and np.isfinite(hessian).all() and (hessian >= 0).all()


def test_margins_of_fifty_are_exact() -> None:
    assert BinaryLoss([1]).value(np.array([[-50.0]])) == pytest.approx(50.0, rel=1e-15)
    assert BinaryLoss([1]).value(np.array([[50.0]])) == pytest.approx(np.exp(-50.0), rel=1e-12)
    margin = np.array([[50.0, -50.0, 3.0]])
    assert MulticlassLoss([1], 3).value(margin) == pytest.approx(-log_softmax(margin)[0, 1])
    rng = np.random.default_rng(7)
    time, event, f = rng.random(40), np.ones(40), rng.choice([-50.0, 50.0], 40)
    expected = brute_force_cox(time, event, f, event, event, np.zeros((40, 1)), ())
    assert CoxLoss(time, event).value(f[:, None]) * 40 == pytest.approx(expected, rel=1e-12)


def test_start_is_the_best_constant() -> None:
    rng = np.random.default_rng(8)
    for loss in (
        BinaryLoss(rng.integers(0, 2, 50)),
        MulticlassLoss(rng.integers(0, 3, 50), 3),
        SquaredLoss(rng.normal(5, 2, 50)),
    ):
        start = loss.start()
        assert start.shape == (loss.n_outputs,)
        np.testing.assert_allclose(loss.gradient(np.tile(start, (50, 1)))[0].sum(axis=0), 0, atol=1e-10)
    assert np.isfinite(BinaryLoss(np.ones(5)).start()).all()
    assert np.isfinite(MulticlassLoss(np.zeros(5), 3).start()).all()
    assert CoxLoss([1.0], [1]).start() == 0


def test_cox_without_events_is_flat() -> None:
    value, gradient, hessian = CoxLoss([1.0, 2.0], [0, 0]).evaluate(np.ones((2, 1)))
    assert value == 0 and not gradient.any() and not hessian.any()


@dataclass(frozen=True)
class _Target:
    kind: str
    n_outputs: int = 1
    y: np.ndarray | None = None
    time: np.ndarray | None = None
    event: np.ndarray | None = None


def test_loss_for_each_kind() -> None:
    ones = np.array([1.0, 0.0, 1.0])
    assert isinstance(loss_for(_Target("binary", y=ones)), BinaryLoss)
    assert isinstance(loss_for(_Target("regression", y=ones)), SquaredLoss)
    assert loss_for(_Target("multiclass", 4, y=ones)).n_outputs == 4
    cox = loss_for(
        _Target("survival", time=ones + 1, event=ones), offsets=np.zeros((3, 2)), boundaries=(1.5,)
    )
    assert isinstance(cox, CoxLoss) and cox.rows == 3


def test_errors_name_the_row_and_the_remedy() -> None:
    with pytest.raises(LossError, match=r"row 1 has the label 2\.0; labels are 0 or 1"):
        BinaryLoss([0, 2])
    with pytest.raises(LossError, match="row 0 has the label nan"):
        SquaredLoss([np.nan, 1])
    with pytest.raises(LossError, match=r"labels are 0 \.\. 2"):
        MulticlassLoss([0, 3], 3)
    with pytest.raises(LossError, match="row 1 has the weight -1"):
        BinaryLoss([0, 1], [1, -1])
    with pytest.raises(CoxError, match=r"not \(2, 2\): one a period"):
        CoxLoss([1, 2], [1, 1], np.zeros((2, 1)), (1.0,))
    with pytest.raises(CoxError, match="must increase"):
        CoxLoss([1, 2], [1, 1], np.zeros((2, 3)), (2.0, 1.0))
    with pytest.raises(LossError, match="for survival tasks"):
        loss_for(_Target("binary", y=np.ones(2)), offsets=np.zeros(2))
