"""All metrics of a task: names, reasons, intervals, differences."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pytest

from mtl.evaluate import Metric, SurvivalPrediction, SurvivalTruth, compare_task, evaluate_task
from mtl.evaluate.binary import auroc, brier
from mtl.evaluate.concordance import uno_c

from .conftest import HORIZONS, simulate

NAMES = {
    "binary": "auroc average_precision log_loss brier scaled_brier calibration_slope calibration_intercept "
    "ici accuracy",
    "multiclass": "macro_auroc log_loss accuracy brier auroc=0 auroc=1 auroc=2",
    "regression": "r2 rmse mae calibration_slope calibration_intercept ici",
}


def labelled(kind: str, n: int = 200) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    if kind == "multiclass":
        p = rng.dirichlet([1.0, 1.0, 1.0], n)
        return np.array([rng.choice(3, p=row) for row in p], dtype=float), p
    p = rng.random(n)
    return ((rng.random(n) < p).astype(float), p) if kind == "binary" else (p + rng.normal(0, 0.3, n), p)


def survival(
    n: int = 300, horizons: tuple[float, ...] = HORIZONS
) -> tuple[SurvivalTruth, SurvivalPrediction]:
    f = simulate(n, seed=6, decimals=2)
    risk = 1 - np.exp(-np.exp(f.log_hazard)[:, None] * np.array(horizons) / 6)
    return SurvivalTruth(f.time, f.event), SurvivalPrediction(f.log_hazard, risk, horizons)


@pytest.mark.parametrize("kind", NAMES)
def test_labelled_tasks(kind: str) -> None:
    y, p = labelled(kind)
    metrics = evaluate_task(kind, y, p)
    assert list(metrics) == NAMES[kind].split()
    for name, metric in metrics.items():
        assert metric.value is not None, name
        assert metric.low < metric.high
        # The index of calibration is a mean of absolute distances: resampling can only add to it.
        assert name == "ici" or metric.low <= metric.value <= metric.high
    assert evaluate_task(kind, y, p) == metrics
    assert evaluate_task(kind, y, p, seed=1) != metrics
    bare = evaluate_task(kind, y, p, intervals=False)
    assert [(m.value, m.low, m.high) for m in bare.values()] == [
        (m.value, None, None) for m in metrics.values()
    ]


def test_survival_task() -> None:
    truth, prediction = survival(horizons=(0.5, 2.0, 5.0))
    metrics = evaluate_task("survival", truth, prediction)
    per_horizon = [
        f"{name}@{h}" for h in ("0.5y", "2y", "5y") for name in ("ici", "auroc", "brier", "observed_expected")
    ]
    assert list(metrics) == ["harrell_c", "uno_c", "integrated_brier", "calibration_slope", *per_horizon]
    for name, metric in metrics.items():
        assert metric.value is not None, (name, metric.reason)
        assert name.startswith("ici") or metric.low <= metric.value <= metric.high
    assert evaluate_task("survival", truth, prediction) == metrics
    tau_at_five = uno_c(truth.time, truth.event, prediction.log_hazard, 5.0)
    assert metrics["uno_c"].value == pytest.approx(tau_at_five, abs=1e-12)


def test_a_horizon_with_few_at_risk_is_not_estimable() -> None:
    truth, prediction = survival(horizons=(1.0, 3.0, 11.5))
    left = int(np.sum(truth.time >= 11.5))
    assert left < 20
    metrics = evaluate_task("survival", truth, prediction, intervals=False)
    for name in ("ici", "auroc", "brier", "observed_expected"):
        assert metrics[f"{name}@11.5y"].reason == f"fewer than 20 still at risk at 11.5 years ({left})"
        assert metrics[f"{name}@3y"].value is not None
    shorter = SurvivalPrediction(prediction.log_hazard, prediction.risk[:, :2], (1.0, 3.0))
    assert (
        metrics["integrated_brier"]
        == evaluate_task("survival", truth, shorter, intervals=False)["integrated_brier"]
    )


def test_brier_is_integrated_over_a_finer_grid_when_given() -> None:
    truth, coarse = survival()
    grid = np.linspace(0.2, 5, 40)
    fine = SurvivalPrediction(
        coarse.log_hazard,
        coarse.risk,
        HORIZONS,
        grid,
        1 - np.exp(-np.exp(coarse.log_hazard)[:, None] * grid / 6),
    )
    a, b = (evaluate_task("survival", truth, p, intervals=False) for p in (coarse, fine))
    assert a["integrated_brier"].value != b["integrated_brier"].value
    assert a["brier@5y"] == b["brier@5y"]


def test_one_horizon_has_no_integral() -> None:
    truth, prediction = survival(horizons=(5.0,))
    metrics = evaluate_task("survival", truth, prediction, intervals=False)
    assert "two or more estimable times" in metrics["integrated_brier"].reason


def test_rows_without_a_label_are_left_out() -> None:
    y, p = labelled("binary")
    with_gaps, any_prediction = np.concatenate([y, [np.nan] * 5]), np.concatenate([p, [np.nan] * 5])
    assert evaluate_task("binary", with_gaps, any_prediction) == evaluate_task("binary", y, p)
    truth, prediction = survival()
    event = truth.event.copy()
    event[:40] = np.nan
    dropped = evaluate_task(
        "survival",
        SurvivalTruth(truth.time[40:], truth.event[40:]),
        SurvivalPrediction(prediction.log_hazard[40:], prediction.risk[40:], HORIZONS),
        intervals=False,
    )
    assert evaluate_task("survival", SurvivalTruth(truth.time, event), prediction, intervals=False) == dropped


def test_targets_of_either_shape_are_read_by_kind() -> None:
    @dataclass(frozen=True)
    class Target:
        y: np.ndarray
        time: np.ndarray
        event: np.ndarray

    y, p = labelled("binary")
    target = Target(y, np.empty(0), np.empty(0))
    assert evaluate_task("binary", target, p, intervals=False)["auroc"].value == pytest.approx(auroc(y, p))
    truth, prediction = survival()
    followed = Target(np.empty(0), truth.time, truth.event)
    expected = evaluate_task("survival", truth, prediction, intervals=False)
    assert evaluate_task("survival", followed, prediction, intervals=False) == expected


@pytest.mark.parametrize("kind", [*NAMES, "survival"])
def test_no_labels_at_all(kind: str) -> None:
    if kind == "survival":
        truth, prediction = survival(30)
        metrics = evaluate_task(kind, SurvivalTruth(truth.time * np.nan, truth.event * np.nan), prediction)
    else:
        y, p = labelled(kind, 30)
        metrics = evaluate_task(kind, y * np.nan, p)
    assert {m.reason for m in metrics.values()} == {"no labelled rows"}


def test_reasons_of_degenerate_tasks() -> None:
    p = np.linspace(0.1, 0.9, 40)
    one_class = evaluate_task("binary", np.zeros(40), p)
    assert one_class["auroc"].reason == "only one class among the 40 labelled rows"
    assert one_class["ici"].reason == "only one class among the 40 labelled rows"
    assert one_class["brier"].value is not None
    few = evaluate_task("binary", np.tile([0.0, 1.0], 6), p[:12])
    assert few["calibration_slope"].reason == "fewer than 20 labelled rows (12)"
    rare = evaluate_task("binary", np.repeat([0.0, 1.0], [37, 3]), p[::-1])
    assert rare["ici"].reason == "fewer than 10 rows of the rarer class (3)"
    truth, prediction = survival(60)
    quiet = evaluate_task("survival", SurvivalTruth(truth.time, np.zeros(60)), prediction)
    assert quiet["harrell_c"].reason == "no events among the 60 rows"
    assert quiet["ici@1y"].reason == "fewer than 10 events by 1 years (0)"
    one = evaluate_task("binary", [1.0], [0.4])
    assert (one["accuracy"].value, one["accuracy"].low) == (0, None)


def test_compare_is_the_difference_on_the_same_rows() -> None:
    y, p = labelled("binary")
    worse = 0.5 + 0.3 * (p - 0.5)
    difference = compare_task("binary", y, p, worse)
    assert difference["brier"].value == pytest.approx(brier(y, p) - brier(y, worse), abs=1e-12)
    assert difference["brier"].high < 0
    assert (difference["auroc"].value, difference["auroc"].low, difference["auroc"].high) == (0, 0, 0)
    truth, prediction = survival()
    noise = np.random.default_rng(0).normal(size=300)
    other = SurvivalPrediction(noise, prediction.risk, HORIZONS)
    against_noise = compare_task("survival", truth, prediction, other)
    assert against_noise["harrell_c"].low > 0.05
    assert against_noise["brier@3y"] == Metric(0.0, 0.0, 0.0)


def test_patients_with_many_rows_widen_the_interval() -> None:
    y, p = labelled("binary", 100)
    y, p, patient = np.repeat(y, 5), np.repeat(p, 5), np.repeat(np.arange(100), 5)
    rows = evaluate_task("binary", y, p)["auroc"]
    patients = evaluate_task("binary", y, p, groups=patient)["auroc"]
    assert patients.high - patients.low > 1.5 * (rows.high - rows.low)


def test_metric_speaks_json() -> None:
    y, p = labelled("binary", 12)
    printed = json.loads(json.dumps({k: m.to_dict() for k, m in evaluate_task("binary", y, p).items()}))
    assert set(printed["auroc"]) == {"value", "low", "high"}
    assert set(printed["ici"]) == {"value", "low", "high", "reason"}
    with pytest.raises(ValueError, match="either a value or a reason"):
        Metric(None)
    with pytest.raises(ValueError, match=r"Metric\.low is nan"):
        Metric(1.0, float("nan"))


def test_says_what_is_wrong() -> None:
    truth, prediction = survival(30)
    with pytest.raises(ValueError, match="kind is 'ranking': give one of binary"):
        evaluate_task("ranking", [0, 1], [0, 1])
    with pytest.raises(ValueError, match="prediction is not a finite number in row 1, which has a label"):
        evaluate_task("binary", [0.0, 1.0], [0.5, np.nan])
    with pytest.raises(ValueError, match=r"risk has shape \(30, 3\)"):
        evaluate_task("survival", truth, prediction, horizons=[1, 2])
    with pytest.raises(ValueError, match="increasing years above 0"):
        evaluate_task("survival", truth, prediction, horizons=[3, 2, 1])
    with pytest.raises(ValueError, match="as a SurvivalPrediction"):
        evaluate_task("survival", truth, prediction.log_hazard)
    with pytest.raises(ValueError, match="different horizons"):
        compare_task("survival", truth, prediction, survival(30, (1.0, 2.0, 3.0))[1])
