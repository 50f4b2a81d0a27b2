"""Survival metrics at a horizon against scikit-survival and lifelines."""

from __future__ import annotations

import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from sksurv.metrics import brier_score, cumulative_dynamic_auc, integrated_brier_score

from mtl.evaluate import NotEstimable, survival

from .conftest import HORIZONS

NUDGE = 1e-7  # see test_concordance


def test_auroc_and_brier_equal_scikit_survival(followed) -> None:
    surv = followed.surv(NUDGE)
    for k, horizon in enumerate(HORIZONS):
        # The peer takes someone censored exactly at the horizon as unknown after it: ask it just before.
        at = [horizon + NUDGE / 2]
        auc = cumulative_dynamic_auc(surv, surv, followed.risk[:, k], at)[0][0]
        brier = brier_score(surv, surv, 1 - followed.risk[:, [k]], at)[1][0]
        ours = (followed.time, followed.event, followed.risk[:, k], horizon)
        assert survival.auroc_at(*ours) == pytest.approx(auc, abs=1e-6)
        assert survival.brier_at(*ours) == pytest.approx(brier, abs=1e-6)


def test_integrated_brier_equals_scikit_survival(followed) -> None:
    surv, at = followed.surv(NUDGE), np.array(HORIZONS) + NUDGE / 2
    peer = integrated_brier_score(surv, surv, 1 - followed.risk, at)
    ours = survival.integrated_brier(followed.time, followed.event, followed.risk, HORIZONS)
    assert ours == pytest.approx(peer, abs=1e-6)


def test_without_censoring_they_are_the_binary_metrics() -> None:
    from mtl.evaluate import binary

    rng = np.random.default_rng(4)
    time, risk = rng.exponential(5, 300), rng.random(300)
    happened = time <= 3
    assert survival.auroc_at(time, np.ones(300), risk, 3) == pytest.approx(
        binary.auroc(happened, risk), abs=1e-12
    )
    assert survival.brier_at(time, np.ones(300), risk, 3) == pytest.approx(
        binary.brier(happened, risk), abs=1e-12
    )
    ratio = survival.observed_expected(time, np.ones(300), risk, 3)
    assert ratio == pytest.approx(happened.mean() / risk.mean(), abs=1e-12)


def test_follow_up_cut_at_the_horizon_still_has_controls(followed) -> None:
    """Cutting follow-up at the horizon removes nothing that the metric at the horizon uses."""
    cut_time = np.minimum(followed.time, 5.0)
    cut_event = followed.event * (followed.time <= 5.0)
    whole = (followed.time, followed.event, followed.risk[:, 2], 5.0)
    cut = (cut_time, cut_event, followed.risk[:, 2], 5.0)
    for metric in (survival.auroc_at, survival.brier_at, survival.observed_expected):
        assert metric(*cut) == pytest.approx(metric(*whole), abs=1e-12)


def test_observed_expected_equals_lifelines(followed) -> None:
    observed = 1 - KaplanMeierFitter().fit(followed.time, followed.event).predict(3.0)
    ours = survival.observed_expected(followed.time, followed.event, followed.risk[:, 1], 3.0)
    assert ours == pytest.approx(observed / followed.risk[:, 1].mean(), abs=1e-9)


def test_what_cannot_be_estimated_says_why() -> None:
    time, event, risk = [1.0, 2.0, 3.0], [0, 1, 1], [0.2, 0.3, 0.4]
    with pytest.raises(NotEstimable, match=r"no events by 1\.5 years"):
        survival.auroc_at(time, event, risk, 1.5)
    with pytest.raises(NotEstimable, match="nobody is known to be free of the event at 4 years"):
        survival.auroc_at(time, event, risk, 4)
    with pytest.raises(NotEstimable, match="two or more"):
        survival.integrated_brier(time, event, np.array(risk)[:, None], [2])
    with pytest.raises(NotEstimable, match="risk is 0 for everybody"):
        survival.observed_expected(time, event, [0, 0, 0], 2)
    with pytest.raises(NotEstimable, match="nobody is followed to 5 years"):
        survival.observed_expected([1.0, 2.0], [1, 0], [0.5, 0.5], 5)
    with pytest.raises(ValueError, match="must increase"):
        survival.integrated_brier(time, event, np.full((3, 2), 0.5), [2, 1])
